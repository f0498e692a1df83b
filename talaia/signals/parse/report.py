"""What a body says, whoever sent it: frozen values, and the error for a body that cannot be understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from talaia.config.matchers import Matcher

T = TypeVar("T")


class Malformed(Exception):
    """A body that is not what its sender promised; the message names the place in it (`$.alerts[2].labels`)."""


@dataclass(frozen=True)
class Alert:
    """One alert. `ends_at`: None while nobody knows. `silenced` by a person; one that is only inhibited still fires.

    `updated_at`: when Prometheus last repeated it (only Alertmanager's list says so).
    """

    labels: Mapping[str, str]
    firing: bool
    annotations: Mapping[str, str] = field(default_factory=dict)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    silenced: bool = False
    updated_at: datetime | None = None

    @property
    def heartbeat(self) -> bool:
        """It always fires, to prove that the way to us works; it never colours anything."""
        return self.labels.get("talaia_heartbeat") == "true"


@dataclass(frozen=True)
class Report:
    """What came in by a hook. `truncated`: alerts that the sender left out. `notes`: as in SourceState.notes."""

    alerts: tuple[Alert, ...] = ()
    truncated: int = 0
    notes: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Silence:
    """A silence as Alertmanager lists it; `active` is false once it has expired."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    comment: str
    active: bool


def decode(value: object, shape: type[T]) -> T:
    """JSON values as `shape`; unknown keys are ignored. Raises Malformed."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from None


def instant(value: datetime | None) -> datetime | None:
    """In UTC. Go's zero time, the year 1, means "none". Raises Malformed for a time that no calendar of ours has."""
    if value is None or value.year <= 1:
        return None
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise Malformed(f"{value.isoformat()} is no possible time") from None
