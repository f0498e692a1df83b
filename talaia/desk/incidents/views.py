"""Open an incident, and write its next entry. Whoever may write may keep a draft; an operator publishes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from talaia.config import current
from talaia.desk.fields import not_before
from talaia.desk.incidents.forms import EntryForm, OpenForm, UpdateForm
from talaia.desk.incidents.resolve_confirmation import before_resolving
from talaia.desk.mails import notice_overview
from talaia.desk.pages import for_editors, for_operators, language, page
from talaia.desk.suggestions import suggest as suggestions
from talaia.desk.suggestions import views as suggesting
from talaia.desk.text_templates.text_templates import KINDS, name
from talaia.desk.writing import drafts
from talaia.desk.writing.event_pages import (
    also,
    impacts_of,
    pressed,
    published,
    written_in,
)
from talaia.desk.writing.event_request import EventRequest
from talaia.desk.writing.preview import Preview, opened, updated
from talaia.events import actions
from talaia.events.models import Event as Row
from talaia.events.models import Update
from talaia.events.timeline import IncidentState, NotPossible, Overtaken
from talaia.panel.state import TROUBLE
from talaia.site import snapshot
from talaia.site.values import FrontPage, PageService

OPENING = (IncidentState.INVESTIGATING, IncidentState.IDENTIFIED, IncidentState.MONITORING)


class Opening:
    """One request for the form of a new incident."""

    def __init__(self, request: HttpRequest) -> None:
        self.request, self.now = request, timezone.now()
        self.seen: FrontPage = snapshot.front(self.now)
        self.context: dict[str, Any] = {
            "now": self.now,
            "action": reverse("desk-open"),
            "subject": drafts.NEW,
            "kinds": [(kind, name(kind)) for kind in KINDS],
        }

    def form(self, data: QueryDict | None = None, initial: Mapping[str, Any] | None = None) -> OpenForm:
        asked = set(self.request.GET.getlist("service"))
        return OpenForm(
            data,
            initial=initial,
            groups=self.seen.groups,
            language=language(),
            suggested={s.slug: s.state for s in self.seen.services if s.slug in asked and s.state in TROUBLE},
            now=self.now,
            states=OPENING,
            written_in=str((initial or {}).get("written_in") or current().site.languages[0]),
        )

    def page(self, form: OpenForm, **more: Any) -> HttpResponse:
        return page(self.request, "desk/incidents/open.html", {**self.context, **more, "form": form})

    def suggested(self) -> tuple[suggestions.Suggestion, ...]:
        return suggesting.suggestions(self.seen, self.now)

    def begun(self, form: OpenForm, kind: str) -> OpenForm:
        """The form with the first words of a kind of trouble, for the services that are chosen in it."""
        form.is_valid()
        chosen: list[PageService] = [s for s in self.seen.services if s.slug in form.impacts()]
        began = form.cleaned_data.get("began") or self.now
        words = suggestions.drafted(kind, chosen, began, suggesting.known(), self.now)
        return self.form(initial=self.request.POST.dict() | suggesting.in_fields(words, began))


@for_editors
@require_http_methods(["GET", "POST"])
def open_incident(request: HttpRequest) -> HttpResponse:
    """The first words. `?service=<slug>` begins with its state as the impact, `?suggestion=<mark>` with all of that."""
    opening = Opening(request)
    if request.method != "POST":
        begins = drafts.beginning(request, drafts.NEW)
        fields, context = begins.fields, begins.context
        if mark := request.GET.get("suggestion", ""):
            found = next((one for one in opening.suggested() if one.mark == mark), None)
            fields = fields or (suggesting.fields(found) if found else {})
            context |= {} if found else {"changed_meanwhile": True}
        return opening.page(opening.form(initial=fields), **context)
    match pressed(request):
        case "keep":
            return drafts.keep(request, drafts.NEW)
        case "begin" if request.POST["begin"] in KINDS:
            return opening.page(opening.begun(opening.form(request.POST), request.POST["begin"]))
        case "preview":
            sent = opening.form(request.POST)
            sent.is_valid()
            previews, mail = opened(sent, opening.seen, opening.now), mail_after(sent, None, opening.now)
            again = partial(opening.page, opening.form(initial=request.POST.dict() | sent.said_anew))
            return drafts.preview(request, again, previews=previews, mail=mail)
    return publish_opening(request)


@for_operators
def publish_opening(request: HttpRequest) -> HttpResponse:
    """Open it. What began as a suggestion is opened only while that is still how things are, and nobody has spoken."""
    opening = Opening(request)
    sent = opening.form(request.POST)
    if not sent.is_valid():
        return opening.page(sent)
    given = sent.cleaned_data
    mark, key = given["suggestion"], given["key"] or None
    try:
        if mark and not is_out(key) and mark not in {one.mark for one in opening.suggested()}:
            raise Overtaken("")
        event = actions.open_incident(
            sent.titles.by_language(),
            sent.texts.by_language(),
            sent.impacts(),
            opening.now,
            by=request.user.get_username(),
            state=IncidentState(given["state"]),
            started_at=given["began"],
            next_update_at=given["next"],
            plain=given["plain"],
            key=key,
            only_if_untold=bool(mark),
            tell=given.get("tell"),
            only_behind=sent.reached.only_behind(),
        )
    except Overtaken as overtaken:
        # Having read how it is now, a person may publish it all the same.
        again = request.POST.copy()
        again["suggestion"] = ""
        return opening.page(opening.form(again), changed_meanwhile=True, why=str(overtaken))
    except NotPossible as refusal:
        sent.add_error(None, str(refusal))
        return opening.page(sent)
    drafts.forget(request, drafts.NEW, given["draft"])
    return published(request, event.ref, 1, drafts.NEW)


def is_out(key: str | None) -> bool:
    """Whether the form with this number has made its entry already."""
    return bool(key) and Update.objects.filter(key=key).exists()


def mail_after(form: EntryForm, row: Row | None, now: datetime) -> str:
    """Which mail would follow, in a sentence."""
    given = form.cleaned_data
    state = given.get("state") or form.fields["state"].initial
    only_behind = form.reached.only_behind() if isinstance(form, OpenForm) else None
    return notice_overview.would_follow(row, state, form.impacts(), given.get("tell"), now, only_behind)


class Continuing(EventRequest[UpdateForm]):
    """One request for the page of an incident."""

    kind = Row.INCIDENT
    template = "desk/incidents/incident.html"

    def __init__(self, request: HttpRequest, ref: str) -> None:
        super().__init__(request, ref)
        self.seen = snapshot.front(self.now)

    def form(self, data: QueryDict | None = None, initial: Mapping[str, Any] | None = None) -> UpdateForm:
        state = {"state": self.row.state}
        if (asked := self.request.GET.get("state", "")) in set(IncidentState):
            state = {"state": asked}
        return UpdateForm(
            data,
            initial={"seen": self.saw, **state, **(initial or {})},
            groups=self.seen.groups,
            language=language(),
            touched=impacts_of(self.row),
            now=self.now,
            states=list(IncidentState),
            written_in=str((initial or {}).get("written_in") or written_in(self.row)),
            ended=self.row.ended_at,
            causes=self.row.causes,
        )

    def context(self) -> dict[str, Any]:
        return also(self.row) | ({"writing": True} if "state" in self.request.GET else {})

    def preview(self, sent: UpdateForm) -> tuple[Sequence[Preview], str]:
        return updated(sent, self.seen, self.now, self.shown), mail_after(sent, self.row, self.now)


@for_editors
@require_http_methods(["GET", "POST"])
def incident(request: HttpRequest, ref: str) -> HttpResponse:
    """The timeline, and the form for its next entry. `?state=<state>` begins with that one."""
    return Continuing(request, ref).unpublished() or publish_entry(request, ref=ref)


@for_operators
def publish_entry(request: HttpRequest, ref: str) -> HttpResponse:
    """Add the entry; who was overtaken sees what came meanwhile, and loses nothing."""
    there = Continuing(request, ref)
    sent = there.form(request.POST)
    if not sent.is_valid():
        return there.page(sent)
    given, row = sent.cleaned_data, there.row
    over = given["state"] == IncidentState.RESOLVED
    if over and row.ended_at is None and not is_out(given["key"]):
        doubts = before_resolving({*impacts_of(row), *sent.impacts()}, there.now)
        if doubts and given["sure"] != doubts.mark:
            again = request.POST.copy()
            again["sure"] = doubts.mark
            return there.page(there.form(again), doubts=doubts, mail_then=mail_after(sent, row, there.now))
    try:
        update = actions.update_incident(
            row.ref,
            IncidentState(given["state"]),
            sent.texts.by_language(),
            there.now,
            by=there.by,
            impacts=sent.impacts(),
            next_update_at=given["next"],
            plain=given["plain"],
            at=not_before(given["at"], row.started_at),
            ended_at=not_before(given["ended"], row.started_at) if over else None,
            causes=(sent.causes.by_language() or None) if over else None,  # none given wipes no other out
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
    return published(request, row.ref, update.number, there.subject)
