"""Maintenance windows, pure: local times to instants, and where a window stands at a moment."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from talaia.events.timeline import NotPossible


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a local time as people write it.

    Raises NotPossible for the hour that the clocks skip in March. Of the hour that October has twice, the first one
    (summer time) is meant, as RFC 5545 §3.3.5 has it.
    """
    if local.tzinfo is not None:
        return local.astimezone(UTC)
    there = local.replace(tzinfo=zone, fold=0)
    if there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        words = {"time": f"{local:%Y-%m-%d %H:%M}", "zone": zone.key}
        raise NotPossible(_("%(time)s does not exist in %(zone)s: the clocks go forward that night") % words)
    return there.astimezone(UTC)


def check(start: datetime, end: datetime) -> None:
    """Raises NotPossible unless the window has a length."""
    if end <= start:
        raise NotPossible(_("the window ends before it starts"))


def running(start: datetime | None, end: datetime | None, now: datetime) -> bool:
    """Whether `now` is inside; the end belongs no longer to it."""
    return start is not None and end is not None and start <= now < end
