"""Notices: which message leaves the house when, the mail that it becomes, and the way it takes to each mailbox."""
