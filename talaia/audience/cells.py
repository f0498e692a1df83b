"""What the cells of an export mean, pure: yes and no, numbers of invoices, days, and what says that there is nothing.

What is not understood is refused, never guessed: a wrong guess tells somebody, or tells somebody no more.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from talaia.audience.address import has_controls
from talaia.audience.reading.table import writable
from talaia.audience.unicode_text import plain, tidy

LONGEST_REASON = 60
SEVERAL = re.compile(r"[;,\n]")
# What programs write where there is nothing, and people.
WORDS_FOR_NOTHING = (
    "- -- --- . ? null (null) <null> [null] \\n none (none) nil n/a n.a. n.a na nan <na> nat undefined (undefined) "
    "void s/d n/d n.d. s/n cap ningú ninguna ninguno buit (buit) vacío (vacío) empty (empty) blank (blank)"
)
NOTHING = frozenset(WORDS_FOR_NOTHING.split()) | {
    "(en blanc)",
    "(en blanco)",
    "sense dades",
    "sin datos",
    "no consta",
    "no aplica",
    "no té",
    "no en té",
    "no tiene",
    "no data",
}
MAY_BE_A_NAME = {"na", "cap", "void", "nat"}
ERROR = re.compile(
    r"#[¡¿]?(ref|value|valor|name|nom|nombre|div/0|num|núm|null|nulo|nul|n/a|n/d|calc|spill|formula)[!?]?|err:\d{3}"
)
WHOLE = re.compile(r"(\d)[.,]0+")
# An hour of any kind may stand behind a day; other words may be of another day ("2019-12-31 - 2030-12-31").
TIME = (
    r"(?:(?:,? |t| t )(\d\d?)[:.h](\d\d)(?:[:.](\d\d)(?:[.,:]\d+)?)? ?(?:[ap]\.? ?m\.?|h)?"
    r" ?(z|utc|gmt|[+-]\d\d(?::?\d\d)?)?(?: ?\[[a-z/_+0-9-]+\]| \(?[a-z]{3,5}\)?)?| \d\d? ?(?:h|[ap]\.? ?m\.?))?"
)
YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d\d?)\2(\d\d?){TIME}", re.ASCII)
YEAR_LAST = re.compile(rf"(\d\d?)([-/.])(\d\d?)\2(\d{{4}}|\d\d){TIME}", re.ASCII)
TOGETHER = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
NO_DAY = {"", "0", "00:00:00", "00:00", "0:00:00"}
# The zeros of programs' calendars: MySQL, .NET, SQL Server, Excel (two), Access, Unix, which the west has on the day
# before, and where -1 says "none"; the least day of 32 bits. Nobody's membership ended then.
ZEROS = {
    (0, 0, 0),
    (1, 1, 1),
    (1753, 1, 1),
    (1899, 12, 30),
    (1899, 12, 31),
    (1900, 1, 0),
    (1900, 1, 1),
    (1901, 12, 13),
    (1904, 1, 1),
    (1969, 12, 31),
    (1970, 1, 1),
}
EARLIEST = 1900
AHEAD, BACK = 20, 50  # years of two digits are read as those that are no further away


class CellRefused(Exception):
    """One row is not taken."""

    def __init__(self, code: str, word: str = "") -> None:
        super().__init__(code)
        self.code, self.word = code, writable(word)[:40]


@lru_cache(maxsize=20_000)
def decisive(text: str) -> str:
    """The cell of a column that makes somebody a recipient; empty where it says "nothing". Raises Refuse."""
    text, said = tidy(text), plain(text)
    if ERROR.fullmatch(said):
        raise CellRefused("formula", text)
    return "" if said in NOTHING else text


@lru_cache(maxsize=20_000)
def optional(text: str) -> str:
    """The cell of another column; an error in it takes nobody's mails away."""
    text, said = tidy(text), plain(text)
    return "" if ERROR.fullmatch(said) or (said in NOTHING and said not in MAY_BE_A_NAME) else text


def is_yes(text: str, yes: Collection[str], no: Collection[str]) -> bool:
    """`yes`, `no`: words in the form of plain(). An empty cell is no. Raises Refuse for what is neither."""
    said = WHOLE.sub(r"\1", plain(decisive(text)))
    if said in yes:
        return True
    if said and said not in no:
        raise CellRefused("yes_or_no", tidy(text))
    return False


def invoices(text: str, yes: Collection[str], no: Collection[str]) -> list[str]:
    """The reasons in a cell of invoices: "invoice", "invoice 123"; none for no. Raises Refuse for what is neither."""
    if not text:
        return []
    found = []
    for one in several(decisive(text)):
        number = WHOLE.sub(r"\1", decisive(one))
        said = plain(number)
        if not said or said in no or not said.strip("0"):
            continue
        if has_controls(number) or "@" in number:
            raise CellRefused("invoice")
        if said in yes:
            found.append("invoice")
        elif not any(letter.isdigit() for letter in said):
            raise CellRefused("invoice_word", number)
        else:
            found.append(f"invoice {number}"[:LONGEST_REASON])
    return found


def several(text: str) -> list[str]:
    """`a@example.org; b@example.org` → both."""
    if not text:
        return []
    parts = SEVERAL.split(text) if ";" in text or "," in text or "\n" in text else (text,)
    return [one for part in parts if (one := tidy(part))]


def within(since: str, until: str, today: date, zone: ZoneInfo | None = None) -> bool:
    """Whether `today` is one of the days, the first and the last included. Raises Refuse."""
    first, last = day(since, today, zone), day(until, today, zone)
    if last is not None and last.year < 2000 and is_short(until):
        raise CellRefused("year", tidy(until))  # 31/12/99: long over, or without an end?
    return (first is None or first <= today) and (last is None or today <= last)


@lru_cache(maxsize=10_000)
def day(text: str, today: date, zone: ZoneInfo | None = None) -> date | None:
    """`2026-01-31`, `31/01/2026`, `31.1.26`, `20260131`, each with a time or without. Raises Refuse for others.

    A time with an offset is a moment, which falls on a day of `zone`; midnight of UTC is how programs write a day.
    """
    said = plain(decisive(text))
    if said in NO_DAY:
        return None
    if match := YEAR_FIRST.fullmatch(said):
        year, month, number, *at = (match[n] for n in (1, 3, 4, 5, 6, 7, 8))
    elif match := YEAR_LAST.fullmatch(said):
        year, month, number, *at = (match[n] for n in (4, 3, 1, 5, 6, 7, 8))
    elif match := TOGETHER.fullmatch(said):
        year, month, number, *at = (match[1], match[2], match[3], None, None, None, None)
    else:
        raise CellRefused("day", tidy(text))
    parts = (int(year), int(month), int(number))
    if len(year) == 2 and match[2] == "-" and parts[0] <= 31:
        raise CellRefused("year", tidy(text))  # 26-01-31: which end is the year?
    if (len(year) == 4 and parts in ZEROS) or not any(parts):
        return None
    if 12 < parts[1] <= 31 and 0 < parts[2] <= 12 and match.re is YEAR_LAST:
        raise CellRefused("month_first", tidy(text))
    if len(year) == 4 and parts[0] < EARLIEST:
        raise CellRefused("day", tidy(text))
    try:
        found = date(century(parts[0], today, text) if len(year) == 2 else parts[0], *parts[1:])
        here = moved(found, at, zone)
        return None if (here.year, here.month, here.day) in ZEROS else here  # midnight of a zero, seen from elsewhere
    except (ValueError, OverflowError):
        raise CellRefused("day", tidy(text)) from None


def is_short(text: str) -> bool:
    """Whether its year has two digits."""
    match = YEAR_LAST.fullmatch(plain(text))
    return match is not None and len(match[4]) == 2


def century(year: int, today: date, text: str) -> int:
    """Of a year of two digits. Raises Refuse for those that may be of either."""
    base = today.year // 100 * 100
    near = [one for one in (base - 100 + year, base + year) if today.year - BACK <= one <= today.year + AHEAD]
    if len(near) != 1:
        raise CellRefused("year", tidy(text))
    return near[0]


def moved(found: date, at: list[str | None], zone: ZoneInfo | None) -> date:
    """The day in `zone` on which a moment with an offset falls. Raises ValueError."""
    hour, minute, second, offset = at
    if zone is None or hour is None or minute is None or offset is None:
        return found
    if offset in ("z", "utc", "gmt"):
        offset = "+00"
        if not int(hour) and not int(minute) and not int(second or 0):
            return found
    digits = offset[1:].replace(":", "").ljust(4, "0")
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:])) * (-1 if offset[0] == "-" else 1)
    if found == date.max:  # the last moment of a calendar: "without an end"
        return found
    moment = datetime(found.year, found.month, found.day, int(hour), int(minute), tzinfo=ZoneInfo("UTC")) - away
    return moment.astimezone(zone).date()
