"""Fields: a title, a text, words in every language of the site."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from talaia.config import current
from talaia.site.pages import LANGUAGE_NAMES

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
