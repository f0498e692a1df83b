"""A new incident, one more entry, and the end of what was another one all the while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from talaia.config import current
from talaia.config.languages import LANGUAGE_NAMES
from talaia.desk.fields import Choices, MomentField, Others, TextField, TitleField, Translated, new_key
from talaia.desk.writing.impacts import ImpactsForm
from talaia.desk.writing.notice_scope import Whom
from talaia.events import next_update
from talaia.events.timeline import IncidentState, MaintenanceState, NotPossible, incident_word, maintenance_word
from talaia.localization.dates import Dates


class EntryForm(ImpactsForm):
    """What every new entry has: its state, its text, the services, and when the next word is promised."""

    state = forms.ChoiceField(label=gettext_lazy("State"), widget=forms.RadioSelect)
    text = TextField(label=gettext_lazy("Text"))
    plain = forms.BooleanField(label=gettext_lazy("Plain text: show it as I write it"), required=False)
    written_in = forms.ChoiceField(label=gettext_lazy("Language of the text"), required=False)
    next = forms.ChoiceField(
        label=gettext_lazy("Next update"),
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Please choose again: that time has passed.")},
    )
    tell = forms.ChoiceField(
        label=gettext_lazy("Mails"),
        widget=forms.RadioSelect,
        required=False,
        choices=[
            ("", gettext_lazy("as usual")),
            ("yes", gettext_lazy("mails go out")),
            ("no", gettext_lazy("no mails")),
        ],
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)
    draft = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)

    def __init__(
        self,
        *args: Any,
        now: datetime,
        states: Sequence[IncidentState] | Sequence[MaintenanceState],
        written_in: str,
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.now = now
        self.texts = Others(self, "text", TextField)
        self.fields["state"].initial = states[0].value
        self.fields["next"].initial = next_update.usual(self.beginning.values())
        self.fields["written_in"].initial = written_in
        self.fields["key"].initial = new_key()
        if current().mail.sender is None:
            del self.fields["tell"]
        self.fields["text"].widget.attrs["lang"] = written_in
        self._choices("state", [(state.value, step_word(state)) for state in states])
        self._choices("next", next_choices(now, self.language, str(self["next"].value() or "")))
        self._choices("written_in", [(code, LANGUAGE_NAMES.get(code, code)) for code in current().site.languages])

    def _choices(self, name: str, choices: Choices) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        self.texts.check()
        return self.cleaned_data

    def clean_tell(self) -> bool | None:
        return {"yes": True, "no": False}.get(self.cleaned_data["tell"])

    def clean_written_in(self) -> str:
        return str(self.cleaned_data["written_in"] or self.fields["written_in"].initial)

    def clean_next(self) -> datetime | None:
        try:
            return next_update.parse(self.cleaned_data["next"], self.now, current().site.tz)
        except NotPossible as error:
            raise forms.ValidationError(str(error)) from None


class OpenForm(EntryForm):
    """A new incident. `suggestion`: the mark of the one that it began as; then nobody else may have been quicker."""

    field_order = ("title", "text", "state", "next")
    title = TitleField(label=gettext_lazy("Title"))
    suggestion = forms.CharField(widget=forms.HiddenInput, max_length=20, required=False)
    given_title = forms.CharField(widget=forms.HiddenInput, max_length=200, required=False)  # the ready words: `Others`
    given_text = forms.CharField(widget=forms.HiddenInput, max_length=200, required=False)
    given_since = forms.CharField(
        widget=forms.HiddenInput, max_length=40, required=False
    )  # since when they say it is so

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.titles = Others(self, "title", TitleField)
        self.fields["began"] = MomentField(label=_("When it began (empty: now)"))
        self.reached = Whom(self)
        self.said_anew: dict[str, str] = {}  # fields that are others than they were sent

    def clean(self) -> dict[str, Any]:
        self._follow_the_beginning()
        self.titles.check()
        self.reached.check()
        return super().clean()

    def _follow_the_beginning(self) -> None:
        """Ready words tell since when. Where somebody corrects that they follow, or the page would say both."""
        given, zone = self.cleaned_data, current().site.tz
        try:
            before = datetime.fromisoformat(given.get("given_since", "")).astimezone(zone)
        except ValueError:
            return
        began = given.get("began") or self.now
        calendars = [Dates(code, zone) for code in current().site.languages]
        phrases = {one.language: (one.since(before, self.now), one.since(began, self.now)) for one in calendars}
        self.said_anew = self.titles.said_anew(phrases) | self.texts.said_anew(phrases)
        if self.said_anew:
            self.said_anew["given_since"] = began.isoformat()


class UpdateForm(EntryForm):
    """One more entry. `seen`: what its writer has read so far (`events.actions.mark_of`).

    `sure`: the mark of what the monitoring still sees, of which its writer has read that it is over all the same.
    """

    field_order = ("text", "state", "next")
    sure = forms.CharField(widget=forms.HiddenInput, max_length=20, required=False)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)

    def __init__(self, *args: Any, ended: datetime | None, causes: Mapping[str, str], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["at"] = MomentField(label=_("When it was so (empty: now)"))
        self.fields["ended"] = MomentField(ended, label=_("When it ended (empty: now)"))
        self.causes = Translated(self, "cause", TitleField, causes or {more["written_in"]: ""})


class MergeForm(forms.Form):
    """Whose duplicate an incident is."""

    into = forms.ChoiceField(label=gettext_lazy("It is the same as"), widget=forms.RadioSelect)
    move = forms.BooleanField(
        label=gettext_lazy("The other takes on the services of this one"), required=False, initial=True
    )
    reopen = forms.BooleanField(
        label=gettext_lazy("If the other is over, open it again: it is not over"), required=False, initial=False
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)

    def __init__(self, *args: Any, others: Choices, may_reopen: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        into = self.fields["into"]
        assert isinstance(into, forms.ChoiceField)
        into.choices = others
        if not may_reopen:  # it is over itself, or none of the others is
            del self.fields["reopen"]
        self.fields["key"].initial = new_key()


def step_word(state: IncidentState | MaintenanceState) -> str:
    return incident_word(state) if isinstance(state, IncidentState) else maintenance_word(state)


def next_choices(now: datetime, language: str, sent: str) -> Choices:
    """When the next word may be promised. The morning is sent as a time, so that what was shown is what is stored."""
    zone = current().site.tz
    morning = next_update.in_the_morning(now, zone)
    today = morning.date() == now.astimezone(zone).date()
    named = _("today at %(time)s") if today else _("tomorrow at %(time)s")
    choices = [
        ("30m", _("in 30 min")),
        ("1h", _("in 1 hour")),
        ("2h", _("in 2 hours")),
        (f"{morning:%Y-%m-%dT%H:%M}", named % {"time": f"{morning.hour}:{morning:%M}"}),
        (next_update.NONE, _("no promise")),
    ]
    if sent and sent not in dict(choices):  # the morning that a form showed some time ago
        try:
            at = next_update.parse(sent, now, zone)
        except NotPossible:
            return choices
        if at is not None:
            choices.insert(-1, (sent, Dates(language, zone).moment(at)))
    return choices
