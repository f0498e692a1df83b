"""Services, their groups and their states: what the page shows, and since when, and why."""
