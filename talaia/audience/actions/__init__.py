"""The only code that writes the audience. One function = one transaction = one recorded fact, with numbers only."""

from talaia.audience.actions.imports import confirm, drop, finish, looked, propose, write
from talaia.audience.actions.list_posts import given_up, held, intend, not_tried, posted, sent_before, tried
from talaia.audience.actions.lists import banned, joining, kept, listed, parting, quiet, reconciled, unlisted
from talaia.audience.actions.people import add, bounce, bounce_no_more, forget, forget_old, opt_in, opt_out
from talaia.audience.actions.renaming import rename_chosen
from talaia.audience.actions.subscriptions import ask, asked, forget_asked
from talaia.audience.actions.subscriptions import confirm as confirm_subscription

__all__ = [
    "add",
    "ask",
    "asked",
    "banned",
    "bounce",
    "bounce_no_more",
    "confirm",
    "confirm_subscription",
    "drop",
    "finish",
    "forget",
    "forget_asked",
    "forget_old",
    "given_up",
    "held",
    "intend",
    "joining",
    "kept",
    "listed",
    "looked",
    "not_tried",
    "opt_in",
    "opt_out",
    "parting",
    "posted",
    "propose",
    "quiet",
    "reconciled",
    "rename_chosen",
    "sent_before",
    "tried",
    "unlisted",
    "write",
]
