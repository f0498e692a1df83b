"""Visitors who say "it happens to me too": counted for operators, and no state by themselves."""
