"""What a person says of a service in place of the signals."""
