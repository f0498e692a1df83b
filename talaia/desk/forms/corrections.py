"""What stands above the timeline, and the words of an entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from talaia.desk.forms.fields import TextField, TitleField, Translated
from talaia.desk.forms.impacts import ImpactsForm


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
