"""Where monitoring posts. A body is stored before anything is made of it, and the answer comes within a second.

What is refused is refused with a 4xx that the sender's log shows; what cannot be stored now, with 503: Alertmanager
tries again. That no service knows an alert is never an error of its sender.
"""

from __future__ import annotations

import json
import logging
import math
import re
import time

from django.core.exceptions import RequestDataTooBig
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from talaia.api import rate_limit
from talaia.api.body_limit import LIMIT
from talaia.api.counters import HOOKS
from talaia.api.db_timeout import PATIENCE, statement_timeout
from talaia.api.json_responses import bearer, refusal
from talaia.config import current, sanitize
from talaia.outbox.supervise import answers, away
from talaia.signals.actions import store_webhook
from talaia.signals.parse.report import MalformedBody
from talaia.signals.sources.registry import read
from talaia.signals.tokens.actions import check_token

log = logging.getLogger(__name__)

DEEPEST = 40  # levels of nesting; real bodies have five
CONTAINERS = (dict, list)  # twice as quick as dict | list, over millions of numbers
LEAST = 0.2  # seconds that storing may wait, however long the token took
# Only written like this can a character come in that no database keeps: NUL, or half of a pair (RFC 8259 §7, §8.2).
ESCAPED = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class _Refused(Exception):
    """What came in cannot be taken; with the answer."""

    def __init__(self, status: int, error: str, hint: str = "", **headers: str) -> None:
        super().__init__(error)
        self.answer = refusal(status, error, hint, **headers)


@csrf_exempt
def receive(request: HttpRequest, address: str, source: str) -> HttpResponse:
    """What a source posts to one of the `hooks` of its kind; `address`: that of them to which it did."""
    answer = _answer(request, source, address)
    known = current().source(source)
    HOOKS.labels(known.kind if known else "unknown", str(answer.status_code)).inc()
    return answer


@csrf_exempt
def elsewhere(request: HttpRequest) -> HttpResponse:
    """Any other address under /hooks/: an error in the sender's configuration, which its log should tell."""
    return refusal(404, f"there is no hook at {request.path}", "an address ends with the source's id, without a slash")


def _answer(request: HttpRequest, source_id: str, address: str) -> HttpResponse:
    if request.method != "POST":
        return refusal(405, "only POST here", "this address is for machines that send alerts", Allow="POST")
    source = current().source(source_id)
    if source is None:
        return refusal(404, f"there is no source {source_id!r}", "look at [[sources]] in talaia.toml")
    if address not in source.traits.hooks:
        where = " or ".join(source.traits.hooks).replace("{}", source_id) or "no hook: talaia asks it"
        return refusal(
            404, f"the source {source_id!r} does not come in here", f"a {source.kind} source posts to {where}"
        )
    now, begun = timezone.now(), time.monotonic()
    try:
        with statement_timeout():
            let_in = check_token(source_id, bearer(request), now)
        waited = time.monotonic() - begun
        if not let_in:
            hint = f"talaia token create {source_id}"
            return refusal(401, "a valid bearer token is needed", hint, WWW_Authenticate="Bearer")
        body = _body(request, source_id)
        try:
            read(source.kind, body, now)
        except MalformedBody as error:
            raise _Refused(422, str(error)[:300], f"this is not what a source of kind {source.kind} sends") from None
        with statement_timeout(max(LEAST, PATIENCE - waited)):
            store_webhook(source_id, body, now)
    except _Refused as refused:
        return refused.answer
    except DatabaseError as error:
        away(log, f"the hook of {source_id}", error)
        return refusal(503, "it cannot be stored right now", "try again", Retry_After="5")
    answers(log, f"the hook of {source_id}")
    return JsonResponse({"stored": True}, status=202)


def _body(request: HttpRequest, source_id: str) -> object:
    """The JSON values of a request, all of which can be stored. Raises _Refused, also where `id` posts too much.

    A length that is told is looked at by Django, one that is not by body_limit.py.
    """
    try:
        raw = request.body
    except RequestDataTooBig:
        raise _Refused(413, f"more than {LIMIT:,} bytes", "send fewer alerts at a time") from None
    except OSError:
        raise _Refused(400, "the body ended too soon", "send it again") from None
    if seconds := rate_limit.HOOKS.wait(source_id, time.monotonic(), 1, len(raw)):
        posts, size = rate_limit.POSTS.each_second, rate_limit.BYTES.each_second
        hint = f"at most {posts:g} posts and {size:,.0f} bytes a second in the long run"
        raise _Refused(429, f"{source_id} posts more than is taken", hint, Retry_After=str(seconds))
    try:
        body: object = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant, parse_float=_float)
    except UnicodeDecodeError as error:
        raise _Refused(400, f"this is not UTF-8: byte {error.start}", "JSON is sent in UTF-8") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise _Refused(400, f"this is not JSON: {error}", "send one JSON value as the body") from None
    if _deeper_than(DEEPEST, body):
        raise _too_deep()
    return sanitize.storable(body) if ESCAPED.search(raw) else body


def _too_deep() -> _Refused:
    return _Refused(400, f"this JSON is nested more than {DEEPEST} levels deep", "send it flat")


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _float(text: str) -> float:
    """Databases keep no infinity, which is what Python makes of 1e999."""
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"the number {text[:20]} is too large")
    return value


def _parts(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _deeper_than(levels: int, body: object) -> bool:
    level = [body] if isinstance(body, CONTAINERS) else []
    for _ in range(levels):
        level = [part for value in level for part in _parts(value) if isinstance(part, CONTAINERS)]
        if not level:
            return False
    return True
