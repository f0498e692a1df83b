"""Where the forum's webhook rings. The signature first, then a note that somebody should look, and a quick answer.

404 and 410 would turn the webhook off in the forum, and nothing is sent twice: so what is no news is answered 200.
"""

from __future__ import annotations

import logging

from django.core.exceptions import RequestDataTooBig
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from talaia.api.counters import HOOKS
from talaia.api.db_timeout import statement_timeout
from talaia.api.json_responses import refusal
from talaia.config import current
from talaia.forum.discourse import webhook
from talaia.forum.discourse.actions import ring
from talaia.log.episodes import lasts
from talaia.outbox.supervise import answers, away

log = logging.getLogger(__name__)


@csrf_exempt
def discourse(request: HttpRequest) -> HttpResponse:
    """Discourse's webhook, of topics and posts."""
    answer = _answer(request)
    HOOKS.labels("discourse", str(answer.status_code)).inc()
    return answer


def _answer(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return refusal(405, "only POST here", "this address is for the forum's webhook", Allow="POST")
    mirror = current().tables.mirror
    if mirror is None or mirror.category is None or mirror.webhook_secret_file is None:
        return refusal(403, "no webhook is set up here", "webhook_secret_file in [mirror] of talaia.toml")
    try:
        secret = current().secret(mirror.webhook_secret_file) or ""
        body = request.body
    except (RequestDataTooBig, OSError, UnicodeDecodeError) as error:
        lasts(log, "the forum's hook", "discourse", "the forum's webhook: %s", error)
        if isinstance(error, RequestDataTooBig):
            return _too_large()
        return refusal(503, "the request, or our own secret, cannot be read", "try again")
    if len(body) > webhook.LONGEST:
        return _too_large()
    if not secret or not webhook.signed(secret, body, request.headers.get("X-Discourse-Event-Signature", "")):
        return refusal(403, "the signature is not right", "the webhook's secret must be that of webhook_secret_file")
    if request.headers.get("X-Discourse-Event-Type") == "ping":
        return JsonResponse({"pong": True})
    try:
        event = webhook.read(request.headers, body, mirror.category)
    except webhook.MalformedHook as error:
        return refusal(422, str(error), "this address is for the webhook of a Discourse forum")
    if event.topic is None:
        return JsonResponse({"stored": False, "why": "it concerns no topic of the category"})
    try:
        with statement_timeout():
            is_new = ring(webhook.mark(secret), event, timezone.now())
    except DatabaseError as error:
        away(log, "the forum's hook", error)
        return refusal(503, "it cannot be stored right now", "the hourly look will find it", Retry_After="5")
    answers(log, "the forum's hook")
    return JsonResponse({"stored": is_new, **({} if is_new else {"why": "it was told before"})})


def _too_large() -> HttpResponse:
    return refusal(413, f"more than {webhook.LONGEST:,} bytes", "no post of a forum is that long")
