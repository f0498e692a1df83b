"""The page on which maintenance is planned."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from talaia.config import current
from talaia.desk.mails import notice_overview, notice_readers
from talaia.desk.maintenance.forms import PlanForm
from talaia.desk.pages import for_editors, for_operators, language, page
from talaia.desk.writing import drafts
from talaia.desk.writing.event_pages import (
    pressed,
    published,
)
from talaia.desk.writing.preview import planned
from talaia.events import actions
from talaia.events import notice_plan as planning
from talaia.events.models import Event as Row
from talaia.events.timeline import NotPossible, fingerprint
from talaia.notices.values import Kind
from talaia.panel.state import TROUBLE
from talaia.site import snapshot


@for_editors
@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest) -> HttpResponse:
    """A new maintenance. `?service=<slug>` begins with that service touched."""
    if request.method != "POST":
        begins = drafts.beginning(request, drafts.PLAN)
        return plan_page(request, plan_form(request, initial=begins.fields), **begins.context)
    match pressed(request):
        case "keep":
            return drafts.keep(request, drafts.PLAN)
        case "preview":
            sent = plan_form(request, request.POST)
            sent.is_valid()
            coming, data = foreseen(sent), request.POST.copy()
            data["foreseen"] = coming.get("seen", "")
            again = partial(plan_page, request, plan_form(request, data), quiet=True, **coming)
            return drafts.preview(request, again, previews=planned(sent, snapshot.front(timezone.now())))
    return publish_plan(request)


@for_operators
def publish_plan(request: HttpRequest) -> HttpResponse:
    """Announce it, or propose it to a second person."""
    now, sent = timezone.now(), plan_form(request, request.POST)
    if not sent.is_valid():
        return plan_page(request, sent)
    given, before = sent.cleaned_data, foreseen(sent)
    if before["told"] and given["foreseen"] != before["seen"]:  # which mails go, and when, is shown before it is done
        again = request.POST.copy()
        again["foreseen"] = before["seen"]
        return plan_page(request, plan_form(request, again), confirm=True, **before)
    try:
        event = actions.plan_maintenance(
            sent.titles.by_language(),
            sent.texts.by_language(),
            sent.impacts(),
            sent.times.window(),
            now,
            by=request.user.get_username(),
            notices=sent.arrangement.told(),
            needs_approval=sent.needs_approval(),
            only_behind=sent.reached.only_behind(),
            key=given["key"] or None,
            **sent.arrangement.arranged(),
        )
    except NotPossible as refusal:
        sent.add_error(None, str(refusal))
        return plan_page(request, sent)
    drafts.forget(request, drafts.PLAN, given["draft"])
    if event.awaits_approval:
        said = _("It waits for a second person. Nobody outside knows of it yet.")
        messages.info(request, said, extra_tags=drafts.PLAN)
        return HttpResponseRedirect(reverse("desk-maintenance", args=[event.ref]))
    return published(request, event.ref, 1, drafts.PLAN, Row.MAINTENANCE)


def plan_form(
    request: HttpRequest, data: QueryDict | None = None, initial: Mapping[str, Any] | None = None
) -> PlanForm:
    now = timezone.now()
    asked = set(request.GET.getlist("service"))
    seen = snapshot.front(now)
    return PlanForm(
        data,
        initial=initial,
        groups=seen.groups,
        language=language(),
        suggested={s.slug: TROUBLE[-1] for s in seen.services if s.slug in asked},
        now=now,
        written_in=str((initial or {}).get("written_in") or current().site.languages[0]),
    )


def plan_page(request: HttpRequest, form: PlanForm, **more: Any) -> HttpResponse:
    context = {"now": form.now, "action": reverse("desk-plan"), "subject": drafts.PLAN, "form": form}
    return page(request, "desk/maintenance/plan.html", {**context, **more})


def foreseen(form: PlanForm) -> dict[str, Any]:
    """What would be told when, and what is against the house's rule; nothing while the form is not whole."""
    if form.errors:
        return {}
    levels, window = form.impacts().values(), form.times.window()
    notices = form.arrangement.told()
    wanted = planning.default_notices(levels) if notices is None else notices
    arranged = form.arrangement.arranged()
    lines = planning.lines(
        wanted, window, form.now, starts_itself=arranged["starts_itself"], ends_itself=arranged["ends_itself"]
    )
    minimum = current().maintenance.notice
    to = notice_readers.goes_to(Kind.ADVANCE, None, form.impacts(), form.reached.only_behind())
    mailed = current().mail.sender is not None
    hours = [[line.notice, line.at.isoformat() if line.at and not line.at_once else "", line.skipped] for line in lines]
    return {
        "told": notice_overview.leaves_the_house() and any(not line.skipped for line in lines),
        "seen": fingerprint([hours, form.reached.only_behind(), sorted(form.impacts())]),
        "hold": current().mail.hold.total_seconds(),
        "mails_go": _("Mails go %(whom)s.") % {"whom": to} if mailed else "",
        "plan_lines": [(planning.notice_word(line.notice), line) for line in lines],
        "warnings": planning.warnings(wanted, levels, window[0], form.now, minimum),
    }
