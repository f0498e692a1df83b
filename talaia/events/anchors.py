"""Addresses of the parts of a text that is edited, pure: once published, an address hits the same part for ever.

The parts of one text are numbered as they come, and no number is given twice. When the text changes, each number goes
with its part: the same words first, then similar ones, then whatever took its place. The number of a part that is gone
stays at the nearest one that is left, and returns with its words. Parts that match in two languages share a number, and
every number is somewhere in every language. Why so: docs/decisions/anchors.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

from talaia.events.blocks import MarkdownBlock, blocks
from talaia.events.timeline import fingerprint

ALIKE = 0.5  # of the groups of three letters: "the same sentence, corrected"


@dataclass(frozen=True)
class StrayAnchor:
    """A number at a part that is not its own. `mark`: the fingerprint of the words that it belonged to; "": none."""

    number: int
    mark: str = ""


@dataclass(frozen=True)
class Spot:
    """A part with its number, and those whose own part is not there."""

    block: MarkdownBlock
    number: int
    guests: tuple[StrayAnchor, ...] = ()


@dataclass(frozen=True)
class AnchoredText:
    """The text in one language. `loose`: numbers that stand before its first part."""

    spots: tuple[Spot, ...] = ()
    loose: tuple[StrayAnchor, ...] = ()

    @property
    def own(self) -> set[int]:
        return {spot.number for spot in self.spots}

    @property
    def numbers(self) -> set[int]:
        return self.own | {guest.number for guest in self.guests()}

    def guests(self) -> Iterator[StrayAnchor]:
        yield from self.loose
        for spot in self.spots:
            yield from spot.guests


@dataclass(frozen=True)
class Names:
    """The addresses in a text as it is shown: of each part, its own first; `loose`: those before the first part."""

    parts: tuple[tuple[str, ...], ...] = ()
    loose: tuple[str, ...] = ()


@dataclass(frozen=True)
class Anchors:
    """The numbers of one text in all its languages; `last` is the highest that was ever given."""

    last: int = 0
    sheets: tuple[tuple[str, AnchoredText], ...] = ()

    def names(self, language: str, prefix: str) -> Names:
        """The addresses in `language`: `a7`, for the prefix `a`."""
        sheet = dict(self.sheets).get(language, AnchoredText())
        return Names(
            tuple(
                tuple(f"{prefix}{n}" for n in (spot.number, *(g.number for g in spot.guests))) for spot in sheet.spots
            ),
            tuple(f"{prefix}{guest.number}" for guest in sheet.loose),
        )

    def to_json(self) -> dict[str, Any]:
        def guests(some: Sequence[StrayAnchor]) -> list[list[Any]]:
            return [[guest.number, guest.mark] for guest in some]

        return {
            "last": self.last,
            "sheets": {
                language: {
                    "spots": [[s.block.kind, s.block.text, s.number, guests(s.guests)] for s in sheet.spots],
                    "loose": guests(sheet.loose),
                }
                for language, sheet in self.sheets
            },
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Anchors:
        def guests(some: Sequence[Sequence[Any]]) -> tuple[StrayAnchor, ...]:
            return tuple(StrayAnchor(number, mark) for number, mark in some)

        sheets = {
            language: AnchoredText(
                tuple(
                    Spot(MarkdownBlock(kind, text), number, guests(more)) for kind, text, number, more in sheet["spots"]
                ),
                guests(sheet["loose"]),
            )
            for language, sheet in kept["sheets"].items()
        }
        return cls(kept["last"], tuple(sorted(sheets.items())))


NONE = Anchors()


def carried(before: Anchors, texts: Mapping[str, str], first: str) -> Anchors:
    """The numbers once the text says `texts` (by language; `first` is the one it was first written in)."""
    last, known = before.last, dict(before.sheets)
    sheets = {language: sheet for language, sheet in known.items() if language in texts}
    for language in sorted(texts, key=lambda code: (code != first, code)):
        there, wanted = sheets.pop(language, None), blocks(texts[language])
        if there is None or tuple(spot.block for spot in there.spots) != wanted:
            there, last = _rewritten(there or AnchoredText(), wanted, [sheets[code] for code in sorted(sheets)], last)
        sheets[language] = there
    return Anchors(last, tuple(sorted(_everywhere(sheets, known, last).items())))


def fresh(texts: Mapping[str, str], first: str) -> Anchors:
    """The numbers of a text that has never been edited."""
    return carried(Anchors(), texts, first)


def _rewritten(
    sheet: AnchoredText, wanted: Sequence[MarkdownBlock], others: Sequence[AnchoredText], last: int
) -> tuple[AnchoredText, int]:
    """The sheet with other parts. `others`: the text in its other languages."""
    old = [spot.block for spot in sheet.spots]
    waiting = {guest.mark: guest.number for guest in sheet.guests() if guest.mark}
    marks = [_mark(block) for block in wanted]
    pairs = dict(_pairs(old, wanted, [new for new, mark in enumerate(marks) if mark in waiting]))
    numbers = {new: sheet.spots[at].number for new, at in pairs.items()}
    gone = [at for at in range(len(old)) if at not in set(pairs.values())]
    taken = set(numbers.values())
    for new, mark in enumerate(marks):
        number = waiting.get(mark) if new not in numbers else None
        if number is not None and number not in taken:
            numbers[new] = number
            taken.add(number)
    for other in others:
        for new, at in _counterparts(wanted, [spot.block for spot in other.spots]):
            number = other.spots[at].number
            if new not in numbers and number not in taken:
                numbers[new] = number
                taken.add(number)
    for new in range(len(wanted)):
        if new not in numbers:
            last += 1
            numbers[new] = last
            taken.add(last)

    where = {at: new for new, at in pairs.items()}
    guests: dict[int, list[StrayAnchor]] = defaultdict(list)  # by the new place; -1 is before the first part
    guests[-1] += sheet.loose
    for at, spot in enumerate(sheet.spots):
        place = where[at] if at in where else _nearest(at, where)
        guests[place] += [StrayAnchor(spot.number, _mark(spot.block))] * (at in gone) + list(spot.guests)
    left: dict[int, list[StrayAnchor]] = defaultdict(list)
    same = {mark: new for new, mark in reversed(list(enumerate(marks)))}
    for place, some in guests.items():
        for guest in some:
            if guest.number not in taken:  # where its very words stand once more, it is there, and not at a neighbour
                left[same.get(guest.mark, place)].append(guest)
    spots = (Spot(block, numbers[new], tuple(left[new])) for new, block in enumerate(wanted))
    return AnchoredText(tuple(spots), tuple(left[-1])), last


def _pairs(
    old: Sequence[MarkdownBlock], new: Sequence[MarkdownBlock], back: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """(place in `new`, place in `old`) of the parts that are the same: in words, nearly in words, or by their place.

    `back`: places in `new` of words that were there before, and whose own number waits for them.
    """
    before, after = [_known_by(block) for block in old], [_known_by(block) for block in new]
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    free_old, free_new = dict.fromkeys(range(len(old))), dict.fromkeys(range(len(new)))

    def pair(to: int, at: int) -> tuple[int, int]:
        del free_old[at], free_new[to]
        return to, at

    for step, i, end, j, _ in steps:
        if step == "equal":
            yield from [pair(j + n, i + n) for n in range(end - i)]
    moved: dict[tuple[bool, str], list[int]] = defaultdict(list)
    for at in free_old:
        moved[before[at]].append(at)
    for to in list(free_new):
        if moved[after[to]]:
            yield pair(to, moved[after[to]].pop(0))
    for to in back:
        free_new.pop(to, None)
    similar = [
        (-likeness, abs(to - at), to, at)
        for to in free_new
        for at in free_old
        if old[at].is_heading == new[to].is_heading and (likeness := _likeness(old[at].text, new[to].text)) >= ALIKE
    ]
    for _, _, to, at in sorted(similar):
        if to in free_new and at in free_old:
            yield pair(to, at)
    for step, i, end, j, stop in steps:
        if step == "replace":
            for heading in (True, False):
                there = [at for at in range(i, end) if at in free_old and old[at].is_heading is heading]
                here = [to for to in range(j, stop) if to in free_new and new[to].is_heading is heading]
                yield from [pair(to, at) for to, at in zip(here, there, strict=False)]


def _counterparts(ours: Sequence[MarkdownBlock], theirs: Sequence[MarkdownBlock]) -> Iterator[tuple[int, int]]:
    """Places that match in two languages: the headings where all of them do, and the items of each section likewise."""
    mine, other = _sections(ours), _sections(theirs)
    if [ours[part[0]].kind for part in mine[1:]] != [theirs[part[0]].kind for part in other[1:]]:
        return
    for n, (here, there) in enumerate(zip(mine, other, strict=True)):
        if [ours[at].kind for at in here] == [theirs[at].kind for at in there]:
            yield from zip(here, there, strict=True)
        elif n:
            yield here[0], there[0]


def _sections(parts: Sequence[MarkdownBlock]) -> list[list[int]]:
    """The places section by section; each but the first begins with its heading."""
    found: list[list[int]] = [[]]
    for at, block in enumerate(parts):
        if block.is_heading:
            found.append([])
        found[-1].append(at)
    return found


def _everywhere(
    sheets: Mapping[str, AnchoredText], before: Mapping[str, AnchoredText], last: int
) -> dict[str, AnchoredText]:
    """Every number in every language: where it has no part of its own, at what stands before it in another."""
    found = {}
    for language, sheet in sheets.items():
        own = {spot.number: place for place, spot in enumerate(sheet.spots)}
        more: dict[int, list[StrayAnchor]] = defaultdict(list)
        for number in sorted(set(range(1, last + 1)) - sheet.numbers):
            more[_place(number, own, [*sheets.values(), *before.values()])].append(StrayAnchor(number))
        spots = (replace(spot, guests=(*spot.guests, *more[place])) for place, spot in enumerate(sheet.spots))
        found[language] = AnchoredText(tuple(spots), (*sheet.loose, *more[-1]))
    return found


def _place(number: int, own: Mapping[int, int], sheets: Sequence[AnchoredText]) -> int:
    """Where a number goes that is not in a sheet with these `own` ones: as near as another sheet can tell; else -1."""
    for sheet in sheets:
        for at, spot in enumerate(sheet.spots):
            if number == spot.number or any(number == guest.number for guest in spot.guests):
                return next((own[s.number] for s in reversed(sheet.spots[: at + 1]) if s.number in own), -1)
    return -1


def _nearest(at: int, where: Mapping[int, int]) -> int:
    """The new place of the part before the old place `at` that is still there; else of the one after it; else -1."""
    before = max((old for old in where if old < at), default=None)
    after = min((old for old in where if old > at), default=None)
    kept = before if before is not None else after
    return -1 if kept is None else where[kept]


def _known_by(block: MarkdownBlock) -> tuple[bool, str]:
    return block.is_heading, block.text


def _mark(block: MarkdownBlock) -> str:
    return fingerprint([*_known_by(block)])


def _likeness(one: str, other: str) -> float:
    """How many groups of three letters two texts share, from 0 to 1."""
    here, there = _threes(one), _threes(other)
    return 2 * len(here & there) / (len(here) + len(there))


@lru_cache(maxsize=4096)
def _threes(text: str) -> frozenset[str]:
    padded = f"  {text.casefold()} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))
