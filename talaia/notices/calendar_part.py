"""The calendar part of a maintenance mail (RFC 5545, 5546, 6047), with the fields of MAINTNOTE. Pure."""

from __future__ import annotations

from email.utils import parseaddr

import icalendar

from talaia.events.timeline import MaintenanceState
from talaia.localization.texts import in_language
from talaia.notices.markdown_text import as_text, one_line
from talaia.notices.values import Kind, NoticeStory, Sender
from talaia.panel.state import WEIGHT, State

IMPACTS = {
    State.OPERATIONAL: "NO-IMPACT",
    State.UNKNOWN: "OUTAGE",
    State.DEGRADED: "DEGRADED",
    State.PARTIAL: "OUTAGE",
    State.DISRUPTION: "OUTAGE",
    State.MAINTENANCE: "OUTAGE",
}
ORDER = ("NO-IMPACT", "DEGRADED", "OUTAGE")
STATUS = {
    MaintenanceState.SCHEDULED: "CONFIRMED",
    MaintenanceState.IN_PROGRESS: "IN-PROCESS",
    MaintenanceState.COMPLETED: "COMPLETED",
    MaintenanceState.CANCELLED: "CANCELLED",
}


def method(story: NoticeStory) -> str:
    return "CANCEL" if story.kind is Kind.CANCELLED else "PUBLISH"


def part(story: NoticeStory, sender: Sender, language: str) -> bytes | None:
    """The file; None for what is not about planned work. Every notice of one maintenance speaks of the same UID."""
    if story.event.hours is None:
        return None
    start, end = (at.replace(second=0, microsecond=0) for at in story.event.hours)  # as the words say them
    cancelled = story.kind is Kind.CANCELLED
    event = icalendar.Event()
    event.add("uid", f"maintenance-{story.event.ref}@{sender.host}")
    event.add("dtstamp", story.written_at)
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("sequence", story.revision)
    event.add("summary", one_line(in_language(story.event.titles, language).text))
    event.add(
        "description",
        as_text(in_language(story.texts, language).text, plain=story.plain),
    )
    event.add("url", f"{sender.address}{story.event.path}")
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    name, address = parseaddr(sender.sender)
    organizer = icalendar.vCalAddress(f"mailto:{address}")
    if name:
        organizer.params["CN"] = name
    event["organizer"] = organizer
    event.add("x-maintnote-provider", sender.host)
    event.add("x-maintnote-account", sender.account)
    event.add("x-maintnote-maintenance-id", f"maintenance-{story.event.ref}")  # one: two are read as garbage
    for slug in [one.code_name for one in story.event.touched] or ["all"]:
        event.add("x-maintnote-object-id", slug)
    impacts = {IMPACTS[State(one.state)] for one in story.event.touched if one.state in WEIGHT} or {"NO-IMPACT"}
    event.add("x-maintnote-impact", max(impacts, key=ORDER.index))
    event.add("x-maintnote-status", STATUS[MaintenanceState(story.event.state)])
    calendar = icalendar.Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", f"-//{sender.host}//talaia//{language.upper()}")
    calendar.add("method", method(story))
    calendar.add_component(event)
    made: bytes = calendar.to_ical()
    return made
