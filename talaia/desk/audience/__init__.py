"""The membership export at the desk."""
