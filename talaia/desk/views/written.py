"""What the pages of one event share: what is told of it, and what is said when something was published."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from talaia.config import current
from talaia.events.models import Event as Row
from talaia.panel.state import State
from talaia.site import snapshot
from talaia.site.values import Event


def published(request: HttpRequest, ref: str, number: int | None = None) -> HttpResponse:
    """Back to the incident, which says that it is done and where everybody reads it."""
    messages.success(
        request, f"{current().site.address.rstrip('/')}/incidents/{ref}/" + (f"#u{number}" if number else "")
    )
    return HttpResponseRedirect(reverse("desk-incident", args=[ref]))


def told(row: Row) -> Event:
    event = snapshot.event(row.kind, row.ref)
    assert event is not None
    return event


def impacts_of(row: Row) -> dict[str, State]:
    return {impact.service_id: State(impact.state) for impact in row.impacts.all()}


def written_in(row: Row) -> str:
    """The language of the title, if the site still has it."""
    languages = current().site.languages
    return row.language if row.language in languages else languages[0]
