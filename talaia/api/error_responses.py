"""ASGI: answers before the application is asked, to machines in JSON and to people in the languages of the site."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.utils.translation import override

from talaia.api.json_responses import MACHINES
from talaia.config import current

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def refuse(
    send: Send, path: str, status: int, error: str, hint: str, sentence: Callable[[], str], **headers: str
) -> None:
    """Answer with `status`. `sentence` is called with each language in force. Headers with `_` for `-`."""
    if path.startswith((*MACHINES, "/api/")):
        body, content_type = json.dumps({"error": error, "hint": hint}), "application/json"
    else:
        said = []
        for language in current().site.languages:
            with override(language):
                said.append(sentence())
        body, content_type = "\n".join(said) + "\n", "text/plain; charset=utf-8"
    content = body.encode()
    told = {"content-type": content_type, "content-length": str(len(content)), "cache-control": "no-store", **headers}
    raw = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": content})
