"""The one process: who answers visitors, what runs beside that, and how it starts and ends."""
