"""From talaia.toml: whose mail it is, which rules hold, whether it goes to a list."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

import idna
from django.conf import settings

from talaia.config import Config
from talaia.notices.policy import Rules
from talaia.notices.values import Addressee, Sender
from talaia.panel.state import State

THE_LIST = "list"  # the key of the one recipient that is a list


def letterhead(config: Config) -> Sender:
    site, mail = config.site, config.mail
    mailman = config.tables.audience.mailman if config.tables.audience else None
    return Sender(
        name=site.name.words,
        address=_in_ascii(site.address.rstrip("/")),
        languages=site.languages,
        zone=site.tz,
        sender=mail.sender or "",
        reply_to=mail.reply_to or "",
        owner=mail.owner or "",
        answers=mail.answer,
        account=mail.account,
        leave="-leave@".join(mailman.list.split("@")) if mailman else "",
        secret=settings.SECRET_KEY.encode(),
    )


def _in_ascii(address: str) -> str:
    """As heads and Message-IDs have it: `https://estat.exàmple.cat` with `estat.xn--exmple-jta.cat` as its host."""
    parts = urlsplit(address)
    if address.isascii() or not parts.hostname:
        return address
    with suppress(idna.IDNAError):  # no such domain: nobody finds the page either
        host = idna.encode(parts.hostname, uts46=True).decode()
        return f"{parts.scheme}://{host}:{parts.port}" if parts.port else f"{parts.scheme}://{host}"
    return address


def forum(config: Config) -> str:
    """Where people talk about it: the forum of [mirror], where there is one."""
    mirror = config.tables.mirror
    return mirror.address or "" if mirror and mirror.kind == "discourse" else ""


def rules(config: Config) -> Rules:
    mail = config.mail
    return Rules(State(mail.told_from), mail.updates, mail.cap)


def everybody_only(config: Config) -> str:
    """Why mails cannot go only to the people behind something ("list", "unknown", "no_mail"); empty: they can."""
    audience = config.tables.audience
    if config.mail.sender is None:
        return "no_mail"
    if the_list(config):
        return "list"
    return "" if audience and (audience.behind or audience.columns.connection) else "unknown"


def the_list(config: Config) -> Addressee | None:
    """That of `[audience.mailman]`, or of `[mail] to`; None: each recipient gets a mail of their own."""
    mailman = config.tables.audience.mailman if config.tables.audience else None
    address = mailman.list if mailman else config.mail.to
    return Addressee(THE_LIST, address, is_list=True) if address else None
