"""ASGI: no body of a request is larger than the limit, told or untold; it is cut off before anybody keeps it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.utils.translation import gettext as _

from talaia.api.error_responses import refuse

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGI = Callable[[Scope, Receive, Send], Awaitable[None]]

SMALL = 65_536  # bytes: a click on a link in a mail, an address
DESK = 1_000_000  # forms; less than Django writes to the disk, so that strangers at the login fill none
LIMIT = 5_000_000  # of a hook
EXPORT = "/desk/audience/"
UPLOAD = 25_000_000  # more than its form takes, which says of what is a little too large what to do
DIGITS = 18  # of a length that anybody could mean; Python refuses to read numbers of thousands of digits


def largest(path: str) -> int:
    """How many bytes a request to `path` may bring: Django keeps a whole body, for anybody, before a view is asked."""
    if path == EXPORT:
        return UPLOAD
    if path.startswith("/hooks/"):
        return LIMIT
    return DESK if path.startswith("/desk/") else SMALL


def limit_bodies(app: ASGI, largest: Callable[[str], int] = largest) -> ASGI:
    """`app`, but requests with a longer body are answered 413; `app` never gets more than `largest` of the path.

    To `app` a body that grows too long looks like a client that went away, so it lets go of what it has.
    """

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)
        limit = largest(scope["path"])
        told = next((value for name, value in scope["headers"] if name == b"content-length"), b"0").lstrip(b"0")
        if told.isdigit() and (len(told) > DIGITS or int(told) > limit):
            return await _refuse(send, scope["path"], limit)
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
            await _refuse(send, scope["path"], limit)

    return limited


async def _refuse(send: Send, path: str, limit: int) -> None:
    await refuse(
        send,
        path,
        413,
        f"more than {limit:,} bytes",
        "send less at a time",
        lambda: _("This is more than can be sent at once."),
        Connection="close",  # the rest of the body is still on its way
    )
