"""The audience in words, pure: why a row, a file or an import is not taken, and where an address stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from talaia.audience.diff import Entry, Origin, Standing, What


def standing(value: Standing, count: int) -> str:
    """How so many people stand, as the words that follow their number."""
    match value:
        case Standing.ON:
            return ngettext("is told", "are told", count)
        case Standing.LEFT:
            return ngettext("has left the export", "have left the export", count)
        case Standing.OPTED_OUT:
            return ngettext("has opted out", "have opted out", count)
        case Standing.BOUNCED:
            return ngettext("whose mail comes back", "whose mails come back", count)


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
        "yes_or_no": _("it is neither yes nor no whether this is a member: %(word)s"),
        "day": _("this is no day: %(word)s. Write it as 2026-01-31 or 31/01/2026"),
        "cells_many": _("it has more cells than the header: is a quotation mark missing?"),
        "cells_few": _("it has fewer cells than the header: is there a line end without quotation marks?"),
    }[code]
    return said % {"word": f"“{word}”" if word else "…"}


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
        "json": _("this is no JSON, at line %(line)s: %(error)s"),
        "json_form": _("this JSON is no list of objects"),
        "missing": _("the export has no column “%(column)s”: was another report exported, or is the column renamed?"),
        "twice": _("the column “%(column)s” stands twice"),
    }[code] % data


def objection(code: str, data: Mapping[str, Any]) -> str:
    """Why the guard stops."""
    return {
        "empty": _("the export has no rows"),
        "nobody": _("nobody in the export is to be told, in %(rows)s rows"),
        "shrink": _("%(leaves)s of %(of)s addresses would leave, which is more than %(limit)s"),
        "refused": _("%(refused)s of %(of)s rows are refused, which is more than %(limit)s"),
    }[code] % data


def explained(entry: Entry | None, forgotten: bool, since: str, zone: ZoneInfo) -> Iterator[str]:
    """Why somebody is told, or is not, in sentences; the first is the answer. `since`: of the standing."""
    if entry is None:
        yield _("Is not told: we do not know this address.")
        if forgotten:
            yield _("Somebody with this address opted out. We keep only a digest of it, which stops every import.")
        return
    match entry.standing:
        case Standing.ON:
            yield _("Is told, since %(since)s.") % {"since": since}
        case Standing.LEFT:
            yield _("Is not told: no export has had this address since %(since)s.") % {"since": since}
        case Standing.OPTED_OUT:
            yield _("Is not told: the person opted out on %(since)s. No import changes that.") % {"since": since}
        case Standing.BOUNCED:
            yield _("Is not told: mail to this address has come back since %(since)s.") % {"since": since}
    if entry.origin == Origin.HAND:
        yield _("The address was added by hand.")
    if entry.reasons:
        yield _("The export says: %(reasons)s.") % {"reasons": ", ".join(reason(one) for one in entry.reasons)}
    if entry.left_at and entry.standing != Standing.LEFT:
        day = entry.left_at.astimezone(zone).strftime("%Y-%m-%d")
        yield _("No export has had it since %(day)s.") % {"day": day}
