"""Frozen values → finished pages, pure: `{file in the public folder: bytes}`, one for each language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.template.loader import get_template
from django.utils import translation

from talaia.panel.state import TROUBLE, State
from talaia.panel.uptime import DaySeconds, day_state, figure
from talaia.site import addresses, assets, dates
from talaia.site.bars import bars
from talaia.site.headline import headline, overall
from talaia.site.shapes import icon
from talaia.site.values import Event, Front, House, Month, ServicePage, Year, inside

PERIODS = (7, 30, 90)  # days, on a service's page
Files = dict[str, bytes]


def front(value: Front, house: House) -> Files:
    """`/` in every language, status.json and the favicon."""
    files = dict(
        _each(house, "/", "front.html", lambda: {"front": value, "headline": headline(value), "now": value.made_at})
    )
    files["status.json"] = _status(value, house)
    files["favicon.svg"] = icon(overall(value))
    return files


def event(value: Event, house: House) -> Files:
    """An incident's or a maintenance's own page. Oldest entry first: who comes here reads what happened."""
    return dict(_each(house, value.path, "event.html", lambda: {"event": value}))


def service(value: ServicePage, house: House, now: datetime) -> Files:
    """A service's page: its state, its 90 days, its figures and what touched it."""
    drawn = bars(value.days)
    troubled = [
        (entry, day_state(entry.seconds)) for entry in reversed(value.days) if day_state(entry.seconds) in TROUBLE
    ]
    figures = [
        figure(value.days, value.today - timedelta(days=count - 1), value.today, house.zone) for count in PERIODS
    ]
    given = {
        "page": value,
        "bars": drawn,
        "first": value.days[0].day,
        "troubled": [(entry.day, state, _lasted(entry)) for entry, state in troubled],
        "figures": list(zip(PERIODS, figures, strict=True)),
        "maintenance": State.MAINTENANCE,
        "unknown": State.UNKNOWN,
        "now": now,
    }
    return dict(_each(house, f"/services/{value.service.slug}/", "service.html", lambda: given))


def history(latest: Year | None, years: Sequence[int], house: House) -> Files:
    """`/history/`: the latest year, and the way to the others."""
    return dict(_each(house, "/history/", "history.html", lambda: {"year": latest, "years": years}))


def year(value: Year, years: Sequence[int], house: House) -> Files:
    """`/history/<year>/`."""
    return dict(
        _each(house, f"/history/{value.year}/", "history.html", lambda: {"year": value, "years": years, "own": True})
    )


def month(value: Month, years: Sequence[int], house: House) -> Files:
    """`/history/<year>/<month>/`, of a year with many events."""
    return dict(_each(house, value.path, "month.html", lambda: {"month": value, "years": years}))


def missing(house: House) -> Files:
    """What is answered where there is no page."""
    return dict(_each(house, "/404.html", "404.html", dict))


def _each(house: House, path: str, template: str, context: Any) -> Iterator[tuple[str, bytes]]:
    """The page at `path` in every language of the house. `context` is called with the language in force."""
    page = get_template(f"site/{template}", using="html")
    for language in house.languages:
        with translation.override(language):
            text = page.render({**_frame(house, path, language), **context()})
        yield addresses.file(addresses.localized(path, language, house.languages)), text.encode()


def _frame(house: House, path: str, language: str) -> dict[str, Any]:
    """What every page knows."""
    return {
        "house": house,
        "site_name": inside(house.name, language).text,
        "language": language,
        "languages": house.languages,
        "zone": house.zone,
        "path": path,
        "canonical": house.address + addresses.localized(path, language, house.languages),
        "others": [
            (code, house.address + addresses.localized(path, code, house.languages), LANGUAGE_NAMES[code])
            for code in house.languages
        ],
        "links": [(inside(text, language).text, address) for text, address in house.links],
        "style": assets.address("style.css"),
        "script": assets.address("script.js"),
    }


LANGUAGE_NAMES: Mapping[str, str] = {"ca": "Català", "es": "Español", "en": "English"}


def _lasted(entry: DaySeconds) -> int:
    return sum(entry.seconds.get(state, 0) for state in TROUBLE)


def _status(value: Front, house: House) -> bytes:
    """status.json: the front for programs. Keys are only ever added."""
    headlines = {}
    for language in house.languages:
        with translation.override(language):
            headlines[language] = headline(value).sentence
    found = {
        "made_at": dates.utc(value.made_at),
        "state": overall(value).value,
        "headline": headlines,
        "services": [
            {
                "slug": service.slug,
                "name": {language: inside(service.names, language).text for language in house.languages},
                "state": service.state.value,
                "since": dates.utc(service.since),
            }
            for service in value.services
        ],
        "open": [
            {"kind": event.kind, "ref": event.ref, "state": event.state, "address": house.address + event.path}
            for event in (*value.incidents, *value.in_progress)
        ],
    }
    return (json.dumps(found, ensure_ascii=False, indent=1) + "\n").encode()
