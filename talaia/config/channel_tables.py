"""The tables of talaia.toml about who else is told: chats, other systems, whoever subscribes."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from talaia.config.languages import Language
from talaia.config.value_types import ConfigTable, Text

NoticeKind = Literal["problem", "update", "resolved", "advance", "reminder", "start", "end", "changed", "cancelled"]


class ReceiverTable(ConfigTable, frozen=True, kw_only=True):
    """Who is told; there may be several. `name`: how it is called at the desk, in errors, in deliveries."""

    name: str


class ChatRoom(ReceiverTable, frozen=True, kw_only=True):
    """Where the notices are said, shortened. `operators`: what only they can answer is asked there."""

    language: Language | None = None
    notices: tuple[NoticeKind, ...] = ()
    operators: bool = False


class Chat(ChatRoom, frozen=True, kw_only=True):
    """A room that Apprise reaches. Its address holds a secret, so it is in a file."""

    url_file: str


class Webhook(ReceiverTable, frozen=True, kw_only=True):
    """An address of another system that gets every update and every change of a service."""

    url: str
    secret_file: str
    services: bool = True
    ca_file: str | None = None
    timeout: timedelta = timedelta(seconds=10)


class Subscribe(ConfigTable, frozen=True, kw_only=True):
    """Anybody may subscribe. Without this table nobody can."""

    services: bool = True
    valid: timedelta = timedelta(days=1)
    rate: int = 5


class Area(ConfigTable, frozen=True, kw_only=True):
    """Where a visitor may say to be. `slug`: kept with what they say; `name`: what they choose."""

    slug: str
    name: Text


class ReportsConfig(ConfigTable, frozen=True, kw_only=True):
    """Visitors may say that a service fails for them. Without this table they cannot.

    `rate`: services of which one place may say so in an hour; `least`: from how many on operators are told.
    """

    areas: tuple[Area, ...] = ()
    rate: int = 10
    least: int = 3
