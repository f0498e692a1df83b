"""No body of a request is larger than the limit: told, untold, or lied about."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any, cast

import pytest
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.urls import reverse

from talaia.api.body_limit import ASGI, LIMIT, Message, Receive, Scope, Send, largest, limit_bodies
from talaia.desk.audience.forms import LARGEST


def ten(path: str) -> int:
    return 10


class Keeper:
    """An application that keeps the whole body before it answers 200, and lets go of it when its client is gone."""

    def __init__(self, answers_the_gone: bool = False) -> None:
        self.kept, self.most, self.called, self.gone = b"", 0, False, False
        self.answers_the_gone = answers_the_gone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.called, more = True, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.kept, self.gone = b"", True
                assert (await receive())["type"] == "http.disconnect"  # it stays gone
                if not self.answers_the_gone:
                    return
                break
            self.kept += message.get("body", b"")
            self.most = max(self.most, len(self.kept))
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"kept"})


class Client:
    """Sends `chunks` and remembers how many were taken, and what came back."""

    def __init__(
        self, chunks: Iterable[bytes] = (), path: str = "/hooks/generic/x", length: bytes | None = None
    ) -> None:
        self.left = list(chunks)
        self.taken, self.sent = 0, list[Message]()
        headers = [] if length is None else [(b"content-length", length)]
        self.scope: dict[str, Any] = {
            "type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b"",
            "http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip

    async def receive(self) -> Message:
        self.taken += 1
        body = self.left.pop(0) if self.left else b""
        return {"type": "http.request", "body": body, "more_body": bool(self.left)}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def ask(self, app: ASGI) -> int:
        asyncio.run(cast(Any, app)(self.scope, self.receive, self.send))
        starts = [message for message in self.sent if message["type"] == "http.response.start"]
        assert len(starts) == 1, "one answer, and only one"
        return int(starts[0]["status"])

    def words(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.sent[-1]["body"])
        return found


@pytest.mark.parametrize("length", [b"11", b"000000011", b"9" * 19, b"9" * 5000])
def test_a_length_that_is_told_and_too_large_is_refused_before_a_byte_is_taken(length: bytes) -> None:
    app, client = Keeper(), Client([b"x"], length=length)
    assert client.ask(limit_bodies(app, ten)) == 413
    assert (app.called, client.taken) == (False, 0)
    assert client.words()["error"] == "more than 10 bytes" and client.words()["hint"]


def test_without_a_length_it_is_refused_as_soon_as_more_has_come() -> None:
    app, client = Keeper(), Client([b"1234"] * 100)
    assert client.ask(limit_bodies(app, ten)) == 413
    assert (client.taken, app.most, app.kept, app.gone) == (3, 8, b"", True)
    headers = dict(client.sent[0]["headers"])
    assert headers[b"connection"] == b"close"
    assert headers[b"content-length"] == str(len(client.sent[1]["body"])).encode()


def test_a_length_that_lies_helps_nobody() -> None:
    app, client = Keeper(), Client([b"1234"] * 100, length=b"4")
    assert client.ask(limit_bodies(app, ten)) == 413
    assert app.most <= 10


def test_one_chunk_larger_than_the_limit_never_reaches_the_application() -> None:
    app, client = Keeper(), Client([b"x" * 1000])
    assert client.ask(limit_bodies(app, ten)) == 413
    assert app.most == 0


def test_an_application_that_answers_though_its_client_is_gone_is_not_heard() -> None:
    client = Client([b"1234"] * 100)
    assert client.ask(limit_bodies(Keeper(answers_the_gone=True), ten)) == 413


def test_an_answer_that_has_begun_before_too_much_came_is_the_only_one_and_goes_to_its_end() -> None:
    async def hasty(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (await receive())["type"] != "http.disconnect":
            pass
        await send({"type": "http.response.body", "body": b"so far"})

    client = Client([b"1234"] * 100)
    assert client.ask(limit_bodies(hasty, ten)) == 200
    assert client.sent[1:] == [{"type": "http.response.body", "body": b"so far"}]


@pytest.mark.parametrize(
    ("chunks", "length"),
    [
        ([b"1234567890"], b"10"),
        ([b"12345", b"67890"], None),
        ([b"12345", b"", b"67890", b""], None),
        ([], None),
        ([b"1"], b"-5"),
        ([b"1"], b"many"),
        ([b"1"], b""),
        ([b""], b"0"),
        ([b"12345"], b"0" * 30 + b"5"),
    ],
)
def test_up_to_the_limit_everything_passes_untouched(chunks: list[bytes], length: bytes | None) -> None:
    app, client = Keeper(), Client(chunks, length=length)
    assert client.ask(limit_bodies(app, ten)) == 200
    assert app.kept == b"".join(chunks)


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/u/x", "/subscribe/", "/hooks", "/desk", "/desk/login", "/desk/me/"]
)
def test_no_address_that_is_open_to_strangers_keeps_a_large_body(path: str) -> None:
    app, client = Keeper(), Client([b"x" * 100_000] * 300, path)
    assert client.ask(limit_bodies(app)) == 413
    assert app.most <= settings.FILE_UPLOAD_MAX_MEMORY_SIZE, "more would go to the disk"
    assert client.taken < 20


def test_the_largest_export_passes_with_its_envelope_and_only_at_its_own_address() -> None:
    assert largest(reverse("desk-audience")) > LARGEST + 10_000
    assert largest(reverse("desk-import", args=[1])) < LARGEST
    assert largest("/hooks/generic/x") == LIMIT


def test_what_is_no_request_passes() -> None:
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    asyncio.run(cast(Any, limit_bodies(app))({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]


def test_django_lets_go_of_half_a_body_that_is_too_long() -> None:
    """Warnings are errors here: a temporary file that stays open would be one."""
    client = Client([b"x" * 1_000_000] * 8)
    assert client.ask(limit_bodies(cast(ASGI, get_asgi_application()))) == 413
    assert client.taken == LIMIT // 1_000_000 + 1


def test_django_never_holds_what_a_stranger_sends_in_pieces_to_an_address_that_takes_no_body() -> None:
    client = Client([b"x" * 1_000_000] * 30, "/healthz")
    assert client.ask(limit_bodies(cast(ASGI, get_asgi_application()))) == 413
    assert client.taken == 1
