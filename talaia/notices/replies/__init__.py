"""What people write back to our mails, and the one answer by machine that they get: see docs/replies.md."""
