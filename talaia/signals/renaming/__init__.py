"""What was measured of a service under its former slug."""
