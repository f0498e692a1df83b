"""`talaia audience` for one person, where a list server keeps the list: what is done here is so over there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone

from talaia.audience import actions
from talaia.audience.backend import DeliveryMode, ListMember
from talaia.audience.list_sync import follow
from talaia.audience.models import OptOut, Recipient, Subscription
from talaia.config import Config, Threshold
from talaia.notices.models import Reply
from talaia.notices.replies.actions import order
from talaia.outbox.errors import TemporaryError
from tests.audience.conftest import Export
from tests.audience.test_list_sync import Server, standing
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

    for place in ("talaia.commands.audience", "talaia.audience.importing"):
        monkeypatch.setattr(f"{place}.list_of", opened)
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
        raise TemporaryError("the list does not answer", "is it running?")

    with monkeypatch.context() as patched:
        patched.setattr(server, "remove", away)
        said = talaia("forget", ANNA)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert standing("anna") == "on"


def test_killed_between_the_list_and_the_ledger_nobody_has_opted_out(
    talaia: Talaia, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    talaia("add", ANNA)

    def killed(*_given: object, **_named: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(actions, "forget", killed)
        assert talaia("forget", ANNA).code == 130
    assert not server.members
    looked_at(server)
    assert standing("anna") == "on"
    talaia("forget", ANNA)
    assert not server.members and not Recipient.objects.exists() and not OptOut.objects.exists()


def test_whoever_is_forgotten_is_not_answered_any_more(talaia: Talaia) -> None:
    order("Anna@Example.org", "", "<a@example.org>", b"secret", timezone.now())
    assert talaia("forget", ANNA).out == "forgotten\n"
    assert Reply.objects.get().address == ""


def test_whoever_only_asked_for_our_mails_can_be_forgotten_too(talaia: Talaia) -> None:
    asked(ANNA)
    assert talaia("forget", ANNA).out == "forgotten\n"
    assert not Subscription.objects.exists()
    assert talaia("forget", ANNA).code == 1


def confirm(address: str) -> None:
    asked(address)
    actions.confirm_subscription(Subscription.objects.get().pk, timezone.now())


def switched_off(talaia: Talaia, server: Server) -> None:
    talaia("add", ANNA)
    server.members[ANNA] = ListMember(ANNA, DeliveryMode.BOUNCED)
    looked_at(server)
    assert standing("anna") == "bounced"


def test_whose_mail_arrives_again_is_switched_on_at_the_list_too(talaia: Talaia, server: Server) -> None:
    switched_off(talaia, server)
    assert talaia("opt-in", ANNA).out == "is told\n"
    looked_at(server)
    assert (standing("anna"), server.members) == ("on", {ANNA: ListMember(ANNA)})


def test_whose_mail_came_back_and_who_subscribes_anew_is_switched_on_at_the_list_too(
    talaia: Talaia, server: Server
) -> None:
    switched_off(talaia, server)
    confirm(ANNA)
    looked_at(server)
    assert (standing("anna"), server.members) == ("on", {ANNA: ListMember(ANNA)})


@pytest.mark.parametrize("mail", [DeliveryMode.ON, DeliveryMode.BOUNCED])
def test_who_is_told_again_and_thinks_better_of_it_before_the_list_hears_of_it_is_taken_off(
    mail: DeliveryMode, talaia: Talaia, server: Server
) -> None:
    talaia("add", ANNA)
    server.members[ANNA] = ListMember(ANNA, mail)
    for action in (actions.opt_out, actions.opt_in, actions.opt_out):
        action(ANNA, timezone.now())
    looked_at(server)
    assert (standing("anna"), server.members) == ("opted_out", {})


@pytest.mark.parametrize("again", [lambda: actions.opt_in(ANNA, timezone.now()), lambda: confirm(ANNA)])
def test_who_left_the_list_by_themselves_as_well_and_comes_back_is_put_on_it(
    again: Callable[[], object], talaia: Talaia, server: Server
) -> None:
    talaia("add", ANNA)
    actions.opt_out(ANNA, timezone.now())
    del server.members[ANNA]
    again()
    looked_at(server)
    assert (standing("anna"), server.members) == ("on", {ANNA: ListMember(ANNA)})


def test_who_left_the_export_and_is_back_is_on_the_list_also_when_it_let_them_go_unwritten(
    talaia: Talaia, server: Server, export: Export
) -> None:
    talaia("sync", str(export("anna", "berta")), "--yes")
    talaia("sync", str(export("berta")), "--yes")
    Recipient.objects.filter(key=ANNA).update(listed_at=timezone.now() - timedelta(days=1))  # as if killed before that
    talaia("sync", str(export("anna", "berta")), "--yes")
    looked_at(server)
    assert (standing("anna"), sorted(server.members)) == ("on", [ANNA, "berta@example.org"])
