"""ASGI: only requests to a host that is ours reach the application; the others cost a line of the log a minute."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence

from django.http.request import split_domain_port, validate_host
from django.utils.translation import gettext as _

from talaia.api.body_limit import ASGI, Receive, Scope, Send
from talaia.api.counters import REFUSED
from talaia.api.error_responses import refuse
from talaia.config import current
from talaia.log_counter import LogCounter

log = logging.getLogger(__name__)
SHOWN = 80  # characters of what they asked for
WORD = re.compile(r"[^.:]{25,}")  # longer than what people name machines: it may be a secret, which no log holds


def only_our_hosts(app: ASGI, ours: Callable[[], Sequence[str]]) -> ASGI:
    """`app`, for requests to one of `ours` (as Django's ALLOWED_HOSTS), and for those of HTTP/1.0 that name none."""
    last = ""

    def say(count: int) -> None:
        log.warning(
            "%d requests to a host that is not ours, the last one to %r: [web] hosts lists ours",
            count,
            WORD.sub("…", last),
        )

    said = LogCounter(say)

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal last
        host = next((value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"host"), None)
        if host is None or validate_host(split_domain_port(host)[0], list(ours())):
            return await app(scope, receive, send)
        last = host[:SHOWN]
        REFUSED.labels("host").inc()
        said.add()
        address = current().site.address
        return await refuse(
            send,
            scope["path"],
            400,
            f"this is not {last!r}",
            "ask by the name in [site] address, or add this one to [web] hosts",
            lambda: _("This is not the address of the page. It is %(address)s") % {"address": address},
        )

    return limited
