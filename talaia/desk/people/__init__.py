"""Who comes in and how: roles, the ways in, and what allauth does for us. Few files outside of here know allauth."""
