"""What nobody watched becomes unknown: reads what was shown and what people have said; `panel.actions` writes it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Max, Q

from talaia.config import Config
from talaia.events.manual_state import declared
from talaia.panel.actions import leave_unwatched
from talaia.panel.models import FormerSlug, Service, Watched
from talaia.panel.monitoring_gaps import NOT_RUNNING, RESTART, left_alone, unjudged, unwatched_since


def last_watched() -> datetime | None:
    """Until when it is known that somebody watched; None: nobody ever did."""
    return Watched.objects.filter(pk=1).values_list("at", flat=True).first()


def mark_unwatched(now: datetime) -> bool:
    """Make every service unknown since nobody watches any more, but for what people have said of it.

    Returns whether anything was to be marked. Safe to repeat: what is marked and not judged since stays as it is. To be
    called before anything else moves after a pause: what is declared now is taken for what was declared then.
    """
    if unwatched_since(last_watched(), now) is None:
        return False
    with transaction.atomic():  # when all change at once it is one write, and one new page
        since = unwatched_since(Watched.objects.select_for_update().get(pk=1).at, now)
        if since is None:  # somebody has come before us
            return False
        # What left the panel meanwhile was on it as far as anybody knows.
        shown_then = Service.objects.filter(Q(retired_at=None) | Q(retired_at__gt=since)).order_by("position")
        rows = [row for row in shown_then if row.computed_reason.get("code") != NOT_RUNNING]
        by_people = declared(rows)
        for row in rows:
            moves = left_alone(by_people[row.slug], since, now)
            leave_unwatched(row.slug, moves, unjudged(since), now)
    return bool(rows)


def mark_unread(config: Config, now: datetime) -> bool:
    """Make unknown what was renamed in a talaia.toml that we have not read yet: since then nobody judges it.

    Returns whether there was any. Safe to repeat.
    """
    listed = [service.slug for service in config.tables.services]
    renamed = FormerSlug.objects.exclude(service__in=listed).filter(service__retired_at=None)
    found = False
    for slug, since in renamed.values("service").annotate(latest=Max("at")).values_list("service", "latest"):
        row = Service.objects.get(pk=slug)
        if now - since > RESTART and row.computed_reason.get("code") != NOT_RUNNING:
            leave_unwatched(slug, left_alone(declared([row])[slug], since, now), unjudged(since), now)
            found = True
    return found
