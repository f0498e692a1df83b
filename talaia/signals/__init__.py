"""What the monitoring says: sources are heard, signals kept, and rules turn them into states."""
