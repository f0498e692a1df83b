"""How a history is made real in the product, and what the product must report back.

Whoever knows the product implements `House`; nothing here knows it. All instants are seconds since 1970, all keys
those of the history (the implementer knows which slug, reference or address each key has).

The driver (`compare.drive`) calls, in this order:

1. `build(house, begins)` once: an empty product with this configuration and these people, its clock at `begins`,
   talaia running, every source answering, every sample good, nothing firing. Then `look()`.
2. For each moment of the history, in order: `pass_to(at)`, and, while talaia runs, `look()` (but where only a sample or
   an alert changes, or the list of people, and nothing else is due); `happen(it)` for each
   happening of that instant; if there was any and talaia runs, `look()`. A second after a moment at which something is
   due it does `pass_to` and `look` once more, so that a product that says "after" where the reckoning says "at" is at
   most a second late.
3. At each instant of `history.reads`, and at its end, `page()`. Talaia runs then.
4. At the end `transitions()`, `told()` and `watched()`.

What nothing may be made of:
- Between two moments nothing happens, and talaia (if it runs) has watched all the time. The clock jumps, but the
  product must not take the jump for a time that it was not there: its sources are to be asked in `look` before
  anything is judged, and its heartbeat (last watched) must not look old because the driver did not call it.
- Before a `TalaiaStops` there has been a `look` at that very instant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from tests.oracle.days import Headline
from tests.oracle.happenings import Happening
from tests.oracle.history import SmallHouse, State


@dataclass(frozen=True)
class Transition:
    """From `at` on the service is shown so; `state` None: it is not listed from then on.

    As they stand at the end, in order of `at`: those that were dated back (S1) are where they belong.
    `reasons`: any of the words of `words.Shown` that the product's own reason says; None if it is not compared.
    """

    at: int
    state: State | None
    reasons: frozenset[str] | None = None


@dataclass(frozen=True)
class PublishedDay:
    """One local day of a service, as bars and table have it: whole seconds of each state (those with 0 may be left
    out; not listed, or still to come, is in none), and the colour of its bar. None: drawn as not counted."""

    seconds: Mapping[State, int]
    colour: State | None


@dataclass(frozen=True)
class PublishedFigure:
    """The seconds of a period as published, `unknown` with the days before the first; `share` between 0 and 1, cut to
    a hundredth of a percent, None where it says that nothing was measured."""

    seconds: Mapping[State, int]
    share: float | None


@dataclass(frozen=True)
class Page:
    """What is published at an instant. Services that are not listed are in none of these."""

    at: int
    states: Mapping[str, State]
    headline: Headline
    """What the headline counts: disruption; degraded and partial; unknown; maintenance."""
    cards: frozenset[str] | None
    """The services with a short card of their own, as no open incident speaks of their trouble; None: not compared."""
    days: Mapping[str, Mapping[date, PublishedDay]]
    """Of each service: at least the last 90 local days that are counted, today included."""
    figures: Mapping[str, Mapping[int, PublishedFigure]]
    """Of each service, by days of the period (7, 30, 90, 365; those that the product publishes)."""
    reasons: Mapping[str, frozenset[str]] | None = None
    """Of each service, by which of the words of `words.Shown` its state is explained; None: not compared."""


@dataclass(frozen=True)
class Copy:
    """One copy of a notice that the mail server took (what it refused is none). `kind`: the product's word."""

    at: int
    event: str
    kind: str
    person: str


class House(Protocol):
    """The product with a clock that the driver moves."""

    def build(self, house: SmallHouse, begins: int) -> None: ...

    def pass_to(self, at: int) -> None:
        """The clock is `at` now (never before what it was)."""

    def happen(self, happening: Happening) -> None:
        """Make this real, through a door that a person or machine would use. Raises if the product refuses."""

    def look(self) -> None:
        """Poll every source, run every check, judge, strike the clock, carry out every delivery that is due, until
        nothing is left to do at this instant."""

    def page(self) -> Page:
        """What is published now (after a `look`)."""
        ...

    def transitions(self) -> Mapping[str, Sequence[Transition]]:
        """Of each service by its key, from the first start on."""
        ...

    def told(self) -> Sequence[Copy]:
        """Every copy, in the order in which they were taken."""
        ...

    def watched(self) -> Mapping[int, int]:
        """Of each `TalaiaStops` by its instant: the last instant that was written down as watched. It may be up to
        60 s before; the reckoning goes on from it."""
        ...


@dataclass(frozen=True)
class Report:
    """All that a House reported of a history."""

    pages: Sequence[Page]
    transitions: Mapping[str, Sequence[Transition]]
    told: Sequence[Copy]
    watched: Mapping[int, int]
