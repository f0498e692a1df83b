"""Which pages are made anew when something has happened. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from talaia.config import current
from talaia.events.models import Event
from talaia.events.timeline import parse_reference
from talaia.outbox.actions import Order
from talaia.outbox.models import Fact
from talaia.panel.models import Service
from talaia.panel.renaming.names import former
from talaia.site.snapshot import month_of, who_told_the_end


def front(_: Fact) -> Iterator[Order]:
    """The page at `/`, status.json and the favicon."""
    yield Order("site", "front")


def own_page(fact: Fact) -> Iterator[Order]:
    """The page of the event or the service that the fact is about, and that of who told the service's end."""
    yield from (Order("site", page) for page in (fact.subject, *who_told_the_end(fact.subject)))


def touched_services(fact: Fact) -> Iterator[Order]:
    """The pages of the services that an event touches, or touched before."""
    yield from (Order("archive", f"service/{slug}") for slug in fact.data.get("services", []))


def other_pages(fact: Fact) -> Iterator[Order]:
    """The pages of other events of which the fact speaks too, and where else those stand.

    They may have taken on services of the event, and be of another year.
    """
    for subject in fact.data.get("pages", []):
        year = parse_reference(subject.partition("/")[2])[0]
        yield Order("site", subject)
        for slug in fact.data.get("services", []):
            yield Order("archive", f"past/{slug}/{year}")
        yield Order("archive", f"history/{year}")
        yield Order("archive", f"search/{subject}")


def history(fact: Fact) -> Iterator[Order]:
    """The history pages in which the event stands."""
    yield Order("archive", f"history/{parse_reference(fact.subject.partition('/')[2])[0]}")


def month_before(fact: Fact) -> Iterator[Order]:
    """The month in which the event stood until now, when it turns out to have begun in another one."""
    year = parse_reference(fact.subject.partition("/")[2])[0]
    times = [fact.data[side].get("started_at") for side in ("before", "after")]
    months = [month_of(year, datetime.fromisoformat(at), current().site.tz) for at in times if at]
    if months and months[0] != months[-1]:
        yield Order("archive", f"history/{year}/{months[0]:02}")
        yield Order("archive", f"search/{year}")


def past_of_services(fact: Fact) -> Iterator[Order]:
    """The history of each service that an event touches, or touched before, in the event's year."""
    year = parse_reference(fact.subject.partition("/")[2])[0]
    for slug in fact.data.get("services", []):
        yield Order("archive", f"past/{slug}/{year}")


def search(fact: Fact) -> Iterator[Order]:
    """The part of the search index in which the event stands."""
    yield Order("archive", f"search/{fact.subject}")


def whole_site(_: Fact) -> Iterator[Order]:
    """Every page, the front first; in small steps, so that news need not wait for the archive."""
    yield Order("site", "front")
    yield Order("archive", "assets")
    for slug in [*Service.objects.values_list("pk", flat=True), *former()]:
        yield Order("archive", f"service/{slug}")
        yield Order("archive", f"past/{slug}")
    yield Order("archive", "history")
    for year in Event.objects.values_list("year", flat=True).distinct().order_by("-year"):
        yield Order("archive", f"history/{year}")
        yield Order("archive", f"search/{year}")
    for event in Event.objects.order_by("-started_at").only("kind", "year", "number").iterator():
        yield Order("archive", f"{event.kind}/{event.ref}")
