"""Where monitoring posts. A body is stored before anything is made of it, and the answer comes within a second.

What is refused is refused with a 4xx that the sender's log shows; what cannot be stored now, with 503: Alertmanager
tries again. That no service knows an alert is never an error of its sender.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from talaia.api.answers import bearer, refusal
from talaia.api.haste import in_haste
from talaia.api.limits import LIMIT
from talaia.config import current
from talaia.signals.actions import check_token, store_intake
from talaia.signals.parse.hook import read
from talaia.signals.parse.report import Malformed

log = logging.getLogger(__name__)

DEEPEST = 40  # levels of nesting; real bodies have five


@csrf_exempt
def alertmanager(request: HttpRequest, source: str) -> HttpResponse:
    """Alertmanager's webhook, and Grafana's of the same shape."""
    return _receive(request, source, ("alertmanager", "webhook"))


@csrf_exempt
def push(request: HttpRequest, source: str) -> HttpResponse:
    """Prometheus itself, with talaia as one of its Alertmanagers."""
    return _receive(request, source, ("prometheus-push",))


@csrf_exempt
def generic(request: HttpRequest, source: str) -> HttpResponse:
    """Whatever can post JSON."""
    return _receive(request, source, ("webhook",))


def _receive(request: HttpRequest, id: str, kinds: tuple[str, ...]) -> HttpResponse:
    if request.method != "POST":
        return refusal(405, "only POST here", Allow="POST")
    source = current().source(id)
    if source is None or source.kind not in kinds:
        return refusal(404, f"there is no source {id!r} for this address", "look at [[sources]] in talaia.toml")
    now = timezone.now()
    try:
        with in_haste():
            if not check_token(id, bearer(request), now):
                return refusal(
                    401, "a valid bearer token is needed", f"talaia token create {id}", WWW_Authenticate="Bearer"
                )
            body = _body(request, lambda value: read(source.kind, value, now))
            if isinstance(body, HttpResponse):
                return body
            store_intake(id, body[0], now)
    except DatabaseError as error:
        log.warning("a body of %s could not be stored: %s", id, error)
        return refusal(503, "it cannot be stored right now; try again", Retry_After="5")
    return JsonResponse({"stored": True}, status=202)


def _body(request: HttpRequest, understand: Callable[[object], object]) -> tuple[object] | HttpResponse:
    """The JSON of a request whose shape is understood, or the refusal."""
    try:
        raw = request.body
    except RequestDataTooBig:
        return refusal(413, f"more than {LIMIT:,} bytes", "send fewer alerts at a time")
    try:
        text = raw.decode("utf-8")
        body = json.loads(text, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        return refusal(400, f"this is not UTF-8: byte {error.start}")
    except RecursionError:
        return refusal(400, "this JSON is nested too deeply")
    except ValueError as error:
        return refusal(400, f"this is not JSON: {error}")
    if problem := _unstorable(body):
        return refusal(422, problem)
    try:
        understand(body)
    except Malformed as error:
        return refusal(422, str(error))
    return (body,)


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _unstorable(body: object) -> str:
    """What no database can keep as JSON: NUL, halves of characters, endless depth."""
    waiting: list[tuple[object, int]] = [(body, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            return f"this JSON is nested more than {DEEPEST} levels deep"
        if isinstance(value, dict):
            waiting += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            waiting += [(part, depth + 1) for part in value]
        elif isinstance(value, str):
            if "\0" in value:
                return "a text holds the character NUL"
            if any("\ud800" <= character <= "\udfff" for character in value):
                return "a text holds half of a character (a lone surrogate)"
    return ""
