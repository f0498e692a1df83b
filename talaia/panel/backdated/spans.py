"""The past of a service as people's word makes it, pure: what they say has lasted since then, and what they unsay.

What people say reaches back over all that was shown as better, and over what was unknown. Announced maintenance, what
was measured to be worse, and what somebody had set by hand stay as they were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from talaia.panel.state import TROUBLE, WEIGHT, State

Hours = tuple[datetime, datetime]
SAID = "said"


@dataclass(frozen=True)
class StateSpan:
    """What was shown from `at` to the next one. `row`: its number in the history; 0: it is not there yet.

    In its `reason`, SAID marks what was said only afterwards, and keeps what stood there before.
    """

    at: datetime
    state: State
    reason: Mapping[str, Any]
    row: int = 0

    def said_by(self, ref: str) -> bool:
        """Whether it was written afterwards, as the incident `ref` says so."""
        return SAID in self.reason and self.reason.get("ref") == ref

    def instead(self, state: State, ref: str) -> StateSpan:
        """As the incident `ref` says afterwards that it was."""
        was = {"state": self.state.value, "reason": dict(self.reason)}
        return replace(self, state=state, reason={"code": "incident", "ref": ref, SAID: was})

    def as_before(self) -> StateSpan:
        """As it was before somebody spoke of it afterwards."""
        was = self.reason[SAID]
        return replace(self, state=State(was["state"]), reason=was["reason"])

    def as_shown(self) -> StateSpan:
        """As what was shown at that time already, and is taken back by nobody."""
        return replace(self, reason={name: value for name, value in self.reason.items() if name != SAID})


def claimed(
    spans: Sequence[StateSpan],
    ref: str,
    state: State,
    hours: tuple[datetime, datetime | None],
    by_hand: Sequence[Hours] = (),
) -> list[StateSpan]:
    """As the incident `ref` says that it was `state` in these hours (an end of None: it still is)."""
    start, end = hours
    for at in filter(None, (start, end, *(at for both in by_hand for at in both))):
        if start <= at and (end is None or at <= end):
            spans = _cut(spans, at)
    ends = [*(span.at for span in spans[1:]), None]
    return [
        span.instead(state, ref)
        if start <= span.at
        and (end is None or span.at < end)
        and (until is None or span.at < until)
        and _gives_way(span, state)
        and not any(since <= span.at < over for since, over in by_hand)
        else span
        for span, until in zip(spans, ends, strict=True)
    ]


def withdrawn(
    spans: Sequence[StateSpan], ref: str, before: datetime | None = None, after: datetime | None = None
) -> list[StateSpan]:
    """Without what the incident `ref` said afterwards, of all that lies `before` and not before `after`.

    Between an end that was said and `before`, when it was written: what comes then was shown, and not only said.
    """
    for at in filter(None, (after, before)):
        spans = _cut(spans, at)
    found: list[StateSpan] = []
    for span in spans:
        if span.said_by(ref) and (before is None or span.at < before) and (after is None or span.at >= after):
            span = span.as_before()
            touched = True
        else:
            touched = not span.row
            if span.at == before and after is not None and span.said_by(ref):
                span = span.as_shown()
        if touched and found and (found[-1].state, found[-1].reason) == (span.state, span.reason):
            continue  # nothing turned here
        found.append(span)
    return found


def _gives_way(span: StateSpan, state: State) -> bool:
    if span.reason.get("code") == "by_hand" or span.state not in (State.OPERATIONAL, State.UNKNOWN, *TROUBLE):
        return False
    return span.state is State.UNKNOWN or WEIGHT[span.state] < WEIGHT[state]


def _cut(spans: Sequence[StateSpan], at: datetime) -> list[StateSpan]:
    """The same, with one that begins at `at`. Before the first of them nothing is told."""
    found = list(spans)
    if any(span.at == at for span in spans) or not spans or at < spans[0].at:
        return found
    place = sum(span.at < at for span in spans)
    found.insert(place, replace(spans[place - 1], at=at, row=0))
    return found
