"""From services that are not well, and that nobody has explained, to incidents drafted in words. Pure.

A suggestion publishes nothing. It is the open form, filled in; a person sends it, changes it, or says that it is none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import translation

from talaia.desk.text_templates.text_templates import TextTemplate, beginning, filled, listed
from talaia.events.timeline import fingerprint
from talaia.localization.dates import Dates
from talaia.localization.texts import in_language
from talaia.panel import words as panel_words
from talaia.panel.state import TROUBLE, Reason, State, worst
from talaia.site.values import PageService

TOGETHER = timedelta(minutes=10)  # what goes wrong within it most likely has one cause
ABOUT_A_CERTIFICATE = re.compile(r"certific|\btls\b|\bssl\b", re.IGNORECASE)
FIGURES = ("connections_down", "connections_poor")
COUNTS = ("down", "poor", "of")


@dataclass(frozen=True)
class Suggestion:
    """An incident that might be opened. `mark` names this very trouble: another state or time has another mark."""

    kind: str
    services: tuple[PageService, ...]
    since: datetime
    words: TextTemplate
    mark: str

    @property
    def impacts(self) -> dict[str, State]:
        return {service.slug: service.state for service in self.services}


@dataclass(frozen=True)
class Desk:
    """What drafting words needs to know. `kinds`: service → the `first_words` of talaia.toml."""

    languages: Sequence[str]
    zone: ZoneInfo
    kinds: Mapping[str, str]
    changed: Mapping[str, TextTemplate]


def suggest(
    unexplained: Iterable[PageService], dismissed: Collection[tuple[str, datetime]], desk: Desk, now: datetime
) -> tuple[Suggestion, ...]:
    """One suggestion for those that went wrong together, the worst first as they were given.

    What is only unknown is no incident yet, and what somebody has dismissed comes back with its next trouble.
    """
    found = [s for s in unexplained if s.state in TROUBLE and (s.slug, s.since) not in dismissed]
    groups: list[list[PageService]] = []
    for service in sorted(found, key=lambda service: service.began):
        if groups and service.began - groups[-1][0].began <= TOGETHER:
            groups[-1].append(service)
        else:
            groups.append([service])
    order = {service.slug: place for place, service in enumerate(found)}
    for group in groups:
        group.sort(key=lambda service: order[service.slug])
    groups.sort(key=lambda group: order[group[0].slug])
    return tuple(_drafted(tuple(group), desk, now) for group in groups)


def kind_of(services: Sequence[PageService], kinds: Mapping[str, str]) -> str:
    """The kind of trouble. Where connections are among it, the others most likely fail because of them.

    Unless another one is worse than they are: of what nobody can use, "some of them" would say too little.
    """
    each = [_kind(service, kinds.get(service.slug, "")) for service in services]
    if len(set(each)) == 1:
        return each[0]
    for kind in ("no-connection", "part-connection"):
        if kind in each and services[each.index(kind)].state is worst(service.state for service in services):
            return kind
    return "unknown"


def drafted(kind: str, services: Sequence[PageService], since: datetime, desk: Desk, now: datetime) -> TextTemplate:
    """The first words of this kind for these services, in every language."""
    values = {}
    for language in desk.languages:
        with translation.override(language):
            values[language] = {
                "services": listed([in_language(service.names, language).text for service in services]),
                "since": Dates(language, desk.zone).since(since, now),
                "measured": _measured(services),
            }
    return filled(beginning(kind, desk.changed, desk.languages), values)


def _drafted(services: tuple[PageService, ...], desk: Desk, now: datetime) -> Suggestion:
    since, kind = min(service.began for service in services), kind_of(services, desk.kinds)
    mark = fingerprint(sorted([s.slug, s.state.value, s.since.isoformat()] for s in services))
    return Suggestion(kind, services, since, drafted(kind, services, since, desk, now), mark)


def _kind(service: PageService, given: str) -> str:
    code, values = of_now(service.reason).code, of_now(service.reason).values
    if code == "alert" and ABOUT_A_CERTIFICATE.search(str(values.get("summary") or "")):
        return "certificate"
    if code in FIGURES or given == "connection":
        if code == "connections_poor" or (code not in FIGURES and service.state is State.DEGRADED):
            return "slow"
        return "no-connection" if service.state is State.DISRUPTION else "part-connection"
    if service.state is State.DEGRADED or values.get("what") == "slow":
        return "slow"
    if given == "web" and service.state is State.PARTIAL:
        return "unknown"  # "cannot be reached" would say too much of what some still reach
    return given or "unknown"


def of_now(reason: Reason) -> Reason:
    """Why, as it is at this moment, also of a trouble that is held while it gets better."""
    return Reason.from_json(reason.values["now"]) if reason.code == "improving" else reason


def _measured(services: Sequence[PageService]) -> str:
    """The figures of the connections in brackets; none where they would belittle something worse beside them."""
    heaviest = worst(service.state for service in services)
    for reason in (of_now(service.reason) for service in services if service.state is heaviest):
        if reason.code in FIGURES:
            counts = Reason(reason.code, {name: reason.values[name] for name in COUNTS if name in reason.values})
            return f" ({panel_words.reason(counts, str)})"
    return ""
