"""A request about an event that stands: what its page shows, and how its next entry is kept, previewed and refused."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Generic, Self, TypeVar

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone

from talaia.desk.front import dashboard
from talaia.desk.incidents.forms import EntryForm
from talaia.desk.mails import notice_overview, notice_readers
from talaia.desk.pages import language, page
from talaia.desk.writing import drafts
from talaia.desk.writing.event_pages import missing_languages, pressed, published_event, sent_again, what_came
from talaia.desk.writing.preview import Preview
from talaia.events import actions

Form = TypeVar("Form", bound=EntryForm)


class EventRequest(ABC, Generic[Form]):
    """`kind`: of the event, which its page is called by, too. `saw`: its mark as it was then."""

    kind: ClassVar[str]
    template: ClassVar[str]

    def __init__(self, request: HttpRequest, ref: str) -> None:
        self.request, self.now, self.by = request, timezone.now(), request.user.get_username()
        self.row = actions.find(self.kind, ref)
        self.saw = actions.mark_of(self.row)  # before the rest is read: what comes in between counts as not seen
        self.row.refresh_from_db()
        self.shown, self.subject = published_event(self.row), actions.subject(self.row)

    @abstractmethod
    def form(self, data: QueryDict | None = None, initial: Mapping[str, Any] | None = None) -> Form:
        """The form of its next entry."""

    @abstractmethod
    def context(self) -> dict[str, Any]:
        """What its page shows besides what every event shows."""

    @abstractmethod
    def preview(self, sent: Form) -> tuple[Sequence[Preview], str]:
        """How the entry would look, and which mail would follow, in a sentence."""

    def page(self, form: Form, **more: Any) -> HttpResponse:
        context = {
            "now": self.now,
            "event": self.shown,
            "late": dashboard.late_by(self.shown.next_update_at, self.now),
            "action": reverse(f"desk-{self.kind}", args=[self.row.ref]),
            "subject": self.subject,
            "writing": bool(more) or form.is_bound,
            "notices": notice_overview.shown(self.row.sent_notices.order_by("-number"), language()),
            "narrow": notice_readers.narrow(self.row),
            "missing": {"title": missing_languages(self.shown.titles)},
            "entries": [(entry, missing_languages(entry.texts)) for entry in self.shown.entries],
        }
        return page(self.request, self.template, {**context, **self.context(), **more, "form": form})

    def unpublished(self) -> HttpResponse | None:
        """The answer to whatever publishes nothing: the page, a draft that is kept, a preview. None: it publishes."""
        if self.request.method != "POST":
            begins = drafts.beginning(self.request, self.subject)
            return self.page(self.form(initial=begins.fields), **begins.context)
        match pressed(self.request):
            case "keep":
                return drafts.keep(self.request, self.subject)
            case "preview":
                sent = self.form(self.request.POST)
                sent.is_valid()
                previews, mail = self.preview(sent)
                again = partial(self.page, self.form(initial=self.request.POST.dict()))
                return drafts.preview(self.request, again, previews=previews, mail=mail)
        return None

    def newest(self) -> Self:
        """The same request about the event as it is by now."""
        return type(self)(self.request, self.row.ref)

    def overtaken(self, seen: str) -> HttpResponse:
        """Who was overtaken sees what came since they had `seen` it, and loses nothing."""
        newest = self.newest()
        came = what_came(newest.row, newest.shown, seen)
        return newest.page(newest.form(sent_again(self.request, newest.saw)), **came)
