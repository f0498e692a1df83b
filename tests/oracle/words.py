"""What people have said: incidents, maintenance, words set by hand; and who outranks whom (S5)."""

from dataclasses import dataclass, field

from tests.oracle import happenings as h
from tests.oracle.history import TROUBLES, WEIGHT, State


@dataclass
class Incident:
    impacts: dict[str, State]
    open: bool = True


@dataclass
class Maintenance:
    """`phase`: scheduled, in_progress, over (ended or cancelled)."""

    announced: dict[str, State]
    starts: int
    ends: int
    ends_itself: bool
    phase: str = "scheduled"


@dataclass(frozen=True)
class Shown:
    """What the panel says of a service, and by which reasons (any of the words below).

    by_hand, incident, maintenance: a person's word. signals: an alert, a check, the count of connections.
    silenced: somebody silenced all that fires, so it is being worked on. held: what is known is better, and waits.
    unstable: a relapse. unreadable: an answer cannot be read. evidence: a sample fails, and no alert says so.
    source_silent, not_measured, never_measured, not_running: why it is unknown.
    """

    state: State
    reasons: frozenset[str]


@dataclass
class Words:
    incidents: dict[str, Incident] = field(default_factory=dict)
    maintenances: dict[str, Maintenance] = field(default_factory=dict)
    by_hand: dict[str, tuple[State, int]] = field(default_factory=dict)

    def happen(self, what: h.Happening) -> None:
        match what:
            case h.Opened():
                self.incidents[what.event] = Incident(dict(what.impacts))
            case h.Updated():
                self.incidents[what.event].impacts.update(what.impacts)
            case h.Resolved():
                self.incidents[what.event].open = False
            case h.Reopened():
                self.incidents[what.event].open = True
            case h.Merged():
                self._merge(self.incidents[what.event], self.incidents[what.into])
            case h.Planned():
                self.maintenances[what.event] = Maintenance(
                    dict(what.announced), what.starts, what.ends, what.ends_itself
                )
            case h.Started():
                self.maintenances[what.event].phase = "in_progress"
            case h.Extended():
                self.maintenances[what.event].ends = what.ends
            case h.Moved():
                self.maintenances[what.event].starts, self.maintenances[what.event].ends = what.starts, what.ends
            case h.Ended() | h.Cancelled():
                self.maintenances[what.event].phase = "over"
            case h.SetByHand():
                self.by_hand[what.service] = (what.state, what.until)
            case h.TakenBackByHand():
                self.by_hand.pop(what.service, None)
            case _:
                pass

    @staticmethod
    def _merge(duplicate: Incident, into: Incident) -> None:
        duplicate.open = False
        for service, state in duplicate.impacts.items():
            into.impacts[service] = max(into.impacts.get(service, state), state, key=WEIGHT.__getitem__)

    def strike(self, now: int) -> list[tuple[str, str]]:
        """The clock, while talaia runs: windows begin, and end where they do so by themselves. What it did.

        One whose whole window is past and that never began stays scheduled: nobody has seen it (S15).
        """
        did = []
        for key, each in self.maintenances.items():
            if each.phase == "scheduled" and each.starts <= now < each.ends:
                each.phase = "in_progress"
                did.append((key, "start"))
            if each.phase == "in_progress" and each.ends_itself and each.ends <= now:
                each.phase = "over"
                did.append((key, "end"))
        return did

    def dues(self) -> list[int]:
        """Every instant at which the clock alone changes a word."""
        dues = [until for _, until in self.by_hand.values()]
        for each in self.maintenances.values():
            if each.phase == "scheduled":
                dues.append(each.starts)
            if each.phase == "in_progress" and each.ends_itself:
                dues.append(each.ends)
        return dues

    def covering(self, service: str) -> list[str]:
        """The open incidents that speak of a service."""
        return [key for key, each in self.incidents.items() if each.open and service in each.impacts]

    def announced(self, service: str) -> int:
        """The weight of what work in progress told to expect of a service; 0: nothing."""
        levels = [
            each.announced[service]
            for each in self.maintenances.values()
            if each.phase == "in_progress" and service in each.announced
        ]
        return max((WEIGHT.get(state, 3) for state in levels), default=0)

    def shown(self, service: str, computed: State, reasons: frozenset[str], now: int, auto_ends: bool = False) -> Shown:
        """S5. With `auto_ends`, maintenance whose end has come is over, though no clock has struck (S1)."""
        if service in self.by_hand and now < self.by_hand[service][1]:
            return Shown(self.by_hand[service][0], frozenset({"by_hand"}))
        announced = [
            each.announced[service]
            for each in self.maintenances.values()
            if each.phase == "in_progress"
            and service in each.announced
            and not (auto_ends and each.ends_itself and each.ends <= now)
        ]
        declared = [self.incidents[key].impacts[service] for key in self.covering(service)]
        weight = max((WEIGHT[state] for state in declared), default=0)
        signals = WEIGHT.get(computed, 0)
        counts = signals > max((WEIGHT.get(state, 3) for state in announced), default=0)
        if counts and signals > weight:
            # Both reasons: what people have said beside it, the incident before the work.
            said = {"incident"} if weight else {"maintenance"} if announced else set()
            return Shown(computed, reasons | said)
        if weight:
            return Shown(TROUBLES[weight - 1], frozenset({"incident"}))
        if announced:
            return Shown(State.MAINTENANCE, frozenset({"maintenance"}))
        return Shown(computed, reasons)
