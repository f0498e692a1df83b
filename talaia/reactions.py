"""When X happens, do Y: the whole product on one screen.

`consequences(fact)` are the deliveries that follow a fact; `channels()` says who does them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from talaia.audience.actions import asked
from talaia.audience.importing import deliver as keep_audience
from talaia.audience.mailing import behind, hand_over, mail_returns, neighbours, readers, remember_whom
from talaia.audience.subscribing import to_ask
from talaia.config import Config, current
from talaia.events.models import Event
from talaia.events.timeline import parse_reference
from talaia.forum.chosen import chosen
from talaia.forum.keeping import Keeper
from talaia.notices.actions import look
from talaia.notices.chat import deliver as chat
from talaia.notices.chat.deliver import target_of as chat_target
from talaia.notices.confirm import send as send_question
from talaia.notices.letterhead import the_list
from talaia.notices.models import Notice
from talaia.notices.post import Post
from talaia.notices.replies.answer import answer as answer_reply
from talaia.notices.rows import hours, planned
from talaia.notices.values import Behind, Recipient, words
from talaia.notices.webhooks.deliver import deliver as tell_systems
from talaia.notices.webhooks.deliver import target_of as webhook_target
from talaia.outbox.actions import Order
from talaia.outbox.models import Fact
from talaia.outbox.worker import Channel
from talaia.panel.models import Service
from talaia.panel.renaming.names import former
from talaia.site.dates import Calendar
from talaia.site.snapshot import month_of, who_told_the_end
from talaia.site.write import publish


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


def notices(fact: Fact) -> Iterator[Order]:
    """Which mail follows is asked of the rows, now and at the hours of a plan: see notices/which.py."""
    if current().mail.sender is None and not current().tables.chat:
        return
    chosen = fact.data.get("tell")  # what the operator said of this one; None: the default
    yield Order("notices", fact.subject if chosen is None else f"{fact.subject}/{'yes' if chosen else 'no'}")
    for at in hours(fact.subject):
        yield Order("notices", f"{fact.subject}@{at:%Y%m%dT%H%MZ}", due=at)


def planned_work(_: Fact) -> Iterator[Order]:
    """What was planned before anybody could be told is told from now on."""
    for subject in planned():
        yield Order("notices", subject)
        for at in hours(subject):
            yield Order("notices", f"{subject}@{at:%Y%m%dT%H%MZ}", due=at)


def questions(fact: Fact) -> Iterator[Order]:
    """What only operators can answer, in each chat that is theirs."""
    for room in current().tables.chat:
        if room.operators:
            yield Order("chat", chat_target(room, f"fact/{fact.pk}"))


def other_notices(fact: Fact) -> Iterator[Order]:
    """Which mail follows of other events of which the fact speaks: they have taken it on, or given it up."""
    if current().mail.sender is not None or current().tables.chat:
        yield from (Order("notices", subject) for subject in fact.data.get("pages", []))


def mail(fact: Fact) -> Iterator[Order]:
    """The mail itself: once its hold is over, or its next part when that is due."""
    due = fact.data.get("due")
    yield Order("mail", fact.subject, due=datetime.fromisoformat(due) if due else None, since=fact.at)


def test_mail(fact: Fact) -> Iterator[Order]:
    """One copy, to who asked for it."""
    yield Order("mail", f"test/{fact.pk}")


def chats(fact: Fact) -> Iterator[Order]:
    """The notice that begins to be sent, in each chat that wants its kind."""
    kind = Notice.objects.get(pk=int(fact.subject.partition("/")[2])).kind
    for room in current().tables.chat:
        if not room.notices or kind in room.notices:
            yield Order("chat", chat_target(room, fact.subject))


def webhooks(fact: Fact) -> Iterator[Order]:
    """The news, to each system that is told of it."""
    for hook in current().tables.webhook:
        if hook.services or not fact.kind.startswith("service."):
            yield Order("webhook", webhook_target(hook, fact))


def letter(fact: Fact) -> Iterator[Order]:
    """What one person gets because they wrote to us, or asked for our mails."""
    yield Order("letters", fact.subject)


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
TOLD = (*EVENT_PAGES, notices, webhooks)

REACTIONS: dict[str, tuple[Callable[[Fact], Iterator[Order]], ...]] = {
    "incident.opened": TOLD,
    "incident.updated": TOLD,
    "incident.resolved": TOLD,
    "incident.reopened": (*TOLD, other_pages, other_posts, other_notices),
    "incident.merged": (*TOLD, other_pages, other_posts, other_notices),
    "incident.addressed": (),
    "incident.widened": (),  # the next mail goes to everybody
    "incident.imported": PAGES,  # it stands in the forum already; nobody is told of what was long ago
    "incident.corrected": (front, own_page, search, forum, notices, webhooks),
    "incident.edited": (*TOLD, month_before, other_pages, other_posts),
    "incident.analysed": EVENT_PAGES,
    "maintenance.proposed": (),  # nobody outside knows of it until a second person has approved it
    "maintenance.planned": TOLD,
    "maintenance.scheduled": TOLD,
    "maintenance.in_progress": TOLD,
    "maintenance.completed": TOLD,
    "maintenance.cancelled": TOLD,
    "maintenance.corrected": (front, own_page, search, forum, notices, webhooks),
    "maintenance.extended": TOLD,
    "maintenance.postponed": TOLD,
    "maintenance.arranged": (front, own_page, notices),
    "maintenance.overrun": (*EVENT_PAGES, questions),  # at that minute the pages say that it lasts longer
    "maintenance.not_begun": (*EVENT_PAGES, questions),
    "maintenance.unseen": (*EVENT_PAGES, questions),  # its window passed while talaia was off: was it done?
    "maintenance.stuck": (questions,),  # the clock could not begin or end it
    "maintenance.late": (questions,),  # it still lasts, has not begun, or was not approved
    "maintenance.change_proposed": (),  # it waits for a second person; what was approved stands
    "maintenance.change_dropped": (),
    "maintenance.addressed": (),
    "maintenance.widened": (notices,),
    "maintenance.edited": (*TOLD, month_before),
    "maintenance.analysed": EVENT_PAGES,
    "service.changed": (front, own_page, webhooks),
    "service.explained": (front, own_page),
    "service.rolled_up": (own_page,),
    "service.unwatched": (front, own_page, webhooks),  # it became unknown while nobody watched
    "service.backfilled": (front, own_page),
    "service.said": (front, own_page),  # people have said afterwards how it was
    "service.set_by_hand": (),  # the judging that follows changes the service, and so the page
    "service.taken_back": (),
    "service.hand_ended": (),
    "service.renamed": (whole_site,),
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
    "audience.asked_for": (letter,),
    "audience.subscribed": (),  # a list server has them at the next look
    "audience.reconciled": (),
    "audience.posted": (),  # the list server sends it
    "audience.list_set": (),
    "audience.list_troubled": (),  # operators see it in the desk and in the metrics
    "audience.list_well": (),
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
    "notices.possible": (planned_work,),
    "notices.impossible": (),
    "notice.held": (mail,),
    "notice.withheld": (),  # the desk shows it, and can send it
    "notice.taken_back": (),
    "notice.begun": (chats,),
    "notice.went_on": (mail,),
    "notice.sent": (),
    "notice.stuck": (),
    "notice.resumed": (mail,),
    "notice.given_up": (),
    "notice.tested": (test_mail,),
    "reply.came": (letter,),
    "reply.over": (),
    "panel.listed": (whole_site,),
    "site.changed": (whole_site,),
    "site.mended": (),  # it is made anew already; operators see it in the desk
}


def consequences(fact: Fact) -> Iterator[Order]:
    """The deliveries that follow `fact`. An unknown kind is a mistake of ours and must be seen."""
    return (order for reaction in REACTIONS[fact.kind] for order in reaction(fact))


def channels(config: Config) -> list[Channel]:
    """Who delivers. The front is made anew every `[site] refresh`, as it says when it was made;
    the other pages that speak of now, every quarter of an hour.
    """
    return [
        Channel("site", publish, batch=500, refresh=config.site.refresh, refreshed=("front",)),
        Channel("archive", publish, batch=20, refresh=timedelta(minutes=15), refreshed=("living",)),
        Channel("notices", look_at, batch=20),
        Channel(
            "mail",
            Post(recipients, calendar, mail_returns, to_list, neighbours).deliver,
            longest_wait=timedelta(minutes=5),
        ),
        Channel("chat", say_in_chats, longest_wait=timedelta(minutes=2)),
        Channel("webhook", tell_systems),
        Channel("letters", single_letter, longest_wait=timedelta(minutes=5)),
        Channel("audience", keep_audience),
        Channel("mirror", Keeper(current, chosen, calendar).deliver),
    ]


def look_at(targets: Sequence[str], now: datetime) -> None:
    """Draw up the notices that follow: targets are events, with "/yes" or "/no" where the operator chose."""
    for target in targets:
        kind, ref, *chosen = target.partition("@")[0].split("/")
        remember_whom(f"{kind}/{ref}", current(), now)
        look(f"{kind}/{ref}", now, {"yes": True, "no": False}.get(chosen[0]) if chosen else None)


def say_in_chats(targets: Sequence[str], now: datetime) -> None:
    """Targets: "<chat>/notice/<id>"."""
    chat.deliver(targets, calendar, now)


def ask_whether_it_was_them(pk: int, now: datetime) -> None:
    """Somebody who subscribed confirms it by mail."""
    subscribe = current().tables.subscribe
    found = to_ask(pk, subscribe.valid, now) if subscribe else None  # else nobody could confirm it
    if found:
        names = dict(Service.objects.filter(pk__in=found.services).values_list("slug", "names"))
        chosen = [words(names[slug]) for slug in found.services if slug in names]
        send_question(current(), found.key, found.address, found.language, chosen, now)
        asked(pk, now)


def single_letter(targets: Sequence[str], now: datetime) -> None:
    """What one person gets because they asked: targets are "reply/<id>", "subscription/<id>"."""
    for target in targets:
        kind, _, number = target.partition("/")
        if kind == "reply":
            answer_reply(int(number), calendar, now)
        else:
            ask_whether_it_was_them(int(number), now)


def recipients(after: str, only: Behind | None, also: Collection[str] = ()) -> Iterator[Recipient]:
    """Whom mails go to: the one list, or everybody of the ledger who is told, each in their language.

    `only` the people behind something, and those with the keys `also`, where each gets a mail of their own; a list
    goes to all who are on it.
    """
    config = current()
    if (everybody := the_list(config)) is not None:
        yield from [everybody] if after < everybody.key else []
        return
    for reader in readers(after, behind(config, only), also):
        yield Recipient(
            reader.key, reader.address, reader.language or config.site.languages[0], services=reader.services
        )


def to_list(letter: bytes, message_id: str) -> bool:
    """By the list server's own door; not where `[mail] to` is an address like any other."""
    return hand_over(letter, message_id, current(), timezone.now)


def calendar(language: str) -> Calendar:
    """How mails and the forum tell the time: as the page does."""
    return Calendar(language, current().site.tz)
