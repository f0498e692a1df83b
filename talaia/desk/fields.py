"""Fields: a title, a text, a moment, words in every language of the site."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from talaia.config import current, sanitize
from talaia.config.languages import LANGUAGE_NAMES
from talaia.events.timeline import NotPossible, fingerprint
from talaia.events.windows import instant

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
        return " ".join(sanitize.line(str(super().to_python(value) or "")).split())


class TextField(forms.CharField):
    def __init__(self, language: str = "", **more: Any) -> None:
        attributes = {"lang": language} if language else {}
        super().__init__(max_length=LONGEST_TEXT, widget=forms.Textarea({"rows": 6, **attributes}), **more)

    def to_python(self, value: Any) -> str:
        return sanitize.lines(str(super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n"))


class MomentField(forms.CharField):
    """A minute in the site's zone, as `<input type="datetime-local">` sends it; empty: None.

    was: the instant that the field shows at first, exact where the field has minutes only. Left alone, it stays exact.
    """

    def __init__(self, was: datetime | None = None, **more: Any) -> None:
        self.was = was
        widget = forms.DateTimeInput({"type": "datetime-local", "autocomplete": "off"})
        super().__init__(max_length=40, required=False, widget=widget, initial=minute(was) if was else "", **more)

    def clean(self, value: Any) -> Any:
        written = str(super().clean(value) or "")
        if not written:
            return None
        if self.was and written == minute(self.was):
            return self.was
        try:
            return instant(datetime.fromisoformat(written), current().site.tz)
        except NotPossible as refusal:
            raise forms.ValidationError(str(refusal)) from None
        except (ValueError, OverflowError):
            raise forms.ValidationError(_("Please write it as 2026-05-04T10:00.")) from None


def minute(at: datetime) -> str:
    """`2026-05-04T10:00`, in the site's zone."""
    return f"{at.astimezone(current().site.tz):%Y-%m-%dT%H:%M}"


def not_before(at: datetime | None, began: datetime) -> datetime | None:
    """A minute that was chosen is not refused for being the one in which it began, some seconds later."""
    return began if at is not None and timedelta(0) < began - at < timedelta(minutes=1) else at


def marks(given: Mapping[str, str]) -> str:
    """What the field `given_<name>` holds of words by language, to see later which of them are still the same."""
    return " ".join(f"{code}:{mark}" for code, mark in _marks_of(given).items())


def _marks_of(given: Mapping[Any, str]) -> dict[str, str]:
    return {code: fingerprint(" ".join(words.split())) for code, words in given.items()}


def _read_marks(written: str) -> dict[str, str]:
    return dict(pair.split(":", 1) for pair in written.split() if ":" in pair)


class Others:
    """The same words in the other languages of the site: a field each, which may stay empty.

    The main field is in the language that `written_in` says; the field of that language stays out of sight while it is
    empty. Whoever changes the language of the main one has two texts in one language, and is asked which.

    Where a form begins with ready words in every language (`given_<name>`: their `marks`) and somebody changes the main
    ones, those that were left as they were say something else, and are left out.
    """

    def __init__(self, form: forms.Form, name: str, kind: type[TitleField | TextField]) -> None:
        self.form, self.name = form, name
        self.languages = current().site.languages
        for code in self.languages:
            label = LANGUAGE_NAMES.get(code, code)
            form.fields[f"{name}-{code}"] = kind(code, label=label, required=False)

    def shown(self) -> list[BoundField]:
        main = str(self.form["written_in"].value() or self.languages[0])
        fields = [(code, self.form[f"{self.name}-{code}"]) for code in self.languages]
        return [field for code, field in fields if code != main or field.value()]

    def check(self) -> None:
        """Two texts in one language: a person must say which."""
        field = f"{self.name}-{self.form.cleaned_data.get('written_in')}"
        if self.form.cleaned_data.get(field) and self.form.cleaned_data.get(self.name):
            self.form.add_error(field, _("The main text is in this language too; keep one of them."))

    def by_language(self) -> dict[str, str]:
        """The words as they are stored, the main language first."""
        given = self.form.cleaned_data
        main = str(given.get("written_in") or self.languages[0])
        found: dict[str, str] = {main: given.get(self.name, "")}
        found |= {code: given.get(f"{self.name}-{code}", "") for code in self.languages if code != main}
        begun, now = _read_marks(given.get(f"given_{self.name}", "")), _marks_of(found)
        if main in begun and begun[main] != now[main]:
            found = {code: words for code, words in found.items() if code == main or begun.get(code) != now[code]}
        return {code: words for code, words in found.items() if words}

    def said_anew(self, phrases: Mapping[str, tuple[str, str]]) -> dict[str, str]:
        """Another phrase for one (by language) in the ready words that were left as they were: they stay ready words.

        Returns the fields that are others now.
        """
        given, changed = self.form.cleaned_data, {}
        main = str(given.get("written_in") or self.languages[0])
        begun = _read_marks(given.get(f"given_{self.name}", ""))
        for code, (old, new) in phrases.items():
            field = self.name if code == main else f"{self.name}-{code}"
            words = given.get(field) or ""
            if old in words and _marks_of({code: words})[code] == begun.get(code):
                changed[field] = words.replace(old, new)
                begun |= _marks_of({code: changed[field]})
        if changed:
            changed[f"given_{self.name}"] = " ".join(f"{code}:{mark}" for code, mark in begun.items())
        given.update(changed)
        return changed

    def missing(self) -> list[str]:
        """The names of the languages in which there is nothing yet."""
        return [str(field.label) for field in self.shown() if not field.value()]

    def ready(self) -> list[str]:
        """The names of those in which there are the ready words that the form began with."""
        begun = _read_marks(str(self._given() or ""))
        found = {code: str(self.form[f"{self.name}-{code}"].value() or "") for code in self.languages}
        now = _marks_of(found)
        return [LANGUAGE_NAMES.get(code, code) for code in found if found[code] and now[code] == begun.get(code)]

    def _given(self) -> Any:
        name = f"given_{self.name}"
        return self.form[name].value() if name in self.form.fields else None

    def wrong(self) -> bool:
        return any(field.errors for field in self.shown())


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

    def missing(self) -> list[str]:
        """The names of the languages in which there is nothing yet."""
        return [str(field.label) for field in self.others() if not field.value()]
