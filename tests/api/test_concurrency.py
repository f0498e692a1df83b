"""How many requests the application answers at once: who waits, who is told to come again, and that nobody starves."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from talaia.api.body_limit import ASGI, Message, Receive, Scope, Send
from talaia.api.concurrency import AT_ONCE, EACH, LONGEST, WAITING, limit_concurrency


class Slow:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.running = self.most = self.done = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        while message.get("more_body"):
            message = await receive()
        if message["type"] == "http.disconnect":
            return
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.go.wait()
        finally:
            self.running -= 1
        self.done += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Asker:
    """One request; hangs up when told."""

    def __init__(self, path: str, place: str = "") -> None:
        self.scope: dict[str, Any] = {"type": "http", "path": path, "place": place}
        self.status, self.headers, self.body = 0, dict[bytes, bytes](), b""
        self.gone, self.asked = asyncio.Event(), False

    def begin(self, app: ASGI) -> asyncio.Task[None]:
        async def run() -> None:
            await app(self.scope, self.receive, self.send)

        return asyncio.create_task(run())

    async def receive(self) -> Message:
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": b""}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        else:
            self.body += message["body"]


def run(talk: Coroutine[Any, Any, None]) -> None:
    async def timed() -> None:
        async with asyncio.timeout(20):
            await talk

    asyncio.run(timed())


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_only_so_many_run_and_all_who_wait_get_their_turn() -> None:
    async def talk() -> None:
        slow = Slow()
        app = limit_concurrency(slow, lambda scope: "")
        askers = [Asker("/desk/") for _ in range(AT_ONCE + WAITING)]
        tasks = [one.begin(app) for one in askers]
        await settle()
        assert slow.running == AT_ONCE
        slow.go.set()
        await asyncio.gather(*tasks)
        assert slow.most == AT_ONCE
        assert {one.status for one in askers} == {200}

    run(talk())


@pytest.mark.parametrize(("path", "type"), [("/hooks/generic/x", b"application/json"), ("/desk/", b"text/plain")])
def test_who_is_too_much_for_the_line_is_told_to_come_again(path: str, type: bytes) -> None:
    async def talk() -> None:
        slow = Slow()
        app = limit_concurrency(slow, lambda scope: "")
        askers = [Asker(path) for _ in range(AT_ONCE + WAITING + 3)]
        tasks = [one.begin(app) for one in askers]
        await settle()
        refused = [one for one in askers if one.status == 503]
        assert len(refused) == 3
        assert refused[0].headers[b"retry-after"] == b"5"
        assert refused[0].headers[b"content-type"].startswith(type)
        if path == "/desk/":
            assert refused[0].body.decode().startswith("Hi ha massa peticions alhora.")
        slow.go.set()
        await asyncio.gather(*tasks)

    run(talk())


def test_neither_strangers_at_the_desk_nor_looks_at_our_health_hold_up_a_hook() -> None:
    async def talk() -> None:
        slow = Slow()
        app = limit_concurrency(slow, lambda scope: "")
        crowd = [Asker(path) for path in ("/desk/login/", "/healthz", "/u/x") for _ in range(300)]
        tasks = [one.begin(app) for one in crowd]
        await settle()
        hook, before = Asker("/hooks/alertmanager/am"), slow.running
        tasks.append(hook.begin(app))
        await settle()
        assert slow.running == before + 1
        slow.go.set()
        await asyncio.gather(*tasks)
        assert hook.status == 200

    run(talk())


def test_one_place_does_not_fill_the_line() -> None:
    async def talk() -> None:
        slow = Slow()
        app = limit_concurrency(slow, lambda scope: str(scope["place"]))
        greedy = [Asker("/desk/", "192.0.2.1") for _ in range(500)]
        tasks = [one.begin(app) for one in greedy]
        await settle()
        assert sum(one.status == 503 for one in greedy) == 500 - EACH
        other = Asker("/desk/", "192.0.2.2")
        tasks.append(other.begin(app))
        await settle()
        slow.go.set()
        await asyncio.gather(*tasks)
        assert other.status == 200

    run(talk())


def test_who_hangs_up_in_the_line_is_not_worked_for() -> None:
    async def talk() -> None:
        slow = Slow()
        app = limit_concurrency(slow, lambda scope: "")
        askers = [Asker("/desk/") for _ in range(AT_ONCE + 30)]
        tasks = [one.begin(app) for one in askers]
        await settle()
        for one in askers[AT_ONCE:]:
            one.gone.set()
        await settle()
        slow.go.set()
        await asyncio.gather(*tasks)
        assert slow.done == AT_ONCE
        after = Asker("/desk/")
        await app(after.scope, after.receive, after.send)
        assert after.status == 200

    run(talk())


def test_who_does_not_read_the_answer_holds_up_nobody() -> None:
    async def talk() -> None:
        slow, reads = Slow(), asyncio.Event()
        slow.go.set()
        app = limit_concurrency(slow, lambda scope: "")

        class Deaf(Asker):
            async def send(self, message: Message) -> None:
                await reads.wait()
                await super().send(message)

        deaf = [Deaf("/desk/login") for _ in range(3 * AT_ONCE)]
        tasks = [one.begin(app) for one in deaf]
        await settle()
        other = Asker("/desk/login")
        await app(other.scope, other.receive, other.send)
        assert other.status == 200 and not any(one.status for one in deaf)
        reads.set()
        await asyncio.gather(*tasks)
        assert {one.status for one in deaf} == {200}

    run(talk())


def test_nobody_stands_in_the_line_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    assert LONGEST <= 10
    monkeypatch.setattr("talaia.api.concurrency.LONGEST", 0.05)

    async def talk() -> None:
        slow = Slow()
        app = limit_concurrency(slow, lambda scope: "")
        askers = [Asker("/desk/") for _ in range(AT_ONCE + 1)]
        tasks = [one.begin(app) for one in askers]
        await tasks[-1]
        assert askers[-1].status == 503
        slow.go.set()
        await asyncio.gather(*tasks)

    run(talk())


def test_a_turn_is_not_lost_with_a_task_that_is_ended() -> None:
    async def talk() -> None:
        slow = Slow()
        app = limit_concurrency(slow, lambda scope: "")
        for _ in range(3):
            askers = [Asker("/desk/") for _ in range(AT_ONCE + 5)]
            tasks = [one.begin(app) for one in askers]
            await settle()
            for task in reversed(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert slow.running == 0
        slow.go.set()
        after = Asker("/desk/")
        await app(after.scope, after.receive, after.send)
        assert after.status == 200

    run(talk())
