"""Which happenings can be: nobody acts while talaia is off (but for a rename in the shell), and nothing ends that has
not begun."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.oracle import happenings as h
from tests.oracle.history import SmallHouse
from tests.oracle.words import Words

BY_MACHINES = (h.Sample, h.Fires, h.Ends, h.Silenced, h.SourceTurns, h.MailRefused, h.TalaiaStops, h.TalaiaStarts)


@dataclass
class _Sieve:
    house: SmallHouse
    words: Words = field(default_factory=Words)
    running: bool = True
    firing: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    merged: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    opted_out: set[str] = field(default_factory=set)
    refusing: bool = False
    started_at: int = 0
    narrowed_at: int | None = None
    answers: dict[str, h.Answer] = field(default_factory=dict)

    def clock(self, until: int) -> None:
        """What the clock does up to an instant, window by window."""
        while self.running:
            due = min((each for each in self.words.dues() if each <= until and self._strikes(each)), default=None)
            if due is None or not self.words.strike(due):
                return

    def _strikes(self, at: int) -> bool:
        return any(
            (each.phase == "scheduled" and each.starts == at)
            or (each.phase == "in_progress" and each.ends_itself and each.ends == at)
            for each in self.words.maintenances.values()
        )

    def strikes_in(self, stop: int, following: Sequence[h.Happening]) -> bool:
        """Whether talaia would be off for a moment just when a window or a word set by hand begins or ends: the rules
        do not say from when on a mere restart sees it."""
        start = next((each.at for each in following if isinstance(each, h.TalaiaStarts)), stop)
        return start - stop <= 300 and any(stop <= due <= start for due in self.words.dues())

    def lets(self, what: h.Happening) -> bool:
        if not self.running and not isinstance(what, (*BY_MACHINES, h.Renamed)):
            return False
        can_be = self._machines(what) and self._services(what) and self._incidents(what) and self._works(what)
        if can_be and isinstance(what, h.Opened | h.Planned) and what.only_behind:
            self.narrowed_at = what.at
        return can_be

    def _machines(self, what: h.Happening) -> bool:
        match what:
            case h.Fires():
                return what.alert not in self.firing | self.ended
            case h.Ends() | h.Silenced():
                return what.alert in self.firing
            case h.LateNews():
                # Where Alertmanager cannot be asked whether it is so, the rules do not say what is believed.
                asked = self.answers.get("alertmanager", h.Answer.WELL) is h.Answer.WELL
                return what.alert in self.ended and asked
            case h.TalaiaStops():
                return self.running and what.at > self.started_at
            case h.TalaiaStarts():
                return not self.running
            case h.MailWell():
                return self.refusing
            case h.MailRefused():
                return not self.refusing
            case h.OptedOut() | h.OptedIn():
                return what.person in self.people and (what.person in self.opted_out) == isinstance(what, h.OptedIn)
        return True

    def _services(self, what: h.Happening) -> bool:
        match what:
            case h.Retired():
                # In one second the rules do not say what is first: the choice of who is behind it, or its leaving.
                return what.service in self.listed and len(self.listed) > 1 and what.at != self.narrowed_at
            case h.Returned():
                return what.service not in self.listed
            case h.Renamed() | h.SetByHand() | h.TakenBackByHand():
                by_hand = not isinstance(what, h.TakenBackByHand) or what.service in self.words.by_hand
                return what.service in self.listed and by_hand
            case h.Opened() | h.Updated():
                return set(what.impacts) <= self.listed
            case h.Planned():
                return set(what.announced) <= self.listed and what.starts > what.at
        return True

    def _incidents(self, what: h.Happening) -> bool:
        known = self.words.incidents
        match what:
            case h.Updated() | h.Resolved() | h.TakenBack():
                return what.event in known and known[what.event].open
            case h.Merged():
                return all(each in known and known[each].open for each in (what.event, what.into))
            case h.Reopened():
                return what.event in known and not known[what.event].open and what.event not in self.merged
        return True

    def _works(self, what: h.Happening) -> bool:
        match what:
            case h.Started() | h.Moved() | h.Cancelled() | h.Extended() | h.Ended():
                work = self.words.maintenances.get(what.event)
                if work is None:
                    return False
                if isinstance(what, h.Extended | h.Ended):
                    later = not isinstance(what, h.Extended) or what.ends > max(what.at, work.ends)
                    return work.phase == "in_progress" and later
                future = not isinstance(what, h.Moved) or what.starts > what.at
                return work.phase == "scheduled" and what.at < work.starts and future
        return True

    def note(self, what: h.Happening) -> None:
        self.words.happen(what)
        match what:
            case h.Fires():
                self.firing.add(what.alert)
            case h.Ends():
                self.firing.discard(what.alert)
                self.ended.add(what.alert)
            case h.TalaiaStops() | h.TalaiaStarts():
                self.running = isinstance(what, h.TalaiaStarts)
                self.started_at = what.at
            case h.SourceTurns():
                self.answers[what.source] = what.answer
            case h.Retired():
                self.listed.discard(what.service)
            case h.Returned():
                self.listed.add(what.service)
            case h.Merged():
                self.merged.add(what.event)
            case h.Imported():
                self.people |= {person.key for person in what.people}
            case h.Subscribed():
                self.people.add(what.person.key)
                self.opted_out.discard(what.person.key)
            case h.OptedOut():
                self.opted_out.add(what.person)
            case h.OptedIn():
                self.opted_out.discard(what.person)
            case h.MailRefused() | h.MailWell():
                self.refusing = isinstance(what, h.MailRefused)
            case _:
                pass


def possible(house: SmallHouse, wanted: Iterable[h.Happening], ends: int) -> tuple[h.Happening, ...]:
    """Those of `wanted` that can be, in order, before `ends`; talaia runs in the end."""
    sieve = _Sieve(house)
    sieve.listed = {service.key for service in house.services}
    sieve.people = {person.key for person in house.people}
    kept = []
    ordered = sorted(wanted, key=lambda each: each.at)
    for index, what in enumerate(ordered):
        if what.at >= ends - 300:
            break
        sieve.clock(what.at)
        if isinstance(what, h.TalaiaStops) and sieve.strikes_in(what.at, ordered[index:]):
            continue
        if sieve.lets(what):
            sieve.note(what)
            kept.append(what)
    if not sieve.running:
        kept.append(h.TalaiaStarts(ends - 293))
    return tuple(kept)
