"""What is answered when we cannot answer: a page in the language of whoever asks, JSON to machines; never a bare 500.

Nothing here looks into the database, at the session or for who it is: each of these may be what fails.
"""

from __future__ import annotations

import logging
import sys
import time

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation

from talaia.api import json_responses
from talaia.api.json_responses import MACHINES, refusal
from talaia.config import current
from talaia.outbox.disk_reserve import free
from talaia.outbox.failure_kinds import HINTS, FailureKind, trouble
from talaia.site.write import house

log = logging.getLogger(__name__)

AGAIN = {FailureKind.BUSY: "10"}  # seconds until it is worth asking again
LATER = "60"
SAY_EVERY = 60.0  # seconds: however many ask, the log says it no more often
DESK = "/desk/"
SAID: dict[FailureKind, float] = {}
ERRORS = {
    FailureKind.FULL: "the disk is full",
    FailureKind.READ_ONLY: "nothing can be written to the disk",
    FailureKind.BUSY: "the database is kept busy",
    FailureKind.OTHER_VERSION: "the database is of another version",
    FailureKind.AWAY: "the database does not answer",
}


def failed(request: HttpRequest) -> HttpResponse:
    """The answer to what nobody caught: 503 where something that we need is in trouble, else 500."""
    error = sys.exc_info()[1]
    kind = trouble(error, free(current().home))
    if kind is None:
        if request.path.startswith(MACHINES):
            return refusal(500, "a fault of ours; its log has it", "tell whoever runs it")
        return page(request, "fault", 500)
    return answer_unavailable(request, kind, error)


def answer_unavailable(request: HttpRequest, kind: FailureKind, error: BaseException | None) -> HttpResponse:
    """503, and a line in the log; Django's own has a traceback."""
    response = not_now(request, kind)
    tell(kind, error)
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def not_now(request: HttpRequest, kind: FailureKind, language: str = "") -> HttpResponse:
    """503: come again. Why, is said at the desk and to machines."""
    after = AGAIN.get(kind, LATER)
    if request.path.startswith(MACHINES):
        return refusal(503, ERRORS[kind], "try again", Retry_After=after)
    response = page(request, kind.value, 503, language)
    response["Retry-After"] = after
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What cannot be understood; also a session that the database did not take: to Django it is one that ended."""
    cause: BaseException | None = exception
    while cause is not None:
        if (kind := trouble(cause, free(current().home))) is not None:
            return answer_unavailable(request, kind, cause)
        cause = cause.__context__
    if request.path.startswith(MACHINES):
        return json_responses.bad_request(request, exception)
    return page(request, "bad", 400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Nothing is at this address, or what was there is closed."""
    del exception
    if request.path.startswith(MACHINES):
        return refusal(404, "there is nothing here", "docs/monitoring.md has the addresses")
    return page(request, "missing", 404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    del exception
    return page(request, "forbidden", 403)


def page(request: HttpRequest, what: str, status: int, language: str = "") -> HttpResponse:
    spoken = language or language_of(request)
    with translation.override(spoken):
        given = {
            "what": what,
            "desk": request.path.startswith(DESK),
            "sent": request.method not in ("GET", "HEAD"),
            "language": spoken,
            "house": house(current()),
        }
        response = HttpResponse(render_to_string("api/away.html", given), status=status)
    response["Cache-Control"] = "no-store"
    return response


def language_of(request: HttpRequest) -> str:
    """As the address says, else as the browser does; else the site's first."""
    languages = current().site.languages
    first = request.path.split("/", 2)[1]
    if first in languages:
        return first
    if request.path.startswith("/subscribe"):  # its other languages have an address of their own
        return languages[0]
    spoken = translation.get_language_from_request(request)
    return spoken if spoken in languages else languages[0]


def tell(kind: FailureKind, error: BaseException | None) -> None:
    """In the log, once a minute while it lasts."""
    now = time.monotonic()
    if now - SAID.get(kind, float("-inf")) >= SAY_EVERY:
        SAID[kind] = now
        said = next(iter(str(error).strip().splitlines()), type(error).__name__)
        log.error("visitors are asked to come again: %s (%s); %s", ERRORS[kind], said, HINTS[kind])
