"""The list follows the ledger: first what happened over there is learnt, then what is missing is told, in steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from django.db.models import Q

from talaia.audience import actions
from talaia.audience.address import AddressError
from talaia.audience.backend import BANNED, DeliveryMode, ListBackend, ListMember, ListOutcome
from talaia.audience.diff import RecipientEntry, RecipientStatus
from talaia.audience.guard import beyond
from talaia.audience.models import Recipient
from talaia.audience.recipients import entries
from talaia.audience.reconcile import KnownAddress, reconcile, switched_off
from talaia.config import Threshold
from talaia.outbox.batches import batches
from talaia.outbox.errors import PermanentError
from talaia.outbox.locks import alone

STEP = 200  # addresses in one transaction, and in one removal: so many are taken off twice after a kill -9, in vain

FEW = 5  # people who may always leave between two looks

MISSING = Q(standing=RecipientStatus.ON, listed_at=None)
# Whose mail comes back stays on the list while an export has them: that switched them off, and will know it.
OUT = Q(standing__in=[RecipientStatus.LEFT, RecipientStatus.OPTED_OUT]) | Q(
    standing=RecipientStatus.BOUNCED, left_at__isnull=False
)
SURPLUS = OUT & Q(listed_at__isnull=False)


def is_behind() -> bool:
    """Whether the list, as far as we know it, lacks somebody who is to be told, or may have somebody who is not.

    Whom it will not have is asked for again only with everybody.
    """
    return Recipient.objects.filter(MISSING & ~Q(at_list=BANNED) | SURPLUS | OUT & Q(joining_at__isnull=False)).exists()


def follow(
    backend: ListBackend,
    limit: Threshold,
    now: Callable[[], datetime],
    progress: Callable[[int, int], None] = lambda *_: None,
    *,
    closely: bool = False,
) -> None:
    """Make `list` follow the ledger. Whoever comes second, say from the shell, waits, and finds less to do.

    closely: learn also who is on it and gets nothing, by their own choice.

    Two at once would be in each other's way: Mailman itself stumbles over the same address from two sides.
    """
    with alone("list", wait=True):
        _follow(backend, limit, now, progress, closely)


def _follow(
    backend: ListBackend,
    limit: Threshold,
    now: Callable[[], datetime],
    progress: Callable[[int, int], None],
    closely: bool,
) -> None:
    """Make `list` hold everybody whose standing is "on", and nobody whom we took off. Safe to repeat.

    limit: when more than so many went by themselves at once, or were switched off there, it is not them but the list or
    its mail server, and Permanent is raised.

    Somebody whose mail comes back stays on the list, switched off there: a new subscription would switch it on. So that
    is what whoever is to be told again gets.
    """
    hear(backend, now)
    rows = Recipient.objects.values_list("key", "standing", "listed_at", "joining_at")
    known = {
        key: KnownAddress(RecipientStatus(standing), listed is not None, joining is not None)
        for key, standing, listed, joining in rows.iterator(5000)
    }
    read_at = now()
    members = dict(backend.read(closely))
    for keys in batches([key for key, member in members.items() if switched_off(known.get(key), member)], STEP):
        backend.remove(keys)
        for key in keys:
            del members[key]
    found = reconcile(known, members)
    listed = sum(one.listed for one in known.values())
    if len(found.opted_out) > FEW and beyond(limit, len(found.opted_out), listed):
        raise PermanentError(
            f"{len(found.opted_out)} of {listed} are gone from the list, and we did not take them off",
            "was the list emptied, or restored? If they really left, opt them out; else put them back on the list",
        )
    if len(found.bounced) > FEW and beyond(limit, len(found.bounced), listed):
        raise PermanentError(
            f"the list has switched off {len(found.bounced)} of {listed}, as mail to them came back: that is too many",
            "is its mail server refused? Mend that, and have the list switch their delivery on again",
        )
    actions.reconciled(found, read_at, now())
    if closely:
        learn_quiet(backend, members)

    joining = [*Recipient.objects.filter(MISSING).order_by("pk").values_list("key", flat=True)]
    leaving = [*Recipient.objects.filter(SURPLUS).order_by("pk").values_list("key", flat=True)]
    total, done = len(joining) + len(leaving), 0
    for keys in batches(joining, STEP):
        actions.joining(keys, now())
        people = entries(Recipient.objects.filter(key__in=keys, standing=RecipientStatus.ON))
        for some in batches(people, backend.at_once):
            join(backend, [people[key] for key in some], now)
        done += len(keys)
        progress(done, total)
    for keys in batches(leaving, STEP):
        outcomes = backend.remove(keys)
        actions.unlisted(
            [key for key, outcome in outcomes.items() if outcome in (ListOutcome.DONE, ListOutcome.ALREADY)]
        )
        done += len(keys)
        progress(done, total)


def learn_quiet(backend: ListBackend, members: Mapping[str, ListMember]) -> None:
    """Who is on the list and gets nothing by their own choice. A digest is set back: the list never sends one."""
    quiet = {
        key: member.mail for key, member in members.items() if member.mail in (DeliveryMode.PAUSED, DeliveryMode.DIGEST)
    }
    for key in backend.no_digest([key for key, mail in quiet.items() if mail == DeliveryMode.DIGEST]):
        del quiet[key]
    actions.quiet(quiet)


def join(backend: ListBackend, people: Sequence[RecipientEntry], now: Callable[[], datetime]) -> None:
    """Tell the list of people, and write down what became of each. That they are told of is written down before."""
    outcomes = backend.subscribe(people)
    actions.listed(
        [key for key, outcome in outcomes.items() if outcome in (ListOutcome.DONE, ListOutcome.ALREADY)], now()
    )
    for key, outcome in outcomes.items():
        if outcome == ListOutcome.BARRED:
            actions.banned(key)
        elif outcome == ListOutcome.IMPOSSIBLE:
            actions.bounce(key, now())
    actions.unlisted(
        [key for key, outcome in outcomes.items() if outcome in (ListOutcome.BARRED, ListOutcome.IMPOSSIBLE)]
    )


def hear(backend: ListBackend, now: Callable[[], datetime]) -> int:
    """Write down who asked the list to be taken off it, then let them go. Returns how many. Safe to repeat.

    Killed in between, the request is still there, and what is written down is not written twice.
    """
    found = backend.leaving()
    for one in found:
        with suppress(AddressError):  # the list had an address that we would not write to
            actions.opt_out(one.key, now())
        backend.let_go(one)
        actions.unlisted([one.key])
    return len(found)
