"""Template tags of the desk alone."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django import template
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from talaia.config import current
from talaia.config.languages import LANGUAGE_NAMES
from talaia.desk.audit.fact_diff import FactChange
from talaia.desk.people.roles import NAMES, Role
from talaia.localization.dates import Dates
from talaia.outbox.errors import sentence

register = template.Library()


@register.filter
def when(at: datetime) -> str:
    """A day and a time in the words of the reader's language."""
    site = current().site
    return Dates(get_language() or site.languages[0], site.tz).moment(at)


@register.filter
def with_hint(what: str, hint: str) -> str:
    """What failed, and what can be done about it, as one sentence."""
    return sentence(what, hint)


@register.filter
def as_json(value: Any) -> str:
    """For an attribute that our own script reads; the template escapes it."""
    return json.dumps(value)


@register.filter
def role_word(role: str | None) -> str:
    return str(NAMES[Role(role)]) if role else _("no role")


@register.filter
def change_word(change: FactChange) -> str:
    """What a change is of."""
    words = {
        "text": _("Text"),
        "titles": _("Title"),
        "analyses": _("Analysis"),
        "impacts": _("Impact"),
        "next_update_at": _("Promised news"),
        "value": _("Value"),
    }
    return words.get(change.what, change.what)


@register.filter
def language_word(change: FactChange) -> str:
    """The language of a change's text, or of what else it is."""
    return LANGUAGE_NAMES.get(change.language, change.language)


@register.filter
def is_language(change: FactChange) -> bool:
    return change.language in LANGUAGE_NAMES


@register.filter
def value_word(text: str) -> str:
    """A role by its word; everything else as it is."""
    return str(NAMES[Role(text)]) if text in list(Role) else text
