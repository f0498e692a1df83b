"""What each channel must have: a class that lacks some of it cannot be made. All of them: `talaia/channels.py`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Generic, Protocol, TypeVar

from talaia.config import Config, current
from talaia.outbox.errors import PermanentError
from talaia.outbox.ordering import asked_for, wait_for_turn

# A line of `talaia check`: is it well, what was looked at, and what to do when not. None: worth a look, no failure.
CheckLine = tuple[bool | None, str, str]


class Channel(ABC):
    """How the deliveries of one channel are done.

    `batch`: how many are done together. `longest_wait`: between two tries. `refresh`: with no work for so long,
    `deliver(refreshed, now)` runs anyway.
    """

    name: ClassVar[str]
    batch: int = 1
    longest_wait: timedelta = timedelta(minutes=15)
    refresh: timedelta | None = None
    refreshed: tuple[str, ...] = ()

    @abstractmethod
    def deliver(self, targets: Sequence[str], now: datetime, /) -> None:
        """Do all of them; each target stands there once. Safe to repeat. Raises Temporary, Permanent."""

    def check(self, _config: Config, _made: bool, /) -> Iterable[CheckLine]:
        """What `talaia check` says, having asked whoever is at the other end; nothing where nobody is.

        `made`: whether the database has its tables.
        """
        return ()


class HasName(Protocol):
    """A table of talaia.toml that may stand there several times."""

    @property
    def name(self) -> str: ...


Receiver = TypeVar("Receiver", bound=HasName)


class NamedChannel(Channel, Generic[Receiver]):
    """Receivers of one kind, each a table of talaia.toml with a name: a target is "<name>/<what it is told>".

    Who is named there is looked at by `talaia check`, too. One after the other: each hears of things in the order in
    which they happened.
    """

    @abstractmethod
    def receivers(self, config: Config, /) -> Sequence[Receiver]:
        """Those of the configuration in force."""

    @abstractmethod
    def tell(self, receiver: Receiver, target: str, now: datetime, /) -> None:
        """Raises Temporary, Permanent."""

    @abstractmethod
    def check(self, _config: Config, _made: bool, /) -> Iterable[CheckLine]:
        """Whether each of them could be told, without telling it anything."""

    def target_of(self, receiver: Receiver, what: str) -> str:
        return f"{receiver.name}/{what}"

    def deliver(self, targets: Sequence[str], now: datetime, /) -> None:
        for target in targets:
            name = target.partition("/")[0]
            receiver = next((one for one in self.receivers(current()) if one.name == name), None)
            if receiver is not None:  # else it left talaia.toml
                self.tell(receiver, target, now)

    def wait_for_turn(self, target: str, now: datetime) -> None:
        """Raises Temporary while the same receiver has not got what came before."""
        wait_for_turn(self.name, target, now)

    def give_up(self, target: str, since: datetime, after: timedelta, now: datetime, said: PermanentError) -> None:
        """Raise what is `said` once it is older than `after`, unless a person had it tried again."""
        if now - since > after and not asked_for(self.name, target):
            raise said
