"""ASGI: how many requests the application answers at once. Each has a thread and a connection to the database.

The others stand in line; who is too much for the line is told to come again, and of one place only some may stand in
it. Hooks, looks at our health, and people each have a line of their own: none of them waits for the others.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.utils.translation import gettext as _

from talaia.api.body_limit import ASGI, Message, Receive, Scope, Send
from talaia.api.counters import REFUSED
from talaia.api.error_responses import refuse

AT_ONCE = 12  # of each line
WAITING = 128
EACH = 64  # of one place: a third of those who are in the line or answered at most
LONGEST = 10.0  # seconds in the line
LARGE = 262_144  # bytes of an answer, that is sent while it is made; strangers get none
AGAIN = "5"  # seconds


class RequestQueue:
    """Who is answered, and who waits for that. Only the event loop's thread may use it."""

    def __init__(self) -> None:
        self.running = 0
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.places: Counter[str] = Counter()

    def is_full(self, place: str) -> bool:
        return len(self.waiting) >= WAITING or (bool(place) and self.places[place] >= EACH)

    async def enter(self, place: str, gone: Callable[[], asyncio.Future[Message]]) -> bool:
        """Wait for a turn; False where there is none in time, or who asked is gone meanwhile."""
        if self.is_full(place):
            return False
        if self.running < AT_ONCE:
            self.running += 1
            self.places[place] += 1
            return True
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        self.places[place] += 1
        leaving = gone()
        either: list[asyncio.Future[Any]] = [turn, leaving]
        try:
            await asyncio.wait(either, timeout=LONGEST, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            if turn.done():
                self.leave(place)
            raise
        finally:
            leaving.cancel()
            if not turn.done():
                turn.cancel()
                with suppress(ValueError):
                    self.waiting.remove(turn)
                self._forget(place)
        return not turn.cancelled()

    def leave(self, place: str) -> None:
        """A turn is over: the next one has it."""
        self._forget(place)
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.running -= 1

    def _forget(self, place: str) -> None:
        self.places[place] -= 1
        if self.places[place] <= 0:
            del self.places[place]


def limit_concurrency(app: ASGI, place: Callable[[Scope], str]) -> ASGI:
    """`app`, but it is given the end of a request only when it is that request's turn; until then it begins nothing.

    A turn is over when the answer is made: who takes long to read it holds up nobody.
    `place`: whom a request counts for; empty for nobody.
    """
    lines = {"hooks": RequestQueue(), "looks": RequestQueue(), "people": RequestQueue()}

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)
        line, who = lines[kind(scope["path"])], place(scope)
        entered = refused = False

        async def in_turn() -> Message:
            nonlocal entered, refused
            if refused:
                return {"type": "http.disconnect"}
            message = await receive()
            if not entered and message["type"] == "http.request" and not message.get("more_body", False):
                entered = await line.enter(who, lambda: asyncio.ensure_future(receive()))
                refused = not entered
            return {"type": "http.disconnect"} if refused else message

        kept: list[Message] = []
        in_parts = False

        async def keep(message: Message) -> None:
            nonlocal in_parts
            if in_parts:
                return await send(message)
            kept.append(message)
            if message.get("more_body") or len(message.get("body", b"")) > LARGE:
                in_parts = True
                for one in kept:
                    await send(one)

        try:
            await app(scope, in_turn, keep)
        finally:
            if entered:
                line.leave(who)
        for one in () if in_parts else kept:
            await send(one)
        if refused:
            REFUSED.labels("busy").inc()
            await refuse(
                send,
                scope["path"],
                503,
                "too many requests at once",
                "try again in some seconds",
                lambda: _("There are too many requests at once. Please try again in a few seconds."),
                Retry_After=AGAIN,
            )

    return limited


def kind(path: str) -> str:
    """Which line a request stands in."""
    if path.startswith("/hooks/"):
        return "hooks"
    return "looks" if path.startswith(("/healthz", "/metrics", "/api/")) else "people"
