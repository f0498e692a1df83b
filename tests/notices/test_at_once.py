"""A look, a person and the worker at the same notice in the same instant: on real transactions, in threads."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from talaia.events import actions as events
from talaia.events.timeline import IncidentState
from talaia.notices import actions
from talaia.notices.actions import drafting
from talaia.notices.models import Notice
from talaia.notices.policy import DueNotice
from talaia.panel.state import State
from tests.notices.conftest import House

pytestmark = pytest.mark.django_db(transaction=True)


class Meanwhile:
    """Another thread begins when a look has read what is held and not yet written, and has half a second to be done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
        self.results: list[object] = []
        self.action, self.judge = action, drafting._stays
        self.thread = threading.Thread(target=self.act)
        monkeypatch.setattr(drafting, "_stays", self.stays)

    def act(self) -> None:
        try:
            self.results.append(self.action())
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            self.results.append(error)
        finally:
            connection.close()

    def stays(self, held: Notice, wanted: DueNotice, tell: bool | None) -> bool:
        if self.thread.ident is None:
            self.thread.start()
            self.thread.join(0.5)
        return self.judge(held, wanted, tell)

    def result(self) -> object:
        self.thread.join(30)
        return self.results[0]


def test_what_is_taken_back_while_a_look_withholds_it_stays_taken_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = house.open()
    house.work()
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fals avís."}, house.now)
    pk = Notice.objects.get().pk
    other = Meanwhile(monkeypatch, lambda: actions.take_back(pk, house.now, by="anna"))
    actions.draft_notice(f"incident/{event.ref}", house.now)
    assert other.result() is None
    assert house.notices()[0][:2] == ("problem", "taken_back")


@pytest.mark.parametrize("asked", [True, False])
def test_what_a_look_withholds_while_its_hold_ends_is_not_begun_and_nobody_waits_for_ever(
    house: House, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    event = house.open(State.DEGRADED if asked else State.DISRUPTION, tell=True if asked else None)
    house.work()
    house.later(minutes=1)
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fals avís."}, house.now)
    pk = Notice.objects.get().pk
    other = Meanwhile(monkeypatch, lambda: actions.begin(pk, house.now))
    actions.draft_notice(f"incident/{event.ref}", house.now)
    assert other.result() is None
    assert house.notices()[0] == ("problem", "withheld", "overtaken")
