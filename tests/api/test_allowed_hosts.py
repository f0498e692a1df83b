"""Requests to a host that is not ours: answered clearly, kept from the application, and cheap in the log."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from talaia.api.allowed_hosts import only_our_hosts
from talaia.api.body_limit import ASGI, Message, Receive, Scope, Send

OURS = ["127.0.0.1", "[::1]", "status.example.org"]


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ours"})


def ask(app: ASGI, host: bytes | None, path: str = "/desk/") -> tuple[int, str]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    headers = [(b"host", host)] if host is not None else []
    scope: dict[str, Any] = {"type": "http", "path": path, "headers": headers}

    async def run() -> None:
        await app(scope, receive, send)

    asyncio.run(run())
    return sent[0]["status"], sent[1]["body"].decode()


@pytest.mark.parametrize(
    "host", [b"127.0.0.1", b"127.0.0.1:8000", b"[::1]:8000", b"STATUS.example.org", b"status.example.org:443", None]
)
def test_ours_reach_the_application(host: bytes | None) -> None:
    assert ask(only_our_hosts(inner, lambda: OURS), host) == (200, "ours")


@pytest.mark.parametrize(
    "host",
    [b"evil.example", b"", b"status.example.org.evil.example", b"a b", b"x,127.0.0.1", b"\xff\xfe", b"[::1", b"@"],
)
def test_others_do_not_and_are_told_where_the_page_is(host: bytes) -> None:
    app = only_our_hosts(inner, lambda: OURS)
    status, said = ask(app, host)
    assert status == 400
    assert said.splitlines()[0] == "Aquesta no és l'adreça de la pàgina. És https://status.example.org"
    status, said = ask(app, host, "/hooks/generic/x")
    assert status == 400 and "[web] hosts" in said


def test_a_thousand_of_them_cost_one_short_line(caplog: pytest.LogCaptureFixture) -> None:
    app = only_our_hosts(inner, lambda: OURS)
    with caplog.at_level(logging.INFO):
        for number in range(200):
            ask(app, b"evil-%d.example" % number + b"x" * 5000)
    (record,) = caplog.records
    assert record.exc_info is None
    assert len(record.getMessage()) < 250
