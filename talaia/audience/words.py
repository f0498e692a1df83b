"""The audience in words, pure: why a row, a file or an import is not taken, and where an address stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from babel import Locale
from babel.numbers import format_percent
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from talaia.audience.diff import Origin, RecipientEntry, RecipientStatus, What

LONGEST_TEXT = 160  # of a refused row


def standing(value: RecipientStatus, count: int) -> str:
    """How so many people stand, as the words that follow their number."""
    match value:
        case RecipientStatus.ON:
            return ngettext("is told", "are told", count)
        case RecipientStatus.LEFT:
            return ngettext("has left the export", "have left the export", count)
        case RecipientStatus.OPTED_OUT:
            return ngettext("has opted out", "have opted out", count)
        case RecipientStatus.BOUNCED:
            return ngettext("whose mail comes back", "whose mails come back", count)


def at_list(value: str, count: int) -> str:
    """What the list server does with so many people who are to be told, as the words that follow their number."""
    match value:
        case "paused":
            return ngettext(
                "has paused the mail at the list server", "have paused their mail at the list server", count
            )
        case "digest":
            return ngettext(
                "waits for collected mails, which the list server never sends",
                "wait for collected mails, which the list server never sends",
                count,
            )
        case _:
            return ngettext("is banned at the list server", "are banned at the list server", count)


def what(value: What, count: int) -> str:
    """What becomes of so many people, as the words that follow their number."""
    match value:
        case What.JOINS:
            return ngettext("joins", "join", count)
        case What.RETURNS:
            return ngettext("comes back", "come back", count)
        case What.LEAVES:
            return ngettext("leaves", "leave", count)
        case What.CHANGES:
            return ngettext("changes", "change", count)
        case What.ADOPTED:
            return ngettext(
                "was added by hand and follows the export from now on",
                "were added by hand and follow the export from now on",
                count,
            )
        case What.STAYS_OUT:
            return ngettext(
                "stays out: opted out, or the mail comes back",
                "stay out: they opted out, or their mail comes back",
                count,
            )
        case What.KEPT:
            return ngettext(
                "stays as before: a row of theirs cannot be read",
                "stay as before: a row of theirs cannot be read",
                count,
            )


def reason(value: str) -> str:
    """`invoice 123` → "invoice 123" in the language of the reader."""
    word, _blank, number = value.partition(" ")
    if word == "invoice" and number:
        return _("invoice %(number)s") % {"number": number}
    return {
        "member": _("member"),
        "invoice": _("recurring invoice"),
        "listed": _("is in the export"),
        "subscribed": _("subscribed"),
    }.get(word, value)


def refusal(code: str, word: str = "") -> str:
    """Why one row of an export is not taken."""
    said = {
        "no_address": _("there is no address"),
        "address_form": _("this is no address"),
        "address_letters": _("the part of the address before the @ has letters with accents or of another script"),
        "address_domain": _("the part of the address after the @ is no name of a domain"),
        "address_mixed": _("the address mixes letters of several scripts that look alike"),
        "address_long": _("the address is longer than mail allows"),
        "address_controls": _("there is a line end or an invisible character in the address"),
        "name_controls": _("there is a line end or an invisible character in the name"),
        "name_formula": _("there is a formula instead of a name"),
        "place_controls": _("there is an invisible character in the connection or the area"),
        "invoice": _("this is no number of an invoice"),
        "invoice_word": _("this is no number of an invoice, and neither yes nor no: %(word)s"),
        "yes_or_no": _("it is neither yes nor no whether this is a member: %(word)s"),
        "day": _("this is no day: %(word)s. Write it as 2026-01-31 or 31/01/2026"),
        "month_first": _("in this day the month is first: %(word)s. Write it as 2026-01-31 or 31/01/2026"),
        "year": _("of which century is this day? %(word)s. Write the year with four digits"),
        "formula": _("a formula shows an error, or was never computed: %(word)s"),
        "cells_many": _("it has more cells than the header: is a quotation mark missing?"),
        "cells_few": _("it has fewer cells than the header: is there a line end without quotation marks?"),
        "cells_moved": _("the address stands in another column: is a delimiter too many, or missing?"),
        "cells_swallowed": _("other rows stand inside it: a quotation mark in it is never closed"),
        "row_above": _("it continues the row above, which cannot be read"),
    }[code]
    return said % {"word": _("“%(word)s”") % {"word": word} if word else "…"}


class Addressed(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def address(self) -> str: ...


def named(person: Addressed) -> str:
    """For whoever is let in at home: "Anna Puig <anna@example.org>"."""
    return f"{person.name} <{person.address}>" if person.name else person.address


def shortened(text: str) -> str:
    """What stands in a refused row, as far as it fits on a screen."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def whose(people: Sequence[str], of_above: bool = False) -> str:
    """Who stays as they are because a row is refused."""
    if people:
        return ngettext("Stays as before: %(people)s", "Stay as before: %(people)s", len(people)) % {
            "people": ", ".join(people)
        }
    return "" if of_above else _("Nobody whom we know was found in it.")


def unreadable(code: str, data: Mapping[str, Any]) -> str:
    """Why nothing of a file can be used."""
    if code == "missing" and data.get("near"):
        return _("the export has no column “%(column)s”; it has “%(near)s”") % data
    return {
        "empty": _("the export is empty"),
        "too_large": _("the file is larger than %(limit)s MB"),
        "encoding": _("the file says it is %(encoding)s and is not, at byte %(byte)s"),
        "csv": _("line %(line)s cannot be read as CSV: %(error)s"),
        "quotes": _("a quotation mark in line %(line)s, or after it, is never closed"),
        "sheet": _("the spreadsheet cannot be opened: it is torn, or has a password"),
        "sheet_form": _(
            "spreadsheets open a file of this form (.xlsb), but here it is not read: open it there and save it as .xlsx"
        ),
        "web_page": _(
            "this is a web page, or a table in the form of one, and no export. If it says that you should log in, look "
            "at the address and its key; if it is a table that was called .xls, open it in a spreadsheet and save it "
            "as .xlsx"
        ),
        "sheets": _(
            "two sheets have the column “%(column)s”: “%(one)s” and “%(other)s”. "
            "Leave the one that is meant, or hide the other"
        ),
        "sheet_hidden": _("only the hidden sheet “%(one)s” has the column “%(column)s”: show it, and look at it"),
        "sheet_far": _(
            "in the sheet “%(one)s” a cell stands far away from the others: delete it, or copy the rows to a new sheet"
        ),
        "reader_slow": _("reading the file takes longer than %(limit)s seconds: save it anew, best as CSV"),
        "reader_ended": _(
            "the file asks for more memory or time than an export needs, or is made so that it cannot be read: "
            "save it anew, best as CSV"
        ),
        "json": _("this is no JSON, at line %(line)s: %(error)s"),
        "json_form": _("this JSON is no list of objects"),
        "missing": _("the export has no column “%(column)s”: was another report exported, or is the column renamed?"),
        "twice": _("the column “%(column)s” stands twice"),
    }[code] % data


ABOUT = {
    "nobody": "rows",
    "shrink": "leaves",
    "grow": "joins",
    "refused": "refused",
    "emptied": "lost",
    "moved": "moved",
}
"""Objection → which of its figures its verb follows."""


def objection(code: str, data: Mapping[str, Any]) -> str:
    """Why the guard stops. The verb follows how many it is about."""
    count = int(data[ABOUT[code]]) if code in ABOUT else 0
    return {
        "empty": _("the export has no rows"),
        "nobody": ngettext(
            "nobody in the export is to be told, in %(rows)s row",
            "nobody in the export is to be told, in %(rows)s rows",
            count,
        ),
        "shrink": ngettext(
            "%(leaves)s of %(of)s addresses would leave, which is %(beyond)s",
            "%(leaves)s of %(of)s addresses would leave, which is %(beyond)s",
            count,
        ),
        "grow": ngettext(
            "%(joins)s address would join, to %(of)s that are told, which is %(beyond)s",
            "%(joins)s addresses would join, to %(of)s that are told, which is %(beyond)s",
            count,
        ),
        "refused": ngettext(
            "%(refused)s of %(of)s rows is refused, which is %(beyond)s",
            "%(refused)s of %(of)s rows are refused, which is %(beyond)s",
            count,
        ),
        "strangers": _(
            "refused rows that belong to nobody we know: %(rows)s; addresses that would leave: %(leaves)s. "
            "Are they the same people?"
        ),
        "month_first": _(
            "in line %(line)s a day has its month first: are the others, such as 05/06, read as they are meant?"
        ),
        "emptied": ngettext(
            "%(lost)s of %(of)s people would have nothing left in the column “%(column)s”: is it empty in this export?",
            "%(lost)s of %(of)s people would have nothing left in the column “%(column)s”: is it empty in this export?",
            count,
        ),
        "moved": ngettext(
            "%(moved)s of %(of)s people would have something else in the column “%(column)s”, which is "
            "%(beyond)s: was it sorted without the others?",
            "%(moved)s of %(of)s people would have something else in the column “%(column)s”, which is "
            "%(beyond)s: was it sorted without the others?",
            count,
        ),
        "cut": _("the file ends within its last line: is all of it there?"),
        "resemble": _(
            "addresses that would be replaced by others that begin or end like them: %(count)s. "
            "Is a column cut, or is something stuck to it?"
        ),
    }[code] % {**data, "beyond": _beyond(str(data.get("limit", "")))}


def _beyond(limit: str) -> str:
    """`limit` as a threshold is written, "15" or "12.5%": the number of a share as the language in force has it."""
    if not limit.endswith("%"):
        return _("more than %(count)s") % {"count": limit}
    locale = Locale.parse(get_language() or "en", sep="-")
    pattern = str(locale.percent_formats[None].pattern).replace("0", "0.##", 1)
    # Translators: %(share)s is "20%", as the language writes it
    return _("more than %(share)s") % {"share": format_percent(float(limit[:-1]) / 100, pattern, locale=locale)}


def explained(
    entry: RecipientEntry | None, forgotten: bool, since: str, zone: ZoneInfo, at_list: str = ""
) -> Iterator[str]:
    """Why somebody is told, or is not, in sentences; the first is the answer. `since`: of the standing."""
    if entry is None:
        yield _("Is not told: we do not know this address.")
        if forgotten:
            yield _("Somebody with this address opted out. We keep only a digest of it, which stops every import.")
        return
    match entry.standing:
        case RecipientStatus.ON if at_list == "paused":
            yield _("Is not told: their mail is paused at the list server, by themselves or by a moderator there.")
        case RecipientStatus.ON if at_list == "digest":
            yield _("Is not told: they chose collected mails at the list server, which sends none.")
        case RecipientStatus.ON if at_list == "banned":
            yield _("Is not told: the list server bans this address. They are on the list as soon as it does no more.")
        case RecipientStatus.ON:
            yield _("Is told, since %(since)s.") % {"since": since}
        case RecipientStatus.LEFT:
            yield _("Is not told: no export has had this address since %(since)s.") % {"since": since}
        case RecipientStatus.OPTED_OUT:
            yield _("Is not told: the person opted out on %(since)s. No import changes that.") % {"since": since}
        case RecipientStatus.BOUNCED:
            yield _("Is not told: mail to this address has come back since %(since)s.") % {"since": since}
    if entry.origin == Origin.HAND:
        yield _("The address was added by hand.")
    if entry.reasons:
        yield _("The export says: %(reasons)s.") % {"reasons": ", ".join(reason(one) for one in entry.reasons)}
    if entry.left_at and entry.standing != RecipientStatus.LEFT:
        day = entry.left_at.astimezone(zone).strftime("%Y-%m-%d")
        yield _("No export has had it since %(day)s.") % {"day": day}
