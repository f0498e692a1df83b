"""Before a person says that it is over: what the monitoring would still call ill. The desk and the shell ask then."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from talaia.config import current
from talaia.desk.pages import language
from talaia.events.timeline import fingerprint
from talaia.localization.dates import Dates
from talaia.localization.texts import in_language, words
from talaia.panel import words as panel_words
from talaia.panel.state import TROUBLE
from talaia.signals.evaluate import EvaluatedService, doubts


@dataclass(frozen=True)
class Doubts:
    """`lines`: a sentence for each service. `mark`: of which services, and how ill; who has read it may go on."""

    lines: tuple[str, ...]
    mark: str


def before_resolving(slugs: Collection[str], now: datetime) -> Doubts | None:
    """None where the measurements of now agree, or there never were any. In the language in force."""
    found = doubts(current(), slugs, now)
    if not found:
        return None
    mark = fingerprint(sorted([one.row.slug, one.judgement.verdict.state.value] for one in found))
    return Doubts(tuple(_line(one, now) for one in found), mark)


def _line(one: EvaluatedService, now: datetime) -> str:
    calendar, verdict = Dates(language(), current().site.tz), one.judgement.verdict
    why = panel_words.reason(verdict.reason, lambda at: calendar.since(at, now))
    if verdict.reason.code == "alert" and not verdict.reason.values.get("summary"):
        why = ""  # "the monitoring reports a fault" is what the sentence says already
    said = {"service": in_language(words(one.row.names), language()).text, "why": f" ({why})" if why else ""}
    if verdict.state in TROUBLE:
        # Translators: %(why)s is empty, or " (3 of 8 reference connections without service)"
        return _("The monitoring still sees %(service)s failing%(why)s.") % said
    # Translators: %(why)s is empty, or " (monitoring silent since 03:12)"
    return _("The monitoring does not know how %(service)s is%(why)s.") % said
