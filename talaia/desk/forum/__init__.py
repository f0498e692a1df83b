"""What the forum or the mirror proposes."""
