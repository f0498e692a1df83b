"""What a person says of a service in place of the signals: a state, its end, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from talaia.config import current
from talaia.desk.fields import MomentField, TitleField, Translated, minute
from talaia.panel import words as panel_words
from talaia.panel.override import STATES
from talaia.panel.state import State

AT_FIRST = timedelta(hours=2)  # so long it holds when nobody says otherwise


class ByHandForm(forms.Form):
    """`held`: the state, the end and the words that stand by hand already, to be changed.

    Else no state is chosen beforehand: whoever hurries would say of what is down that it works.
    """

    state = forms.ChoiceField(label=gettext_lazy("State"), widget=forms.RadioSelect)

    def __init__(
        self,
        *args: Any,
        now: datetime,
        held: tuple[State, datetime | None, Mapping[str, str]] | None,
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        state, until, why = held or (None, None, {})
        field = self.fields["state"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one.value, panel_words.state(one)) for one in STATES]
        field.initial = state.value if state else None
        self.fields["until"] = MomentField(until, label=_("Until"))
        if until is None:
            self.fields["until"].initial = minute(now + AT_FIRST)
        self.words = Translated(self, "why", TitleField, why or {current().site.languages[0]: ""})

    def clean(self) -> dict[str, Any]:
        self.words.check()
        if "until" not in self.errors and self.cleaned_data.get("until") is None:
            self.add_error("until", _("This field is required."))
        return self.cleaned_data
