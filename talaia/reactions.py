"""When X happens, do Y: the whole product on one screen.

`consequences(fact)` are the deliveries that follow a fact; `channels()` says who does them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from talaia.audience.importing import deliver as keep_audience
from talaia.config import Config, current
from talaia.events.models import Event
from talaia.events.timeline import parse_reference
from talaia.forum.chosen import chosen
from talaia.forum.keeping import Keeper
from talaia.outbox.actions import Order
from talaia.outbox.models import Fact
from talaia.outbox.worker import Channel
from talaia.panel.models import Service
from talaia.site.dates import Calendar
from talaia.site.write import publish


def front(_: Fact) -> Iterator[Order]:
    """The page at `/`, status.json and the favicon."""
    yield Order("site", "front")


def own_page(fact: Fact) -> Iterator[Order]:
    """The page of the event or the service that the fact is about."""
    yield Order("site", fact.subject)


def touched_services(fact: Fact) -> Iterator[Order]:
    """The pages of the services that an event touches, or touched before."""
    for slug in fact.data.get("services", []):
        yield Order("archive", f"service/{slug}")


def other_pages(fact: Fact) -> Iterator[Order]:
    """The pages of other events of which the fact speaks too, and the years in which those stand."""
    for subject in fact.data.get("pages", []):
        yield Order("site", subject)
        yield Order("archive", f"history/{parse_reference(subject.partition('/')[2])[0]}")


def history(fact: Fact) -> Iterator[Order]:
    """The history pages in which the event stands."""
    yield Order("archive", f"history/{parse_reference(fact.subject.partition('/')[2])[0]}")


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
    for slug in Service.objects.values_list("pk", flat=True):
        yield Order("archive", f"service/{slug}")
        yield Order("archive", f"past/{slug}")
    yield Order("archive", "history")
    for year in Event.objects.values_list("year", flat=True).distinct().order_by("-year"):
        yield Order("archive", f"history/{year}")
        yield Order("archive", f"search/{year}")
    for event in Event.objects.order_by("-started_at").only("kind", "year", "number").iterator():
        yield Order("archive", f"{event.kind}/{event.ref}")


def ledger(fact: Fact) -> Iterator[Order]:
    """The import that was confirmed, into the ledger; the list follows."""
    yield Order("audience", fact.subject)


def forum(fact: Fact) -> Iterator[Order]:
    """A forum post follows an update: what stands of the event in the forum, or in the repository."""
    if current().tables.mirror is not None:
        yield Order("mirror", fact.subject)


def other_posts(fact: Fact) -> Iterator[Order]:
    """What stands there of other events of which the fact speaks too."""
    if current().tables.mirror is not None:
        for subject in fact.data.get("pages", []):
            yield Order("mirror", subject)


PAGES = (front, own_page, touched_services, past_of_services, history, search)
EVENT_PAGES = (*PAGES, forum)

REACTIONS: dict[str, tuple[Callable[[Fact], Iterator[Order]], ...]] = {
    "incident.opened": EVENT_PAGES,
    "incident.updated": EVENT_PAGES,
    "incident.resolved": EVENT_PAGES,
    "incident.reopened": EVENT_PAGES,
    "incident.merged": (*EVENT_PAGES, other_pages, other_posts),
    "incident.imported": PAGES,  # it stands in the forum already; nobody is told of what was long ago
    "incident.corrected": (front, own_page, search, forum),
    "incident.edited": EVENT_PAGES,
    "incident.analysed": EVENT_PAGES,
    "maintenance.proposed": (),  # nobody outside knows of it until a second person has approved it
    "maintenance.planned": EVENT_PAGES,
    "maintenance.scheduled": EVENT_PAGES,
    "maintenance.in_progress": EVENT_PAGES,
    "maintenance.completed": EVENT_PAGES,
    "maintenance.cancelled": EVENT_PAGES,
    "maintenance.corrected": (front, own_page, search, forum),
    "maintenance.extended": EVENT_PAGES,
    "maintenance.postponed": EVENT_PAGES,
    "maintenance.arranged": (front, own_page),
    "maintenance.overrun": EVENT_PAGES,  # at that minute the pages say that it lasts longer
    "maintenance.late": (),  # operators see it in the desk: it still lasts, has not begun, or was not approved
    "maintenance.edited": EVENT_PAGES,
    "maintenance.analysed": EVENT_PAGES,
    "service.changed": (front, own_page),
    "service.explained": (front, own_page),
    "service.rolled_up": (own_page,),
    "service.backfilled": (own_page,),
    "service.set_by_hand": (),  # the judging that follows changes the service, and so the page
    "service.taken_back": (),
    "source.silent": (),  # operators see it in the desk; the panel's services become unknown by themselves
    "source.heard": (),
    "delivery.tried_again": (),  # its delivery is due by itself
    "delivery.let_go": (),
    "draft.offered": (),  # operators see it in the desk
    "draft.dropped": (),
    "suggestion.dismissed": (),
    "suggestion.taken_up": (),
    "words.changed": (),
    "words.reset": (),
    "audience.proposed": (),  # it waits for a person, or for the guard
    "audience.confirmed": (ledger,),
    "audience.applied": (),  # one step of it
    "audience.synced": (),
    "audience.dropped": (),
    "audience.opted_out": (),
    "audience.opted_in": (),
    "audience.bounced": (),
    "audience.added": (),
    "audience.forgotten": (),
    "audience.reconciled": (),
    "forum.placed": (own_page,),  # the page leads there
    "forum.written": (),
    "forum.edited": (own_page, forum),  # what we have to say besides is merged into it; operators see it in the desk
    "forum.settled": (),
    "forum.taken": (forum,),
    "forum.refused": (forum,),  # our words are put back
    "forum.replied": (own_page,),
    "forum.troubled": (),  # operators see it in the desk
    "forum.forgotten": (),
    "user.added": (),  # kept for whoever asks who did what
    "user.password_set": (),
    "user.disabled": (),
    "user.enabled": (),
    "user.invited": (),
    "user.invitation_withdrawn": (),
    "user.joined": (),
    "user.role_changed": (),
    "user.logged_in": (),
    "user.session_ended": (),
    "user.passkey_added": (),
    "user.passkey_removed": (),
    "user.totp_added": (),
    "user.totp_removed": (),
    "user.codes_made": (),
    "user.factors_forgotten": (),
    "user.openid_added": (),
    "token.issued": (),
    "token.revoked": (),
    "panel.listed": (whole_site,),
    "site.changed": (whole_site,),
}


def consequences(fact: Fact) -> Iterator[Order]:
    """The deliveries that follow `fact`. An unknown kind is a mistake of ours and must be seen."""
    for reaction in REACTIONS[fact.kind]:
        yield from reaction(fact)


def channels(config: Config) -> list[Channel]:
    """Who delivers. The front is made anew every `[site] refresh`, as it says when it was made."""
    return [
        Channel("site", publish, batch=500, refresh=config.site.refresh, refreshed=("front",)),
        Channel("archive", publish, batch=20),
        Channel("audience", keep_audience),
        Channel("mirror", Keeper(current, chosen, calendar).deliver),
    ]


def calendar(language: str) -> Calendar:
    """How the time is told outside of the page: as the page does."""
    return Calendar(language, current().site.tz)
