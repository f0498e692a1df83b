"""What is said when something cannot be done as asked."""

from __future__ import annotations


class UserError(Exception):
    """One clear line with the mend; on the command line it goes to stderr, with exit code 1."""
