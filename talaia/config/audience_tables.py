"""The tables of talaia.toml about who is told: the export of members, who is behind what, the server of a list."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from talaia.config.value_types import ConfigTable, Threshold

FORGET_AFTER = timedelta(days=90)  # no address is kept longer than that without a reason


class Columns(ConfigTable, frozen=True, kw_only=True):
    """Which columns of the membership export hold what."""

    address: str
    name: str | None = None
    language: str | None = None
    member: str | None = None
    member_from: str | None = None
    member_until: str | None = None
    invoice: str | None = None
    invoice_from: str | None = None
    invoice_until: str | None = None
    connection: str | None = None
    area: str | None = None


class SegmentConfig(ConfigTable, frozen=True, kw_only=True):
    """Who is behind a service or a reference connection, by what the export says of people."""

    service: str | None = None
    connection: str | None = None
    connections: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()


class Mailman(ConfigTable, frozen=True, kw_only=True):
    """A Mailman 3 that keeps the list, asked through its REST."""

    list: str
    password_file: str
    url: str = "http://127.0.0.1:8001"
    username: str = "restadmin"
    ca_file: str | None = None
    timeout: timedelta = timedelta(seconds=30)
    every: timedelta = timedelta(minutes=1)


class Sympa(ConfigTable, frozen=True, kw_only=True):
    """A Sympa that includes our addresses in its list."""

    stale_after: timedelta = timedelta(days=40)


class Audience(ConfigTable, frozen=True, kw_only=True):
    columns: Columns
    export: str | None = None
    header: str = "Authorization"
    header_file: str | None = None
    ca_file: str | None = None
    timeout: timedelta = timedelta(seconds=30)
    every: timedelta = timedelta(minutes=15)
    automatic: bool = False
    everybody: bool = False
    yes: tuple[str, ...] = ("sí", "si", "s", "yes", "y", "true", "t", "1", "x", "cert", "verdader", "verdadero")
    no: tuple[str, ...] = ("no", "n", "false", "f", "0", "-", "fals", "falso")
    shrink: Threshold = Threshold(share=0.2)
    grow: Threshold = Threshold(share=0.2)
    refused: Threshold = Threshold(share=0.1)
    by_hand: Literal["leave", "adopt"] = "leave"
    forget_after: timedelta = FORGET_AFTER
    behind: tuple[SegmentConfig, ...] = ()
    mailman: Mailman | None = None
    sympa: Sympa | None = None

    @property
    def fetched(self) -> bool:
        """Whether the export comes from an address, and not from this machine."""
        return self.export is not None and "://" in self.export
