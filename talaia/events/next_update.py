"""When the next word is promised, pure: the choices of a form, and what people write on a command line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from talaia.events.timeline import NotPossible
from talaia.events.windows import instant
from talaia.panel.state import State, worst

NONE = "none"
SOON = ("30m", "1h", "2h")
# How often people hear of an incident, by what it does: what the forms begin with, and what `/about/` says.
USUAL = {State.DISRUPTION: "30m", State.PARTIAL: "1h", State.DEGRADED: "2h", State.MAINTENANCE: "1h"}
MORNING = time(9)
REST = timedelta(hours=3)  # nobody who writes at seven means nine o'clock of the same day by "in the morning"
DELAY = re.compile(r"(?=\d)(?:(\d{1,2})d)?(?:(\d{1,3})h)?(?:(\d{1,4})m(?:in)?)?", re.ASCII)


def usual(levels: Iterable[State]) -> str:
    """The promise that an incident of these impacts begins with; the soonest, where nobody has said one yet."""
    return USUAL.get(worst(levels), USUAL[State.DISRUPTION])


def how_often(state: State) -> str:
    """How often people hear of an incident that is so bad: "every half hour"."""
    words = {"30m": _("every half hour"), "1h": _("every hour"), "2h": _("every two hours")}
    return words[USUAL[state]]


def in_the_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """The next nine o'clock that is at least three hours away, as a local time with its zone.

    At three at night that is the same day: people who will sleep first say "tomorrow", and mean it.
    """
    local = now.astimezone(zone)
    day = local.date()
    nine = datetime.combine(day, MORNING, zone)
    return nine if nine - local >= REST else datetime.combine(day + timedelta(days=1), MORNING, zone)


def parse(written: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """`30m`, `1h30m`, `2026-05-04T10:00` (local unless it says otherwise) or `none`. Raises NotPossible.

    Seconds are left out, and rounded up: "in half an hour" is a minute that a clock can show.
    """
    text = written.strip()
    if text in ("", NONE):
        return None
    if delay := DELAY.fullmatch(text):
        wanted = now + timedelta(days=int(delay[1] or 0), hours=int(delay[2] or 0), minutes=int(delay[3] or 0))
        wanted = (wanted + timedelta(seconds=59, microseconds=999_999)).replace(second=0, microsecond=0)
    else:
        try:
            if len(text) <= len("2026-05-04"):
                raise ValueError("a day is not yet a time")
            wanted = instant(datetime.fromisoformat(text), zone)
        except (ValueError, OverflowError):
            what = _("“%(text)s” is no time; write 30m, 2h, 2026-05-04T10:00 or none") % {"text": text}
            raise NotPossible(what) from None
    if wanted <= now:
        raise NotPossible(_("the next update cannot be promised for a time that has passed"))
    return wanted
