"""The forum's webhook: the signature first, then a bell and a quick answer; whatever is no news costs nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import Error as DatabaseError
from django.test import Client
from django.utils import timezone

from talaia.config import Config
from talaia.forum.discourse import actions
from talaia.forum.discourse.models import Bell
from talaia.retention import FORUM_BELLS
from tests.api.locked import held
from tests.servers.discourse import Discourse
from tests.servers.discourse.server import signed_body

pytestmark = pytest.mark.django_db

SECRET = "my_lovely_secret_for_web_hook"
MIRROR = """
[site]
name = "Exemple"
address = "https://status.example.org"

[mirror]
kind = "discourse"
address = "https://agora.example.org"
user = "talaia"
key_file = "secret"
category = 5
webhook_secret_file = "secret"
"""
POST = {"post": {"id": 1204, "topic_id": 371, "version": 2, "category_id": 5, "username": "talaia"}}


@pytest.fixture(autouse=True)
def _configured(configure: Callable[[str], Config], tmp_path: Any) -> None:
    (tmp_path / "secret").write_text(SECRET + "\n")
    configure(MIRROR)


def ring(
    body: object = POST, number: int | str = 40_001, kind: str = "post", secret: str = SECRET, **headers: str
) -> tuple[int, dict[str, Any]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    _, signed = signed_body(raw, number, kind, f"{kind}_edited", secret=secret)
    return post(raw, signed | {name.replace("_", "-"): value for name, value in headers.items()})


def post(raw: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    answer = Client().post("/hooks/discourse", raw, content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


def test_the_published_example_of_a_signature_is_right() -> None:
    wanted = "sha256=162f107f6b5022353274eb1a7197885cfd35744d8d08e5bcea025d309386b7d6"
    headers = {"X-Discourse-Event-Type": "ping", "X-Discourse-Event-Signature": wanted}
    assert post(b'{"ping":"OK"}', headers) == (200, {"pong": True})
    assert post(b'{"ping": "OK"}', headers)[0] == 403
    assert not Bell.objects.exists()


def test_an_edit_rings_the_bell_of_its_topic() -> None:
    assert ring() == (200, {"stored": True})
    assert ring({"topic": {"id": 372, "category_id": 5}}, 40_002, "topic") == (200, {"stored": True})
    assert list(actions.waiting()) == ["371", "372"]
    bell = Bell.objects.first()
    assert bell is not None
    assert (bell.number, bell.name) == (40_001, "post_edited")


def test_a_bell_that_was_answered_is_quiet_and_one_that_rang_meanwhile_is_not() -> None:
    ring()
    seen = actions.waiting()
    ring(number=40_002)
    actions.answered(seen.items(), timezone.now())
    assert list(actions.waiting()) == ["371"]
    actions.answered(actions.waiting().items(), timezone.now())
    assert actions.waiting() == {}


REFUSED = [
    pytest.param({"secret": "another secret altogether"}, 403, id="another secret"),
    pytest.param({"X_Discourse_Event_Signature": ""}, 403, id="no signature"),
    pytest.param({"X_Discourse_Event_Signature": "sha256=é"}, 403, id="no hexadecimal"),
    pytest.param({"X_Discourse_Event_Signature": "sha1=162f107f"}, 403, id="another algorithm"),
    pytest.param({"number": "x"}, 422, id="a number that is none"),
    pytest.param({"number": "-1"}, 422, id="a number below zero"),
    pytest.param({"number": "9" * 30}, 422, id="a number that no database keeps"),
    pytest.param({"body": b"not json"}, 422, id="no JSON"),
    pytest.param({"body": b"\xff\xfe"}, 422, id="no text"),
    pytest.param({"body": b"[" * 100_000}, 422, id="a deep hole"),
    pytest.param({"body": b"[]"}, 422, id="no object"),
]


@pytest.mark.parametrize(("change", "status"), REFUSED)
def test_what_is_wrong_is_refused_and_leaves_nothing(change: dict[str, Any], status: int) -> None:
    answer = ring(**change)
    assert answer[0] == status
    assert answer[1]["hint"]
    assert not Bell.objects.exists()


OTHERS = [
    pytest.param({"post": {**POST["post"], "category_id": 6}}, "post", id="another category"),
    pytest.param({"post": {**POST["post"], "topic_id": "371"}}, "post", id="a topic that is no number"),
    pytest.param({"post": {**POST["post"], "topic_id": True}}, "post", id="a topic that is a yes"),
    pytest.param({"post": {**POST["post"], "topic_id": 0}}, "post", id="topic zero"),
    pytest.param({"post": [1]}, "post", id="a post that is none"),
    pytest.param({"user": {"id": 1}}, "user", id="a user"),
    pytest.param({}, "", id="nothing"),
]


@pytest.mark.parametrize(("body", "kind"), OTHERS)
def test_what_does_not_concern_us_is_answered_well_and_leaves_nothing(body: object, kind: str) -> None:
    status, answer = ring(body, kind=kind)
    assert (status, answer["stored"]) == (200, False)
    assert not Bell.objects.exists()


def test_the_same_event_again_is_no_news() -> None:
    ring()
    actions.answered(actions.waiting().items(), timezone.now())
    status, answer = ring()
    assert (status, answer["stored"]) == (200, False)
    assert actions.waiting() == {}


def test_an_old_event_is_no_news_even_after_it_was_forgotten() -> None:
    for number in (40_001, 40_002, 40_003):
        ring(number=number)
    actions.answered(actions.waiting().items(), timezone.now())
    Bell.objects.update(rung_at=timezone.now() - FORUM_BELLS - timedelta(days=1))
    ring(number=40_004)
    actions.purge(timezone.now())
    assert [bell.number for bell in Bell.objects.order_by("number")] == [40_003, 40_004]
    assert ring(number=40_001)[1]["stored"] is False
    assert ring(number=40_005)[1]["stored"] is True


def test_a_webhook_made_anew_counts_anew(tmp_path: Any) -> None:
    ring(number=40_001)
    (tmp_path / "secret").write_text("another secret altogether")
    assert ring(number=40_001, secret="another secret altogether")[1]["stored"] is True


def test_what_nobody_looked_after_is_not_forgotten() -> None:
    ring()
    Bell.objects.update(rung_at=timezone.now() - timedelta(days=90))
    actions.purge(timezone.now())
    assert list(actions.waiting()) == ["371"]


@pytest.mark.parametrize("size", [2_000_001, 5_000_000, 5_000_001])
def test_a_body_that_no_post_could_have_is_not_read(size: int) -> None:
    status, answer = ring(b"x" * size)
    assert status == 413
    assert answer["hint"]
    assert not Bell.objects.exists()


def test_the_longest_post_of_a_forum_rings() -> None:
    raw = "\u00e0" * 150_000
    assert ring({"post": {**POST["post"], "raw": raw, "cooked": f"<p>{raw}</p>"}})[0] == 200


def test_only_post_and_only_where_a_secret_is_set(configure: Callable[[str], Config]) -> None:
    assert Client().get("/hooks/discourse").status_code == 405
    configure(MIRROR.replace('webhook_secret_file = "secret"\n', ""))
    assert ring()[0] == 403  # 404 would turn the webhook off in the forum
    configure(MIRROR.split("[mirror]")[0])
    assert ring()[0] == 403


def test_a_secret_that_cannot_be_read_is_waited_for(tmp_path: Any) -> None:
    (tmp_path / "secret").unlink()
    assert ring()[0] == 503


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_busy_is_told_of_in_time() -> None:
    with held("talaia_bell"):
        assert ring()[0] == 503
    assert ring()[0] == 200


def test_the_webhook_of_the_double_rings_through(tmp_path: Any) -> None:
    (tmp_path / "secret").write_text("a secret of the webhook")
    with Discourse() as double:
        topic = double.forum.write("Avaria de l'hivern passat", "Una cosa que va passar fa temps.")
        double.forum.write("Una altra conversa qualsevol", "Una cosa que va passar fa temps.", category=6)
        double.forum.edit(topic.id, "marta", "Una cosa que va passar fa poc temps.")
        statuses = double.ring(lambda raw, headers: post(raw, headers)[0])
    assert set(statuses) == {200}
    assert list(actions.waiting()) == [str(topic.id)]
    assert Bell.objects.count() == 3


def test_a_fault_of_the_database_while_it_rings_is_no_500(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> bool:
        raise DatabaseError("disk full")

    monkeypatch.setattr("talaia.api.forum.ring", fails)
    assert ring()[0] == 503
