"""The kinds of built-in checks, one row each. How each of them looks stands in signals/probes/<kind>.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import urlsplit

from talaia.config.hosts import host, host_and_port, name_server

CheckKindName = Literal["http", "tcp", "dns", "ping"]
CHECK_KINDS: tuple[CheckKindName, ...] = get_args(CheckKindName)


@dataclass(frozen=True)
class CheckKind:
    """`keys`: of [[checks]], those that go with this kind alone.

    `asks`: the host that a check of this target and server asks; "" for the system's own name servers. Raises
    ValueError where there is none in it.
    """

    asks: Callable[[str, str], str]
    keys: tuple[str, ...] = ()


KINDS: dict[str, CheckKind] = {
    "http": CheckKind(
        lambda target, _server: urlsplit(target).hostname or "",
        ("status", "text", "certificate_days", "username", "password_file", "ca_file"),
    ),
    "tcp": CheckKind(lambda target, _server: host_and_port(target)[0]),
    "dns": CheckKind(lambda _target, server: name_server(server)[0] if server else "", ("server", "record", "answer")),
    "ping": CheckKind(lambda target, _server: host(target)),
}
if KINDS.keys() != set(CHECK_KINDS):
    raise TypeError("config/check_kinds.py: each CheckKindName has a row in KINDS, and no other one has")
