"""Whom the mails about an event go to: everybody, or only the people behind what it touches."""

from __future__ import annotations

from collections.abc import Iterator

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from talaia.config import current
from talaia.desk.fields import Choices
from talaia.notices.sender import everybody_only

EVERYBODY, SERVICES, CONNECTIONS = "everybody", "services", "connections"


class Whom:
    """The fields for it; none where mails can only go to everybody: by a list, or as the export says no more."""

    def __init__(self, form: forms.Form) -> None:
        self.form, self.offered = form, not everybody_only(current())
        if not self.offered:
            return
        choices: Choices = [
            (EVERYBODY, _("Everybody")),
            (SERVICES, _("Only who is connected to the services that it touches")),
        ]
        if self._known():
            choices.append((CONNECTIONS, _("Only who is connected to what is ticked below")))
        label = _("Whom the mails go to")
        form.fields["whom"] = forms.ChoiceField(
            label=label, choices=choices, initial=EVERYBODY, widget=forms.RadioSelect, required=False
        )
        for connection_id, name in self._known():
            form.fields[f"behind-{connection_id}"] = forms.BooleanField(label=name, required=False)

    def connections(self) -> Iterator[BoundField]:
        """A tick for each."""
        for connection_id, _name in self._known() if self.offered else ():
            yield self.form[f"behind-{connection_id}"]

    def check(self) -> None:
        """Of a form that is being cleaned."""
        if self.form.cleaned_data.get("whom") == CONNECTIONS and not self.only_behind():
            self.form.add_error("whom", _("Tick at least one connection."))

    def only_behind(self) -> list[str] | None:
        """As events keep it."""
        given = self.form.cleaned_data
        match given.get("whom"):
            case "services":
                return []
            case "connections":
                return [connection_id for connection_id, _name in self._known() if given.get(f"behind-{connection_id}")]
            case _everybody:
                return None

    def _known(self) -> list[tuple[str, str]]:
        """The connections of which it can be known who is behind them."""
        audience = current().tables.audience
        if audience is None:
            return []
        by_column = bool(audience.columns.connection)
        named = {one.connection for one in audience.behind}
        language = get_language() or ""
        return [
            (one.id, one.name.inside(language)) for one in current().tables.connections if by_column or one.id in named
        ]
