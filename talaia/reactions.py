"""When X happens, do Y: the whole product on one screen.

A fact that is not here has no consequences. Who does what is ordered: `channels.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from talaia.audience.orders import ledger
from talaia.forum.orders import forum, other_posts
from talaia.notices.orders import (
    chats,
    letter,
    mail,
    notices,
    other_notices,
    planned_work,
    questions,
    test_mail,
    webhooks,
)
from talaia.outbox.actions import Order
from talaia.outbox.models import Fact
from talaia.site.orders import (
    front,
    history,
    month_before,
    other_pages,
    own_page,
    past_of_services,
    search,
    touched_services,
    whole_site,
)

PAGES = (front, own_page, touched_services, past_of_services, history, search)
EVENT_PAGES = (*PAGES, forum)
TOLD = (*EVENT_PAGES, notices, webhooks)

REACTIONS: dict[str, tuple[Callable[[Fact], Iterator[Order]], ...]] = {
    "incident.opened": TOLD,
    "incident.updated": TOLD,
    "incident.resolved": TOLD,
    "incident.reopened": (*TOLD, other_pages, other_posts, other_notices),
    "incident.merged": (*TOLD, other_pages, other_posts, other_notices),
    "incident.imported": PAGES,  # it stands in the forum already; nobody is told of what was long ago
    "incident.corrected": (front, own_page, search, forum, notices, webhooks),
    "incident.edited": (*TOLD, month_before, other_pages, other_posts),
    "incident.analysed": EVENT_PAGES,
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
    "maintenance.widened": (notices,),
    "maintenance.edited": (*TOLD, month_before),
    "maintenance.analysed": EVENT_PAGES,
    "service.changed": (front, own_page, webhooks),
    "service.explained": (front, own_page),
    "service.rolled_up": (own_page,),
    "service.unwatched": (front, own_page, webhooks),  # it became unknown while nobody watched
    "service.backfilled": (front, own_page),
    "service.said": (front, own_page),  # people have said afterwards how it was
    "service.renamed": (whole_site,),
    "audience.confirmed": (ledger,),
    "audience.asked_for": (letter,),
    "forum.placed": (own_page,),  # the page leads there
    "forum.edited": (own_page, forum),  # what we have to say besides is merged into it; operators see it in the desk
    "forum.taken": (forum,),
    "forum.refused": (forum,),  # our words are put back
    "forum.set_back": (forum,),  # likewise
    "forum.replied": (own_page,),
    "notices.possible": (planned_work,),
    "notice.held": (mail,),
    "notice.begun": (chats,),
    "notice.went_on": (mail,),
    "notice.resumed": (mail,),
    "notice.tested": (test_mail,),
    "reply.came": (letter,),
    "panel.listed": (whole_site,),
    "site.changed": (whole_site,),
}


def consequences(fact: Fact) -> Iterator[Order]:
    """The deliveries that follow `fact`."""
    return (order for reaction in REACTIONS.get(fact.kind, ()) for order in reaction(fact))
