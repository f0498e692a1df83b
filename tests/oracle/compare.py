"""Drives a House through a history, and says the first difference between its report and the reckoning.

States are compared with the reckoning; days, colours, figures and headlines are compared with what follows from the
states that the House itself reported, to the second. So a difference names what is wrong: the judging or the sums.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from math import floor

from tests.oracle.days import Spell, colour, days, figure, headline, local_day
from tests.oracle.happenings import (
    Ends,
    Fires,
    Happening,
    Imported,
    OptedIn,
    OptedOut,
    Reading,
    Sample,
    Silenced,
    Subscribed,
    TalaiaStarts,
    TalaiaStops,
)
from tests.oracle.history import History, State, clock
from tests.oracle.house import Copy, House, Page, Report, Transition
from tests.oracle.reckoning import Reckoning, reckon
from tests.oracle.told import CANCELLED, END, KINDS

SLACK = 2
"""So many seconds a state may be late or early."""
HEARTBEAT = 60


def drive(history: History, house: House) -> Report:
    """Make it real, instant by instant, and collect what is reported."""
    reckoned = reckon(history)
    left, reads = list(history.happenings), {*history.reads, history.ends}
    pages, running = [], True
    house.build(history.house, history.begins)
    house.look()
    for at, happens in _steps(reckoned, history.begins, history.ends):
        house.pass_to(at)
        now = [each for each in left if each.at == at]
        looked = running and not (now and at not in reckoned.due and all(map(_unseen, now)))
        if looked:
            house.look()
        while happens and left and left[0].at == at:
            happening = left.pop(0)
            running = isinstance(happening, TalaiaStarts) or (running and not isinstance(happening, TalaiaStops))
            house.happen(happening)
            looked = False
        if running and not looked:
            house.look()
        if happens and at in reads:
            pages.append(house.page())
    return Report(pages, house.transitions(), house.told(), house.watched())


def _unseen(happening: Happening) -> bool:
    """Whether nothing may have been seen in the instant before it: what the sources said then was what they had said
    before, nothing was due, and from this instant on they say something else."""
    if isinstance(happening, Sample):
        return happening.reading is not Reading.GONE
    return isinstance(happening, Fires | Ends | Silenced | Imported | Subscribed | OptedOut | OptedIn)


def _steps(reckoned: Reckoning, begins: int, ends: int) -> Iterator[tuple[int, bool]]:
    known = {each for each in reckoned.moments if each > begins}
    after = {each + 1 for each in reckoned.due if begins < each < ends} - known
    return ((at, at in known) for at in sorted(known | after))


def difference(history: History, report: Report) -> str | None:
    """The first difference in one line, or None. `explain` adds the history that shows it."""
    return next(iter(differences(history, report)), None)


def differences(history: History, report: Report) -> list[str]:
    """All of them, the first first."""
    for stop, last in report.watched.items():
        if not stop - HEARTBEAT <= last <= stop:
            return [f"watched: talaia stopped at {clock(stop)}, and says that it last watched at {clock(last)}"]
    reckoned = reckon(history, report.watched)
    found = [*_states(history, reckoned, report), *_pages(reckoned, report), *_told(reckoned, report.told)]
    return [line for _at, line in sorted(found, key=lambda each: each[0])]


def agrees(history: History, house: House) -> None:
    """Drive it, and fail with the first difference and the history that shows it."""
    said = explain(history, drive(history, house))
    assert said is None, said


def explain(history: History, report: Report) -> str | None:
    line = difference(history, report)
    return f"{line}\nin the history\n{history}" if line else None


def spells_of(transitions: Sequence[Transition], ends: int) -> tuple[Spell, ...]:
    """What was shown, from transitions: equal neighbours are joined, nothing is left of what had no time."""
    found: list[Spell] = []
    ordered = sorted(transitions, key=lambda each: each.at)
    for each, following in zip(ordered, [*ordered[1:], None], strict=True):
        end = min(following.at if following else ends, ends)
        if each.state is None or end <= each.at:
            continue
        reasons = each.reasons or frozenset()
        if found and (found[-1].end, found[-1].state, found[-1].reasons) == (each.at, each.state, reasons):
            found[-1] = Spell(found[-1].start, end, each.state, reasons)
        else:
            found.append(Spell(each.at, end, each.state, reasons))
    return tuple(found)


def _states(history: History, reckoned: Reckoning, report: Report) -> Iterator[tuple[int, str]]:
    for key, right in reckoned.spells.items():
        transitions = report.transitions.get(key, ())
        said = spells_of(transitions, history.ends)
        reasoned = any(each.reasons is not None for each in transitions)
        for start, end, should, does in _apart(right, said):
            if any(stop - HEARTBEAT <= start and end <= stop for stop in report.watched):
                continue  # Where the last heartbeat leaves it open whether this was watched.
            if should is None or does is None or should.state is not does.state:
                expected, shown = _of(should), _of(does)
                lasts = f"{end - start} s from {clock(start)}"
                yield start, f"state: {key} must be {expected} and is {shown} for {lasts}"
            elif reasoned and should.reasons != does.reasons:
                line = f"must say {sorted(should.reasons)} and says {sorted(does.reasons)}"
                yield start, f"reason: {key}, {should.state} at {clock(start)}, {line}"


def _of(spell: Spell | None) -> str:
    return f"{spell.state} ({', '.join(sorted(spell.reasons))})" if spell else "not listed"


def _apart(right: Sequence[Spell], said: Sequence[Spell]) -> Iterator[tuple[int, int, Spell | None, Spell | None]]:
    """Stretches longer than the slack in which state or reasons are not the same."""
    edges = sorted({edge for each in (*right, *said) for edge in (each.start, each.end)})
    at_right, at_said = _cursor(right), _cursor(said)
    for start, end in pairwise(edges):
        should, does = at_right(start), at_said(start)
        same = (should and (should.state, should.reasons)) == (does and (does.state, does.reasons))
        if end - start > SLACK and not same:
            yield start, end, should, does


class _cursor:
    """The spell at an instant, for instants that never go back."""

    def __init__(self, spells: Sequence[Spell]) -> None:
        self.spells, self.index = spells, 0

    def __call__(self, at: int) -> Spell | None:
        while self.index < len(self.spells) and self.spells[self.index].end <= at:
            self.index += 1
        found = self.spells[self.index] if self.index < len(self.spells) else None
        return found if found and found.start <= at else None


def _pages(reckoned: Reckoning, report: Report) -> Iterator[tuple[int, str]]:
    if len(report.pages) != len(reckoned.seen):
        yield 0, f"pages: {len(reckoned.seen)} must be read and {len(report.pages)} are"
    for seen, page in zip(reckoned.seen, report.pages, strict=False):
        at = clock(seen.at)
        if dict(page.states) != dict(seen.states):
            yield seen.at, f"page: at {at} it must show {_list(seen.states)} and shows {_list(page.states)}"
        counts = headline(page.states.values())
        if page.headline != counts:
            yield seen.at, f"headline: at {at} it must count {counts} and counts {page.headline}"
        if page.cards is not None and page.cards != seen.cards:
            yield seen.at, f"cards: at {at} they must be of {sorted(seen.cards)} and are of {sorted(page.cards)}"
        for key, reasons in (page.reasons or {}).items():
            if page.states[key] == seen.states.get(key) and reasons != seen.reasons[key]:
                line = f"for {sorted(seen.reasons[key])} and is for {sorted(reasons)}"
                yield seen.at, f"why: at {at}, {key} must be {page.states[key]} {line}"
        for key in seen.states:
            yield from _sums(key, page, report.transitions.get(key, ()), reckoned)


def _list(states: object) -> str:
    return ", ".join(f"{key}={state}" for key, state in sorted(dict(states).items()))  # type: ignore[call-overload]


def _sums(key: str, page: Page, transitions: Sequence[Transition], reckoned: Reckoning) -> Iterator[tuple[int, str]]:
    """Days and figures of a page against the service's own transitions, as far as these are those of then.

    A page that was read before talaia's last start is compared too: what a later start dates back is after it.
    """
    spells, at = spells_of(transitions, page.at), clock(page.at)
    published = dict(page.days.get(key, {}))
    drawn = local_day(page.at) - timedelta(days=90)
    for day in days(spells, page.at):
        if day.day <= drawn:
            continue
        got = published.get(day.day)
        if got is None:
            yield page.at, f"day: at {at}, {key} has nothing of {day.day} and must have {_seconds(day.seconds)}"
            continue
        allowed = [dict(day.seconds)]
        if day.before:
            allowed.append(_plus_unknown(day.seconds, day.before))
        if _counted(got.seconds) not in [_counted(each) for each in allowed]:
            must = _seconds(day.seconds)
            yield page.at, f"day: at {at}, {key} on {day.day} must have {must} and has {_seconds(got.seconds)}"
        elif got.colour not in [colour(each) for each in allowed]:
            must = str(colour(day.seconds))
            yield page.at, f"colour: at {at}, {key} on {day.day} must be {must} and is {got.colour}"
    counted = {day.day for day in days(spells, page.at)}
    for day_of, got in published.items():
        measured = [state for state, seconds in got.seconds.items() if seconds and state is not State.UNKNOWN]
        if day_of not in counted and measured:
            yield page.at, f"day: at {at}, {key} on {day_of} must not be counted and has {_seconds(got.seconds)}"
    for period, said in page.figures.get(key, {}).items():
        right = figure(spells, period, page.at)
        allowed = [dict(right.seconds), _plus_unknown(right.seconds, -right.before)]
        if _counted(said.seconds) not in [_counted(each) for each in allowed]:
            must = _seconds(right.seconds)
            yield page.at, f"figure: at {at}, {period} days of {key} must have {must} and have {_seconds(said.seconds)}"
        elif said.share != cut(right.share):
            yield page.at, f"figure: at {at}, {period} days of {key} must be {cut(right.share)} and are {said.share}"


def cut(share: float | None) -> float | None:
    """As it is published: to a hundredth of a percent, never rounded up."""
    return None if share is None else floor(share * 10_000 + 1e-7) / 10_000


def _counted(seconds: object) -> dict[State, int]:
    return {state: count for state, count in dict(seconds).items() if count}  # type: ignore[call-overload]


def _seconds(seconds: object) -> str:
    return ", ".join(f"{state} {count} s" for state, count in sorted(_counted(seconds).items())) or "nothing"


def _plus_unknown(seconds: object, more: int) -> dict[State, int]:
    found = _counted(seconds)
    return {**found, State.UNKNOWN: found.get(State.UNKNOWN, 0) + more}


def _told(reckoned: Reckoning, copies: Sequence[Copy]) -> Iterator[tuple[int, str]]:
    """Each person's copies of each kind of an event, those that were merged taken together, between must and may."""
    got: Counter[tuple[str, str, str]] = Counter()
    first: dict[tuple[str, str, str], int] = {}
    for copy in copies:
        what = (reckoned.roots.get(copy.event, copy.event), KINDS[copy.kind], copy.person)
        got[what] += 1
        first.setdefault(what, copy.at)
    least: Counter[tuple[str, str, str]] = Counter()
    most: Counter[tuple[str, str, str]] = Counter()
    when: dict[tuple[str, str, str], int] = {}
    for sent in reckoned.sent:
        root = reckoned.roots[sent.event]
        least.update((root, sent.kind, person) for person in sent.must)
        most.update((root, sent.kind, person) for person in sent.may)
        for person in sent.may:
            when.setdefault((root, sent.kind, person), sent.at)
    for what in sorted({*got, *least}):
        event, kind, person = what
        if not least[what] <= got[what] <= most[what]:
            bounds = f"{least[what]}" if least[what] == most[what] else f"{least[what]} to {most[what]}"
            at = when.get(what, first.get(what, 0))
            yield at, f"told: {person} must get {bounds} × {kind} of {event} (about {clock(at)}) and got {got[what]}"
    yield from _ends_once(reckoned, got)


def _ends_once(reckoned: Reckoning, got: Counter[tuple[str, str, str]]) -> Iterator[tuple[int, str]]:
    """S9 by what was reported: where an event ended once, exactly who was told of it is told of that, once."""
    ends: dict[str, list[int]] = {}
    for index, sent in enumerate(reckoned.sent):
        if sent.kind in (END, CANCELLED):
            ends.setdefault(reckoned.roots[sent.event], []).append(index)
    for event, [index, *more] in ends.items():
        later = {reckoned.roots[sent.event] for sent in reckoned.sent[index + 1 :]}
        if more or event in later:
            continue
        sent = reckoned.sent[index]
        told = {person for root, kind, person in got if root == event and kind not in (END, CANCELLED)}
        for person in sorted(
            (told & sent.listed) | {who for root, kind, who in got if (root, kind) == (event, sent.kind)}
        ):
            wanted, count = int(person in told), got[event, sent.kind, person]
            if (count, wanted) != (1, 1) and person not in sent.may - sent.must:
                yield (
                    sent.at,
                    f"told: {person} was told of {event} {'once or more' if wanted else 'never'}, of its end {count} ×",
                )
