"""What is wrong with `[[chat]]`, `[[webhook]]`, `[subscribe]` and `[reports]`, pure."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from talaia.config.addresses import LONGEST, SLUG, is_safe, positive
from talaia.config.channel_tables import ChatRoom, ReceiverTable
from talaia.config.positions import Path as Place
from talaia.config.tables import Config


def inconsistencies(config: Config) -> Iterator[tuple[Place, str]]:
    """Each mistake with its place."""
    given = config.tables
    for table in (struct_field.name for struct_field in msgspec.structs.fields(given)):
        value = getattr(given, table)
        receivers = [one for one in value if isinstance(one, ReceiverTable)] if isinstance(value, tuple) else []
        names = [receiver.name for receiver in receivers]
        for n, receiver in enumerate(receivers):
            name = receiver.name
            if not SLUG.fullmatch(name) or len(name) > LONGEST:
                yield (table, n, "name"), f"{name!r} must be small letters, digits and hyphens, {LONGEST} at most"
            if name in names[:n]:
                yield (table, n, "name"), f"{name!r} stands twice"
            if isinstance(receiver, ChatRoom) and receiver.language not in (None, *config.site.languages):
                yield (table, n, "language"), f"{receiver.language!r} is not among [site] languages"
    for n, hook in enumerate(given.webhook):
        if not is_safe(hook.url) or "@" in urlsplit(hook.url).netloc or "#" in hook.url:
            yield (
                ("webhook", n, "url"),
                "must begin with https:// (http:// on this machine only), with no name before @",
            )
        yield from positive(("webhook", n), {"timeout": hook.timeout})
    if subscribe := given.subscribe:
        yield from positive(("subscribe",), {"valid": subscribe.valid})
        if subscribe.rate < 1:
            yield ("subscribe", "rate"), "must be 1 or more"
        if config.mail.sender is None:
            yield ("subscribe",), "needs [mail] sender: who subscribes is asked by mail whether it was them"
    yield from _reports(config)


def _reports(config: Config) -> Iterator[tuple[Place, str]]:
    given = config.tables.reports
    if given is None:
        return
    for key in ("rate", "least"):
        if getattr(given, key) < 1:
            yield ("reports", key), "must be 1 or more"
    slugs = [area.slug for area in given.areas]
    for n, slug in enumerate(slugs):
        place: Place = ("reports", "areas", n, "slug")
        if not SLUG.fullmatch(slug) or len(slug) > LONGEST:
            yield place, f"{slug!r} must be small letters, digits and hyphens, {LONGEST} at most"
        if slug in slugs[:n]:
            yield place, f"{slug!r} stands twice"
