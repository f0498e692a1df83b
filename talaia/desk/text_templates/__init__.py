"""First words for each kind of event."""
