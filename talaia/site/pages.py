"""Frozen values → finished pages, pure: `{file in the public folder: bytes}`, one for each language."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.loader import get_template
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from talaia.config.languages import LANGUAGE_NAMES
from talaia.events.published import PublishedEntry, PublishedEvent
from talaia.localization import dates
from talaia.localization.texts import in_language
from talaia.panel import words as panel_words
from talaia.panel.state import State
from talaia.panel.uptime import day_state
from talaia.site import addresses
from talaia.site.figures import figures, filled, measures, stretches
from talaia.site.headline import headline, overall
from talaia.site.history_values import Month, ServiceHistory, Year
from talaia.site.state_icons import icon
from talaia.site.uptime_bars import bars
from talaia.site.values import FrontPage, PageService, ServicePage, SiteInfo, ToldTrouble

Files = dict[str, bytes]
BARS = 90  # days, today among them


@dataclass(frozen=True)
class EventCard:
    """An open event on the front page. `entries`: newest first; `earlier`: how many its own page has besides."""

    event: PublishedEvent
    entries: tuple[PublishedEntry, ...]
    earlier: int
    promise: str


def front(value: FrontPage, house: SiteInfo) -> Files:
    """`/` in every language, status.json and the favicon."""

    def context(calendar: dates.Dates) -> dict[str, Any]:
        return {
            "now": value.made_at,
            "made_at": value.made_at,
            "lives": True,
            "front": value,
            "headline": headline(value),
            "icon": f"{overall(value).value}.svg",
            "incidents": [card(event, calendar, value.made_at) for event in value.incidents],
            "in_progress": [card(event, calendar, value.made_at) for event in value.in_progress],
            "every": _every(house),
        }

    files = dict(_each(house, "/", "front.html", context))
    files["status.json"] = _status(value, house)
    files["favicon.svg"] = icon(overall(value))
    return files


def card(event: PublishedEvent, calendar: dates.Dates, now: datetime) -> EventCard:
    """An open event as the front page shows it."""
    entries = tuple(reversed(event.entries))
    earlier = entries[-1].number - 1 if entries else 0
    return EventCard(event, entries, earlier, promise(event, calendar, now) if event.is_incident else "")


def promise(event: PublishedEvent, calendar: dates.Dates, now: datetime | None) -> str:
    """When the next word comes. `now` None: on a page that is not made anew when that time has passed."""
    if event.ended:
        return ""
    if event.next_update_at is None:
        return _("We will write here as soon as there is news.")
    before = {"before": calendar.before(event.next_update_at, now)}
    if now is not None and event.next_update_at < now:
        # Translators: %(before)s is "before 04:30"
        return _("We meant to write %(before)s and have not been able to yet. We will as soon as we can.") % before
    return _("Next update %(before)s.") % before


def event(value: PublishedEvent, house: SiteInfo, failing: Sequence[tuple[PageService, ToldTrouble]] = ()) -> Files:
    """The page of an incident or a maintenance, oldest first: who comes later reads a story from its beginning.

    `failing`: the services that fail still, though it said that it was over.
    """

    def context(calendar: dates.Dates) -> dict[str, Any]:
        return {
            "event": value,
            "failing": failing,
            "lives": not value.ended or bool(failing),
            "promise": promise(value, calendar, None) if value.is_incident else "",
        }

    return dict(_each(house, value.path, "event.html", context))


def service(value: ServicePage, house: SiteInfo) -> Files:
    """A service's page: its state, its 90 days, its figures and what touched it."""
    found, shown = figures(value, house), value.days[-BARS:]
    finished = [day for day in value.finished if day.day >= shown[0].day]
    given = {
        "page": value,
        "service": value.service,
        "lives": value.service.retired_at is None,
        "bars": bars(shown),
        "first_bar": shown[0].day,
        "last_bar": shown[-1].day,
        "stretches": tuple(stretches(finished, house.zone)),
        "today": next(stretches(shown[-1:], house.zone), None) if value.today else None,
        "hidden": any(day_state(day.seconds) is State.OPERATIONAL and day.seconds.get(State.UNKNOWN) for day in shown),
        "filled": filled(shown, house.zone),
        "figures": found,
        "measures": measures(found),
        "longest": found[-1],
    }
    return dict(_each(house, value.service.path, "service.html", given))


def history(latest: Year | None, years: Sequence[int], house: SiteInfo) -> Files:
    """`/history/`: the latest year, and the way to the others."""
    return dict(
        _each(
            house,
            "/history/",
            "history.html",
            {"year": latest, "years": [(number, f"/history/{number}/") for number in years]},
        )
    )


def year(value: Year, house: SiteInfo) -> Files:
    """`/history/<year>/`."""
    return dict(_each(house, value.path, "history.html", {"year": value}))


def month(value: Month, house: SiteInfo) -> Files:
    """`/history/<year>/<month>/`, of a year with many events."""
    return dict(_each(house, value.path, "month.html", {"month": value}))


def past(value: ServiceHistory, house: SiteInfo) -> Files:
    """`/services/<slug>/history/<year>/`; of the latest year `/services/<slug>/history/` besides."""
    files = dict(_each(house, value.path, "past.html", {"past": value}))
    if value.is_latest:
        files |= dict(_each(house, f"{value.service.path}history/", "past.html", {"past": value}))
    return files


def renamed(path: str, service: PageService, to: str, house: SiteInfo) -> Files:
    """At an address of a service under a former slug: the way to the address of today."""

    def context(calendar: dates.Dates) -> dict[str, Any]:
        return {**_frame(house, to, calendar), "service": service}

    return dict(_each(house, path, "renamed.html", context))


def about(texts: Mapping[str, str], house: SiteInfo) -> Files:
    """`/about/`: how we communicate. `texts`: Markdown by language."""

    def context(calendar: dates.Dates) -> dict[str, Any]:
        states = [(state.value, panel_words.meaning(state)) for state in State]
        return {"text": texts[calendar.language], "states": states}

    return dict(_each(house, "/about/", "about.html", context))


def missing(house: SiteInfo) -> Files:
    """What is answered where there is no page."""
    return dict(_each(house, "/404.html", "404.html", {"path": ""}))


def _every(house: SiteInfo) -> str:
    """How often the front page is made."""
    seconds = round(house.refresh.total_seconds())
    if seconds % 60:
        return ngettext("every second", "every %(count)s seconds", seconds) % {"count": seconds}
    return ngettext("every minute", "every %(count)s minutes", seconds // 60) % {"count": seconds // 60}


Context = Mapping[str, Any] | Callable[[dates.Dates], Mapping[str, Any]]


def _each(house: SiteInfo, path: str, template: str, context: Context) -> Iterator[tuple[str, bytes]]:
    """The page at `path` in every language of the house. `context`, when it is called, finds the language in force."""
    page = get_template(f"site/{template}", using="html")
    for language in house.languages:
        calendar = dates.Dates(language, house.zone)
        with translation.override(language):
            given = context(calendar) if callable(context) else context
            text = page.render({**_frame(house, path, calendar), **given})
        yield addresses.file(addresses.localized(path, language, house.languages)), text.encode()


def _frame(house: SiteInfo, path: str, calendar: dates.Dates) -> dict[str, Any]:
    """What every page knows."""
    return {
        "house": house,
        "made_at": house.made_at,
        "language": calendar.language,
        "languages": house.languages,
        "zone": house.zone,
        "zone_name": calendar.zone_name(),
        "path": path,
        "others": [
            {
                "language": code,
                "name": LANGUAGE_NAMES.get(code, code),
                "href": addresses.localized(path, code, house.languages),
            }
            for code in house.languages
        ],
    }


def _status(value: FrontPage, house: SiteInfo) -> bytes:
    """status.json: the front for programs. Keys are only ever added."""
    headlines = {}
    for language in house.languages:
        with translation.override(language):
            headlines[language] = headline(value).sentence
    groups = {service.slug: group.slug for group in value.groups for service in group.services}
    found = {
        "made_at": dates.utc(value.made_at),
        "refresh_seconds": round(house.refresh.total_seconds()),
        "stale_after_seconds": round(house.stale_after.total_seconds()),
        "state": overall(value).value,
        "headline": headlines,
        "services": [
            {
                "slug": service.slug,
                "group": groups[service.slug],
                "name": {language: in_language(service.names, language).text for language in house.languages},
                "state": service.state.value,
                "since": dates.utc(service.began),
                "reason": service.reason.code,
            }
            for service in value.services
        ],
        "open": [
            {"kind": event.kind, "ref": event.ref, "state": event.state, "address": house.address + event.path}
            for event in (*value.incidents, *value.in_progress)
        ],
    }
    return (json.dumps(found, ensure_ascii=False, indent=1) + "\n").encode()
