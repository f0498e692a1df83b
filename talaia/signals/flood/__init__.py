"""Sources that say too much: what of it stays."""
