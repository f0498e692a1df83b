"""Who comes in and how: roles, the ways in, and what allauth does for us. Only this folder and its views know allauth."""
