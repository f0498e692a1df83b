"""What the machines suggest to open."""
