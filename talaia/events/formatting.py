"""An event in plain words and as JSON: what the command line shows, to people and to programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from talaia.events import notice_plan
from talaia.events.models import Event
from talaia.events.notice_plan import PlannedNotice
from talaia.events.timeline import MaintenanceState, over_at
from talaia.events.window_schedule import ends
from talaia.outbox.models import Fact


def in_language(words: Mapping[str, str], language: str) -> str:
    """The words in `language`, or in the first language there is."""
    return words.get(language) or next(iter(words.values()), "")


def as_json(event: Event) -> dict[str, Any]:
    """The event with its timeline. Times are ISO 8601 in UTC, texts by language."""
    told: dict[str, Any] = {
        "kind": event.kind,
        "ref": event.ref,
        "language": event.language,
        "titles": event.titles,
        "state": event.state,
        "started_at": _iso(event.started_at),
        "ended_at": _iso(event.ended_at),
        "next_update_at": _iso(event.next_update_at),
        "causes": event.causes,
        "merged_into": event.merged_into.ref if event.merged_into else None,
        "services": {impact.service_id: impact.state for impact in event.impacts.order_by("service_id")},
        "updates": [
            {
                "number": update.number,
                "state": update.state,
                "at": _iso(update.at),
                "edited_at": _iso(update.edited_at),
                "by": update.by,
                "plain": update.plain,
                "texts": update.texts,
            }
            for update in event.updates.order_by("number")
        ],
    }
    if event.kind == Event.MAINTENANCE:
        told["window"] = [_iso(event.window_start), _iso(event.window_end)]
        told["silence"] = event.silence
        told["starts_itself"], told["ends_itself"] = event.starts_itself, event.ends_itself
        told["planned_by"], told["awaits_approval"] = event.planned_by, event.awaits_approval
        told["approved_by"] = event.approved_by
        told["notices"] = [
            {"notice": line.notice.value, "at": _iso(line.at), "skipped": line.skipped, "at_once": line.at_once}
            for line in plan_lines(event)
        ]
        told["proposed"], told["changed_by"] = event.proposed, event.changed_by
        told["authors"] = sorted(event.writers)
    return told


def known_since(event: Event) -> datetime:
    """When the window of a maintenance was announced: planned, approved or last postponed; else its first words.

    What waits for a second person is not announced, and tells nobody before it is.
    """
    kinds = ("maintenance.planned", "maintenance.proposed", "maintenance.postponed")
    facts = Fact.objects.filter(subject=f"{event.kind}/{event.ref}", kind__in=kinds).order_by("-id")
    fact = facts.values_list("at", flat=True).first()
    return fact or event.updates.order_by("number")[0].at


def plan_lines(event: Event) -> tuple[PlannedNotice, ...]:
    """What is told of a maintenance, and when."""
    assert event.window_start
    assert event.window_end
    window = (event.window_start, event.window_end)
    planned = notice_plan.lines(
        event.notices, window, known_since(event), starts_itself=event.starts_itself, ends_itself=ends(event)
    )
    return as_it_went(planned, event)


def as_it_went(planned: Iterable[PlannedNotice], event: Event) -> tuple[PlannedNotice, ...]:
    """The plan of this maintenance, as far as it has begun, is over or was called off."""
    over = over_at(event.state, event.ended_at, event.updates.order_by("number"))
    return notice_plan.as_it_went(planned, MaintenanceState(event.state), event.started_at, over)


def line(event: Event, language: str, zone: ZoneInfo) -> str:
    """One line for a list."""
    when = local(event.window_start or event.started_at, zone)
    state = "proposed" if event.awaits_approval and not event.ended_at else event.state
    return f"{event.ref}  {state:<13}  {when}  {in_language(event.titles, language)}"


def lines(event: Event, language: str, zone: ZoneInfo) -> Iterator[str]:
    """The whole event, its newest entry last."""
    yield f"{event.kind} {event.ref}: {in_language(event.titles, language)}"
    yield f"state: {event.state}"
    if event.window_start and event.window_end:
        yield f"window: {local(event.window_start, zone)} to {local(event.window_end, zone)}"
    else:
        yield f"began: {local(event.started_at, zone)}"
    if event.ended_at:
        yield f"ended: {local(event.ended_at, zone)}"
    if event.causes:
        yield f"cause: {in_language(event.causes, language)}"
    if event.merged_into:
        yield f"duplicate of: {event.merged_into.ref}"
    if event.next_update_at:
        yield f"next update promised: {local(event.next_update_at, zone)}"
    if event.kind == Event.MAINTENANCE:
        yield from _arranged(event, zone)
    for impact in event.impacts.order_by("service_id"):
        yield f"service: {impact.service_id} = {impact.state}"
    for update in event.updates.order_by("number"):
        edited = f", corrected {local(update.edited_at, zone)}" if update.edited_at else ""
        yield ""
        yield f"#u{update.number}  {update.state}  {local(update.at, zone)}{edited}"
        yield from (f"    {row}".rstrip() for row in in_language(update.texts, language).splitlines())


def _arranged(event: Event, zone: ZoneInfo) -> Iterator[str]:
    if event.awaits_approval:
        yield f"waits for a second person; by {', '.join(sorted(event.writers)) or 'nobody known'}, not public"
    elif event.approved_by:
        yield f"approved by: {event.approved_by}"
    how = {True: "by the clock", False: "by hand"}
    yield f"starts: {how[event.starts_itself]}, ends: {how[event.ends_itself]}"
    if event.proposed is not None:
        who = ", ".join(sorted(event.writers)) or "nobody known"
        yield f"a change by {who} waits for a second person; until then what was approved stands:"
        yield from (f"  {name}: {value}" for name, value in event.proposed.items() if name not in ("by", "texts"))
    yield from told_when(plan_lines(event), zone)


def told_when(planned: Iterable[PlannedNotice], zone: ZoneInfo) -> Iterator[str]:
    """What is told when, a line each."""
    nobody = True
    for one in planned:
        nobody, when = False, local(one.at, zone) if one.at else "when somebody says so"
        if one.at_once:
            when += ", at once, as its hour had passed"
        yield f"told {one.notice.value}: {'skipped, it was planned later' if one.skipped else when}"
    if nobody:
        yield "told: nobody"


def local(at: datetime, zone: ZoneInfo) -> str:
    """`2026-05-04 05:02`, in `zone`."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
