"""An operator decides at the instant at which the worker writes down what stands there: on real transactions."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event as Signal
from typing import Any

import pytest
from django.db import connection

from talaia.events.actions import open_incident
from talaia.forum import actions
from talaia.forum.actions import bind, decide, mean, note_edit, stands
from talaia.forum.backend import Document, DocumentWords, MirroredDocument
from talaia.forum.merge import merged
from talaia.forum.models import Mirrored, Proposal
from tests.servers.process import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 10, 3, 4, 5, tzinfo=UTC)
OURS, THEIRS, THEIR_NEXT = "Ho mirem.", "Ho estem mirant.", "Ho estem mirant molt."


def proposed() -> tuple[Mirrored, MirroredDocument]:
    event = open_incident({"ca": "Tall de fibra"}, {"ca": OURS}, {}, NOW, by="anna")
    row = mean(event, "discourse", "Tall de fibra", OURS, NOW)
    standing = MirroredDocument(f"incident/{event.ref}", "371", "1-a", "Tall de fibra", OURS, (), False, "")
    assert bind(row, standing, NOW)
    row.refresh_from_db()
    standing = replace(standing, version="2-b", text=THEIRS)
    assert note_edit(row, standing, DocumentWords("Tall de fibra", OURS), "marta", NOW)
    row.refresh_from_db()
    return row, standing


def edited(row: Mirrored, there: MirroredDocument) -> object:
    return note_edit(row, replace(there, version="3-c", text=THEIR_NEXT), DocumentWords(row.title, OURS), "pol", NOW)


def found(row: Mirrored, there: MirroredDocument) -> object:
    return bind(row, replace(there, version="3-c", text=THEIR_NEXT), NOW)


def written(row: Mirrored, there: MirroredDocument) -> object:
    sent = Document(there.key, there.title, THEIRS, (), False, NOW)
    return stands(row, there, sent, NOW, merged(OURS, OURS, THEIRS))


@pytest.mark.parametrize(("write", "locks"), [(edited, "_still"), (found, "_still"), (written, "_take_over")])
def test_who_decides_and_who_writes_down_wait_for_each_other_and_never_both(
    write: Callable[[Mirrored, MirroredDocument], object], locks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, there = proposed()
    real, holds = getattr(actions, locks), Signal()

    def locked(*given: Any) -> object:
        got = real(*given)
        holds.set()
        if connection.vendor == "postgresql":
            wait_until(somebody_waits, 10, "the one who decides")
        return got

    def one(action: Callable[[], object]) -> object:
        try:
            return action()
        finally:
            connection.close()

    def by_an_operator() -> object:
        assert holds.wait(10)
        return decide(Proposal.objects.get().pk, [], NOW, by="anna").state

    monkeypatch.setattr(actions, locks, locked)
    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(one, [lambda: write(row, there), by_an_operator]))
    assert done == [True, Proposal.REFUSED]
    assert Proposal.objects.get().state == Proposal.REFUSED


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
