"""Who did what. Operators read it; the addresses that it was done from, and the export, are for admins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from talaia.config import current
from talaia.desk.audit.export import as_csv, as_json
from talaia.desk.audit.query import AT_ONCE, AuditFilter, AuditLine, facts, in_words
from talaia.desk.pages import for_admins, for_operators, page
from talaia.events.timeline import NotPossible
from talaia.outbox.models import Fact


class AskForm(forms.Form):
    who = forms.CharField(max_length=150, required=False)
    about = forms.CharField(max_length=100, required=False)
    first = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.fields["who"].label = _("Who")
        self.fields["about"].label = _("About (part of it, such as 2026-003)")
        self.fields["first"].label = _("From the day")
        self.fields["last"].label = _("To the day")

    def asked(self) -> AuditFilter:
        """What was understood; a day that is none asks for nothing."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        return AuditFilter(**given)


@for_operators
@require_GET
def audit(request: HttpRequest) -> HttpResponse:
    form = AskForm(request.GET or {})
    asked = form.asked()
    rows = facts(asked, current().site.tz)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(id__lt=int(before))
    shown = list(rows[: AT_ONCE + 1])
    query = {name: str(value) for name, value in vars(asked).items() if value}
    older = urlencode({**query, "before": shown[AT_ONCE - 1].pk}) if len(shown) > AT_ONCE else ""
    context = {
        "form": form,
        "lines": [in_words(fact) for fact in shown[:AT_ONCE]],
        "older": older,
        "query": urlencode(query),
        "asked": bool(query),
        "beginning": not before,
        "people": Fact.objects.exclude(by="").order_by("by").values_list("by", flat=True).distinct()[:200],
    }
    return page(request, "desk/audit/audit.html", context)


@for_admins
@require_GET
def export(request: HttpRequest, form: str) -> HttpResponse:
    """Everything that was asked for, as a file."""
    makers = {"csv": (as_csv, "text/csv; charset=utf-8"), "json": (as_json, "application/json")}
    if form not in makers:
        raise NotPossible(_("there is no page /desk/%(rest)s") % {"rest": f"audit/export.{form}"})
    make, kind = makers[form]
    lines: Iterator[AuditLine] = map(in_words, facts(AskForm(request.GET).asked(), current().site.tz).iterator(500))
    answer = HttpResponse(make(lines), kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="talaia-log.{form}"'
    return answer
