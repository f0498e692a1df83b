"""What all pages of the desk share: who may see them, what every template gets, what is said when things go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache

from talaia.config import current
from talaia.desk import assets
from talaia.desk.writing import kept
from talaia.events.timeline import NotPossible
from talaia.site.pages import LANGUAGE_NAMES
from talaia.site.write import house

View = Callable[..., HttpResponse]


def for_operators(view: View) -> View:
    """Only for who is logged in; never kept by a browser or a proxy; what is not there is said, not raised."""

    @wraps(view)
    def inner(request: HttpRequest, **given: Any) -> HttpResponse:
        try:
            return view(request, **given)
        except NotPossible as missing:
            return page(request, "desk/sorry.html", {"what": str(missing)}, status=404)

    return never_cache(kept.keeping(login_required(inner)))


# Who may see what is one line here: an editor writes drafts and analyses, a viewer reads, an admin lets people in.
for_viewers = for_editors = for_admins = for_operators


def language() -> str:
    """That of the desk, for this person."""
    return get_language() or current().site.languages[0]


def frame() -> dict[str, Any]:
    """What every template of the desk needs."""
    site = current().site
    return {
        "language": language(),
        "languages": site.languages,
        "choices": [(code, LANGUAGE_NAMES.get(code, code)) for code in site.languages],
        "zone": site.tz,
        "now": timezone.now(),
        "house": house(current()),
        "style": assets.address("desk.css"),
        "script": assets.address("desk.js"),
        "icon": assets.address("desk.svg"),
    }


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    return render(request, template, {**frame(), **(context or {})}, status=status)


@never_cache
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was made before a login, or by somebody else. What was written is put aside, to be sent once more."""
    del reason
    aside = kept.put_aside(request)
    return page(request, "desk/stale.html", {"aside": aside, "address": request.path}, status=403)
