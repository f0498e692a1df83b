"""Write what happened, once it is over: beside the field stands what is worth saying, in it what is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from talaia.config import current
from talaia.config.languages import LANGUAGE_NAMES
from talaia.desk.analyses import facts as analysis_facts
from talaia.desk.analyses.forms import LONGEST_KNOWN, AnalysisForm
from talaia.desk.analyses.timeline import document, gaps, refreshed
from talaia.desk.models import Draft
from talaia.desk.pages import for_editors, for_operators, language, page
from talaia.desk.writing.actions import drop_draft, keep_draft, version_of
from talaia.desk.writing.event_pages import published_event, written_in
from talaia.events import actions
from talaia.events.anchors import fresh
from talaia.events.models import Event as Row
from talaia.events.timeline import NotPossible, Overtaken, fingerprint
from talaia.localization.dates import Dates


@dataclass(frozen=True)
class Writing:
    """An analysis that somebody writes, in one language."""

    request: HttpRequest
    row: Row
    language: str
    now: datetime

    @classmethod
    def begun(cls, request: HttpRequest, kind: str, ref: str) -> Writing:
        """What is asked for. Raises NotPossible."""
        row = actions.find(kind, ref)
        wanted = request.GET.get("language", "")
        spoken = wanted if wanted in current().site.languages else written_in(row)
        return cls(request, row, spoken, timezone.now())

    @property
    def person(self) -> str:
        return self.request.user.get_username()

    @property
    def subject(self) -> str:
        """How drafts are kept: `analysis/2026-003`; of maintenance `analysis/maintenance/2026-003`."""
        return f"analysis/{self.row.ref}" if self.row.kind == Row.INCIDENT else f"analysis/maintenance/{self.row.ref}"

    @property
    def address(self) -> str:
        name = "desk-analysis" if self.row.kind == Row.INCIDENT else "desk-maintenance-analysis"
        return reverse(name, args=[self.row.ref])

    @property
    def here(self) -> str:
        return f"{self.address}?language={self.language}"

    def draft(self, person: str) -> Draft | None:
        return Draft.objects.filter(person=person, subject=self.subject).first()

    def beginning(self) -> dict[str, str]:
        """The fields: the draft that was asked for, one's own, what is published, what is known."""
        asked, now = self.request.GET.get("draft", ""), fingerprint(self.row.analyses)
        for person in dict.fromkeys((asked, self.person) if asked else (self.person,)):
            if (draft := self.draft(person)) and (text := draft.fields.get(self.language)):
                before = draft.fields.get(self.started_from, self.published)
                seen = now if before == self.published else before
                return {"text": text, "whose": person, "known": fingerprint(text), "seen": seen}
        return {"text": self.row.analyses.get(self.language) or self.document(), "seen": now}

    @property
    def started_from(self) -> str:
        """Which field of a draft says what was published when it was begun."""
        return f"{self.language} from"

    @property
    def published(self) -> str:
        """What is published in this language, as a fingerprint."""
        return fingerprint(self.row.analyses.get(self.language, ""))

    def document(self) -> str:
        event = published_event(self.row)
        with translation.override(self.language):
            calendar = self.calendar()
            happened = analysis_facts.moments(self.row, event, current(), calendar)
            # Of what is part of another one, that one tells how long it lasted.
            found = [] if event.merged_into else analysis_facts.troubles(event, self.language)
            return document(event, found, happened, calendar)

    def with_chronology(self, text: str) -> str:
        names = set()
        for code in current().site.languages:
            with translation.override(code):
                names.add(_("Chronology"))
        with translation.override(self.language):
            calendar = self.calendar()
            return refreshed(
                text, analysis_facts.moments(self.row, published_event(self.row), current(), calendar), calendar, names
            )

    def calendar(self) -> Dates:
        return Dates(self.language, current().site.tz)

    def form(self, data: Any = None) -> AnalysisForm:
        if data is not None:
            return AnalysisForm(data, language=self.language)
        return AnalysisForm(initial=self.beginning(), language=self.language)

    def keep(self, text: str, seen: str, offer: bool = False) -> None:
        draft = self.draft(self.person)
        before = self.published if seen == fingerprint(self.row.analyses) else seen
        fields = {**(draft.fields if draft else {}), self.language: text, self.started_from: before}
        if left := fields if text.strip() else self.without(fields):
            keep_draft(self.person, self.subject, left, self.now, offer=offer)
        elif draft:
            drop_draft(draft.pk, self.person, self.now)

    def without(self, fields: dict[str, str]) -> dict[str, str]:
        """A draft without what it says in this language."""
        return {name: words for name, words in fields.items() if name not in (self.language, self.started_from)}

    def forget(self, text: str, whose: str, known: str) -> None:
        """What is published is no draft any more: one's own, and the one that it was begun with.

        Words that were never in the field (`known`: which were) are still to be published, or not.
        """
        for person in {self.person, whose} - {""}:
            draft = self.draft(person)
            words = draft.fields.get(self.language, "") if draft else ""
            if draft is None or (words != text and fingerprint(words) not in known.split()):
                continue
            if left := self.without(draft.fields):
                keep_draft(person, self.subject, left, self.now)
            else:
                version = version_of(draft)
                drop_draft(draft.pk, self.person, self.now, published=True, version=version)

    def preview(self, text: str) -> dict[str, Any]:
        """As everybody would read it; the numbers of the addresses are given on publishing, and may be others."""
        words = ((self.language, text),)
        event = replace(published_event(self.row), analyses=words, anchors=fresh(dict(words), self.language))
        return {"asked": True, "would_be": event if text.strip() else None, "spoken": self.language}

    def context(self, form: AnalysisForm) -> dict[str, Any]:
        drafts = Draft.objects.filter(subject=self.subject).order_by("-offered", "-saved_at")
        own = self.draft(self.person)
        return {
            "now": self.now,
            "form": form,
            "event": published_event(self.row),
            "spoken": self.language,
            "spoken_name": LANGUAGE_NAMES.get(self.language, self.language),
            "versions": [(code, LANGUAGE_NAMES.get(code, code)) for code in current().site.languages],
            "drafts": [draft for draft in drafts if draft.person != self.person and draft.fields.get(self.language)],
            "own": own if own and own.fields.get(self.language) else None,
            "guidance": f"desk/analyses/guidance_{language() if language() in LANGUAGE_NAMES else 'en'}.html",
            "action": self.here,
            "publish": f"{self.address}/publish?language={self.language}",
        }

    def show(self, form: AnalysisForm, **more: Any) -> HttpResponse:
        return page(self.request, "desk/analyses/analysis.html", {**self.context(form), **more})


@for_editors
@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, ref: str, kind: str = Row.INCIDENT) -> HttpResponse:
    """The field, its preview, its draft, its chronology anew. What is written here nobody outside reads."""
    writing = Writing.begun(request, kind, ref)
    if request.method != "POST":
        return writing.show(writing.form())
    sent = writing.form(request.POST)
    if not sent.is_valid():
        return writing.show(sent)
    text = sent.cleaned_data["text"]
    if "preview" in request.POST:
        return writing.show(sent, **writing.preview(text))
    again = request.POST.copy()
    if "refresh" in request.POST:
        again["text"] = writing.with_chronology(text)
        return writing.show(writing.form(again), refreshed=True)
    writing.keep(text, sent.cleaned_data["seen"], offer="offer" in request.POST)
    again["known"] = f"{again.get('known', '')} {fingerprint(text)}"[-LONGEST_KNOWN:]
    return writing.show(writing.form(again), kept=True, offered="offer" in request.POST)


@for_operators
@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, ref: str, kind: str = Row.INCIDENT) -> HttpResponse:
    """For everybody to read. (Who may do so is the line above; who may keep a draft, that above `write`.)"""
    writing = Writing.begun(request, kind, ref)
    if request.method != "POST":
        return HttpResponseRedirect(writing.here)
    sent = writing.form(request.POST)
    if not sent.is_valid():
        return writing.show(sent)
    given = sent.cleaned_data
    row = writing.row
    if missing := gaps(given["text"]):
        words = ngettext(
            "%(count)s place is still to be filled in: …", "%(count)s places are still to be filled in: …", missing
        )
        sent.add_error("text", words % {"count": missing})
        return writing.show(sent)
    try:
        actions.write_analysis(
            kind, row.ref, writing.language, given["text"], writing.now, by=writing.person, seen=given["seen"]
        )
    except Overtaken:
        row.refresh_from_db()
        again = request.POST.copy()
        again["seen"] = fingerprint(row.analyses)
        return writing.show(writing.form(again), overtaken=True)
    except NotPossible as refusal:
        sent.add_error(None, str(refusal))
        return writing.show(sent)
    writing.forget(given["text"], given["whose"], given["known"])
    messages.success(request, f"{current().site.address.rstrip('/')}{published_event(row).path}#analysis")
    return HttpResponseRedirect(writing.here)
