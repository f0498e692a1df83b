"""Which form was sent, and with what: so that the same one has its effect once, whatever it is about."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from talaia.desk.actions.form_submissions import StoredResponse, once

TOKEN = "csrfmiddlewaretoken"  # noqa: S105  Django masks it anew for each page that it makes
ANSWERING = "talaia.answering"
REPEATED = {"desk-sure"}  # it changes who may decide here, and nothing that stays


def answered(request: HttpRequest, do: Callable[[], HttpResponse]) -> HttpResponse:
    """What `do` answers to a form that was sent; what was answered before, where this very form was sent before.

    The form is told by the token that its page got: a page that is made again is another form. Only what leads to
    another page has had an effect; what comes back with a question, or asks who sits here, may be sent again.
    """
    answering = bool(request.META.get(ANSWERING))  # one view hands over to another
    if request.method != "POST" or answering or not request.POST.get(TOKEN) or _is_repeated(request):
        return do()
    request.META[ANSWERING] = True
    made: list[HttpResponse] = []

    def doing() -> StoredResponse | None:
        response = do()
        made.append(response)
        if not isinstance(response, HttpResponseRedirect) or _asks_who(response.url):
            return None
        return StoredResponse(response.url, _said(request))

    answer = once(digest(request), timezone.now(), doing)
    if made:
        return made[-1]
    assert answer is not None
    for level, words, tags in answer.said:
        messages.add_message(request, level, words, extra_tags=tags)
    return HttpResponseRedirect(answer.address)


def digest(request: HttpRequest) -> str:
    """Of who sent what where."""
    files = []
    for name, several in request.FILES.lists():
        for one in several:
            files.append([name, one.name, hashlib.sha256(one.read()).hexdigest()])
            one.seek(0)
    sent = [request.user.get_username(), request.get_full_path(), sorted(request.POST.lists()), files]
    return hashlib.sha256(json.dumps(sent).encode()).hexdigest()


def secret(request: HttpRequest) -> str:
    """A secret to which this very form leads, and no other: what is shown once is shown again to who sent it twice."""
    if not request.POST.get(TOKEN):
        return secrets.token_urlsafe(24)
    made = salted_hmac("talaia shown once", digest(request), algorithm="sha256").digest()[:24]
    return base64.urlsafe_b64encode(made).decode()


def _is_repeated(request: HttpRequest) -> bool:
    found = request.resolver_match
    return found is not None and found.url_name in REPEATED


def _asks_who(address: str) -> bool:
    return address.startswith((reverse("login"), reverse("desk-sure"), reverse("desk-me") + "?second"))


def _said(request: HttpRequest) -> list[list[object]]:
    """What was said while this form was answered, and nobody has read yet."""
    queued = getattr(messages.get_messages(request), "_queued_messages", [])
    return [[one.level, str(one.message), one.extra_tags] for one in queued]
