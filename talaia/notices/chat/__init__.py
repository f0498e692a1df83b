"""Notices in chats, through Apprise: see docs/chat.md."""
