"""The database is kept by somebody else: whoever asks is told so in their language, and no wish of theirs is lost."""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DataError, InterfaceError, OperationalError, ProgrammingError
from django.test import Client
from django.utils import timezone

from talaia.api import unavailable
from talaia.audience import mailing, spool
from talaia.audience.actions import add
from talaia.audience.mailing import readers, take_up
from talaia.audience.models import Recipient
from talaia.config import Config
from talaia.notices import tokens
from talaia.outbox.failure_kinds import FailureKind, trouble
from talaia.outbox.models import Fact
from tests.api.conftest import USUAL
from tests.api.locked import held

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("talaia.api.unsubscribe.PATIENCE", 0.1)
    monkeypatch.setattr("talaia.api.subscribe.PATIENCE", 0.1)
    unavailable.SAID.clear()


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False, headers={"accept-language": "es"})


@pytest.fixture
def address(config: Config) -> str:
    add("anna@example.net", "Anna", timezone.now())
    [anna] = readers()
    return f"/u/{tokens.sign(settings.SECRET_KEY.encode(), anna.key)}"


def standing() -> str:
    return Recipient.objects.get().standing


def test_an_unsubscription_is_kept_acknowledged_and_taken_up(visitor: Client, address: str) -> None:
    with held("talaia_recipient"):
        for _ in range(2):
            answer = visitor.post(address, {"List-Unsubscribe": "One-Click"})
            assert (answer.status_code, b'<html lang="es">' in answer.content) == (202, True)
    assert standing() == "on"
    assert list(readers()) == []  # it counts from now on, whatever goes out before it is taken up
    assert take_up(timezone.now()) == 1
    assert take_up(timezone.now()) == 0
    assert standing() == "opted_out"
    assert Fact.objects.filter(kind="audience.opted_out").count() == 1


def test_killed_between_the_database_and_the_file_it_is_taken_up_again_and_once(
    visitor: Client, address: str, monkeypatch: pytest.MonkeyPatch, config: Config
) -> None:
    [anna] = readers()
    mailing.put_aside(anna.key, False, timezone.now())
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", lambda *given, **more: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            take_up(timezone.now())
    assert standing() == "opted_out"
    assert spool.waiting(config.home) == {anna.key}
    take_up(timezone.now())
    assert spool.waiting(config.home) == set()
    assert Fact.objects.filter(kind="audience.opted_out").count() == 1


def test_the_last_word_holds_also_where_the_one_before_was_put_aside(visitor: Client, address: str) -> None:
    with held("talaia_recipient"):
        visitor.post(address, {"stop": "1"})
        visitor.post(address, {"again": "1"})
    assert len(list(readers())) == 1
    with held("talaia_recipient"):
        visitor.post(address, {"stop": "1"})
    assert visitor.post(address, {"again": "1"}).status_code == 200
    assert take_up(timezone.now()) == 0
    assert standing() == "on"


def test_what_the_database_still_does_not_take_stays_aside(address: str, config: Config) -> None:
    [anna] = readers()

    def refuse(key: str, now: datetime) -> None:
        raise OperationalError("database is locked")

    mailing.put_aside(anna.key, False, timezone.now())
    assert spool.take_up(config.home, {spool.STOP: refuse}, timezone.now()) == 0
    assert spool.waiting(config.home) == {anna.key}


def test_a_wish_that_cannot_be_kept_either_is_asked_for_again(
    visitor: Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(spool, "put", full)
    with held("talaia_recipient"):
        answer = visitor.post(address, {"stop": "1"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert '<html lang="es">' in answer.content.decode()


def test_looking_at_the_address_asks_as_ever(visitor: Client, address: str) -> None:
    with held("talaia_recipient"):
        answer = visitor.get(address)
    assert (answer.status_code, b"<form" in answer.content) == (200, True)


@pytest.mark.parametrize(
    ("path", "language"), [("/subscribe/", "ca"), ("/es/subscribe/", "es"), ("/en/subscribe/", "en")]
)
def test_who_wants_to_subscribe_is_asked_to_come_again_in_the_language_of_the_page(
    visitor: Client, configure: Callable[[str], Config], path: str, language: str
) -> None:
    configure(f'{USUAL}\n[mail]\nsender = "status@example.org"\n\n[subscribe]\n')
    with held("talaia_subscription"):
        answer = visitor.post(path, {"address": "anna@example.net"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert f'<html lang="{language}">' in answer.content.decode()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OperationalError("database or disk is full"), FailureKind.FULL),
        (OperationalError('could not extend file "base/1/2": No space left on device'), FailureKind.FULL),
        (OSError(errno.ENOSPC, "No space left on device"), FailureKind.FULL),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), FailureKind.FULL),
        (OperationalError("database is locked"), FailureKind.BUSY),
        (OperationalError("canceling statement due to lock timeout"), FailureKind.BUSY),
        (OSError(errno.EMFILE, "Too many open files"), FailureKind.BUSY),
        (OperationalError("attempt to write a readonly database"), FailureKind.READ_ONLY),
        (OSError(errno.EROFS, "Read-only file system"), FailureKind.READ_ONLY),
        (OperationalError("no such column: talaia_fact.place"), FailureKind.OTHER_VERSION),
        (ProgrammingError('relation "talaia_fact" does not exist'), FailureKind.OTHER_VERSION),
        (OperationalError("connection refused"), FailureKind.AWAY),
        (InterfaceError("connection already closed"), FailureKind.AWAY),
        (DataError("value too long"), None),
        (ValueError("a fault of ours"), None),
        (FileNotFoundError(errno.ENOENT, "No such file"), None),
        (None, None),
    ],
    ids=str,
)
def test_each_failure_is_told_by_its_kind(error: BaseException | None, kind: FailureKind | None) -> None:
    assert trouble(error) is kind


def test_what_sqlite_says_of_a_full_disk_in_other_words_is_known_by_the_room_that_is_left() -> None:
    assert trouble(OperationalError("disk I/O error"), free=0) is FailureKind.FULL
    assert trouble(OperationalError("disk I/O error"), free=1) is FailureKind.AWAY


@pytest.mark.parametrize(("path", "method"), [("/u/a/b", "get"), ("/desk/login", "get"), ("/hooks/x", "post")])
def test_a_fault_of_ours_is_no_bare_page_and_no_english_one(
    monkeypatch: pytest.MonkeyPatch, path: str, method: str
) -> None:
    def broken(*given: object, **more: object) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr("django.middleware.common.CommonMiddleware.process_request", broken)
    answer = getattr(Client(raise_request_exception=False), method)(path)
    assert answer.status_code == 500
    if path.startswith("/hooks"):
        assert answer.json()["error"]
    else:
        assert '<html lang="ca">' in answer.content.decode()


def test_an_address_of_nothing_is_answered_in_the_language_of_the_page(visitor: Client, config: Config) -> None:
    for path in ("/subscribe/", "/u/a/b"):
        answer = visitor.get(path)
        assert answer.status_code == 404
        assert '<html lang="' in answer.content.decode()
