"""An event in plain words and as JSON: what the command line shows, to people and to programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from talaia.events import notice_plan
from talaia.events.models import Event
from talaia.events.notice_plan import PlannedNotice
from talaia.events.reading import is_public, whole
from talaia.events.timeline import MaintenanceState, over_at
from talaia.events.window_schedule import ends
from talaia.localization.texts import in_language, words
from talaia.outbox.models import Fact


def as_json(row: Event) -> dict[str, Any]:
    """The event with its timeline. Times are ISO 8601 in UTC, texts by language."""
    event, by = whole(row), dict(row.updates.values_list("number", "by"))
    told: dict[str, Any] = {
        "kind": event.kind,
        "ref": event.ref,
        "language": row.language,
        "titles": dict(event.titles),
        "state": event.state,
        "started_at": _iso(event.started_at),
        "ended_at": _iso(event.over_at),
        "next_update_at": _iso(event.next_update_at),
        "causes": dict(event.causes),
        "merged_into": event.merged_into.ref if event.merged_into else None,
        "services": dict(sorted((one.slug, one.state) for one in event.touched)),
        "updates": [
            {
                "number": entry.number,
                "state": entry.state,
                "at": _iso(entry.at),
                "edited_at": _iso(entry.edited_at),
                "by": by[entry.number],
                "plain": entry.plain,
                "texts": dict(entry.texts),
            }
            for entry in event.entries
        ],
    }
    if event.window:
        told["window"] = [_iso(at) for at in event.window]
        told["silence"] = row.silence
        told["starts_itself"], told["ends_itself"] = row.starts_itself, row.ends_itself
        told["planned_by"], told["awaits_approval"] = row.planned_by, row.awaits_approval
        told["approved_by"] = row.approved_by
        told["notices"] = [
            {"notice": line.notice.value, "at": _iso(line.at), "skipped": line.skipped, "at_once": line.at_once}
            for line in plan_lines(row)
        ]
        told["proposed"], told["changed_by"] = row.proposed, row.changed_by
        told["authors"] = sorted(row.writers)
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
    seen = event.state != MaintenanceState.COMPLETED or (
        event.updates.filter(state=MaintenanceState.IN_PROGRESS).exists()
    )
    return notice_plan.as_it_went(planned, MaintenanceState(event.state), event.started_at, over, seen)


def line(row: Event, language: str, zone: ZoneInfo) -> str:
    """One line for a list."""
    when = local(row.window_start or row.started_at, zone)
    state = row.state if is_public(row) or row.ended_at else "proposed"
    return f"{row.ref}  {state:<13}  {when}  {in_language(words(row.titles, row.language), language).text}"


def lines(row: Event, language: str, zone: ZoneInfo) -> Iterator[str]:
    """The whole event, its newest entry last."""
    event = whole(row)
    yield f"{event.kind} {event.ref}: {in_language(event.titles, language).text}"
    yield f"state: {event.state}"
    if event.window:
        yield f"window: {local(event.window[0], zone)} to {local(event.window[1], zone)}"
    else:
        yield f"began: {local(event.started_at, zone)}"
    if event.over_at:
        yield f"{'cancelled' if event.called_off else 'ended'}: {local(event.over_at, zone)}"
    if event.causes:
        yield f"cause: {in_language(event.causes, language).text}"
    if event.merged_into:
        yield f"duplicate of: {event.merged_into.ref}"
    if event.next_update_at:
        yield f"next update promised: {local(event.next_update_at, zone)}"
    if event.window:
        yield from _arranged(row, zone)
    for touched in sorted(event.touched, key=lambda one: one.slug):
        yield f"service: {touched.slug} = {touched.state}"
    for entry in event.entries:
        edited = f", corrected {local(entry.edited_at, zone)}" if entry.edited_at else ""
        yield ""
        yield f"#u{entry.number}  {entry.state}  {local(entry.at, zone)}{edited}"
        yield from (f"    {text}".rstrip() for text in in_language(entry.texts, language).text.splitlines())


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
