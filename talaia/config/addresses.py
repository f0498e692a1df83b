"""What an address, a name and a time in talaia.toml must look like, pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from talaia.config.hosts import host
from talaia.config.positions import Path as Place

SLUG = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
MAILBOX = re.compile(r"[^\s<>()\[\],;:\\\"@]+@[^\s<>()\[\],;:\\\"@]+")
LONGEST = 80  # characters of a slug or id, in the tables


def nowhere(what: str, name: str | None, known: Iterable[str]) -> str:
    """`there is no service 'wbe'; did you mean 'web'?`"""
    names = sorted(known)
    near = difflib.get_close_matches(name or "", names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"{what}s: {', '.join(names) or 'none'}"
    return f"there is no {what} {name!r}; {hint}"


def is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or parts.port == 0 or not address.isprintable():
            return False
        return bool(host(f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""))
    except ValueError:  # a bracket, a port or a name that is none
        return False


def is_host_and_port(text: str) -> bool:
    """`127.0.0.1:8000`, `localhost:8000`, `[::1]:8000`: without brackets nobody knows where an IPv6 address ends."""
    host, _, port = text.rpartition(":")
    bare = (host.startswith("[") and host.endswith("]")) or ":" not in host
    return bool(host) and bare and port.isascii() and port.isdigit() and 0 < int(port) <= 65535


def has_password(address: str) -> bool:
    """Whether it brings one, as in https://user:password@example.org: addresses are told, logged and kept."""
    try:
        return urlsplit(address).password is not None
    except ValueError:
        return False


def is_safe(address: str) -> bool:
    """https, or this machine itself."""
    return is_web_address(address) and (
        address.startswith("https://") or urlsplit(address).hostname in ("127.0.0.1", "::1", "localhost")
    )


def positive(place: Place, times: Mapping[str, timedelta]) -> Iterator[tuple[Place, str]]:
    for name, time in times.items():
        if not time:
            yield (*place, name), "must be longer than zero"
