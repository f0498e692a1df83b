"""A House that is no product: it says what the reckoning says of what it was told to do. With it the driver and the
comparison are tried out; and whoever connects the product sees what each answer must look like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.oracle.compare import cut
from tests.oracle.days import PERIODS, Spell, colour, days, figure
from tests.oracle.happenings import Happening, TalaiaStops
from tests.oracle.history import History, SmallHouse
from tests.oracle.house import Copy, Page, PublishedDay, PublishedFigure, Transition
from tests.oracle.reckoning import Reckoning, reckon
from tests.oracle.told import KINDS

WORD = {kind: word for word, kind in KINDS.items()}
"""One of the product's words for each kind."""


@dataclass
class Echo:
    """`early`: by how much its heartbeat was written before each stop; `late`: how late it sees every change."""

    early: int = 0
    late: int = 0
    now: int = 0
    happened: list[Happening] = field(default_factory=list)
    looks: list[int] = field(default_factory=list)

    def build(self, house: SmallHouse, begins: int) -> None:
        self.house, self.begins, self.now = house, begins, begins

    def pass_to(self, at: int) -> None:
        assert at >= self.now
        self.now = at

    def happen(self, happening: Happening) -> None:
        assert happening.at == self.now
        self.happened.append(happening)

    def look(self) -> None:
        self.looks.append(self.now)

    def reckoned(self) -> Reckoning:
        history = History(self.house, self.begins, self.now, tuple(self.happened))
        found = reckon(history, self.watched())
        return replace(found, spells={key: self.shifted(spells) for key, spells in found.spells.items()})

    def shifted(self, spells: Sequence[Spell]) -> tuple[Spell, ...]:
        starts = [spell.start + (self.late if index else 0) for index, spell in enumerate(spells)]
        ends = [min(spell.end + self.late, self.now) for spell in spells]
        return tuple(
            replace(spell, start=start, end=end)
            for spell, start, end in zip(spells, starts, ends, strict=True)
            if start < end
        )

    def page(self) -> Page:
        reckoned = self.reckoned()
        seen, now = reckoned.seen[-1], self.now
        published = {
            key: {
                each.day: PublishedDay(each.seconds, colour(each.seconds)) for each in days(reckoned.spells[key], now)
            }
            for key in seen.states
        }
        figures = {key: {each: self.figure(reckoned.spells[key], each) for each in PERIODS} for key in seen.states}
        return Page(now, seen.states, seen.headline, seen.cards, published, figures, seen.reasons)

    def figure(self, spells: Sequence[Spell], period: int) -> PublishedFigure:
        found = figure(spells, period, self.now)
        return PublishedFigure(found.seconds, cut(found.share))

    def transitions(self) -> Mapping[str, Sequence[Transition]]:
        found: dict[str, list[Transition]] = {}
        for key, spells in self.reckoned().spells.items():
            found[key] = []
            for index, spell in enumerate(spells):
                found[key].append(Transition(spell.start, spell.state, spell.reasons))
                following = spells[index + 1].start if index + 1 < len(spells) else None
                if spell.end not in (following, self.now):
                    found[key].append(Transition(spell.end, None))
        return found

    def told(self) -> Sequence[Copy]:
        return [
            Copy(sent.at, sent.event, WORD[sent.kind], person)
            for sent in self.reckoned().sent
            for person in sorted(sent.must)
        ]

    def watched(self) -> Mapping[int, int]:
        stops = [each.at for each in self.happened if isinstance(each, TalaiaStops)]
        return {stop: stop - self.early for stop in stops}
