"""The tables of talaia.toml that say what is on the panel, and by what it is judged."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import msgspec

from talaia.config import check_kinds
from talaia.config.audience_tables import FORGET_AFTER as FORGET_AFTER
from talaia.config.audience_tables import Audience as Audience
from talaia.config.audience_tables import Columns as Columns
from talaia.config.audience_tables import Mailman as Mailman
from talaia.config.audience_tables import SegmentConfig as SegmentConfig
from talaia.config.audience_tables import Sympa as Sympa
from talaia.config.channel_tables import Chat as Chat
from talaia.config.channel_tables import Subscribe as Subscribe
from talaia.config.channel_tables import Webhook as Webhook
from talaia.config.check_kinds import CheckKindName
from talaia.config.hosts import is_here, without_password
from talaia.config.languages import LANGUAGES as LANGUAGES
from talaia.config.matchers import Matchers
from talaia.config.source_kinds import KINDS, SourceKind, SourceKindName
from talaia.config.value_types import ConfigTable as ConfigTable
from talaia.config.value_types import Impact as Impact
from talaia.config.value_types import Meaning as Meaning
from talaia.config.value_types import Text as Text
from talaia.config.value_types import Threshold as Threshold


class SourceConfig(ConfigTable, frozen=True, kw_only=True):
    id: str
    kind: Literal[SourceKindName, "webhook"]  # webhook: as push was called
    url: str | None = None
    poll_every: timedelta = timedelta(seconds=30)
    stale_after: timedelta = timedelta(seconds=90)
    timeout: timedelta = timedelta(seconds=5)
    username: str | None = None
    password_file: str | None = None
    token_file: str | None = None
    ca_file: str | None = None
    ignore_labels: tuple[str, ...] = ("replica", "prometheus_replica", "cluster")

    def __post_init__(self) -> None:
        if self.kind == "webhook":
            msgspec.structs.force_setattr(self, "kind", "push")

    @property
    def traits(self) -> SourceKind:
        return KINDS[self.kind]

    @property
    def polled(self) -> bool:
        return self.url is not None and self.traits.asked


class GroupConfig(ConfigTable, frozen=True, kw_only=True):
    id: str
    name: Text


class AlertMatch(ConfigTable, frozen=True, kw_only=True):
    match: Matchers
    impact: Meaning = "disruption"
    source: str | None = None


class EvidenceConfig(ConfigTable, frozen=True, kw_only=True):
    source: str
    query: str | None = None


class Reference(ConfigTable, frozen=True, kw_only=True):
    connections: tuple[str, ...]
    label: str = "talaia_connection"
    degraded: Threshold = Threshold(count=1)
    partial: Threshold = Threshold(share=0.25)
    disruption: Threshold = Threshold(share=0.6)
    measured: Threshold = Threshold(share=0.5)


class ServiceConfig(ConfigTable, frozen=True, kw_only=True):
    slug: str
    group: str
    name: Text
    description: Text | None = None
    alerts: tuple[AlertMatch, ...] = ()
    evidence: EvidenceConfig | None = None
    reference: Reference | None = None
    hold_worse: timedelta = timedelta(0)
    hold_better: timedelta = timedelta(minutes=2)
    unstable_within: timedelta | None = None
    kept_by_hand: bool = False
    first_words: Literal["connection", "web", "messaging", "video"] | None = None


class ConnectionConfig(ConfigTable, frozen=True, kw_only=True):
    id: str
    name: Text
    experimental: bool = False


class CheckConfig(ConfigTable, frozen=True, kw_only=True):
    id: str
    kind: CheckKindName
    target: str
    service: str | None = None
    connection: str | None = None
    canary: bool = False
    impact: Impact = "disruption"
    every: timedelta = timedelta(seconds=30)
    timeout: timedelta = timedelta(seconds=5)
    failures: int = 2
    status: tuple[int, ...] = ()
    text: str | None = None
    slower_than: timedelta | None = None
    certificate_days: int | None = None
    username: str | None = None
    password_file: str | None = None
    ca_file: str | None = None
    server: str | None = None
    record: str = "A"
    answer: str | None = None

    @property
    def shown(self) -> str:
        """The target as people may see it."""
        return without_password(self.target)

    @property
    def patience(self) -> timedelta:
        """How long a look proves anything: three rounds."""
        return 3 * self.every + self.timeout

    @property
    def at_home(self) -> bool:
        """Whether it asks this machine itself, and so says nothing of a line."""
        try:
            return is_here(check_kinds.KINDS[self.kind].asks(self.target, self.server or ""))
        except ValueError:  # a mistake that is told elsewhere
            return False
