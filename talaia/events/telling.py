"""An event in plain words and as JSON: what the command line shows, to people and to programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from talaia.events.models import Event


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
    return told


def line(event: Event, language: str, zone: ZoneInfo) -> str:
    """One line for a list."""
    when = local(event.window_start or event.started_at, zone)
    return f"{event.ref}  {event.state:<13}  {when}  {in_language(event.titles, language)}"


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
    for impact in event.impacts.order_by("service_id"):
        yield f"service: {impact.service_id} = {impact.state}"
    for update in event.updates.order_by("number"):
        edited = f", corrected {local(update.edited_at, zone)}" if update.edited_at else ""
        yield ""
        yield f"#u{update.number}  {update.state}  {local(update.at, zone)}{edited}"
        yield from (f"    {row}".rstrip() for row in in_language(update.texts, language).splitlines())


def local(at: datetime, zone: ZoneInfo) -> str:
    """`2026-05-04 05:02`, in `zone`."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
