"""What is wrong with `[[chat]]`, `[[webhook]]` and `[subscribe]`, pure."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from talaia.config.addresses import LONGEST, SLUG, is_safe, positive
from talaia.config.positions import Path as Place
from talaia.config.tables import Config


def inconsistencies(config: Config) -> Iterator[tuple[Place, str]]:
    """Each mistake with its place."""
    given = config.tables
    named = {"chat": [chat.name for chat in given.chat], "webhook": [hook.name for hook in given.webhook]}
    for table, names in named.items():
        for n, name in enumerate(names):
            if not SLUG.fullmatch(name) or len(name) > LONGEST:
                yield (table, n, "name"), f"{name!r} must be small letters, digits and hyphens, {LONGEST} at most"
            if name in names[:n]:
                yield (table, n, "name"), f"{name!r} stands twice"
    for n, chat in enumerate(given.chat):
        if chat.language and chat.language not in config.site.languages:
            yield ("chat", n, "language"), f"{chat.language!r} is not among [site] languages"
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
