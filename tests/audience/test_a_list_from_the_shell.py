"""`talaia audience` for one person, where a list server keeps the list: what is done here is so over there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone

from talaia.audience import actions
from talaia.audience.following import follow
from talaia.audience.models import OptOut, Recipient, Subscription
from talaia.config import Config, Threshold
from talaia.outbox.faults import Temporary
from tests.audience.test_following import Server, standing
from tests.journeys.shell import Said

pytestmark = pytest.mark.django_db
Talaia = Callable[..., Said]
LIMIT = Threshold(share=0.2)
ANNA = "anna@example.org"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()

    @contextmanager
    def opened(_config: Config) -> Iterator[Server]:
        yield made

    monkeypatch.setattr("talaia.commands.audience.list_of", opened)
    return made


def looked_at(server: Server) -> None:
    """As the service does, a day later."""
    follow(server, LIMIT, lambda: timezone.now() + timedelta(days=1))


def asked(address: str) -> None:
    actions.ask(address, "ca", [], "192.0.2.1", 100, b"secret", timezone.now())


def test_whoever_is_forgotten_is_taken_off_the_list_and_does_not_come_back(talaia: Talaia, server: Server) -> None:
    for name in ("anna", "berta"):
        talaia("add", f"{name}@example.org")
    asked("Anna@Example.org")
    asked("berta@example.org")
    assert sorted(server.members) == [ANNA, "berta@example.org"]
    assert talaia("forget", ANNA).out.startswith("forgotten")
    looked_at(server)
    assert [*server.members] == ["berta@example.org"]
    assert [*Recipient.objects.values_list("key", flat=True)] == ["berta@example.org"]
    assert [*Subscription.objects.values_list("address", flat=True)] == ["berta@example.org"]


def test_whoever_opted_out_while_the_list_was_away_and_is_forgotten_stays_away(talaia: Talaia, server: Server) -> None:
    talaia("add", ANNA)
    actions.opt_out(ANNA, timezone.now())
    talaia("forget", ANNA)
    looked_at(server)
    assert not server.members and not Recipient.objects.exists()
    assert OptOut.objects.count() == 1


def test_nobody_is_forgotten_while_the_list_cannot_be_told(
    talaia: Talaia, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    talaia("add", ANNA)

    def away(_keys: object) -> None:
        raise Temporary("the list does not answer", "is it running?")

    with monkeypatch.context() as patched:
        patched.setattr(server, "remove", away)
        said = talaia("forget", ANNA)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert standing("anna") == "on"


def test_whoever_only_asked_for_our_mails_can_be_forgotten_too(talaia: Talaia) -> None:
    asked(ANNA)
    assert talaia("forget", ANNA).out == "forgotten\n"
    assert not Subscription.objects.exists()
    assert talaia("forget", ANNA).code == 1
