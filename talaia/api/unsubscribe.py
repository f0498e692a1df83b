"""The door in every mail: no more mails, with one click of the mail program (RFC 8058) or one on a page.

A GET changes nothing: scanners of mail follow every address. Nobody logs in, and no cookie is needed or set.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from talaia.api.db_timeout import statement_timeout
from talaia.api.unavailable import not_now, tell
from talaia.audience import mailing as audience
from talaia.config import current
from talaia.notices import tokens
from talaia.outbox.disk_reserve import free, release
from talaia.outbox.failure_kinds import FailureKind, trouble
from talaia.site.write import house

PATIENCE = 2.0  # seconds for the database: what it does not take is put aside


@csrf_exempt  # a mail program sends no cookie and no token; the address itself is the secret
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks; POST does, and may be repeated. The same answer for who is there and who is forgotten by now.

    Where the database does not answer, the wish is kept until it does: 202. Only what cannot be kept either is 503.
    """
    key = tokens.read(settings.SECRET_KEY.encode(), token)
    if key is None:
        return _page("", "wrong", status=404)
    now, again = timezone.now(), "again" in request.POST
    try:
        if request.method != "POST":
            with statement_timeout(PATIENCE):
                return _page(key, "asked" if audience.is_told(key) else "gone")
        with audience.settled(key), statement_timeout(PATIENCE):
            (audience.subscribe_again if again else audience.unsubscribe)(key, now)
            answer = _page(key, "told" if again else "gone")
        return answer
    except DatabaseError as error:
        connection.close()
        return _without_database(request, key, again, error, now)


def _without_database(request: HttpRequest, key: str, again: bool, error: DatabaseError, now: datetime) -> HttpResponse:
    if (kind := trouble(error, free(current().home))) is None:
        raise error
    if request.method != "POST":
        return _page("", "asked")
    tell(kind, error)
    for full in (False, True):
        try:
            audience.put_aside(key, again, now)
        except OSError as fault:
            if full or trouble(fault) is not FailureKind.FULL or not release(current().home):
                return not_now(request, trouble(fault) or kind)
        else:
            break
    return _page("", "told" if again else "gone", status=202)


def _page(key: str, what: str, status: int = 200) -> HttpResponse:
    """In the language in which the mails come; for a stranger, or where nothing can be asked, that of the browser."""
    site = current().site
    spoken = (audience.language_of(key) if key else "") or translation.get_language() or ""
    language = spoken if spoken in site.languages else site.languages[0]
    with translation.override(language):
        # With `answer` a machine answers what is written back, and nobody reads it.
        given = {"what": what, "language": language, "house": house(current()), "unread": current().mail.answer}
        return HttpResponse(render_to_string("api/unsubscribe.html", given), status=status)
