"""Who is on the list at an instant, and who is in the circle of an event."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from tests.oracle import happenings as h
from tests.oracle.days import local_day
from tests.oracle.history import Person, SmallHouse

HARD_BOUNCES = 3


@dataclass
class Ledger:
    house: SmallHouse
    exported: dict[str, Person] = field(default_factory=dict)
    subscribed: dict[str, Person] = field(default_factory=dict)
    opted_out: set[str] = field(default_factory=set)
    refused: frozenset[str] | None = frozenset()
    """Whom the mail server refuses: None is everybody."""
    bounces: dict[str, set[date]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for person in self.house.people:
            (self.exported if person.exported else self.subscribed)[person.key] = person

    def happen(self, what: h.Happening) -> None:
        match what:
            case h.Imported():
                self.exported = {person.key: person for person in what.people}
            case h.Subscribed():
                self.subscribed[what.person.key] = what.person
                self.opted_out.discard(what.person.key)
            case h.OptedOut():
                self.opted_out.add(what.person)
            case h.OptedIn():
                self.opted_out.discard(what.person)
                self.bounces.pop(what.person, None)
            case h.MailRefused():
                self.refused = what.people
            case h.MailWell():
                self.refused = frozenset()
            case _:
                pass

    def listed(self) -> frozenset[str]:
        """Who is told of anything at all now."""
        known = {*self.exported, *self.subscribed} - self.opted_out
        return frozenset(key for key in known if len(self.bounces.get(key, ())) < HARD_BOUNCES)

    def circle(self, services: Iterable[str], only_behind: bool) -> frozenset[str]:
        """Who is on the list and concerned by an event of these services."""
        touched = set(services)
        behind = {connection for service in touched for connection in self.house.behind.get(service, ())}
        found = set()
        for key in self.listed():
            chosen = self.subscribed[key].services if key in self.subscribed else None
            connection = self.exported[key].connection if key in self.exported else None
            if (chosen is None or chosen & touched) and (not only_behind or connection in behind):
                found.add(key)
        return frozenset(found)

    def taken(self, people: frozenset[str], now: int) -> frozenset[str] | None:
        """Whose copies the mail server takes now; None: it refuses so that nobody is reached, and nobody's bounces
        count (one that refuses everybody speaks of us)."""
        if not people:
            return people
        if self.refused is None or people <= self.refused:
            return None
        for key in people & self.refused:
            self.bounces.setdefault(key, set()).add(local_day(now))
        return people - self.refused
