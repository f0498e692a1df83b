"""From talaia.toml: whose mail it is, which rules hold, and, without an audience, to whom it goes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.conf import settings

from talaia.config import Config, current
from talaia.notices.values import Recipient, Sender
from talaia.notices.which import Rules
from talaia.panel.state import State

THE_LIST = "list"  # the key of the one recipient that is a list


def letterhead(config: Config) -> Sender:
    site, mail = config.site, config.mail
    return Sender(
        name=site.name.words,
        address=site.address.rstrip("/"),
        languages=site.languages,
        sender=mail.sender or "",
        reply_to=mail.reply_to or "",
        owner=mail.owner or "",
        account=mail.account,
        secret=settings.SECRET_KEY.encode(),
    )


def rules(config: Config) -> Rules:
    mail = config.mail
    return Rules(State(mail.told_from), mail.updates, mail.cap)


def recipients(after: str = "") -> Iterator[Recipient]:
    """The list of `[mail] to`, or who stands in the file `[mail] addresses`; in the order of their keys.

    A line of the file: an address, and after a blank the language, when it is not the site's first one.
    """
    config = current()
    if config.mail.to:
        if after < THE_LIST:
            yield Recipient(THE_LIST, config.mail.to, is_list=True)
        return
    if not config.mail.addresses:
        return
    found: dict[str, Recipient] = {}
    for line in config.beside(config.mail.addresses).read_text().splitlines():
        address, _, language = line.split("#")[0].strip().partition(" ")
        if address:
            spoken = language.strip() if language.strip() in config.site.languages else config.site.languages[0]
            key = hashlib.sha256(address.lower().encode()).hexdigest()[:16]
            found[key] = Recipient(key, address, spoken)
    for key in sorted(found):
        if key > after:
            yield found[key]
