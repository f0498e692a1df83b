"""Approve a maintenance, shift its window, begin it, end it, call it off, arrange how it runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from talaia.config import current
from talaia.desk.mails import notice_overview
from talaia.desk.maintenance import reschedule_preview
from talaia.desk.maintenance.forms import ArrangeForm, MoveForm, ShiftForm
from talaia.desk.maintenance.views import Following
from talaia.desk.pages import for_operators, page
from talaia.desk.writing.event_pages import (
    impacts_of,
    sent_again,
    written_in,
)
from talaia.events import actions
from talaia.events import notice_plan as planning
from talaia.events.models import Update
from talaia.events.timeline import MaintenanceState, NotPossible, Overtaken
from talaia.site import window_change_text

MOVES = {
    "start": MaintenanceState.IN_PROGRESS,
    "complete": MaintenanceState.COMPLETED,
    "cancel": MaintenanceState.CANCELLED,
}


@for_operators
@require_POST
def approve(request: HttpRequest, ref: str) -> HttpResponse:
    """The second person's yes."""
    there = Following(request, ref)
    try:
        actions.approve_maintenance(ref, there.now, by=there.by, seen=request.POST.get("seen") or None)
    except NotPossible as refusal:
        messages.error(request, str(refusal), extra_tags="told")
        return HttpResponseRedirect(reverse("desk-maintenance", args=[ref]))
    return there.done(actions.find("maintenance", ref).updates.count())


@for_operators
@require_POST
def withdraw(request: HttpRequest, ref: str) -> HttpResponse:
    """The change that waits for a second yes is dropped."""
    there = Following(request, ref)
    try:
        actions.withdraw_change(ref, there.now, by=there.by, seen=request.POST.get("seen") or None)
    except Overtaken:
        messages.info(request, _("That has changed meanwhile. This is how it is now."))
    else:
        messages.info(request, _("The change is dropped; what was approved stands."))
    return HttpResponseRedirect(reverse("desk-maintenance", args=[ref]))


@for_operators
@require_http_methods(["GET", "POST"])
def shift(request: HttpRequest, ref: str, what: str) -> HttpResponse:
    """Another window before it begins, or a later end."""
    there = Following(request, ref)
    site, extending = current().site, what == "extend"

    def form(data: QueryDict | None = None) -> ShiftForm:
        return ShiftForm(data, initial={"seen": there.saw}, now=there.now, was=there.window, end_only=extending)

    def shown(sent: ShiftForm, **more: Any) -> HttpResponse:
        action = reverse(f"desk-{what}", args=[ref])
        context = {"now": there.now, "event": there.shown, "what": what, "action": action, "form": sent}
        return page(request, "desk/maintenance/shift.html", {**context, **more})

    if request.method != "POST":
        return shown(form())
    sent = form(request.POST)
    if not sent.is_valid():
        return shown(sent)
    given, window = sent.cleaned_data, sent.times.window()
    coming = reschedule_preview.after_shift(there.row, window, there.now)
    later = window[1] > there.window[1] if extending else window != there.window
    if later and coming.told and given["foreseen"] != coming.mark:
        again = request.POST.copy()
        again["foreseen"] = coming.mark
        lines = [(planning.notice_word(line.notice), line) for line in coming.lines]
        told = {"plan_lines": lines, "mails_go": coming.mail, "hold": current().mail.hold.total_seconds()}
        return shown(form(again), confirm=True, new=replace(there.shown, window=window), **told)
    words = {written_in(there.row): given["text"]} if given["text"] else {}
    asked: dict[str, Any] = {"by": there.by, "key": given["key"] or None, "seen": given["seen"] or None}
    update: Update | None
    try:
        if extending:
            texts = window_change_text.extended(there.window, window[1], site.languages, site.tz, words)
            update = actions.extend_maintenance(ref, window[1], texts, there.now, **asked)
        else:
            texts = window_change_text.postponed(there.window, window, site.languages, site.tz, words)
            update = actions.postpone_maintenance(ref, window, texts, there.now, **asked)
    except Overtaken:
        newest = there.newest()
        return shown(form(sent_again(request, newest.saw)), overtaken=True, event=newest.shown)
    except NotPossible as refusal:
        sent.add_error(None, str(refusal))
        return shown(sent)
    return there.done(update.number if update else None)


@for_operators
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, ref: str, what: str) -> HttpResponse:
    """It begins, is over, or does not take place: one more page, so that no slip of a thumb says so."""
    there = Following(request, ref)

    def form(data: QueryDict | None = None) -> MoveForm:
        return MoveForm(data, initial={"seen": there.saw})

    def shown(sent: MoveForm, **more: Any) -> HttpResponse:
        action = reverse(f"desk-{what}", args=[ref])
        touched = impacts_of(there.row)
        context = {
            "now": there.now,
            "event": there.shown,
            "what": what,
            "action": action,
            "form": sent,
            "mail": notice_overview.would_follow(there.row, MOVES[what], touched, None, there.now),
        }
        return page(request, "desk/maintenance/move.html", {**context, **more})

    if request.method != "POST":
        return shown(form())
    sent = form(request.POST)
    if not sent.is_valid():
        return shown(sent)
    given = sent.cleaned_data
    texts = {written_in(there.row): given["text"]} if given["text"] else {}
    state = MOVES[what]
    if there.row.state == state and not texts:  # two taps, or the clock was quicker: it is so already
        return there.done(None)
    try:
        update = actions.update_maintenance(
            ref, state, texts, there.now, by=there.by, key=given["key"] or None, seen=given["seen"] or None
        )
    except Overtaken:
        newest = there.newest()
        return shown(form(sent_again(request, newest.saw)), overtaken=True, event=newest.shown)
    except NotPossible as refusal:
        sent.add_error(None, str(refusal))
        return shown(sent)
    return there.done(update.number if update else None)


@for_operators
@require_http_methods(["GET", "POST"])
def arrange(request: HttpRequest, ref: str) -> HttpResponse:
    """How it begins and ends, what is told, whether alerts are silenced."""
    there = Following(request, ref)
    context = {"now": there.now, "event": there.shown, "action": reverse("desk-arrange", args=[ref])}
    if request.method != "POST":
        form = ArrangeForm(event=there.row, initial={"seen": there.saw})
        return page(request, "desk/maintenance/arrange.html", {**context, "form": form})
    sent = ArrangeForm(request.POST, event=there.row)
    if sent.is_valid():
        try:
            actions.arrange_maintenance(
                ref,
                there.now,
                by=there.by,
                notices=sent.arrangement.told(),
                seen=sent.cleaned_data["seen"] or None,
                **sent.arrangement.arranged(),
            )
        except Overtaken:
            newest = there.newest()
            sent = ArrangeForm(sent_again(request, newest.saw), event=newest.row)
            context |= {"overtaken": True, "event": newest.shown}
        except NotPossible as refusal:
            sent.add_error(None, str(refusal))
        else:
            if actions.find("maintenance", ref).proposed is not None:
                return there.done(None)
            messages.info(request, _("Kept. The page of the maintenance says how it runs now."))
            return HttpResponseRedirect(reverse("desk-maintenance", args=[ref]))
    return page(request, "desk/maintenance/arrange.html", {**context, "form": sent})
