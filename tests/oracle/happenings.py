"""Everything that may happen in a history. Each has `at`, and says what the driver makes real at that instant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.oracle.history import Person, State


class Reading(StrEnum):
    """What the evidence of a service or connection is from now on."""

    GOOD = "good"
    BAD = "bad"
    """Prometheus: a fresh sample of 0. A check: it fails, and it is theirs."""
    GONE = "gone"
    """Prometheus: the last sample goes on standing in the answer with its old time. A check: our own fault (EAI_AGAIN
    and kin)."""


class Answer(StrEnum):
    """How a source answers from now on."""

    WELL = "well"
    SILENT = "silent"
    """It refuses connections."""
    UNREADABLE = "unreadable"
    """It answers 200 with what cannot be read."""


class Tell(StrEnum):
    """What the operator says of the mail that follows."""

    DEFAULT = "default"
    YES = "yes"
    NO = "no"


@dataclass(frozen=True)
class Happening:
    at: int


@dataclass(frozen=True)
class Sample(Happening):
    """The evidence of `service` (or of one of its connections) changes."""

    service: str
    reading: Reading
    connection: str | None = None


@dataclass(frozen=True)
class Fires(Happening):
    """An alert fires in Prometheus, with that impact (of connections: that it is without service)."""

    alert: str
    service: str
    impact: "State"
    connection: str | None = None


@dataclass(frozen=True)
class Ends(Happening):
    """That alert fires no more."""

    alert: str


@dataclass(frozen=True)
class LateNews(Happening):
    """A webhook says "firing" of an alert that has ended, with the start that it had; polls do not have it."""

    alert: str


@dataclass(frozen=True)
class Silenced(Happening):
    """A sysadmin silences that firing alert in Alertmanager, until it ends."""

    alert: str


@dataclass(frozen=True)
class SourceTurns(Happening):
    """`prometheus` or `alertmanager` answers otherwise from now on."""

    source: str
    answer: Answer


@dataclass(frozen=True)
class TalaiaStops(Happening):
    """The process ends (as by SIGKILL); it had looked at this very instant."""


@dataclass(frozen=True)
class TalaiaStarts(Happening):
    """The process runs again, and looks at once."""


@dataclass(frozen=True)
class Retired(Happening):
    """The service leaves talaia.toml, which is reloaded."""

    service: str


@dataclass(frozen=True)
class Returned(Happening):
    """The service is in talaia.toml again, as it was, which is reloaded."""

    service: str


@dataclass(frozen=True)
class Renamed(Happening):
    """`talaia service rename` gives the service a new slug. Its key here stays."""

    service: str
    slug: str


@dataclass(frozen=True)
class SetByHand(Happening):
    """`talaia service set SERVICE STATE --until …`, with a reason."""

    service: str
    state: "State"
    until: int


@dataclass(frozen=True)
class TakenBackByHand(Happening):
    """The word set by hand is taken back before its expiry."""

    service: str


@dataclass(frozen=True)
class Opened(Happening):
    """An incident. `only_behind`: mails only to the people behind its services."""

    event: str
    impacts: Mapping[str, "State"]
    tell: Tell = Tell.DEFAULT
    only_behind: bool = False


@dataclass(frozen=True)
class Updated(Happening):
    """A further entry, which may change impacts (those named; the others stay)."""

    event: str
    impacts: Mapping[str, "State"] = field(default_factory=dict)
    tell: Tell = Tell.DEFAULT


@dataclass(frozen=True)
class Resolved(Happening):
    """A person says that it is over, and confirms where monitoring still sees it fail."""

    event: str
    tell: Tell = Tell.DEFAULT


@dataclass(frozen=True)
class Reopened(Happening):
    """A resolved incident is open again, with the impacts that it had. `tell`: yes or no."""

    event: str
    tell: Tell


@dataclass(frozen=True)
class Merged(Happening):
    """The open incident `event` is a duplicate of the open incident `into`."""

    event: str
    into: str


@dataclass(frozen=True)
class Planned(Happening):
    """A maintenance, with what to expect of each service while it lasts (`maintenance`: stopped)."""

    event: str
    announced: Mapping[str, "State"]
    starts: int
    ends: int
    ends_itself: bool = False
    tell: Tell = Tell.DEFAULT
    only_behind: bool = False


@dataclass(frozen=True)
class Started(Happening):
    """A person starts it before its hour."""

    event: str


@dataclass(frozen=True)
class Extended(Happening):
    """It is in progress, and will last until `ends`."""

    event: str
    ends: int


@dataclass(frozen=True)
class Moved(Happening):
    """It has not begun, and gets another window."""

    event: str
    starts: int
    ends: int


@dataclass(frozen=True)
class Ended(Happening):
    """It is in progress, and a person says that it is over."""

    event: str


@dataclass(frozen=True)
class Cancelled(Happening):
    """It has not begun, and will not."""

    event: str


@dataclass(frozen=True)
class TakenBack(Happening):
    """The notice of that kind is taken back while it is held. Where there is none, nothing happens."""

    event: str
    kind: str


@dataclass(frozen=True)
class Imported(Happening):
    """An export with exactly these people is confirmed, whatever the guard says. Subscribers stay."""

    people: tuple["Person", ...]


@dataclass(frozen=True)
class Subscribed(Happening):
    """Somebody subscribes and confirms, or chooses anew."""

    person: "Person"


@dataclass(frozen=True)
class OptedOut(Happening):
    person: str


@dataclass(frozen=True)
class OptedIn(Happening):
    person: str


@dataclass(frozen=True)
class MailRefused(Happening):
    """From now on RCPT is refused for good: to everybody ("550 5.7.1 relay not permitted") where `people` is None,
    else to these alone ("550 5.1.1 no such user")."""

    people: frozenset[str] | None = None


@dataclass(frozen=True)
class MailWell(Happening):
    """The mail server takes everything again, and an operator presses "try again" on all that is stuck."""
