"""One message through Apprise, in a process of its own: `{"url", "title", "body"}` in, what became of it out.

With neither title nor body nothing is said: whether Apprise would know where to.

So a chat that never stops answering can be ended, whatever Apprise logs stays in here, and its eighty libraries are no
part of the process that runs day and night. It imports nothing of ours.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import Any

STATUS = re.compile(r"error=(\d{3})\b")


def say(url: str, title: str, body: str) -> dict[str, Any]:
    """`outcome`: "sent", "missing" (no Apprise), "unknown" (it knows no such address) or "refused", then with the
    status of HTTP where it said one.
    """
    try:
        import apprise
    except ImportError:
        return {"outcome": "missing"}
    asset = apprise.AppriseAsset(app_id="talaia", app_desc="talaia", http_redirects=False, storage_mode="memory")
    door = apprise.Apprise(asset=asset)
    if any(letter.isspace() or letter == "," for letter in url) or not door.add(url) or len(door) != 1:
        return {"outcome": "unknown"}
    if not title and not body:
        return {"outcome": "known"}
    with apprise.LogCapture(level=logging.INFO) as log:  # type: ignore[no-untyped-call]
        sent = bool(door.notify(body, title=title, body_format=apprise.NotifyFormat.TEXT))
        told = STATUS.findall(log.getvalue())  # of all that it says only the number: the rest may hold the address
    return {"outcome": "sent"} if sent else {"outcome": "refused", "status": int(told[-1]) if told else 0}


if __name__ == "__main__":
    logging.disable(logging.NOTSET)
    given = json.load(sys.stdin)
    answer, sys.stdout = sys.stdout, sys.stderr  # whatever a plugin prints is no answer
    json.dump(say(given["url"], given["title"], given["body"]), answer)
