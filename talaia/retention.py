"""What is kept, and for how long: the one place. `docs/privacy.md` shows it as a table, which a test compares.

Who forgets it asks this file; what an operator may set stands in talaia.toml, and its default there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from talaia.config import FORGET_AFTER
from talaia.config.tables import Log

RAW_WEBHOOKS = timedelta(days=30)  # as they came in: what a sender meant can be looked up for so long
RESOLVED_SIGNALS = timedelta(days=30)
FORUM_BELLS = timedelta(days=30)
FACTS_OF_MACHINES = timedelta(days=400)  # a yearly report can still look back at what happened
BOUNCES = timedelta(days=90)
REPLIES = timedelta(days=1)  # between two answers to one person
SENT_FORMS = timedelta(days=2)  # nobody sends a page of the day before yesterday, and `seen` and `key` hold even then
SUBSCRIPTIONS = timedelta(days=1)  # that somebody asked again; the question itself is good for `[subscribe] valid`
REPORTS_PLACE = timedelta(hours=2)  # as long as it is needed to count a place once
REPORTS = timedelta(days=30)
INVITATIONS = timedelta(days=7)  # so long one is good; the row stays, without what could be used
PUBLICATIONS = 500  # of the site, the latest


@dataclass(frozen=True)
class Kept:
    """A kind of data. `about`: whom it is about; `setting`: where an operator may change how long."""

    what: str
    about: str
    how_long: timedelta | str
    setting: str = ""


TABLE = (
    Kept("Incidents, maintenance, their texts and states; the history of services", "nobody", "for ever"),
    Kept("Address, name, language, connections of whoever is told", "members, subscribers", "while an export has them"),
    Kept("The same, once no export has them", "former members", FORGET_AFTER, "[audience] forget_after"),
    Kept("That somebody opted out: a digest of the address", "members", "for ever, so that no export brings them back"),
    Kept("An export as it was read", "members", "until it is applied or dropped"),
    Kept("That somebody asked for our mails", "whoever asks", SUBSCRIPTIONS, "[subscribe] valid"),
    Kept("Who got which notice, by a key without the address", "members, subscribers", "as long as the notice"),
    Kept("Mails that came back, by the same key", "members, subscribers", BOUNCES),
    Kept("Who wrote to us and was answered", "whoever writes", "until the answer is sent; a digest for a day"),
    Kept("What people did at the desk, and from which address", "operators", Log().keep, "[log] keep"),
    Kept("What machines did", "nobody", FACTS_OF_MACHINES),
    Kept("Accounts, passkeys, digests of recovery codes", "operators", "until an admin takes them away"),
    Kept("Invitations: a digest of the link", "operators", INVITATIONS),
    Kept("That a form was sent, so that it has its effect once", "operators", SENT_FORMS),
    Kept("What monitoring posted, as it came in", "what operators write into alerts", RAW_WEBHOOKS),
    Kept("Alerts that are over", "what operators write into alerts", RESOLVED_SIGNALS),
    Kept("Rings of the forum's webhook", "nobody", FORUM_BELLS),
    Kept("That the site was published", "nobody", f"the last {PUBLICATIONS} times"),
    Kept("That a service fails for a visitor, and in which area", "nobody", REPORTS),
    Kept("From which place that was said: a keyed hash that changes each hour", "visitors", REPORTS_PLACE),
    Kept("Visitors of the page", "nobody", "nothing is kept: no cookie, no address, no log of requests"),
)


def markdown() -> str:
    """The table of docs/privacy.md."""
    rows = [
        f"| {one.what} | {one.about} | {_words(one.how_long)}{f', `{one.setting}`' if one.setting else ''} |"
        for one in TABLE
    ]
    return "\n".join(["| what | about whom | for how long |", "|---|---|---|", *rows])


def _words(how_long: timedelta | str) -> str:
    if isinstance(how_long, str):
        return how_long
    if how_long < timedelta(days=1):
        return f"{how_long // timedelta(hours=1)} hours"
    return f"{how_long.days} day{'s' if how_long.days != 1 else ''}"
