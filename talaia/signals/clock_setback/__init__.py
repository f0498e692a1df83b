"""What was heard by a clock that was ahead."""
