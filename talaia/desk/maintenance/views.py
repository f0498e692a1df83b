"""Plan maintenance, and follow it until it is over. Whoever may write keeps drafts; an operator publishes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from talaia.config import current
from talaia.desk.front import dashboard
from talaia.desk.mails import notice_overview, notice_readers
from talaia.desk.maintenance import reschedule_preview
from talaia.desk.maintenance.forms import StepForm
from talaia.desk.pages import for_editors, for_operators, language
from talaia.desk.writing import drafts
from talaia.desk.writing.event_pages import (
    impacts_of,
    published,
    written_in,
)
from talaia.desk.writing.event_request import EventRequest
from talaia.desk.writing.preview import Preview, stepped
from talaia.events import actions
from talaia.events import notice_plan as planning
from talaia.events.formatting import known_since
from talaia.events.models import Event as Row
from talaia.events.timeline import MAINTENANCE_STEPS, MaintenanceState, NotPossible, Overtaken
from talaia.events.window_schedule import late
from talaia.localization.texts import words
from talaia.notices.values import Kind
from talaia.panel.models import Service
from talaia.panel.state import State
from talaia.site import snapshot


class Following(EventRequest[StepForm]):
    """One request about a maintenance that stands."""

    kind = Row.MAINTENANCE
    template = "desk/maintenance/maintenance.html"

    @property
    def window(self) -> tuple[Any, Any]:
        return self.row.window_start, self.row.window_end

    def form(self, data: QueryDict | None = None, initial: Mapping[str, Any] | None = None) -> StepForm:
        here = MaintenanceState(self.row.state)
        steps: list[MaintenanceState] = [
            step for step in MaintenanceState if step in MAINTENANCE_STEPS[here] and not _page_of_its_own(here, step)
        ]
        if self.row.awaits_approval or not steps:
            steps = [here]
        return StepForm(
            data,
            initial={"seen": self.saw, "state": self.row.state, "next": "none", **(initial or {})},
            groups=snapshot.front(self.now).groups,
            language=language(),
            touched=impacts_of(self.row),
            now=self.now,
            states=steps,
            written_in=str((initial or {}).get("written_in") or written_in(self.row)),
        )

    def context(self) -> dict[str, Any]:
        row = self.row
        since = self.now if row.awaits_approval else known_since(row)  # what waits has been told to nobody
        lines = reschedule_preview.plan_of(row, self.window, since)
        why = late(row, self.now)
        return {
            "row": row,
            "why_late": why.value if why else "",
            "over_by": dashboard.late_by(row.window_end, self.now),
            "may_approve": row.awaits_approval and self.by not in row.writers,
            "authors": ", ".join(sorted(row.writers)),
            "change": self.change(),
            "early": bool(row.approved_by and row.window_start and self.now < row.window_start),
            "passed": bool(row.window_end and row.window_end <= self.now),
            "hold": current().mail.hold.total_seconds(),
            "plan_lines": [(planning.notice_word(line.notice), line) for line in lines],
            "mails_go": self.mails_go(),
            "warnings": against(row) if row.state == MaintenanceState.SCHEDULED else (),
            "incident": "&".join(f"service={slug}" for slug in sorted(impacts_of(row))),
        }

    def preview(self, sent: StepForm) -> tuple[Sequence[Preview], str]:
        state, tell = str(sent.cleaned_data.get("state") or self.row.state), sent.cleaned_data.get("tell")
        mail = notice_overview.would_follow(self.row, state, sent.impacts(), tell, self.now)
        return stepped(sent, self.shown, self.now), mail

    def change(self) -> dict[str, Any]:
        """What waits for a second yes, in words; {} when nothing does."""
        waiting: dict[str, Any] = self.row.proposed or {}
        if not waiting:
            return {}
        found: dict[str, Any] = {"may_approve": self.by not in self.row.writers}
        if "window" in waiting:
            start, end = (datetime.fromisoformat(at) for at in waiting["window"])
            found["window"] = replace(self.shown, window=(start, end))
        if "impacts" in waiting:
            names = dict(Service.objects.filter(pk__in=waiting["impacts"]).values_list("pk", "names"))
            found["impacts"] = [
                (words(names[slug]), State(state))
                for slug, state in sorted(waiting["impacts"].items())
                if slug in names
            ]
        if "notices" in waiting:
            found["notices"] = [planning.notice_word(one) for one in planning.read_notices(waiting["notices"])]
            found["nobody"] = not waiting["notices"]
        if "silence" in waiting:
            found["silence"] = "on" if waiting["silence"] else "off"
        return found

    def mails_go(self) -> str:
        if current().mail.sender is None:
            return ""
        touched = impacts_of(self.row)
        return _("Mails go %(whom)s.") % {"whom": notice_readers.goes_to(Kind.UPDATE, self.row, touched)}

    def done(self, number: int | None, about: str = "") -> HttpResponse:
        """Back to it: published, or, while it waits for a second person, only kept."""
        self.row.refresh_from_db()
        if number is None and self.row.proposed is not None:
            messages.info(self.request, _("The change waits for a second person. Until then what was approved stands."))
            return HttpResponseRedirect(reverse("desk-maintenance", args=[self.row.ref]))
        if self.row.awaits_approval:
            messages.info(self.request, _("Kept. Nobody outside knows of it yet."), extra_tags=about)
            return HttpResponseRedirect(reverse("desk-maintenance", args=[self.row.ref]))
        return published(self.request, self.row.ref, number, about, Row.MAINTENANCE)


@for_editors
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, ref: str) -> HttpResponse:
    """A maintenance with all that can be done to it, and the form for its next entry."""
    return Following(request, ref).unpublished() or publish_step(request, ref=ref)


@for_operators
def publish_step(request: HttpRequest, ref: str) -> HttpResponse:
    """Add the entry; who was overtaken sees what came meanwhile, and loses nothing."""
    there = Following(request, ref)
    sent = there.form(request.POST)
    if not sent.is_valid():
        return there.page(sent)
    given = sent.cleaned_data
    try:
        update = actions.update_maintenance(
            ref,
            MaintenanceState(given["state"]),
            sent.texts.by_language(),
            there.now,
            by=there.by,
            plain=given["plain"],
            impacts=sent.impacts(),
            next_update_at=given["next"],
            key=given["key"] or None,
            seen=given["seen"],
            tell=given.get("tell"),
        )
    except Overtaken:
        return there.overtaken(given["seen"])
    except NotPossible as refusal:
        sent.add_error(None, str(refusal))
        return there.page(sent)
    drafts.forget(request, there.subject, given["draft"])
    return there.done(update.number if update else None, there.subject)


def against(row: Row) -> tuple[str, ...]:
    """What of its plan is against the house's rule."""
    if row.window_start is None:
        return ()
    levels, minimum = impacts_of(row).values(), current().maintenance.notice
    return planning.warnings(row.notices, levels, row.window_start, known_since(row), minimum)


def _page_of_its_own(here: MaintenanceState, step: MaintenanceState) -> bool:
    """That it is called off, or was done though nobody saw it begin, is said by no slip of a thumb."""
    done_unseen = here is MaintenanceState.SCHEDULED and step is MaintenanceState.COMPLETED
    return done_unseen or step is MaintenanceState.CANCELLED
