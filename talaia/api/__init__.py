"""The machines' door: hooks, health and metrics."""
