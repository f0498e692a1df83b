"""ASGI: no body of a hook is larger than the limit, told or untold; it is cut off before anybody keeps it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGI = Callable[[Scope, Receive, Send], Awaitable[None]]

LIMIT = 5_000_000  # bytes


class _TooLarge(Exception):
    pass


def limit_bodies(app: ASGI, limit: int = LIMIT) -> ASGI:
    """`app`, but requests under /hooks/ with a longer body are answered 413 without it."""

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/hooks/"):
            return await app(scope, receive, send)
        told = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if told.isdigit() and int(told) > limit:
            return await _refuse(send, limit)
        seen, begun = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise _TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await app(scope, counted, noted)
        except _TooLarge:
            if not begun:
                await _refuse(send, limit)

    return limited


async def _refuse(send: Send, limit: int) -> None:
    words = {"error": f"more than {limit:,} bytes", "hint": "send fewer alerts at a time"}
    body = json.dumps(words).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
