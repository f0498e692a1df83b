"""Frozen values → finished pages, pure: `{file in the public folder: bytes}`, one for each language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.template.loader import get_template
from django.utils import translation
from django.utils.translation import gettext as _

from talaia.panel.state import TROUBLE, State
from talaia.panel.uptime import DaySeconds, day_state, figure
from talaia.site import addresses, dates
from talaia.site.bars import bars
from talaia.site.headline import headline, overall
from talaia.site.shapes import icon
from talaia.site.values import Event, Front, House, Month, ServicePage, Year, inside

PERIODS = (7, 30, 90)  # days, on a service's page
Files = dict[str, bytes]


def front(value: Front, house: House) -> Files:
    """`/` in every language, status.json and the favicon."""

    def context() -> dict[str, Any]:
        opened = [(event, _promise(event, value.made_at, house), _newest(event)) for event in value.incidents]
        working = [(event, _promise(event, value.made_at, house), _newest(event)) for event in value.in_progress]
        return {
            "front": value,
            "headline": headline(value),
            "now": value.made_at,
            "opened": [*opened, *working],
            "refresh": int(house.refresh.total_seconds()),
        }

    files = dict(_each(house, "/", "front.html", context))
    files["status.json"] = _status(value, house)
    files["favicon.svg"] = icon(overall(value))
    return files


def _newest(event: Event) -> dict[str, Any]:
    """The latest entries, newest first, and how many stand before them."""
    entries = tuple(reversed(event.entries))
    return {"entries": entries, "earlier": entries[-1].number - 1 if entries else 0}


def _promise(event: Event, now: datetime, house: House) -> str:
    """When there will be news, as promised; when the time has passed, that it has."""
    if event.next_update_at is None:
        return ""
    calendar = dates.Calendar(translation.get_language() or house.languages[0], house.zone)
    when = calendar.before(event.next_update_at, now)
    if event.next_update_at >= now:
        # Translators: %(when)s is "before 04:30"
        return _("Next update %(when)s.") % {"when": when}
    return _("We promised news %(when)s and are late. We are still working on it.") % {"when": when}


def event(value: Event, house: House) -> Files:
    """An incident's or a maintenance's own page. Oldest entry first: who comes here reads what happened, in order."""
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
        "figures": [
            (count, found, found.of(State.MAINTENANCE), found.of(State.UNKNOWN))
            for count, found in zip(PERIODS, figures, strict=True)
        ],
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
    """What every page knows. A page that has no address (404) has no `path`."""
    lasting = path if path.endswith("/") else ""
    return {
        "house": house,
        "language": language,
        "languages": house.languages,
        "zone": house.zone,
        "zone_name": dates.Calendar(language, house.zone).zone_name(),
        "path": lasting,
        "others": [
            {
                "language": code,
                "href": addresses.localized(lasting or "/", code, house.languages),
                "name": LANGUAGE_NAMES.get(code, code),
            }
            for code in house.languages
        ],
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
