"""The kinds of built-in checks, a file each: `look` goes and comes back with an Answer, or raises Failed."""
