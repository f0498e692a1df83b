"""What a body says, whoever sent it: frozen values, and the error for a body that cannot be understood."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from talaia.config import sanitize
from talaia.config.matchers import Matcher

T = TypeVar("T")
BLIND = ("DatasourceError", "DatasourceNoData")
LONGEST = 2000  # characters of an annotation that are kept
NO_CLOCK_BEFORE = 2000  # Unix's zero is 1970, that of GPS and FAT 1980


class MalformedBody(Exception):
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

    def __post_init__(self) -> None:
        """Whoever sent it: nothing in it acts on a page, in a terminal or in a mail."""
        labels = {sanitize.line(name): sanitize.line(value) for name, value in self.labels.items()}
        words = {sanitize.line(name): sanitize.lines(value)[:LONGEST] for name, value in self.annotations.items()}
        if speaks_of_itself(labels, words):
            words["talaia_impact"] = "unknown"
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "annotations", words)

    @property
    def heartbeat(self) -> bool:
        """It always fires, to prove that the way to us works; it never colours anything."""
        return self.labels.get("talaia_heartbeat") == "true"


def speaks_of_itself(labels: Mapping[str, str], annotations: Mapping[str, str]) -> bool:
    """Whether an alert says that its rule could not look: that is no outage.

    Grafana fires DatasourceError and DatasourceNoData in place of the rule; where a rule is told to fire on an error or
    without data, it fires itself, with the reason beside it. "Keep last state" stays what it was.
    """
    reasons = {reason.strip() for reason in annotations.get("grafana_state_reason", "").split(",")}
    return labels.get("alertname") in BLIND or bool(reasons & {"Error", "NoData"} and "KeepLast" not in reasons)


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
        raise MalformedBody(str(error)) from None


def placed(error: MalformedBody, at: Sequence[str], number: int) -> MalformedBody:
    """The error of one element, with its place: number so many of the list at `at`."""
    path = "".join(f".{key}" if key else "[…]" for key in at)
    said = str(error) if "`$" in str(error) else f"{error} - at `$`"
    return MalformedBody(said.replace("`$", f"`${path}[{number}]", 1))


def each(values: Iterable[object] | None, parse: Callable[[object], T], at: Sequence[str] = ()) -> Iterator[T]:
    """Every element of the list at `at`. Raises Malformed with its place."""
    for number, value in enumerate(values or ()):
        try:
            yield parse(value)
        except MalformedBody as error:
            raise placed(error, at, number) from None


def instant(value: datetime | None) -> datetime | None:
    """In UTC; None for Go's zero time, the year 1, and for that of a clock that nobody has set yet, 1970.

    Raises Malformed for a time that no calendar of ours has.
    """
    if value is None or value.year < NO_CLOCK_BEFORE:
        return None
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise MalformedBody(f"{value.isoformat()} is no possible time") from None
