"""From a history to what must be published of it: event by event, each time everything anew."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.oracle import happenings as h
from tests.oracle.audience import Ledger
from tests.oracle.days import Headline, Spell, headline
from tests.oracle.history import TROUBLES, History, State
from tests.oracle.settling import Settled
from tests.oracle.signals import Knowledge, World
from tests.oracle.told import Post, Sent
from tests.oracle.words import Shown, Words

RESTART = 180
"""A gap of more seconds than this was watched by nobody (S1)."""


@dataclass(frozen=True)
class Seen:
    """What the front page says at an instant. `cards`: services in trouble that no open incident speaks of, also where
    a person has said so by hand: the issue says "every service in trouble"."""

    at: int
    states: Mapping[str, State]
    headline: Headline
    cards: frozenset[str]
    reasons: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Reckoning:
    """`spells`: of each service, in order. `moments`: every instant at which something may change."""

    spells: Mapping[str, tuple[Spell, ...]]
    seen: tuple[Seen, ...]
    sent: tuple[Sent, ...]
    roots: Mapping[str, str]
    """Of each event, the one that it was merged into in the end, or itself."""
    moments: tuple[int, ...]
    due: frozenset[int]
    """Those of them at which something may change because time has passed, whatever happens then."""

    def state(self, service: str, at: int) -> State | None:
        """What is shown at an instant; None: the service is not listed."""
        spell = self.spell(service, at)
        return spell.state if spell else None

    def spell(self, service: str, at: int) -> Spell | None:
        return next((each for each in self.spells[service] if each.start <= at < each.end), None)


@dataclass
class _Run:
    history: History
    watched: Mapping[int, int]
    world: World = field(default_factory=World)
    words: Words = field(default_factory=Words)
    spells: dict[str, list[Spell]] = field(default_factory=dict)
    open: dict[str, tuple[int, Shown]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    moments: set[int] = field(default_factory=set)
    due: set[int] = field(default_factory=set)
    stopped: int | None = None

    def __post_init__(self) -> None:
        house = self.history.house
        self.knowledge = Knowledge(house)
        self.post = Post(house, Ledger(house))
        self.settled = {service.key: Settled(service) for service in house.services}
        self.spells = {service.key: [] for service in house.services}

    def run(self) -> Reckoning:
        history = self.history
        self.look(history.begins)
        left = list(history.happenings)
        reads = sorted({*history.reads, history.ends})
        now = history.begins
        while now < history.ends:
            instants = [*(each.at for each in left[:1]), *reads[:1], history.ends]
            dues = {due for due in self.dues() if due > now}
            now = min([*instants, *dues])
            self.moments.add(now)
            self.due |= dues & {now}
            self.look(now)
            while left and left[0].at == now:
                self.happen(left.pop(0))
            self.look(now)
            if reads and reads[0] == now:
                reads.pop(0)
                self.seen.append(self.read(now))
        for key in list(self.open):
            self.close(key, history.ends)
        roots = {key: self.post._root(case).key for key, case in self.post.cases.items()}
        spells = {key: tuple(each) for key, each in self.spells.items()}
        moments, due = tuple(sorted(self.moments)), frozenset(self.due)
        return Reckoning(spells, tuple(self.seen), tuple(self.post.sent), roots, moments, due)

    def dues(self) -> list[int]:
        if self.stopped is not None:
            return []
        again = [each.again for each in self.settled.values() if each.again is not None]
        return again + self.words.dues() + self.post.dues()

    def look(self, now: int) -> None:
        """What talaia does at an instant in which it runs."""
        if self.stopped is not None:
            return
        for event, did in self.words.strike(now):
            self.post.struck(event, did, now)
        self.knowledge.look(self.world, self.settled, now)
        for each in self.settled.values():
            raw = self.knowledge.judge(each.service, self.world, now)
            each.judged(raw, now, self.words.announced(each.service.key))
        self.record(now)
        self.post.pass_on(now)

    def happen(self, what: h.Happening) -> None:
        now = what.at
        self.world.happen(what)
        self.words.happen(what)
        self.post.ledger.happen(what)
        self.post.happen(what)
        match what:
            case h.TalaiaStops():
                self.stopped = now
            case h.TalaiaStarts() if self.stopped is not None:
                self.start(self.watched.get(self.stopped, self.stopped), now)
            case h.Retired():
                self.settled.pop(what.service, None)
                self.close(what.service, now)
            case h.Returned():
                self.settled[what.service] = Settled(self.history.house.service(what.service))
            case h.Resolved():
                for each in self.touched(what.event):
                    each.resolved()
            case h.Opened() | h.Reopened():
                for each in self.touched(what.event):
                    each.declared()
            case _:
                pass

    def touched(self, event: str) -> list[Settled]:
        impacts = self.words.incidents[event].impacts
        return [each for key, each in self.settled.items() if key in impacts]

    def start(self, last: int, now: int) -> None:
        """S1: what nobody watched is unknown from the last instant that was watched, but for people's words."""
        self.stopped = None
        if now - last <= RESTART:
            return
        for key, each in self.settled.items():
            self.cut(key, last)
            each.forget_unknown(last, frozenset({"not_running"}))
        for instant in sorted({last, *(due for due in self.words.dues() if last < due < now)}):
            self.record(instant, auto_ends=True)

    def record(self, now: int, auto_ends: bool = False) -> None:
        for key, each in self.settled.items():
            shown = self.words.shown(key, each.state, each.reasons, now, auto_ends)
            if key in self.open and self.open[key][1] == shown:
                continue
            self.close(key, now)
            self.open[key] = (now, shown)

    def close(self, key: str, now: int) -> None:
        if key in self.open:
            start, shown = self.open.pop(key)
            if start < now:
                self.spells[key].append(Spell(start, now, shown.state, shown.reasons))

    def cut(self, key: str, last: int) -> None:
        """Take back what was said of the time from `last` on."""
        if key in self.open and self.open[key][0] < last:
            self.close(key, last)
        self.open.pop(key, None)
        while self.spells[key] and self.spells[key][-1].end > last:
            spell = self.spells[key].pop()
            if spell.start < last:
                self.spells[key].append(Spell(spell.start, last, spell.state, spell.reasons))

    def read(self, now: int) -> Seen:
        states = {key: self.open[key][1].state for key in self.settled}
        cards = {key for key, state in states.items() if state in TROUBLES and not self.words.covering(key)}
        reasons = {key: self.open[key][1].reasons for key in self.settled}
        return Seen(now, states, headline(states.values()), frozenset(cards), reasons)


def reckon(history: History, watched: Mapping[int, int] | None = None) -> Reckoning:
    """Everything that must be published of a history. `watched`: of each stop of talaia, the last instant that it
    had written down as watched, where that is not the stop itself (S1 lets it be up to 60 s before)."""
    return _Run(history, watched or {}).run()
