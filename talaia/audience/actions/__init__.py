"""The only code that writes the audience. One function = one transaction = one recorded fact, with numbers only."""

from talaia.audience.actions.imports import confirm, drop, finish, looked, propose, write
from talaia.audience.actions.letters import held, intend, not_tried, posted, sent_before, tried
from talaia.audience.actions.lists import kept, listed, reconciled, unlisted
from talaia.audience.actions.people import add, bounce, forget, forget_old, opt_in, opt_out

__all__ = [
    "add",
    "bounce",
    "confirm",
    "drop",
    "finish",
    "forget",
    "forget_old",
    "held",
    "intend",
    "kept",
    "listed",
    "looked",
    "not_tried",
    "opt_in",
    "opt_out",
    "posted",
    "propose",
    "reconciled",
    "sent_before",
    "tried",
    "unlisted",
    "write",
]
