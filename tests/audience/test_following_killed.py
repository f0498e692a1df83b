"""Killed before or after any call to the list and any write: nobody's word is lost, and the next time puts it right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection

from talaia.audience import actions
from talaia.audience.backend import DeliveryMode, ListMember, ListOutcome
from talaia.audience.diff import RecipientEntry, RecipientStatus
from talaia.audience.list_sync import follow
from talaia.audience.models import Recipient, Subscription
from tests.audience.test_list_sync import LIMIT, Clock, Server, standing

pytestmark = pytest.mark.django_db
ANNA, BERTA, CARME = (f"{name}@example.org" for name in ("anna", "berta", "carme"))


class Killed(BaseException):
    """As kill -9 would be, for whoever is in the middle: nothing of it is handled, and nothing goes on."""


class Fatal(Server):
    """A list server with whom we are killed at one point, before or after a call of it or a write of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.left: int | None = None

    def reach(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed

    def subscribe(self, people: Sequence[RecipientEntry]) -> Mapping[str, ListOutcome]:
        outcomes: dict[str, ListOutcome] = {}
        for person in people:
            self.reach()
            outcomes |= super().subscribe([person])
            self.reach()
        return outcomes

    def remove(self, keys: Sequence[str]) -> Mapping[str, ListOutcome]:
        self.reach()
        outcomes = super().remove(keys)
        self.reach()
        return outcomes

    def written(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if not sql.startswith(("INSERT", "UPDATE")):
            return execute(sql, *rest)
        self.reach()
        done = execute(sql, *rest)
        self.reach()
        return done

    def followed(self, now: Clock, fatal: int) -> bool:
        """Follow, and be killed at that point; whether it was reached."""
        self.left = fatal
        try:
            with connection.execute_wrapper(self.written):
                follow(self, LIMIT, now)
        except Killed:
            return True
        finally:
            self.left = None
        return False


def everybody(now: Clock) -> Fatal:
    """Three people who are not on the list yet."""
    Recipient.objects.all().delete()
    for key in (ANNA, BERTA, CARME):
        actions.add(key, "", now())
    return Fatal()


def leave(key: str, now: Clock) -> None:
    """As an import has it."""
    Recipient.objects.filter(key=key).update(standing=RecipientStatus.LEFT, left_at=now(), since=now())


@pytest.mark.parametrize("where", ["opted_out", "left"])
@pytest.mark.parametrize("at_once", [1, 200])
def test_who_goes_after_we_were_killed_while_they_joined_stays_away(where: str, at_once: int) -> None:
    now = Clock()
    for fatal in count():
        server = everybody(now)
        server.at_once = at_once
        if not server.followed(now, fatal):
            break
        if where == "left":
            leave(ANNA, now)
        else:
            actions.opt_out(ANNA, now())
        for _ in range(2):
            follow(server, LIMIT, now)
            assert sorted(server.members) == [BERTA, CARME], fatal
            assert (standing("anna"), standing("berta"), standing("carme")) == (where, "on", "on"), fatal
    assert fatal >= 10
    now.at += timedelta(hours=2)
    follow(server, LIMIT, now)
    leave(ANNA, now)
    follow(server, LIMIT, now)
    assert not Recipient.objects.exclude(joining_at=None).exists()


def test_what_came_to_nothing_is_let_go_of_in_time_so_that_who_comes_back_by_hand_is_told() -> None:
    now, server = Clock(), everybody(Clock())
    assert server.followed(now, 2)  # they are about to be told of, and the list has not heard it
    actions.opt_out(ANNA, now())
    follow(server, LIMIT, now)
    assert Recipient.objects.get(key=ANNA).joining_at is not None  # the list may still be at it
    assert actions.forget_old(now() + timedelta(days=400), now()) == 0
    now.at += timedelta(hours=2)
    follow(server, LIMIT, now)
    assert Recipient.objects.get(key=ANNA).joining_at is None
    server.subscribe([RecipientEntry(ANNA, ANNA)])
    follow(server, LIMIT, now)
    assert standing("anna") == "on"


def subscribe(now: Clock) -> None:
    Subscription.objects.all().delete()
    actions.ask(ANNA, "ca", [], "192.0.2.1", 1000, b"secret", now())
    actions.confirm_subscription(Subscription.objects.get().pk, now())


@pytest.mark.parametrize("mail", [DeliveryMode.ON, DeliveryMode.BOUNCED])
@pytest.mark.parametrize("again", ["opts in", "subscribes"])
def test_who_comes_back_after_we_were_killed_while_they_left_is_told_and_may_go_again(
    again: str, mail: DeliveryMode
) -> None:
    now = Clock()
    for fatal in count():
        server = everybody(now)
        follow(server, LIMIT, now)
        server.members[ANNA] = ListMember(ANNA, mail)
        actions.opt_out(ANNA, now())
        reached = server.followed(now, fatal)
        if again == "subscribes":
            subscribe(now)
        else:
            actions.opt_in(ANNA, now())
        both = [server.followed(now, second) for second in (fatal, fatal + 4, 1000)]
        assert not both[-1]
        assert (standing("anna"), server.members[ANNA]) == ("on", ListMember(ANNA)), fatal
        actions.opt_out(ANNA, now())
        follow(server, LIMIT, now)
        assert (standing("anna"), sorted(server.members)) == ("opted_out", [BERTA, CARME]), fatal
        if not reached:
            break
    assert fatal >= 4
