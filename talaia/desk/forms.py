"""The forms of the desk. Each is complete without JavaScript; the server says beside each field what is wrong."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from talaia.config import current
from talaia.events import promise
from talaia.events.timeline import IncidentState, NotPossible, incident_word
from talaia.panel import words as panel_words
from talaia.panel.state import TROUBLE, State
from talaia.site.dates import Calendar
from talaia.site.pages import LANGUAGE_NAMES
from talaia.site.values import Group, inside

LONGEST_TITLE, LONGEST_TEXT = 140, 20_000
Choices = list[tuple[str, str]]


def new_key() -> str:
    """A form's one-use number: the entry that it makes is stored with it, so the same form makes no second one."""
    return secrets.token_urlsafe(18)


class TitleField(forms.CharField):
    """One line; a title that was pasted with line ends is still one."""

    def __init__(self, language: str = "", **more: Any) -> None:
        attributes = {"lang": language} if language else {}
        widget = forms.TextInput({"autocomplete": "off", "enterkeyhint": "next", **attributes})
        super().__init__(max_length=LONGEST_TITLE, widget=widget, **more)

    def to_python(self, value: Any) -> str:
        return " ".join(str(super().to_python(value) or "").split())


class TextField(forms.CharField):
    def __init__(self, language: str = "", **more: Any) -> None:
        attributes = {"lang": language} if language else {}
        super().__init__(max_length=LONGEST_TEXT, widget=forms.Textarea({"rows": 6, **attributes}), **more)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True)
class ServiceGroup:
    """A group of the panel with a choice per service. `open`: one of its services is touched, or is not well."""

    name: str
    fields: tuple[BoundField, ...]
    open: bool


class ImpactsForm(forms.Form):
    """A choice per service: how the incident touches it.

    touched: what stands now (slug → state). suggested: what to begin with where nothing stands.
    A service that has left talaia.toml has no choice here, and keeps what was said of it.
    """

    def __init__(
        self,
        *args: Any,
        groups: Sequence[Group],
        language: str,
        touched: Mapping[str, State] | None = None,
        suggested: Mapping[str, State] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.panel, self.touched, self.language = groups, dict(touched or {}), language
        beginning = {**(suggested or {}), **self.touched}
        for service in (service for group in groups for service in group.services):
            choices: Choices = [
                ("", _("Not affected")),
                *((state.value, panel_words.impact(state)) for state in TROUBLE),
            ]
            if service.slug in self.touched:
                choices.insert(1, (State.OPERATIONAL.value, _("Works again")))
            self.fields[f"impact-{service.slug}"] = forms.ChoiceField(
                label=inside(service.names, language).text,
                choices=choices,
                required=False,
                initial=beginning.get(service.slug, ""),
            )

    def impacts(self) -> dict[str, State]:
        """Slug → state, of the services that are touched."""
        listed = {service.slug for group in self.panel for service in group.services}
        kept = {slug: state for slug, state in self.touched.items() if slug not in listed}
        chosen = {slug: self.cleaned_data.get(f"impact-{slug}", "") for slug in listed}
        return kept | {slug: State(state) for slug, state in chosen.items() if state}

    def service_groups(self) -> Iterator[ServiceGroup]:
        """For the page: long panels begin folded, but for what matters now."""
        few = sum(len(group.services) for group in self.panel) <= 6
        for group in self.panel:
            fields = tuple(self[f"impact-{service.slug}"] for service in group.services)
            matters = any(service.state in TROUBLE for service in group.services) or any(f.value() for f in fields)
            yield ServiceGroup(inside(group.names, self.language).text, fields, few or matters)


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
    key = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)

    def __init__(
        self, *args: Any, now: datetime, states: Sequence[IncidentState], written_in: str, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.now = now
        self.fields["state"].initial = states[0].value
        self.fields["next"].initial = "1h"
        self.fields["written_in"].initial = written_in
        self.fields["key"].initial = new_key()
        self.fields["text"].widget.attrs["lang"] = written_in
        self._choices("state", [(state.value, incident_word(state)) for state in states])
        self._choices("next", next_choices(now, self.language, str(self["next"].value() or "")))
        self._choices("written_in", [(code, LANGUAGE_NAMES.get(code, code)) for code in current().site.languages])

    def _choices(self, name: str, choices: Choices) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean_written_in(self) -> str:
        return str(self.cleaned_data["written_in"] or self.fields["written_in"].initial)

    def clean_next(self) -> datetime | None:
        try:
            return promise.parse(self.cleaned_data["next"], self.now, current().site.tz)
        except NotPossible as error:
            raise forms.ValidationError(str(error)) from None


class OpenForm(EntryForm):
    """A new incident."""

    field_order = ("title", "text", "state", "next")
    title = TitleField(label=gettext_lazy("Title"))


class UpdateForm(EntryForm):
    """One more entry. `seen`: what its writer has read so far (`events.actions.mark_of`)."""

    field_order = ("text", "state", "next")
    seen = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)


class HeadForm(ImpactsForm):
    """What stands above the timeline: the title in each language, and the services."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)

    def __init__(self, *args: Any, titles: Mapping[str, str], **more: Any) -> None:
        super().__init__(*args, **more)
        self.words = Translated(self, "title", TitleField, titles)

    def clean(self) -> dict[str, Any]:
        self.words.check()
        return self.cleaned_data


class CorrectForm(forms.Form):
    """The words of an entry, in each language."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)

    def __init__(self, *args: Any, texts: Mapping[str, str], **more: Any) -> None:
        super().__init__(*args, **more)
        self.words = Translated(self, "text", TextField, texts)

    def clean(self) -> dict[str, Any]:
        self.words.check()
        return self.cleaned_data


class Translated:
    """A field per language: those in which there is something, then the site's others, which may stay empty."""

    def __init__(
        self, form: forms.Form, name: str, kind: type[TitleField | TextField], given: Mapping[str, str]
    ) -> None:
        self.form, self.name, self.written = form, name, tuple(given)
        self.languages = (*given, *(code for code in current().site.languages if code not in given))
        for code in self.languages:
            form.fields[f"{name}-{code}"] = kind(
                code, label=LANGUAGE_NAMES.get(code, code), initial=given.get(code, ""), required=False
            )

    def check(self) -> None:
        """What was there in one language only must not end with no words at all."""
        if not self.by_language():
            self.form.add_error(f"{self.name}-{self.languages[0]}", _("This field is required."))

    def by_language(self) -> dict[str, str]:
        """The words as they are stored."""
        found = {code: self.form.cleaned_data.get(f"{self.name}-{code}", "") for code in self.languages}
        return {code: words for code, words in found.items() if words}

    def first(self) -> list[BoundField]:
        """The fields in which there is something."""
        return [self.form[f"{self.name}-{code}"] for code in self.written]

    def others(self) -> list[BoundField]:
        return [self.form[f"{self.name}-{code}"] for code in self.languages if code not in self.written]

    def translating(self) -> bool:
        """Whether one of the others is being written, or is wrong."""
        return any(field.value() or field.errors for field in self.others())


class LoginForm(AuthenticationForm):
    """Name and password, with texts of our own."""

    error_messages = {
        "invalid_login": gettext_lazy("Name and password do not belong together. Capital letters count."),
        "inactive": gettext_lazy("Name and password do not belong together. Capital letters count."),
    }

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["username"].label = _("Name")
        self.fields["password"].label = _("Password")


def next_choices(now: datetime, language: str, sent: str) -> Choices:
    """When the next word may be promised. The morning is sent as a time, so that what was shown is what is stored."""
    zone = current().site.tz
    morning = promise.in_the_morning(now, zone)
    today = morning.date() == now.astimezone(zone).date()
    named = _("today at %(time)s") if today else _("tomorrow at %(time)s")
    choices = [
        ("30m", _("in 30 min")),
        ("1h", _("in 1 hour")),
        ("2h", _("in 2 hours")),
        (f"{morning:%Y-%m-%dT%H:%M}", named % {"time": f"{morning.hour}:{morning:%M}"}),
        (promise.NONE, _("no promise")),
    ]
    if sent and sent not in dict(choices):  # the morning that a form showed some time ago
        try:
            at = promise.parse(sent, now, zone)
        except NotPossible:
            return choices
        if at is not None:
            choices.insert(-1, (sent, Calendar(language, zone).moment(at)))
    return choices
