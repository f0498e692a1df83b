"""Planned work: a plan, one more entry, another window, how it runs and what is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from talaia.config import current
from talaia.config.languages import LANGUAGE_NAMES
from talaia.desk.fields import Choices, Others, TextField, TitleField, new_key
from talaia.desk.incidents.forms import EntryForm
from talaia.desk.maintenance.window_forms import Times, Window
from talaia.desk.writing.impacts import ImpactsForm
from talaia.desk.writing.notice_scope import Whom
from talaia.events.models import Event
from talaia.events.notice_plan import PlanNotice, notice_word

USUAL, CHOSEN, NOBODY = "usual", "chosen", "nobody"
CLOCK, HAND = "clock", "hand"


class Arrangement:
    """The fields that say how a maintenance begins and ends, whom it wakes, and what is told when."""

    def __init__(self, form: forms.Form, event: Event | None = None) -> None:
        self.form = form
        telling: Choices = [
            (USUAL, _("Everything below, if a disruption is expected; else nothing")),
            (CHOSEN, _("What is ticked below")),
            (NOBODY, _("Nobody")),
        ]
        told = CHOSEN if event and event.notices else NOBODY if event else USUAL
        fields = form.fields
        fields["telling"] = _radio(_("Who is written to"), telling[1:] if event else telling, told)
        ticked = set(event.notices) if event else set(PlanNotice)
        for notice in PlanNotice:
            fields[f"notice-{notice}"] = _tick(notice_word(notice), notice in ticked)
        starts: Choices = [(CLOCK, _("By itself, at its time")), (HAND, _("When somebody says so"))]
        ends: Choices = [(HAND, _("When somebody says so")), (CLOCK, _("By itself, at its time"))]
        fields["starts"] = _radio(_("It begins"), starts, HAND if event and not event.starts_itself else CLOCK)
        fields["ends"] = _radio(_("It ends"), ends, CLOCK if event and event.ends_itself else HAND)
        quiet = _("Have Alertmanager be quiet about these services meanwhile")
        fields["silence"] = _tick(quiet, bool(event and event.silence))

    def notices(self) -> Iterator[BoundField]:
        for notice in PlanNotice:
            yield self.form[f"notice-{notice}"]

    def told(self) -> tuple[str, ...] | None:
        """The notices that are wanted; None: as is usual for what is expected."""
        given = self.form.cleaned_data
        if given["telling"] == USUAL:
            return None
        return () if given["telling"] == NOBODY else tuple(n for n in PlanNotice if given[f"notice-{n}"])

    def arranged(self) -> dict[str, bool]:
        given = self.form.cleaned_data
        return {
            "starts_itself": given["starts"] == CLOCK,
            "ends_itself": given["ends"] == CLOCK,
            "silence": given["silence"],
        }


class PlanForm(ImpactsForm):
    """A new maintenance."""

    planned = True
    title = TitleField(label=gettext_lazy("Title"))
    text = TextField(label=gettext_lazy("Reason, and what people will notice"))
    written_in = forms.ChoiceField(label=gettext_lazy("Language of the text"), required=False)
    key = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)
    draft = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)
    # The `fingerprint` of what is told when, as whoever publishes it has seen it.
    foreseen = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)

    def __init__(self, *args: Any, now: datetime, written_in: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.now = now
        languages = self.fields["written_in"]
        assert isinstance(languages, forms.ChoiceField)
        languages.choices = [(code, LANGUAGE_NAMES.get(code, code)) for code in current().site.languages]
        languages.initial = written_in
        self.fields["key"].initial = new_key()
        self.fields["text"].widget.attrs["lang"] = written_in
        self.titles, self.texts = Others(self, "title", TitleField), Others(self, "text", TextField)
        self.times = Times(self, None)
        self.arrangement = Arrangement(self)
        self.reached = Whom(self)
        self.approval = current().maintenance.approval  # then it is no choice
        self.fields["second"] = _tick(_("A second person must approve it first"), self.approval)

    def clean(self) -> dict[str, Any]:
        self.titles.check()
        self.texts.check()
        self.times.check(self.now)
        self.reached.check()
        return self.cleaned_data

    def clean_written_in(self) -> str:
        return str(self.cleaned_data["written_in"] or self.fields["written_in"].initial)

    def needs_approval(self) -> bool:
        return self.approval or bool(self.cleaned_data["second"])


class StepForm(EntryForm):
    """One more entry of a maintenance. `seen`: as in UpdateForm."""

    planned = True
    field_order = ("text", "state", "next")
    seen = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)


class ShiftForm(forms.Form):
    """Another window, or a later end, and why."""

    text = TextField(label=gettext_lazy("Why (the times are said by themselves)"), required=False)
    key = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)
    foreseen = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)  # as in PlanForm

    def __init__(self, *args: Any, now: datetime, was: Window, end_only: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        self.now = now
        self.times = Times(self, was, end_only=end_only)
        self.fields["key"].initial = new_key()

    def clean(self) -> dict[str, Any]:
        self.times.check(self.now)
        return self.cleaned_data


class MoveForm(forms.Form):
    """It begins, is over, or does not take place; with or without words."""

    text = TextField(label=gettext_lazy("Text"), required=False)
    key = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["key"].initial = new_key()


class ArrangeForm(forms.Form):
    """How it runs, and what is told, of a maintenance that stands."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)

    def __init__(self, *args: Any, event: Event, **more: Any) -> None:
        super().__init__(*args, **more)
        self.arrangement = Arrangement(self, event)


def _radio(label: str, choices: Sequence[tuple[str, str]], initial: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, initial=initial, widget=forms.RadioSelect)


def _tick(label: str, initial: bool) -> forms.BooleanField:
    return forms.BooleanField(label=label, initial=initial, required=False)
