"""What keeps a broken export from emptying the list, filling it with strangers, or losing what is known, pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from talaia.audience.diff import PLACES, Diff, RecipientEntry, RecipientStatus, What
from talaia.audience.roster import Roster
from talaia.audience.row_owners import only_letters
from talaia.audience.unicode_text import plain
from talaia.config import Audience, Threshold

FEW = 5  # people who may always join
MOST = 3_000_000  # comparisons of who joins with who leaves; where there are more, the guard stops anyway


@dataclass(frozen=True)
class ImportObjection:
    """Why an import stops and asks. `final`: nobody can want it, and no confirmation lets it pass."""

    code: str
    data: Mapping[str, Any] = field(default_factory=dict)
    final: bool = False


@dataclass(frozen=True)
class Last:
    """The import before this one. `ended`: whether its last line had an end; None: nobody knows. `strangers`: how many
    of its refused rows belonged to nobody, as a line of totals does every month."""

    ended: bool | None = None
    strangers: int = 0


NOTHING_BEFORE = Last()


def objections(
    roster: Roster, diff: Diff, audience: Audience, strangers: int = 0, last: Last = NOTHING_BEFORE
) -> tuple[ImportObjection, ...]:
    """Nothing: it may be applied without asking anybody. strangers: the refused rows that belong to nobody we know."""
    if not roster.rows:
        return (ImportObjection("empty", final=True),)
    if not roster.wanted:
        return (ImportObjection("nobody", {"rows": roster.rows, "refused": len(roster.refused)}, final=True),)
    return (*sizes(roster, diff, audience, strangers, last), *emptied(roster, diff, audience), *cut(roster, diff, last))


def sizes(roster: Roster, diff: Diff, audience: Audience, strangers: int, last: Last) -> Iterator[ImportObjection]:
    """Too many at once. Only who is told counts: of who opted out long ago nobody is lost."""
    leaves = sum(change.tells_one_less for change in diff.changes)
    if beyond(audience.shrink, leaves, diff.base):
        yield ImportObjection("shrink", {"leaves": leaves, "of": diff.base, "limit": str(audience.shrink)})
    elif leaves and strangers > last.strangers:
        yield ImportObjection("strangers", {"rows": strangers, "leaves": leaves})
    joins = len(diff.of(What.JOINS, What.RETURNS))
    if diff.base and joins > FEW and beyond(audience.grow, joins, diff.base):
        yield ImportObjection("grow", {"joins": joins, "of": diff.base, "limit": str(audience.grow)})
    if beyond(audience.refused, len(roster.refused), roster.rows):
        data = {"refused": len(roster.refused), "of": roster.rows, "limit": str(audience.refused)}
        yield ImportObjection("refused", data)
    refused = any(one.code == "month_first" for one in roster.refused)
    # In a row of which nothing follows it may be a slip of years ago: that is asked only where days may have decided.
    if roster.month_first is not None and (refused or leaves or joins):
        yield ImportObjection("month_first", {"line": roster.month_first})


def emptied(roster: Roster, diff: Diff, audience: Audience) -> Iterator[ImportObjection]:
    """A column of which nobody is told anything, and by which it is known whom a notice concerns: it may come empty, or
    be sorted without the others, so that each has what is somebody else's.
    """
    for places, column in zip(PLACES, (audience.columns.connection, audience.columns.area), strict=True):
        had = diff.placed.get(places, 0)
        those = [
            (places_of(change.before, places), places_of(change.after, places))
            for change in diff.of(What.CHANGES)
            if change.before and change.before.standing == RecipientStatus.ON and getattr(change.before, places)
        ]
        lost = sum(not now for _before, now in those)
        moved = sum(before != now for before, now in those)
        all_lost = lost and not any(getattr(person, places) for person in roster.wanted.values())
        if all_lost or beyond(audience.shrink, lost, had):
            yield ImportObjection("emptied", {"column": column or places, "lost": lost, "of": had})
        elif moved > 1 and beyond(audience.shrink, moved, had):  # one alone has changed places with nobody
            data = {"column": column or places, "moved": moved, "of": had, "limit": str(audience.shrink)}
            yield ImportObjection("moved", data)


def places_of(entry: RecipientEntry, places: str) -> frozenset[str]:
    """As they are compared with whom a notice concerns: in whatever form an export writes them."""
    return frozenset(plain(name) for name in getattr(entry, places))


def cut(roster: Roster, diff: Diff, last: Last) -> Iterator[ImportObjection]:
    """A file that ends in the middle, while it was written, or copied; addresses that are cut, or to which something is
    stuck: they are other people's, and nobody sees it in a single one."""
    joins = {change.after.key for change in diff.of(What.JOINS, What.RETURNS)}
    leaves = [change.after.key for change in diff.changes if change.tells_one_less]
    new_at_the_end = last.ended is None and leaves and joins.intersection(roster.last)
    if roster.ended is False and (roster.torn or last.ended or new_at_the_end):
        yield ImportObjection("cut")
    if len(joins) * len(leaves) <= MOST and (found := sum(resembles(key, joins) for key in leaves)):
        yield ImportObjection("resemble", {"count": found})


def resembles(key: str, others: Iterable[str]) -> bool:
    """Whether one of them is this address with more, or less, at its beginning or end, or with other signs in it."""
    letters = only_letters(key)
    return any(
        one.startswith(key) or one.endswith(key) or key.startswith(one) or key.endswith(one) or letters == only
        for one, only in ((one, only_letters(one)) for one in others)
    )


def beyond(limit: Threshold, count: int, of: int) -> bool:
    """Whether `count` of `of` is more than the limit; what is exactly the limit is not."""
    return count > (limit.count if limit.count else limit.share * of + 1e-9)
