"""Two who write of one address at the same moment: the second sees what the first wrote. Tells most on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from talaia.audience import actions
from talaia.audience.diff import Diff, RecipientStatus, diff
from talaia.audience.models import Import, OptOut, Recipient, Subscription
from talaia.audience.reconcile import ListFindings
from talaia.audience.roster import Roster, WantedRecipient

pytestmark = pytest.mark.django_db(transaction=True)
ANNA = "anna@example.org"
WANTED = {ANNA: WantedRecipient(ANNA, ANNA, "Anna", reasons=("member",))}


@pytest.fixture
def confirmed() -> int:
    """An import that has Anna, and is being applied."""
    row = actions.propose(Roster(WANTED, rows=1), Diff(()), (), 0, "x.csv", timezone.now())
    return actions.confirm(row.pk, timezone.now()).pk


def written(id: int) -> int:
    return actions.write(id, [ANNA], WANTED, (), "leave", timezone.now())


def in_between(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object], first: Callable[[], object]) -> None:
    """`first`, which reads and then writes; in between somebody else comes with `meanwhile`, and is given a moment."""
    read, over = threading.Event(), threading.Event()

    def slowly(*given: Any) -> Diff:
        found = diff(*given)
        read.set()
        over.wait(0.5)  # in vain where they wait for each other, which is right
        return found

    def other() -> None:
        read.wait(10)
        try:
            meanwhile()
        finally:
            over.set()
            connection.close()

    with monkeypatch.context() as patched, ThreadPoolExecutor(1) as threads:
        patched.setattr("talaia.audience.actions.imports.diff", slowly)
        done = threads.submit(other)
        first()
        done.result()


def test_who_opts_out_while_an_import_lets_them_in_has_opted_out(
    monkeypatch: pytest.MonkeyPatch, confirmed: int
) -> None:
    in_between(monkeypatch, lambda: actions.opt_out(ANNA, timezone.now()), lambda: written(confirmed))
    assert Recipient.objects.get().standing == RecipientStatus.OPTED_OUT
    assert not OptOut.objects.exists()


def test_who_is_added_while_an_import_reads_is_no_surprise_to_it(
    monkeypatch: pytest.MonkeyPatch, confirmed: int
) -> None:
    def found() -> None:
        actions.reconciled(ListFindings(by_hand=(ANNA,)), timezone.now(), timezone.now())

    in_between(monkeypatch, found, lambda: written(confirmed))
    row = Recipient.objects.get()
    assert (row.standing, row.origin) == ("on", "hand")


@pytest.mark.parametrize("opted_out", [False, True])
def test_who_subscribes_while_an_import_has_them_has_subscribed(
    opted_out: bool, monkeypatch: pytest.MonkeyPatch, confirmed: int
) -> None:
    if opted_out:
        actions.opt_out(ANNA, timezone.now())
    actions.ask(ANNA, "ca", [], "192.0.2.1", 100, b"secret", timezone.now())
    asked = Subscription.objects.get().pk
    in_between(monkeypatch, lambda: actions.confirm_subscription(asked, timezone.now()), lambda: written(confirmed))
    row = Recipient.objects.get()
    assert (row.standing, row.origin, row.reasons) == ("on", "export", ["member", "subscribed"])
    assert Import.objects.get().done == 1
