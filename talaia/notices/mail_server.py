"""Whom mails are handed to, and what in their answers is for people's eyes."""

from __future__ import annotations

import sys
from contextlib import suppress

from talaia.config import Config
from talaia.notices import tokens
from talaia.notices.client import SmtpClient, SmtpReply
from talaia.notices.values import (
    Sender,
)


def client(config: Config) -> SmtpClient:
    mail = config.mail
    ca_file = str(config.beside(mail.ca_file)) if mail.ca_file else None
    with suppress(OSError, UnicodeError):  # a password that cannot be read is a login that fails, and is said there
        return SmtpClient(mail, config.secret(mail.password_file), ca_file)
    return SmtpClient(mail, None, ca_file)


def return_path(config: Config, sender: Sender, key: str) -> str:
    """Where a copy comes back to: an address of its own where `[mail] bounces` is there."""
    if config.mail.bounces:
        return tokens.return_path(sender.secret, config.mail.bounces, key)
    return sender.sender_address


def domain_of(address: str) -> str:
    return sys.intern(address.rpartition("@")[2].lower())


def without(address: str, said: SmtpReply) -> str:
    """The server's words; the address, which many of them repeat, stays out of our tables and logs."""
    return str(said).replace(address, "…").replace(address.lower(), "…")
