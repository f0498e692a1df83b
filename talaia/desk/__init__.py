"""The operators' door: a person writes, and everybody is told."""
