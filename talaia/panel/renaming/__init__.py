"""A service under another slug: what it was called, and what goes over to its new name."""
