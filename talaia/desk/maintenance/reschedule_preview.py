"""What is told when a maintenance is given other hours, before it is given them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from talaia.config import current
from talaia.desk.mails.notice_overview import following, leaves_the_house
from talaia.events import notice_plan
from talaia.events.actions import second_approval
from talaia.events.formatting import as_it_went
from talaia.events.models import Event
from talaia.events.timeline import MaintenanceState, fingerprint
from talaia.events.window_schedule import ends
from talaia.notices import policy, rows
from talaia.notices.sender import rules


@dataclass(frozen=True)
class Shift:
    """What is told of other hours: the mail that follows in words, the plan, and a mark by which both are known.

    `told`: whether any mail follows by itself, now or at its hour.
    """

    mail: str
    lines: tuple[notice_plan.PlannedNotice, ...]
    mark: str
    told: bool


def after_shift(row: Event, window: tuple[datetime, datetime], now: datetime) -> Shift:
    """What would be told when, if a maintenance had this window from now on."""
    before = rows.stand(row)
    begins_otherwise = before.window is not None and before.window[0] != window[0]
    since = now if begins_otherwise or row.awaits_approval else before.known_since
    stand = replace(before, window=window, known_since=since, entry=before.entry + 1)
    wanted = policy.decide(stand, rows.past(row), rules(current()), now) if leaves_the_house() else None
    lines = plan_of(row, window, since)
    if wanted is not None and not wanted.withheld and begins_otherwise:  # that mail gives the new hours at once
        lines = tuple(line for line in lines if not line.at_once)
    if row.state != MaintenanceState.SCHEDULED:
        lines = tuple(line for line in lines if line.notice is notice_plan.PlanNotice.END)
    to_come = [line for line in lines if not line.skipped and (line.at is None or line.at >= now)]
    shown = tuple(line for line in lines if line in to_come or (line.skipped and begins_otherwise))
    hours = [[line.notice, line.at.isoformat() if line.at and not line.at_once else ""] for line in to_come]
    kind = [wanted.kind, wanted.withheld] if wanted else []
    goes = wanted is not None and not wanted.withheld
    told = leaves_the_house() and not row.awaits_approval and (goes or (begins_otherwise and bool(to_come)))
    mail = following(wanted, row, list(row.impacts.values_list("service_id", flat=True)))
    if second_approval.needed(row):
        mail = _("It waits for a second person first. Then: %(mail)s") % {"mail": mail}
    return Shift(mail if leaves_the_house() else "", shown, fingerprint([kind, hours]), told)


def plan_of(row: Event, window: tuple[datetime, datetime], since: datetime) -> tuple[notice_plan.PlannedNotice, ...]:
    """What is told of a maintenance when, had it this window since then.

    Who was told of other hours before is told of these by a mail of its own, and not at once besides.
    """
    lines = notice_plan.lines(row.notices, window, since, starts_itself=row.starts_itself, ends_itself=ends(row))
    lines = as_it_went(lines, row)
    if any(line.at_once for line in lines) and row.sent_notices.filter(began_at__lt=since).exists():
        return tuple(line for line in lines if not line.at_once)
    return lines
