"""A window as people write it: two local times, and the question which hour is meant where the clocks go back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from talaia.config import current
from talaia.desk.fields import minute
from talaia.events.timeline import NotPossible
from talaia.events.windows import check, one_instant, readings

Window = tuple[datetime, datetime]


class WallField(forms.CharField):
    """A minute as a clock on the wall shows it, as `<input type="datetime-local">` sends it."""

    def __init__(self, was: datetime | None = None, **more: Any) -> None:
        widget = forms.DateTimeInput({"type": "datetime-local", "autocomplete": "off"})
        super().__init__(max_length=40, widget=widget, initial=minute(was) if was else "", **more)

    def clean(self, value: Any) -> Any:
        written = str(super().clean(value) or "")
        try:
            return datetime.fromisoformat(written).replace(tzinfo=None)
        except ValueError:
            raise forms.ValidationError(_("Please write it as 2026-05-04T10:00.")) from None


class Times:
    """The fields of a window in a form, and the instants that they mean.

    was: the window that stands; a time left as it was stays exact. A time that the night of October has twice is asked
    for: a further field appears, with both.
    """

    def __init__(self, form: forms.Form, was: Window | None, *, end_only: bool = False) -> None:
        self.form, self.was = form, dict(zip(("start", "end"), was, strict=True)) if was else {}
        self.names = ("end",) if end_only else ("start", "end")
        labels = {"start": _("It begins"), "end": _("It ends")}
        for name in self.names:
            form.fields[name] = WallField(self.was.get(name), label=labels[name])
            if len(found := self._readings(name)) > 1:
                choices = [
                    ("0", _("before the clocks go back (%(offset)s)") % {"offset": _offset(found[0])}),
                    ("1", _("after the clocks have gone back (%(offset)s)") % {"offset": _offset(found[1])}),
                ]
                label = _("That hour is twice that night. Which one?")
                form.fields[f"{name}_which"] = forms.ChoiceField(
                    label=label, choices=choices, required=False, widget=forms.RadioSelect
                )

    def shown(self) -> Iterator[tuple[BoundField, BoundField | None]]:
        """Each time, and the question which one is meant."""
        for name in self.names:
            which = f"{name}_which"
            yield self.form[name], self.form[which] if which in self.form.fields else None

    def check(self, now: datetime) -> None:
        """Call it in the form's clean(): what is wrong stands beside its field."""
        self.found: dict[str, datetime] = {}
        for name in self.names:
            if (at := self._instant(name)) is not None:
                self.found[name] = at
        start = self.found.get("start") or self.was.get("start")
        if start and "end" in self.found:
            try:
                check(start, self.found["end"], now)
            except NotPossible as refusal:
                self.form.add_error("end", str(refusal))

    def window(self) -> Window:
        """Of a valid form."""
        return self.found.get("start") or self.was["start"], self.found["end"]

    def _instant(self, name: str) -> datetime | None:
        local = self.form.cleaned_data.get(name)
        if local is None:
            return None
        was = self.was.get(name)
        if was and f"{local:%Y-%m-%dT%H:%M}" == minute(was):
            return was
        found = readings(local, current().site.tz)
        if len(found) > 1:
            chosen = self.form.cleaned_data.get(f"{name}_which")
            if chosen in ("0", "1"):
                return found[int(chosen)]
            self.form.add_error(f"{name}_which", _("Please choose one of the two."))
            return None
        try:
            return one_instant(local, current().site.tz)
        except NotPossible as refusal:
            self.form.add_error(name, str(refusal))
            return None

    def _readings(self, name: str) -> tuple[datetime, ...]:
        """What the time that was sent may mean."""
        sent = str(self.form[name].value() or "")
        try:
            return readings(datetime.fromisoformat(sent).replace(tzinfo=None), current().site.tz)
        except (ValueError, OverflowError):
            return ()


def _offset(at: datetime) -> str:
    """`02:30+02:00`."""
    return at.astimezone(current().site.tz).isoformat(timespec="minutes").partition("T")[2]
