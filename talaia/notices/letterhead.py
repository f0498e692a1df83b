"""From talaia.toml: whose mail it is, which rules hold, whether it goes to a list."""

from __future__ import annotations

from django.conf import settings

from talaia.config import Config
from talaia.notices.values import Recipient, Sender
from talaia.notices.which import Rules
from talaia.panel.state import State

THE_LIST = "list"  # the key of the one recipient that is a list


def letterhead(config: Config) -> Sender:
    site, mail = config.site, config.mail
    mailman = config.tables.audience.mailman if config.tables.audience else None
    return Sender(
        name=site.name.words,
        address=site.address.rstrip("/"),
        languages=site.languages,
        sender=mail.sender or "",
        reply_to=mail.reply_to or "",
        owner=mail.owner or "",
        answers=mail.answer,
        account=mail.account,
        leave="-leave@".join(mailman.list.split("@")) if mailman else "",
        secret=settings.SECRET_KEY.encode(),
    )


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


def the_list(config: Config) -> Recipient | None:
    """That of `[audience.mailman]`, or of `[mail] to`; None: each recipient gets a mail of their own."""
    mailman = config.tables.audience.mailman if config.tables.audience else None
    address = mailman.list if mailman else config.mail.to
    return Recipient(THE_LIST, address, is_list=True) if address else None
