"""Heads and entries corrected."""
