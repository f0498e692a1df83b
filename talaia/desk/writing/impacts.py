"""A choice per service: how an event touches it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from talaia.desk.fields import Choices
from talaia.localization.texts import in_language
from talaia.panel import words as panel_words
from talaia.panel.renaming.names import former
from talaia.panel.state import TROUBLE, State
from talaia.site.values import PageGroup


@dataclass(frozen=True)
class ServiceGroup:
    """A group of the panel with a choice per service. `open`: one of its services is touched, or is not well."""

    name: str
    fields: tuple[BoundField, ...]
    open: bool


def of_today(data: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    """A form that was on somebody's screen while a service was renamed: what it says, it says of the new name."""
    chosen = {f"impact-{new}": data.get(f"impact-{old}") for old, new in names.items()}
    missing = {name: level for name, level in chosen.items() if level and not data.get(name)}
    if not missing:
        return data
    moved = data.copy() if isinstance(data, MultiValueDict) else dict(data)
    for name, level in missing.items():
        moved[name] = level
    return moved


class ImpactsForm(forms.Form):
    """A choice per service: how the incident touches it. `planned`: the level to expect while work is done on it.

    touched: what stands now (slug → state). suggested: what to begin with where nothing stands.
    A service that has left talaia.toml has no choice here, and keeps what was said of it.
    """

    planned = False

    def __init__(
        self,
        *args: Any,
        groups: Sequence[PageGroup],
        language: str,
        touched: Mapping[str, State] | None = None,
        suggested: Mapping[str, State] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        if self.is_bound:
            self.data = of_today(self.data, former())
        self.panel, self.touched, self.language = groups, dict(touched or {}), language
        word = panel_words.level if self.planned else panel_words.impact
        self.beginning = beginning = {**(suggested or {}), **self.touched}
        for service in (service for group in groups for service in group.services):
            choices: Choices = [
                ("", _("Not affected")),
                *((state.value, word(state)) for state in TROUBLE),
            ]
            if self.planned:
                choices.insert(1, (State.OPERATIONAL.value, _("Goes on working")))
            elif service.slug in self.touched:
                choices.insert(1, (State.OPERATIONAL.value, _("Works again")))
            self.fields[f"impact-{service.slug}"] = forms.ChoiceField(
                label=in_language(service.names, language).text,
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
            yield ServiceGroup(in_language(group.names, self.language).text, fields, few or matters)
