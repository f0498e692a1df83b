"""GET /hooks/sympa/addresses: the addresses of all who are told, for a Sympa that has the token "sympa"."""

from __future__ import annotations

import base64
import binascii

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from talaia.api.db_timeout import statement_timeout
from talaia.api.json_responses import bearer, refusal
from talaia.audience.sympa import TOKEN, Unfit
from talaia.audience.sympa import addresses as to_include
from talaia.config import current
from talaia.signals.tokens.actions import check_token

PATIENCE = 20.0  # seconds for the database: Sympa waits a minute


@csrf_exempt  # it changes nothing; a form is told so in one line, as any other method
def addresses(request: HttpRequest) -> HttpResponse:
    """Text, or an error, on which Sympa keeps whom it has. Also for this machine itself only with the token."""
    if request.method not in ("GET", "HEAD"):
        return refusal(405, f"{request.method} does nothing here", "use GET", Allow="GET, HEAD")
    config, now = current(), timezone.now()
    sympa = config.tables.audience.sympa if config.tables.audience else None
    if sympa is None:
        return refusal(404, "nothing is told here", "[audience.sympa] in talaia.toml opens this address")
    try:
        with statement_timeout(PATIENCE):
            if not check_token(TOKEN, secret(request), now):
                asked = 'Basic realm="talaia", charset="UTF-8"'
                return refusal(401, "a token is needed", f"talaia token create {TOKEN}", WWW_Authenticate=asked)
            found = to_include(config, sympa, now)
    except DatabaseError:
        return refusal(503, "the database does not answer", "try again", Retry_After="60")
    if isinstance(found, Unfit):
        return refusal(503, found.what, found.hint, Retry_After="300")
    return HttpResponse(found, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})


def secret(request: HttpRequest) -> str:
    """The token, as a bearer's or as the password of any user: Sympa knows only the second."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return bearer(request)
    try:
        return base64.b64decode(given.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
