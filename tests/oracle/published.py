"""What the product's own pages say at an instant, and what its rows say in the end, in the words of the oracle."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from talaia.config import current
from talaia.panel import models as panel
from talaia.panel.rollup import listings
from talaia.panel.state import Reason
from talaia.panel.uptime import DaySeconds, Seconds
from talaia.site import pages, snapshot
from talaia.site.figures import figures
from talaia.site.uptime_bars import STEP, bars
from talaia.site.write import house
from tests.oracle.days import Headline
from tests.oracle.history import TROUBLES, State
from tests.oracle.house import Page, PublishedDay, PublishedFigure, Transition

BAR = re.compile(r"M(\d+) ")
COUNTS = {
    "not_working": r"([Oo]ne|\d+) services? (?:is|are) down",
    "badly": r"([Oo]ne|\d+) (?:services? )?works? badly",
    "unknown": r"how ([Oo]ne|\d+) services? (?:is|are)$",
    "maintenance": r"([Oo]ne|\d+) services? (?:is|are) under maintenance",
}


CODES: Mapping[str, tuple[str, ...]] = {
    "": (),
    "alert": ("signals",),
    "check": ("signals",),
    "connections_down": ("signals",),
    "connections_poor": ("signals",),
    "improving": ("signals", "held"),
    "unstable": ("signals", "held", "unstable"),
    "failing_pending": ("evidence",),
    "source_unreadable": ("unreadable",),
    "source_silent": ("source_silent",),
    "partly_measured": (),
    "too_few_measured": ("not_measured",),
    "not_measured": ("not_measured",),
    "our_line": ("not_measured",),
    "never_measured": ("never_measured",),
    "not_running": ("not_running",),
    "by_hand": ("by_hand",),
    "incident": ("incident",),
    "maintenance": ("maintenance",),
    "beyond_maintenance": ("maintenance",),
}
"""What each code of `signals.rules` says in the words of `words.Shown`."""


def page(now: datetime, keys: Mapping[str, str]) -> Page:
    """The front page with status.json, and the page of each service that is listed. `keys`: of each slug of today."""
    front, frame = snapshot.front(now), house(current())
    status = json.loads(pages.front(front, frame)["status.json"])
    states = {one["slug"]: State(one["state"]) for one in status["services"]}
    assert states == {one.slug: State(one.state.value) for one in front.services}
    days: dict[str, Mapping[date, PublishedDay]] = {}
    shown: dict[str, Mapping[int, PublishedFigure]] = {}
    for slug in states:
        own = snapshot.service(slug, now, frame.zone)
        assert own is not None
        drawn = own.days[-pages.BARS :]
        colours = dict(_colours(drawn))
        days[keys[slug]] = {day.day: PublishedDay(_seconds(day.seconds), colours[n]) for n, day in enumerate(drawn)}
        shown[keys[slug]] = {one.days: PublishedFigure(_seconds(one.seconds), one.share) for one in figures(own, frame)}
    said = status["headline"]["en"]
    cards = frozenset(keys[one.slug] for one in front.uncovered)
    reasons = {keys[one.slug]: frozenset(why(one.reason, State(one.state.value))) for one in front.services}
    states = {keys[slug]: state for slug, state in states.items()}
    return Page(int(now.timestamp()), states, counted(said, states.values()), cards, days, shown, reasons)


def why(reason: Reason, state: State) -> Iterator[str]:
    """The product's reason in the words of the oracle."""
    yield from CODES[reason.code]
    if reason.code in ("incident", "maintenance", "by_hand"):
        return  # what the signals say besides is told there, too
    if state in TROUBLES:
        yield "signals"
    now = Reason.from_json(reason.values.get("now", {}))
    if reason.values.get("silenced") or now.values.get("silenced"):
        yield "silenced"
    if "unstable_since" in reason.values:
        yield "unstable"
    if also := reason.values.get("also"):
        yield from CODES[also["code"]]


def counted(sentence: str, shown: Iterable[State]) -> Headline:
    """What a headline counts; of what it does not speak, as a graver thing is to be told, what the page shows."""
    states = list(shown)
    told = {name: _number(found[1]) for name, way in COUNTS.items() if (found := re.search(way, sentence))}
    if sentence.startswith("We do not know right now"):
        told["unknown"] = len(states)
    silent = Headline(0, 0, states.count(State.UNKNOWN), states.count(State.MAINTENANCE))
    return Headline(**{name: told.get(name, getattr(silent, name)) for name in COUNTS})


def _number(word: str) -> int:
    return 1 if word.lower() == "one" else int(word)


def _colours(drawn: Sequence[DaySeconds]) -> Iterator[tuple[int, State | None]]:
    """The colour of each bar, from the picture."""
    found: dict[int, State] = {}
    for state, path in bars(drawn).paths:
        for match in BAR.finditer(path):
            position = int(match[1]) // STEP
            assert position not in found, "a day is drawn twice"
            found[position] = State(state.value)
    for n in range(len(drawn)):
        yield n, found.get(n)


def _seconds(given: Seconds) -> Mapping[State, int]:
    return {State(str(state)): seconds for state, seconds in given.items() if seconds}


def transitions(keys: Mapping[str, str]) -> Mapping[str, Sequence[Transition]]:
    """Every change of what was shown, by the keys, with the times in which the service was not listed."""
    found: dict[str, Sequence[Transition]] = {}
    listed = listings(None)
    for service in panel.Service.objects.all():
        changes = [(int(row.at.timestamp()), State(row.to_state)) for row in service.transitions.order_by("at", "pk")]
        own: list[Transition] = []
        spans = listed[service.slug]
        known = State.UNKNOWN
        for since, until in spans:
            start, end = int(since.timestamp()), int(until.timestamp()) if until else None
            before = [state for at, state in changes if at <= start]
            known = before[-1] if before else State.UNKNOWN
            own.append(Transition(start, known))
            own += [Transition(at, state) for at, state in changes if at > start and (end is None or at < end)]
            if end is not None:
                own.append(Transition(end, None))
        found[keys[service.slug]] = own
    return found
