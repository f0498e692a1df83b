"""An export that somebody uploads."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from talaia.audience.folder import KINDS

LARGEST = 20_000_000  # bytes: it is read while a person waits


class UploadForm(forms.Form):
    export = forms.FileField(
        label=gettext_lazy("Membership export"),
        help_text=gettext_lazy("CSV, a spreadsheet or JSON. Nothing changes yet."),
        widget=forms.FileInput({"accept": ",".join(sorted(KINDS))}),
        allow_empty_file=True,
    )

    def clean_export(self) -> object:
        file = self.cleaned_data["export"]
        if file.size > LARGEST:
            raise forms.ValidationError(
                gettext_lazy("The file is larger than %(limit)s MB; use `talaia audience sync`"),
                params={"limit": LARGEST // 1_000_000},
            )
        return file
