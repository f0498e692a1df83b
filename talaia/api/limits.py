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
DIGITS = 18  # of a length that anybody could mean; Python refuses to read numbers of thousands of digits


def limit_bodies(app: ASGI, limit: int = LIMIT) -> ASGI:
    """`app`, but requests under /hooks/ with a longer body are answered 413; `app` never gets more than the limit.

    To `app` a body that grows too long looks like a client that went away, so it lets go of what it has.
    """

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/hooks/"):
            return await app(scope, receive, send)
        told = next((value for name, value in scope["headers"] if name == b"content-length"), b"0").lstrip(b"0")
        if told.isdigit() and (len(told) > DIGITS or int(told) > limit):
            return await _refuse(send, limit)
        seen, begun = 0, False

        async def counted() -> Message:
            nonlocal seen
            if seen > limit:
                return {"type": "http.disconnect"}
            message = await receive()
            seen += len(message.get("body", b""))
            return message if seen <= limit else {"type": "http.disconnect"}

        async def noted(message: Message) -> None:
            nonlocal begun
            if seen > limit and not begun:
                return  # whatever it says of half a body; the answer is ours
            begun = True
            await send(message)

        await app(scope, counted, noted)
        if seen > limit and not begun:
            await _refuse(send, limit)

    return limited


async def _refuse(send: Send, limit: int) -> None:
    words = {"error": f"more than {limit:,} bytes", "hint": "send fewer alerts at a time"}
    body = json.dumps(words).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # the rest of the body is still on its way
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
