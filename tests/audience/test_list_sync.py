"""The list follows the ledger: a person's own leaving is told apart from ours, whenever one of us was killed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from talaia.audience import actions
from talaia.audience.backend import DeliveryMode, Leaving, ListBackend, ListMember, ListOutcome
from talaia.audience.diff import RecipientEntry, RecipientStatus
from talaia.audience.direct import Direct
from talaia.audience.list_sync import follow, hear, is_behind
from talaia.audience.mailing import how_many
from talaia.audience.models import Recipient
from talaia.audience.recipients import recipients_told
from talaia.audience.reconcile import KnownAddress, ListFindings, reconcile
from talaia.config import Threshold
from talaia.outbox.errors import PermanentError, TemporaryError

ON, LEFT, OUT, BOUNCED = RecipientStatus.ON, RecipientStatus.LEFT, RecipientStatus.OPTED_OUT, RecipientStatus.BOUNCED
A = "anna@example.org"
LIMIT = Threshold(share=0.2)


@pytest.mark.parametrize(
    ("known", "member", "found"),
    [
        (KnownAddress(ON, True), ListMember(A), ListFindings()),
        (KnownAddress(ON, False), None, ListFindings()),  # not told to the list yet
        (KnownAddress(ON, True), None, ListFindings(opted_out=(A,))),  # went by themselves
        (KnownAddress(LEFT, True), None, ListFindings(gone=(A,))),  # by us, before we were killed
        (KnownAddress(OUT, True), None, ListFindings(gone=(A,))),
        (KnownAddress(BOUNCED, True), None, ListFindings(gone=(A,))),  # the list gave up on it
        (KnownAddress(ON, False), ListMember(A), ListFindings(there=(A,))),  # put there by us, before we were killed
        (KnownAddress(LEFT, True), ListMember(A), ListFindings()),  # still to be taken off
        (KnownAddress(OUT, False, True), ListMember(A), ListFindings(there=(A,))),  # and so is to be taken off
        (KnownAddress(LEFT, False, True), ListMember(A), ListFindings(there=(A,))),
        (KnownAddress(OUT, False, True), None, ListFindings(gone=(A,))),  # it came to nothing
        (KnownAddress(ON, False, True), None, ListFindings()),
        (KnownAddress(LEFT, False), ListMember(A), ListFindings(by_hand=(A,))),
        (KnownAddress(OUT, False), ListMember(A), ListFindings(by_hand=(A,))),
        (KnownAddress(ON, True), ListMember(A, DeliveryMode.BOUNCED), ListFindings(bounced=(A,))),
        (KnownAddress(ON, True), ListMember(A, DeliveryMode.PAUSED), ListFindings()),  # the person's own choice
        (KnownAddress(BOUNCED, True), ListMember(A, DeliveryMode.BOUNCED), ListFindings()),
        (KnownAddress(BOUNCED, True), ListMember(A, DeliveryMode.ON), ListFindings(mended=(A,))),
        (None, ListMember(A), ListFindings(by_hand=(A,))),
    ],
)
def test_what_a_list_says_of_somebody_against_what_we_did(
    known: KnownAddress | None, member: ListMember | None, found: ListFindings
) -> None:
    assert reconcile({A: known} if known else {}, {A: member} if member else {}) == found


class Server:
    """A list server that keeps its members itself, and that fails after so many calls."""

    at_once = 2

    def __init__(self) -> None:
        self.members: dict[str, ListMember] = {}
        self.barred: set[str] = set()
        self.asked: set[str] = set()
        self.digests_stay = False
        self.calls_left = 1_000_000

    def _called(self) -> None:
        self.calls_left -= 1
        if self.calls_left < 0:
            raise TemporaryError("the list does not answer")

    def read(self, closely: bool = False) -> Mapping[str, ListMember]:
        if closely:
            return dict(self.members)
        seen = {DeliveryMode.BOUNCED: DeliveryMode.BOUNCED}
        return {key: ListMember(key, seen.get(member.mail, DeliveryMode.ON)) for key, member in self.members.items()}

    def no_digest(self, keys: Sequence[str]) -> Sequence[str]:
        self._called()
        if self.digests_stay:
            return ()
        for key in keys:
            self.members[key] = ListMember(key)
        return keys

    def subscribe(self, people: Sequence[RecipientEntry]) -> Mapping[str, ListOutcome]:
        outcomes = {}
        for person in people:
            self._called()
            barred, there = person.key in self.barred, person.key in self.members
            outcomes[person.key] = ListOutcome.BARRED if barred else ListOutcome.ALREADY if there else ListOutcome.DONE
            if not barred:
                self.members.setdefault(person.key, ListMember(person.key))
        return outcomes

    def remove(self, keys: Sequence[str]) -> Mapping[str, ListOutcome]:
        self._called()
        return {key: ListOutcome.DONE if self.members.pop(key, None) else ListOutcome.ALREADY for key in keys}

    def leaving(self) -> Sequence[Leaving]:
        return [Leaving(key, f"t-{key}") for key in sorted(self.asked)]

    def let_go(self, leaving: Leaving) -> None:
        self._called()
        self.asked.discard(leaving.key)
        self.members.pop(leaving.key, None)


class Clock:
    """Each look at it is a second later."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 25, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


def standing(name: str) -> str:
    return Recipient.objects.get(key=f"{name}@example.org").standing


@pytest.mark.django_db
@pytest.mark.parametrize("server", [Server(), Direct()], ids=["a server", "direct"])
def test_who_is_told_is_on_the_list_and_nobody_else(server: ListBackend) -> None:
    now = Clock()
    for name in ("anna", "berta", "carme"):
        actions.add(f"{name}@example.org", "", now())
    follow(server, LIMIT, now)
    assert sorted(server.read()) == ["anna@example.org", "berta@example.org", "carme@example.org"]
    actions.opt_out("berta@example.org", now())
    follow(server, LIMIT, now)
    assert sorted(server.read()) == ["anna@example.org", "carme@example.org"]
    assert [entry.key for entry in recipients_told()] == ["anna@example.org", "carme@example.org"]


@pytest.mark.django_db
def test_somebody_who_leaves_the_list_by_themselves_has_opted_out() -> None:
    server, now = Server(), Clock()
    for name in ("anna", "berta"):
        actions.add(f"{name}@example.org", "", now())
    follow(server, LIMIT, now)
    del server.members["anna@example.org"]
    server.members["berta@example.org"] = ListMember("berta@example.org", DeliveryMode.BOUNCED)
    server.members["dolors@example.org"] = ListMember("dolors@example.org")
    follow(server, LIMIT, now)
    assert (standing("anna"), standing("berta"), standing("dolors")) == (OUT, BOUNCED, ON)
    assert Recipient.objects.get(key="dolors@example.org").origin == "hand"
    before = dict(server.members)
    follow(server, LIMIT, now)
    assert server.members == before


def at_list(name: str) -> str:
    return Recipient.objects.get(key=f"{name}@example.org").at_list


@pytest.mark.django_db
def test_whom_the_list_bars_has_not_opted_out_and_is_on_it_as_soon_as_it_lets_them() -> None:
    server, now = Server(), Clock()
    server.barred.add("carme@example.org")
    for name in ("anna", "carme"):
        actions.add(f"{name}@example.org", "", now())
    for _ in range(2):
        follow(server, LIMIT, now)
        assert (standing("carme"), at_list("carme"), how_many()) == (ON, "banned", 1)
    assert not is_behind()  # it is asked for again once a day, and not every ten minutes
    server.barred.clear()
    follow(server, LIMIT, now)
    assert (standing("carme"), at_list("carme"), how_many()) == (ON, "", 2)
    assert "carme@example.org" in server.members


@pytest.mark.django_db
def test_who_paused_their_mail_is_left_alone_and_told_apart_and_a_digest_is_mail_again() -> None:
    server, now = Server(), Clock()
    for name in ("anna", "berta", "carme"):
        actions.add(f"{name}@example.org", "", now())
    follow(server, LIMIT, now)
    server.members["anna@example.org"] = ListMember("anna@example.org", DeliveryMode.PAUSED)
    server.members["berta@example.org"] = ListMember("berta@example.org", DeliveryMode.DIGEST)
    server.digests_stay = True
    follow(server, LIMIT, now, closely=True)
    assert ([at_list(name) for name in ("anna", "berta", "carme")], how_many()) == (["paused", "digest", ""], 1)
    assert {standing(name) for name in ("anna", "berta", "carme")} == {ON}
    follow(server, LIMIT, now)  # who does not look closely forgets nothing
    assert (at_list("anna"), at_list("berta")) == ("paused", "digest")
    server.digests_stay = False
    follow(server, LIMIT, now, closely=True)
    assert (at_list("anna"), at_list("berta"), server.members["berta@example.org"].mail) == (
        "paused",
        "",
        DeliveryMode.ON,
    )
    server.members["anna@example.org"] = ListMember("anna@example.org")
    follow(server, LIMIT, now, closely=True)
    assert (at_list("anna"), how_many()) == ("", 3)


@pytest.mark.django_db
def test_a_list_that_fails_at_any_call_is_right_after_another_try_and_nobody_opted_out() -> None:
    server, now = Server(), Clock()
    server.at_once = 200
    for n in range(9):
        actions.add(f"p{n}@example.org", "", now())
    for calls in range(9):
        server.calls_left = calls % 3
        with pytest.raises(TemporaryError):
            follow(server, LIMIT, now)
        server.members.pop("p0@example.org", None)  # as if the answer was lost before it was done
    server.calls_left = 1_000
    follow(server, LIMIT, now)
    assert len(server.members) == 9
    assert not Recipient.objects.exclude(standing=ON).exists()


@pytest.mark.django_db
def test_a_list_that_was_emptied_opts_nobody_out() -> None:
    server, now = Server(), Clock()
    for n in range(9):
        actions.add(f"p{n}@example.org", "", now())
    follow(server, LIMIT, now)
    server.members.clear()
    with pytest.raises(PermanentError):
        follow(server, LIMIT, now)
    assert Recipient.objects.filter(standing=ON).count() == 9


@pytest.mark.django_db
def test_a_list_whose_mail_server_is_refused_by_everybody_switches_nobody_off() -> None:
    server, now = Server(), Clock()
    for n in range(9):
        actions.add(f"p{n}@example.org", "", now())
    follow(server, LIMIT, now)
    for key in [*server.members]:
        server.members[key] = ListMember(key, DeliveryMode.BOUNCED)
    with pytest.raises(PermanentError, match="switched off 9 of 9"):
        follow(server, LIMIT, now)
    assert Recipient.objects.filter(standing=ON).count() == 9


@pytest.mark.django_db
def test_who_asks_the_list_to_leave_has_opted_out_also_when_we_are_killed_before_letting_them_go() -> None:
    now, server = Clock(), Server()
    for name in ("anna", "berta"):
        actions.add(f"{name}@example.org", "", now())
    follow(server, LIMIT, now)
    server.asked = {"anna@example.org", "stranger@example.org"}
    server.calls_left = 0
    with pytest.raises(TemporaryError):
        hear(server, now)
    assert standing("anna") == OUT
    server.calls_left = 1_000_000
    assert hear(server, now) == 2
    assert (hear(server, now), sorted(server.members)) == (0, ["berta@example.org"])
    follow(server, LIMIT, now)
    assert sorted(server.members) == ["berta@example.org"]
    assert standing("anna") == OUT
    assert not actions.opt_out("stranger@example.org", now())  # a digest of them is kept
