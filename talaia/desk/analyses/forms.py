"""The analysis of what is over, in one language."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from talaia.config import sanitize
from talaia.events.blocks import LONGEST

LONGEST_KNOWN = 1300  # characters: the last hundred drafts


class AnalysisForm(forms.Form):
    """`seen`: the fingerprint of the analyses that the writer started from. `whose`: the draft it was begun with.

    `known`: the fingerprints of the drafts that the field has held.
    """

    seen = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)
    whose = forms.CharField(widget=forms.HiddenInput, max_length=150, required=False)
    known = forms.CharField(widget=forms.HiddenInput, max_length=LONGEST_KNOWN, required=False)
    text = forms.CharField(
        label=gettext_lazy("Text of the analysis (Markdown)"),
        max_length=LONGEST,
        strip=False,
        required=False,
        widget=forms.Textarea({"rows": 28, "class": "long"}),
    )

    def __init__(self, *args: Any, language: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["text"].widget.attrs["lang"] = language

    def clean_text(self) -> str:
        return sanitize.lines(str(self.cleaned_data["text"]).replace("\r\n", "\n").replace("\r", "\n")).strip("\n")
