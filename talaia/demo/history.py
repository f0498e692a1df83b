"""What the panel showed over the past year, made to fit the story: a change of state for every time it turned. Pure.

Between the incidents there is what every network has: short faults that nobody wrote about, and hours in which the
monitoring itself was silent. Those are drawn with a fixed seed, so that the same `now` gives the same year.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from talaia.demo.story import Happening
from talaia.panel.state import Reason, State

YEAR = timedelta(days=371)
SEED = 1714  # any number; it only must not change

DOWN = Reason("check", {"what": "down"})
SLOW = Reason("check", {"what": "slow"})
# How many of the nine reference connections an impact on them stands for.
LINKS_DOWN = {"degraded": 2, "partial": 3, "disruption": 7}
REFERENCE_CONNECTIONS = 9
# Faults a month that were over before anybody had to be told, by service; the others have none.
SHORT_FAULTS = {"links": 1.6, "cloud": 1.1, "meet": 0.9, "transit": 0.5, "chat": 0.4, "website": 0.3}
# The monitoring was silent: days ago, hour of the day (UTC), for how long.
SILENCES = ((11, 2.2, 24), (52, 1.1, 37), (163, 13.4, 52), (290, 3.0, 95))


@dataclass(frozen=True)
class DemoSpan:
    """From `start` to `end` (None: it lasts) something made `state` of a service. A heavier `rank` wins."""

    start: datetime
    end: datetime | None
    state: State
    reason: Reason
    rank: int


@dataclass(frozen=True)
class Turn:
    """A change of the state that was shown."""

    service: str
    at: datetime
    before: State
    after: State
    reason: Reason


def turns(
    services: Mapping[str, bool], told: Sequence[Happening], refs: Mapping[str, str], now: datetime
) -> Iterator[Turn]:
    """Every change of a year, by service and time. `services`: slug → is it kept by hand; `refs`: tale → reference."""
    begun = (now - YEAR).replace(minute=0, second=0, microsecond=0)
    for slug, by_hand in services.items():
        spans = list(told_spans(slug, by_hand, told, refs))
        if not by_hand:
            spans += [*short_faults(slug, begun, now), *silences(begun, now)]
        yield from changes(slug, Reason("kept_by_hand") if by_hand else Reason(), spans, begun, now)


def told_spans(slug: str, by_hand: bool, told: Iterable[Happening], refs: Mapping[str, str]) -> Iterator[DemoSpan]:
    """What the events did to a service. The signals turn a little before a person writes."""
    for happening in told:
        impact = happening.impacts.get(slug)
        if impact is None or (happening.kind == "maintenance" and happening.ended is None):
            continue
        if happening.kind == "maintenance":
            reason = Reason("maintenance", {"ref": refs[happening.name]})
            yield DemoSpan(happening.entries[1].at, happening.ended, State.MAINTENANCE, reason, 2)
            continue
        noticed = timedelta(0) if by_hand else timedelta(seconds=90 + len(happening.name) * 9)
        reason = Reason("incident", {"ref": refs[happening.name]}) if by_hand else why(slug, impact)
        yield DemoSpan(happening.began - noticed, happening.ended, State(impact), reason, 3)


def why(slug: str, impact: str) -> Reason:
    """The reason that the signals gave."""
    if slug == "links":
        return Reason("connections_down", {"down": LINKS_DOWN[impact], "of": REFERENCE_CONNECTIONS})
    return SLOW if impact == "degraded" else DOWN


def short_faults(slug: str, begun: datetime, now: datetime) -> Iterator[DemoSpan]:
    """Minutes of trouble that were over before anybody had to be told."""
    chance = random.Random(f"{SEED} {slug}")  # noqa: S311 - a story, not a secret
    often = SHORT_FAULTS.get(slug, 0)
    at = begun
    while often:
        at += timedelta(days=chance.expovariate(often / 30))
        end = at + timedelta(minutes=chance.uniform(2, 9) * (4 if slug == "links" else 1))
        if end > now - timedelta(hours=9):
            return
        if slug == "links":
            reason = Reason("connections_down", {"down": 1, "of": REFERENCE_CONNECTIONS})
            yield DemoSpan(at, end, State.DEGRADED, reason, 0)
        else:
            slow = chance.random() < 0.6
            yield DemoSpan(at, end, State.DEGRADED if slow else State.DISRUPTION, SLOW if slow else DOWN, 0)


def silences(begun: datetime, now: datetime) -> Iterator[DemoSpan]:
    """Times in which nothing was measured."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for days, hour, minutes in SILENCES:
        start = midnight - timedelta(days=days) + timedelta(hours=hour)
        if start > begun:
            reason = Reason("source_silent", {"source": "checks", "since": start.isoformat()})
            yield DemoSpan(start, start + timedelta(minutes=minutes), State.UNKNOWN, reason, 1)


def changes(slug: str, well: Reason, spans: Sequence[DemoSpan], begun: datetime, now: datetime) -> Iterator[Turn]:
    """The turns that overlapping spans make: at each moment the heaviest of those that last is shown."""
    edges = {begun} | {edge for span in spans for edge in (span.start, span.end) if edge and begun < edge <= now}
    state = State.UNKNOWN
    for at in sorted(edges):
        lasting = [span for span in spans if span.start <= at and (span.end is None or at < span.end)]
        heaviest = max(lasting, key=lambda span: span.rank, default=None)
        after = heaviest.state if heaviest else State.OPERATIONAL
        if after != state:
            yield Turn(slug, at, state, after, heaviest.reason if heaviest else well)
        state = after
