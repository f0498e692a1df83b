"""A service gets another slug in talaia.toml: all that it had goes over to the new one, wholly or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from talaia.audience.actions import rename_chosen
from talaia.config import Config
from talaia.desk.writing.actions import rename_written
from talaia.errors import UserError
from talaia.events.actions import lock_touched, rename_touched
from talaia.notices.actions import rename_told
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.models import FormerSlug, Service
from talaia.panel.renaming.actions import forget_row, move_history
from talaia.signals.monitoring_gaps import mark_unwatched


@dataclass(frozen=True)
class Renamed:
    """What went over."""

    days: int
    events: int
    choices: int


def rename(config: Config, old: str, new: str, by: str, now: datetime) -> Renamed | None:
    """One transaction; None: it is called so already. Raises Refused, and then nothing has changed."""
    listed = {service.slug for service in config.tables.services}
    where = config.path or "talaia.toml"
    if old == new:
        raise UserError(f"{old} is called {new} already")
    if old in listed:
        raise UserError(f"{where} lists {old} still: write {new} in its place there, then rename it")
    if new not in listed:
        raise UserError(f"{where} lists no service {new}: write it there in the place of {old}, then rename it")
    with transaction.atomic():
        lock_touched(old)
        if not Service.objects.filter(pk=old).exists():
            if FormerSlug.objects.filter(pk=old, service=new).exists():
                return None
            raise UserError(_unknown(old))
        mark_unwatched(now)  # as at every start: what was on the panel until now was on it under its old name
        list_services(headings(config), now)
        days = move_history(old, new, now)
        events = rename_touched(old, new)
        choices = rename_chosen(old, new)
        rename_told(old, new)
        rename_written(old, new)
        forget_row(old, new, by, now, {"days": days, "events": events, "choices": choices})
    return Renamed(days, events, choices)


def _unknown(old: str) -> str:
    today = FormerSlug.objects.filter(pk=old).values_list("service_id", flat=True).first()
    return f"{old} was renamed already: it is {today} today" if today else f"there never was a service {old}"
