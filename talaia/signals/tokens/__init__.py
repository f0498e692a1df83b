"""The secrets with which machines come in."""
