"""Maintenance windows, pure: local times to instants, and where a window stands at a moment."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from talaia.events.timeline import NotPossible

YEARS = range(2000, 2200)  # what is outside was mistyped, and calendars that end would be asked for it


def readings(local: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The instants that a local time may mean: none in the hour that March skips, two in the one October has twice."""
    found = []
    for fold in (0, 1):
        at = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if at not in found and at.astimezone(zone).replace(tzinfo=None) == local:
            found.append(at)
    return tuple(found)


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a local time as people write it.

    Raises NotPossible for the hour that the clocks skip in March, and for a year that was mistyped. Of the hour that
    October has twice, the first one (summer time) is meant, as RFC 5545 §3.3.5 has it.
    """
    _check_year(local)
    if local.tzinfo is not None:
        return local.astimezone(UTC)
    found = readings(local, zone)
    if not found:
        raise NotPossible(skipped(local, zone))
    return found[0]


def one_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The same for a window: nobody guesses which of October's two hours is meant. Raises NotPossible."""
    _check_year(local)
    if local.tzinfo is None and len(found := readings(local, zone)) > 1:
        both = " / ".join(at.astimezone(zone).isoformat(timespec="minutes") for at in found)
        what = _("%(time)s is twice that night, as the clocks go back; write which one: %(both)s")
        raise NotPossible(what % {"time": f"{local:%H:%M}", "both": both})
    return instant(local, zone)


def _check_year(local: datetime) -> None:
    if local.year not in YEARS:
        raise NotPossible(_("the year %(year)s cannot be meant") % {"year": local.year})


def skipped(local: datetime, zone: ZoneInfo) -> str:
    """What is said of a time that does not exist."""
    words = {"time": f"{local:%Y-%m-%d %H:%M}", "zone": zone.key}
    return _("%(time)s does not exist in %(zone)s: the clocks go forward that night") % words


def check(start: datetime, end: datetime, now: datetime | None = None) -> None:
    """Raises NotPossible unless the window has a length; with `now`, also when all of it has passed."""
    if end <= start:
        raise NotPossible(_("the window ends before it starts"))
    if now is not None and end <= now:
        raise NotPossible(_("that window has passed already"))


def running(start: datetime | None, end: datetime | None, now: datetime) -> bool:
    """Whether `now` is inside; the end belongs no longer to it."""
    return start is not None and end is not None and start <= now < end
