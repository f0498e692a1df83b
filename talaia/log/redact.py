"""A text of the log without the secrets that it may hold. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

GONE = "…"
# What follows these in an address of ours lets somebody in, or speaks for somebody. Wherever it stands in a text, in
# whichever letters, also when it was encoded once more (`?next=%2Fdesk%2Fjoin%2F…`): a refused address is logged, too.
DOORS = ("desk/join", "u", "subscribe")
SLASH = r"(?:/|%(?:25)*2F)"
REST = r"[^\s\"'<>]"
IN_ADDRESSES = re.compile(
    rf"({SLASH}+(?:{'|'.join(door.replace('/', SLASH + '+') for door in DOORS)}){SLASH}+){REST}+", re.IGNORECASE
)
# `https://name:password@host`, as for a proxy, a database, a chat.
IN_AUTHORITIES = re.compile(r"([a-z][a-z0-9+.-]*://)[^\s/@\"'<>]*(?:/[^\s/@\"'<>]*)?@(?=[\w\[])", re.IGNORECASE)
IN_HEADERS = re.compile(r"\b((?:bearer|basic|token)\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
NAMED = re.compile(
    r"([?&;\s\"']|^)((?:[a-z_-]*(?:token|secret|password|api[_-]?key|signature)|code|state|key|sig)=)[^\s&;\"'<>]+",
    re.IGNORECASE,
)
MAILBOX = re.compile(r"(?<![\w.+/=-])[\w.+=-]+@(?=[\w-]+(?:\.[\w-]+)+)")
# What looks as if it had been thrown with dice. Only in lines that others brought about: ours name things that do.
DICE = re.compile(r"(?<![A-Za-z0-9_=-])(?=[A-Za-z0-9_.=-]*\d)(?=[A-Za-z0-9_.=-]*[A-Za-z])[A-Za-z0-9_.=-]{16,}")


def hidden(text: str, secrets: Iterable[str] = (), strangers: bool = False) -> str:
    """`text` without `secrets`, nor what stands where secrets and people's addresses stand.

    `strangers`: whoever is not ours may have written it, so that nothing in it may be a secret.
    """
    for secret in secrets:
        text = text.replace(secret, GONE)
    text = IN_ADDRESSES.sub(rf"\1{GONE}", text)
    text = IN_AUTHORITIES.sub(rf"\1{GONE}@", text)
    text = IN_HEADERS.sub(rf"\1{GONE}", text)
    text = NAMED.sub(rf"\1\2{GONE}", text)
    text = MAILBOX.sub(f"{GONE}@", text)
    return DICE.sub(GONE, text) if strangers else text
