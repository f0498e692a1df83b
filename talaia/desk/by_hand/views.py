"""The panel at the desk: how each service is and why, and what a person says of it in place of the signals."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from talaia.desk.by_hand.forms import ByHandForm
from talaia.desk.pages import for_operators, for_viewers, page
from talaia.errors import UserError
from talaia.events.timeline import NotPossible
from talaia.panel.by_hand import actions as hand
from talaia.panel.models import Service as Row
from talaia.panel.state import State
from talaia.site import snapshot
from talaia.site.values import PageService


@for_viewers
@require_GET
def services(request: HttpRequest) -> HttpResponse:
    """The whole panel."""
    now = timezone.now()
    held = {row.slug: row for row in set_by_hand()}
    groups = [
        (
            group,
            [
                (one, row, is_turning(one, row, now), hand.mark_of(row) if row else "")
                for one in group.services
                for row in (held.get(one.slug),)
            ],
        )
        for group in snapshot.front(now).groups
    ]
    return page(request, "desk/by_hand/panel.html", {"now": now, "groups": groups})


@for_operators
@require_http_methods(["GET", "POST"])
def by_hand(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what the state is, until when and why."""
    now = timezone.now()
    row = Row.objects.filter(pk=slug, retired_at=None).first()
    if row is None:
        raise NotPossible(_("there is no service “%(slug)s” on the panel") % {"slug": slug})
    held = (State(row.override_state), row.override_until, row.override_words) if row.override_state else None
    form = ByHandForm(request.POST or None, now=now, held=held)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            hand.set_by_hand(
                slug,
                State(given["state"]),
                given["until"],
                form.words.by_language(),
                request.user.get_username(),
                now,
                request.POST.get("seen"),
            )
        except UserError as refusal:
            form.add_error(None, str(refusal))
            row.refresh_from_db()
        else:
            messages.info(request, _("It is set. The page says so in a moment."))
            return HttpResponseRedirect(reverse("desk-services"))
    service = next(one for one in snapshot.front(now).services if one.slug == slug)
    context = {"now": now, "service": service, "row": row, "seen": hand.mark_of(row), "form": form}
    return page(request, "desk/by_hand/by_hand.html", context)


@for_operators
@require_POST
def take_back(request: HttpRequest, slug: str) -> HttpResponse:
    """The signals speak again."""
    try:
        taken = hand.take_back(slug, request.user.get_username(), timezone.now(), request.POST.get("seen"))
    except UserError as refusal:
        raise NotPossible(str(refusal)) from None
    said = _("The monitoring speaks for it again.") if taken else ""
    messages.info(request, said or _("That has changed meanwhile. This is how it is now."))
    return HttpResponseRedirect(reverse("desk-services"))


def is_turning(shown: PageService, row: Row | None, now: datetime) -> bool:
    """Whether what a person has just said, or taken back, is not shown yet: the next judgement does that.

    Until then the list would show the former state under "It is set".
    """
    by_hand = shown.reason.code == "by_hand"
    if row is None or (row.override_until and row.override_until <= now):
        return by_hand and row is None
    said = shown.reason.values.get("words", {})
    return not by_hand or (shown.state, dict(said)) != (State(row.override_state), row.override_words)


def set_by_hand() -> list[Row]:
    """The services of which a person speaks, the first to end first."""
    return list(Row.objects.exclude(override_state="").filter(retired_at=None).order_by("override_until"))
