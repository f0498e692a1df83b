"""The mails that went, go and would go."""
