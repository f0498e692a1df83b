"""To whom the mails about an event go, in words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from talaia.audience import mailing as audience
from talaia.config import current
from talaia.events.models import Event
from talaia.notices import policy, rows
from talaia.notices.chat.registry import ROOMS
from talaia.notices.sender import THE_LIST, the_list
from talaia.notices.values import LAST_WORDS, Kind, NoticeStory, Segment


def goes_to(kind: Kind, row: Event | None, services: Collection[str], only_behind: Sequence[str] | None = None) -> str:
    """To whom a mail about an event goes, in words. `only_behind`: of an event that is not there."""
    if row is None:
        return whom(policy.whom(only_behind, services, None), services)
    found = rows.for_whom(row)
    now = audience.for_whom(current(), row.only_behind, services)
    found = found.grown(now) if found and now else found or now
    return whom(policy.whom(row.only_behind, services, found), services, rows.keys_told(row), kind)


def whom(
    behind: Segment | None = None,
    touched: Collection[str] = (),
    told: frozenset[str] = frozenset(),
    kind: Kind | None = None,
) -> str:
    """To whom mails go: the list, or so many people; of them only those who are behind something.

    `touched`: the services that they are about, as some want to hear of others only. `told`: the keys of those who
    were told before: they hear how it goes on, and of `kind`, where those are last words, nobody else.
    """
    if current().mail.sender is None:
        count = sum(len(channel.receivers(current())) for channel in ROOMS)
        return ngettext("to %(count)s chat", "to %(count)s chats", count) % {"count": count}
    if (everybody := the_list(current())) is not None:
        if count := audience.how_many():
            said = {"list": everybody.address, "count": count}
            return (
                ngettext("to the list %(list)s: %(count)s person", "to the list %(list)s: %(count)s people", count)
                % said
            )
        return _("to the list %(list)s") % {"list": everybody.address}
    if kind in LAST_WORDS and told and THE_LIST not in told:
        count = audience.how_many_of(told)
        words = ngettext(
            "to %(count)s person, who was told of it", "to the %(count)s people who were told of it", count
        )
        return words % {"count": count}
    where = audience.behind(current(), behind)
    if where and not where.everybody:
        return _whom_of_them(*audience.how_many_behind(where, told))
    count = audience.how_many(touched)
    return ngettext("to %(count)s person", "to %(count)s people", count) % {"count": count}


def whom_of(story: NoticeStory, told: frozenset[str] = frozenset()) -> str:
    """To whom a mail goes. `told`: the keys of those who were told before."""
    config = current()
    if not story.reaches or config.mail.sender is None or the_list(config) is not None or story.kind in LAST_WORDS:
        return whom(story.behind, [one.slug for one in story.event.touched], told, story.kind)
    found = {
        one.key
        for reach in story.reaches
        for one in audience.readers("", audience.behind(config, reach.behind), told if reach.behind else ())
        if not one.services or not reach.services or set(reach.services).intersection(one.services) or one.key in told
    }
    return ngettext("to %(count)s person", "to %(count)s people", len(found)) % {"count": len(found)}


def _whom_of_them(count: int, unplaced: int) -> str:
    said = ngettext("to %(count)s person connected there", "to %(count)s people connected there", count)
    told = said % {"count": count}
    if not unplaced:
        return told
    unknown = ngettext(
        "(of %(count)s more person the export does not say where they are connected)",
        "(of %(count)s more people the export does not say where they are connected)",
        unplaced,
    )
    return f"{told} {unknown % {'count': unplaced}}"


@dataclass(frozen=True)
class Narrow:
    """That the mails of an event go only to some. `unknown`: services of which nobody knows who is behind them."""

    some: str
    everybody: str
    unknown: tuple[str, ...]


def narrow(row: Event) -> Narrow | None:
    """Of an open event whose mails go only to some; None: to everybody, or there is nothing more to say."""
    if row.only_behind is None or row.ended_at is not None or current().mail.sender is None:
        return None
    touched = list(row.impacts.values_list("service_id", flat=True))
    found = rows.for_whom(row)
    some = goes_to(Kind.UPDATE, row, touched)
    return Narrow(some, whom(), found.unknown if found and not found.everybody else ())
