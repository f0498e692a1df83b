"""Who is told what (S9, S10, S15, S16): notices are made, held, and leave; whoever was told is owed the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.oracle import happenings as h
from tests.oracle.audience import Ledger
from tests.oracle.happenings import Tell
from tests.oracle.history import WEIGHT, SmallHouse, State

LONGEST_HOLD = 3
NEWS, ADVANCE, START, CHANGED, END, CANCELLED = "news", "advance", "start", "changed", "end", "cancelled"
KINDS = {
    **{"problem": NEWS, "update": NEWS, "advance": ADVANCE, "reminder": ADVANCE},
    **{"start": START, "changed": CHANGED, "resolved": END, "end": END, "cancelled": CANCELLED},
}
"""The product's kinds of notices, and what they are here."""


@dataclass(frozen=True)
class Sent:
    """A notice that left. Who had to get a copy, who might; who was on the list, and taken by the mail server."""

    event: str
    kind: str
    at: int
    must: frozenset[str]
    may: frozenset[str]
    listed: frozenset[str]


@dataclass
class Case:
    """An event, as far as its mails go. `owed`: surely, and perhaps, told of it and not yet of its end."""

    key: str
    services: tuple[str, ...]
    only_behind: bool
    quiet: bool
    into: str | None = None
    over: bool = False
    begun: bool = False
    problem: bool = False
    kept_back: bool = False
    """Of its problem nobody was told, as a person wanted: whether the next entry tells it, no rule says."""
    owed: frozenset[str] = frozenset()
    perhaps: frozenset[str] = frozenset()
    ever: frozenset[str] = frozenset()
    """Perhaps told of it at any time: when it is there again, they may hear of that."""
    hours: list[int] = field(default_factory=list)
    starts: int = 0
    doubtful_hours: bool = False


@dataclass
class Notice:
    case: Case
    kind: str
    leaves: int
    name: str
    circle: frozenset[str]
    """Who was in the circle when it was made."""
    doubtful: bool = False
    stuck: bool = False
    services: tuple[str, ...] | None = None
    """Once it has begun to be sent: what it speaks of, whatever becomes part of its case afterwards."""
    drawn: int = 0


@dataclass
class Post:
    house: SmallHouse
    ledger: Ledger
    cases: dict[str, Case] = field(default_factory=dict)
    waiting: list[Notice] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    impacts: dict[str, dict[str, State]] = field(default_factory=dict)

    # What people do

    def happen(self, what: h.Happening) -> None:
        now = what.at
        match what:
            case h.Opened():
                self.impacts[what.event] = dict(what.impacts)
                case = Case(what.event, tuple(what.impacts), what.only_behind, what.tell is Tell.NO)
                self.cases[case.key] = case
                if what.tell is Tell.YES or (what.tell is Tell.DEFAULT and self._disrupts(what.impacts)):
                    self._make(case, NEWS, "problem", now)
            case h.Updated():
                self._updated(self.cases[what.event], what)
            case h.Resolved():
                self._over(self.cases[what.event])
                if what.tell is not Tell.NO:
                    self._make(self.cases[what.event], END, "resolved", now)
            case h.Reopened():
                case = self.cases[what.event]
                case.over = False
                self._drop(case, END)
                if what.tell is Tell.YES:
                    self._make(case, NEWS, "reopened", now)
            case h.Merged():
                self._merged(self.cases[what.event], self.cases[what.into], now)
            case h.Planned():
                self._planned(what)
            case h.Moved():
                self._moved(self.cases[what.event], what)
            case h.Extended():
                self._make(self.cases[what.event], CHANGED, "changed", now)
            case h.Started():
                self.struck(what.event, "start", now)
            case h.Ended():
                self.struck(what.event, "end", now)
            case h.Cancelled():
                self._over(self.cases[what.event])
                self._make(self.cases[what.event], CANCELLED, "cancelled", now)
            case h.TakenBack():
                self._taken_back(self.cases[what.event], what.kind, now)
            case h.MailWell():
                for each in self.waiting:
                    each.leaves = now if each.stuck else each.leaves
                    each.stuck = False
            case _:
                pass

    def _taken_back(self, case: Case, kind: str, now: int) -> None:
        held = [each for each in self.waiting if each.case is case and each.leaves > now]
        back = [each for each in held if kind == ("problem" if each.name == "reopened" else each.name)]
        for each in back:
            self.waiting.remove(each)
        if any(each.kind == NEWS for each in back):
            case.kept_back = True
            # It would have told of what became part of it, too.
            self.waiting = [each for each in self.waiting if each.kind != NEWS or self._root(each.case) is not case]

    def _disrupts(self, impacts: Mapping[str, State]) -> bool:
        return any(WEIGHT.get(state, 3) >= WEIGHT[self.house.told_from] for state in impacts.values())

    def _updated(self, case: Case, what: h.Updated) -> None:
        self.impacts[case.key].update(what.impacts)
        if not case.problem:
            case.services = tuple(self.impacts[case.key])
        if what.tell is Tell.YES:
            begun = case.perhaps or any(one.case is case and one.stuck for one in self.waiting)
            self._make(case, NEWS, "update" if begun else "problem", what.at)  # the first of which anybody hears
        elif what.tell is Tell.NO:
            # What is held would tell this very entry.
            for each in [one for one in self.waiting if one.case is case and one.kind == NEWS and not one.stuck]:
                self.waiting.remove(each)
                case.kept_back = True
        elif (
            not case.quiet
            and self._disrupts(self.impacts[case.key])
            and (case.kept_back or not case.problem or self._about_to(case))
        ):
            self._make(case, NEWS, "problem", what.at, doubtful=case.kept_back)

    def _about_to(self, case: Case) -> bool:
        """Whether a first mail about it is held: whatever is said meanwhile begins the hold again."""
        held = any(each.case is case and each.kind == NEWS and not each.stuck for each in self.waiting)
        return held and not case.perhaps

    def _merged(self, case: Case, into: Case, now: int) -> None:
        """The other takes the impacts on: where it was not worth a mail until now, it is told to who has not heard."""
        case.into, case.over = into.key, True
        into.owed |= case.owed
        into.perhaps |= case.perhaps
        into.ever |= case.ever
        case.owed = case.perhaps = frozenset()
        impacts = self.impacts[into.key]
        for service, state in self.impacts[case.key].items():
            impacts[service] = max(impacts.get(service, state), state, key=WEIGHT.__getitem__)
        into.services = tuple(impacts)
        held = [each for each in self.waiting if each.kind == NEWS and not each.stuck and self._root(each.case) is into]
        unheard = [each for each in held if each.case is not into]
        for each in unheard:
            each.leaves = max(each.leaves, now + self.house.hold)  # as all that is written while news are held
        for each in [each for each in held if unheard and each.case is into]:  # which then speaks of these, too
            each.leaves = max(each.leaves, min(now + self.house.hold, each.drawn + LONGEST_HOLD * self.house.hold))
        if into.problem and not into.kept_back and not self._about_to(into):
            return
        if not into.quiet and self._disrupts(impacts):
            self._make(into, NEWS, "taken on", now, doubtful=into.kept_back)

    def _planned(self, what: h.Planned) -> None:
        tells = what.tell is Tell.YES or (what.tell is Tell.DEFAULT and self._disrupts(what.announced))
        case = Case(what.event, tuple(what.announced), what.only_behind, not tells)
        self.cases[case.key] = case
        self._plan(case, what.starts, what.at)

    def _plan(self, case: Case, starts: int, now: int) -> None:
        """S16: what is past is left out, but where the first is past, one goes at once."""
        case.starts = starts
        hours = [starts - before for before in self.house.advance]
        case.hours = [] if case.quiet else [hour for hour in hours if hour > now]
        if not case.quiet and hours and hours[0] <= now and now + self.house.hold < starts:
            self._make(case, ADVANCE, "advance", now)

    def _moved(self, case: Case, what: h.Moved) -> None:
        if case.quiet:
            return
        held = any(each.case is case for each in self.waiting)
        if case.perhaps or held:
            case.doubtful_hours = True
            case.starts = what.starts
            hours = [what.starts - before for before in self.house.advance]
            case.hours = [hour for hour in hours if hour > what.at]
            for each in self.waiting:
                if each.case is not case or each.kind != ADVANCE or each.stuck:
                    continue
                if hours and hours[0] > what.at:
                    each.doubtful = True  # it was to go at once for the old hours; of the new ones nothing is due yet
                again = min(what.at + self.house.hold, each.drawn + LONGEST_HOLD * self.house.hold)
                each.leaves = max(each.leaves, again)  # it tells the new hours, and its hold begins again
            stuck = any(each.case is case and each.stuck for each in self.waiting)
            if case.perhaps or stuck:  # what is stuck tells the old hours, and then the new ones are told to the same
                self._make(case, CHANGED, "changed", what.at, doubtful=not case.perhaps)
        else:
            self._plan(case, what.starts, what.at)

    # What the clock does

    def struck(self, event: str, did: str, now: int) -> None:
        case = self.cases[event]
        if did == "start":
            case.begun = True
            case.hours = []
            self._drop(case, ADVANCE)
            if not case.quiet:
                self._make(case, START, "start", now)
        else:
            self._over(case)
            self._make(case, END, "end", now)

    def dues(self) -> list[int]:
        return [hour for case in self.cases.values() for hour in case.hours] + [
            each.leaves for each in self.waiting if not each.stuck
        ]

    def pass_on(self, now: int) -> None:
        """Talaia runs: hours of plans are struck, the latest alone where several have passed; what was held leaves."""
        for case in self.cases.values():
            passed = [hour for hour in case.hours if hour <= now]
            case.hours = [hour for hour in case.hours if hour > now]
            if passed and now < case.starts and not case.over:
                self._make(case, ADVANCE, "reminder", now, doubtful=case.doubtful_hours)
        leaving = [each for each in self.waiting if each.leaves <= now and not each.stuck]
        for notice in leaving:
            if notice.kind == ADVANCE and now >= notice.case.starts:
                self._drop(notice.case, ADVANCE)  # its hour has passed unseen: nobody is told by itself
            else:
                self._leave(notice, now)

    def _make(self, case: Case, kind: str, name: str, now: int, doubtful: bool = False) -> None:
        if kind == NEWS:
            case.problem = True
        case.kept_back = case.kept_back and doubtful
        circle = self.ledger.circle(case.services, case.only_behind)
        leaves, drawn = now + self.house.hold, now
        held = [each for each in self.waiting if each.case is case and each.kind == kind == NEWS and not each.stuck]
        for each in held:
            # What is written while news are held goes in the same mail, and begins the hold again, not for ever.
            self.waiting.remove(each)
            name, drawn, doubtful = each.name, each.drawn, doubtful and each.doubtful
            leaves = max(each.leaves, min(leaves, drawn + LONGEST_HOLD * self.house.hold))
        self.waiting.append(Notice(case, kind, leaves, name, circle, doubtful, drawn=drawn))

    def _over(self, case: Case) -> None:
        case.over = True
        case.hours = []
        for kind in (NEWS, ADVANCE, START, CHANGED):
            self._drop(case, kind)

    def _drop(self, case: Case, kind: str) -> None:
        """What is still held of that kind goes to nobody; advance notices may have been given away at their hour."""
        for each in [each for each in self.waiting if self._root(each.case) is case and each.kind == kind]:
            self.waiting.remove(each)
            if kind == ADVANCE and not each.stuck:
                self._note(each, each.leaves, frozenset(), each.circle)

    def _root(self, case: Case) -> Case:
        while case.into is not None:
            case = self.cases[case.into]
        return case

    def _leave(self, notice: Notice, now: int) -> None:
        root = self._root(notice.case)
        if notice.case is not root and notice.kind == NEWS and self._about_to(root):
            # What is about to go tells of both.
            root.only_behind = root.only_behind and notice.case.only_behind
            self.waiting.remove(notice)
            return
        must, may = self._recipients(notice, root)
        taken, might = self.ledger.taken(must, now), self.ledger.taken(may, now)
        if might is None:
            notice.stuck, notice.services = True, notice.services or notice.case.services
            return
        self.waiting.remove(notice)
        # Where all who must be told are refused, and others might be told: it went to these, or waits for those.
        self._note(notice, now, taken or frozenset(), might if taken is not None else might | must)
        if notice.kind in (END, CANCELLED):
            root.owed -= must  # whose own copy was refused is owed no second one

    def _recipients(self, notice: Notice, root: Case) -> tuple[frozenset[str], frozenset[str]]:
        listed = self.ledger.listed()
        circle = self.ledger.circle(notice.services or notice.case.services, notice.case.only_behind)
        owed, perhaps = root.owed & listed, root.perhaps & listed
        if notice.kind == CHANGED:
            return (frozenset() if notice.doubtful else owed), perhaps | circle
        if notice.kind in (END, CANCELLED):
            return owed, perhaps
        if notice.case is not root:
            # Held when its event was merged: whoever the other one does not tell must hear of it all the same.
            reached = perhaps | self._pending(root)
            return circle - reached, circle | perhaps  # who knows of the other hears how that goes on
        if notice.kind == ADVANCE:
            told = owed if root.perhaps else circle & notice.circle
            return (frozenset() if notice.doubtful else told), (circle | notice.circle | perhaps)
        must, may = (owed, circle | perhaps) if root.perhaps else (circle, circle)
        if notice.name == "taken on":
            must, may = circle - perhaps, circle - owed
        if notice.name == "reopened":
            must, may = circle, circle | (root.ever & listed)
        return (frozenset() if notice.doubtful else must), may

    def _pending(self, case: Case) -> frozenset[str]:
        found = frozenset[str]()
        for each in self.waiting:
            if each.case is case and each.kind == NEWS:
                found |= self.ledger.circle(case.services, case.only_behind)
        return found

    def _note(self, notice: Notice, now: int, must: frozenset[str], may: frozenset[str]) -> None:
        if not may:
            return
        root = self._root(notice.case)
        reached = self.ledger.listed() - (self.ledger.refused or frozenset())
        self.sent.append(Sent(root.key, notice.kind, now, must, may, reached))
        root.ever |= may
        if notice.kind in (END, CANCELLED):
            root.owed, root.perhaps = root.owed - may, root.perhaps - may
        else:
            root.owed, root.perhaps = root.owed | must, root.perhaps | may
