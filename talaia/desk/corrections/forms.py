"""What stands above the timeline, the words of an entry, and how to begin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from talaia.desk.fields import MomentField, TextField, TitleField, Translated
from talaia.desk.text_templates.text_templates import TextTemplate
from talaia.desk.writing.impacts import ImpactsForm


class HeadForm(ImpactsForm):
    """What stands above the timeline: the title, the services, the times; of what is over, the cause."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)

    def __init__(
        self,
        *args: Any,
        titles: Mapping[str, str],
        began: datetime | None,
        ended: datetime | None,
        causes: Mapping[str, str],
        written_in: str,
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.words = Translated(self, "title", TitleField, titles)
        if began is not None:
            self.fields["began"] = MomentField(began, label=_("When it began"))
        self.causes = None
        if ended is not None:
            self.fields["ended"] = MomentField(ended, label=_("When it ended"))
            self.causes = Translated(self, "cause", TitleField, causes or {written_in: ""})

    def clean(self) -> dict[str, Any]:
        self.words.check()
        return self.cleaned_data


class PlannedHeadForm(HeadForm):
    """The same of planned work, whose times are those of its window."""

    planned = True


class CorrectForm(forms.Form):
    """The words of an entry in each language, and its time."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)

    def __init__(self, *args: Any, texts: Mapping[str, str], at: datetime, **more: Any) -> None:
        super().__init__(*args, **more)
        self.words = Translated(self, "text", TextField, texts)
        self.fields["at"] = MomentField(at, label=_("Its time"))

    def clean(self) -> dict[str, Any]:
        self.words.check()
        return self.cleaned_data


class WordsForm(forms.Form):
    """How to begin for one kind of trouble, in each language."""

    def __init__(self, *args: Any, beginning: TextTemplate, **more: Any) -> None:
        super().__init__(*args, **more)
        self.titles = Translated(self, "title", TitleField, beginning.titles)
        self.words = Translated(self, "text", TextField, beginning.texts)

    def clean(self) -> dict[str, Any]:
        self.titles.check()
        self.words.check()
        return self.cleaned_data
