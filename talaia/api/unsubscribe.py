"""The door in every mail: no more mails, with one click of the mail program (RFC 8058) or one on a page.

A GET changes nothing: scanners of mail follow every address. Nobody logs in, and no cookie is needed or set.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from talaia.audience import mailing as audience
from talaia.config import current
from talaia.notices import tokens
from talaia.site.write import house


@csrf_exempt  # a mail program sends no cookie and no token; the address itself is the secret
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks; POST does, and may be repeated. The same answer for who is there and who is forgotten by now."""
    key = tokens.read(settings.SECRET_KEY.encode(), token)
    if key is None:
        return _page(request, "", "wrong", status=404)
    now = timezone.now()
    if request.method == "POST" and "again" in request.POST:
        audience.subscribe_again(key, now)
        return _page(request, key, "told")
    if request.method == "POST":
        audience.unsubscribe(key, now)
        return _page(request, key, "gone")
    return _page(request, key, "asked" if audience.is_told(key) else "gone")


def _page(request: HttpRequest, key: str, what: str, status: int = 200) -> HttpResponse:
    """In the language in which the mails come; for a stranger in that of the browser."""
    site = current().site
    spoken = audience.language_of(key) or translation.get_language() or ""
    language = spoken if spoken in site.languages else site.languages[0]
    with translation.override(language):
        given = {"what": what, "language": language, "house": house(current())}
        return render(request, "api/unsubscribe.html", given, status=status)
