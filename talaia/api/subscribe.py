"""The door for whoever wants our mails, where a site opens it: asked for here, confirmed by mail.

Whatever address somebody writes, known or not, opted out or not, the same is done and the same is answered; so nobody
learns here who gets our mails. A GET changes nothing. No cookie is needed or set.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from talaia.api.client_place import client_place
from talaia.api.db_timeout import statement_timeout
from talaia.audience.actions import ask, confirm_subscription, forget_asked
from talaia.audience.address import AddressError
from talaia.audience.pending_subscriptions import waited_for
from talaia.config import Config, Subscribe, current
from talaia.config.languages import LANGUAGE_NAMES
from talaia.notices import tokens
from talaia.notices.sender import the_list
from talaia.panel.models import Service
from talaia.panel.renaming.names import former
from talaia.site.write import house

PATIENCE = 2.0  # seconds for the database
LONGEST = 300  # characters of an address that are looked at


@csrf_exempt  # whoever makes somebody else's browser post here brings about one mail that asks, as anybody can
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest, spoken: str | None = None) -> HttpResponse:
    """GET shows the form; POST asks by mail."""
    config, now = current(), timezone.now()
    rules, language = _open(config), spoken or config.site.languages[0]
    if language not in config.site.languages or spoken == config.site.languages[0]:
        raise Http404
    with statement_timeout(PATIENCE):  # what fails is answered by unavailable.py, in the language of the address
        return _subscribe(request, config, rules, language, now)


def _subscribe(request: HttpRequest, config: Config, rules: Subscribe, language: str, now: datetime) -> HttpResponse:
    if request.method != "POST":
        return _page(request, "form", language)
    written = request.POST.get("address", "")[:LONGEST].strip()
    offered = {slug for slug, _ in _services(config, rules)}
    named = former()  # the form may be of before one was renamed
    asked = dict.fromkeys(named.get(slug, slug) for slug in request.POST.getlist("service"))
    chosen = [slug for slug in asked if slug in offered]
    if asked and offered and not chosen:  # of a form that is older than our panel; "all" is nobody's choice here
        return _page(request, "form", language, stale=True, written=written)
    if len(chosen) == len(offered):
        chosen = []  # all of them, those too that are still to come
    forget_asked(rules.valid, now)
    try:
        taken = ask(written, language, chosen, client_place(request, config), rules.rate, _secret(), now)
    except AddressError:
        return _page(request, "form", language, wrong=True, written=written, chosen=chosen)
    return _page(request, "asked" if taken else "often", language, status=200 if taken else 429)


@csrf_exempt  # the address itself is the secret
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirmation(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, as scanners of mail follow every address; POST subscribes, and may be repeated."""
    config = current()
    with statement_timeout(PATIENCE):
        return _confirmation(request, token, config, _open(config), timezone.now())


def _confirmation(request: HttpRequest, token: str, config: Config, rules: Subscribe, now: datetime) -> HttpResponse:
    found = waited_for(tokens.read(_secret(), token) or "", rules.valid, now)
    if found is None:
        spoken = translation.get_language() or ""
        return _page(request, "late", spoken if spoken in config.site.languages else "", status=404)
    if request.method == "POST":
        confirm_subscription(found.pk, now)
        return _page(request, "done", found.language)
    return _page(request, "done" if found.confirmed else "sure", found.language)


def _open(config: Config) -> Subscribe:
    if config.tables.subscribe is None:
        raise Http404
    return config.tables.subscribe


def _services(config: Config, rules: Subscribe) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """What can be chosen: nothing where a list gets one mail for all."""
    if not rules.services or the_list(config):
        return []
    rows = Service.objects.filter(retired_at=None).order_by("group__position", "position").values_list("slug", "names")
    return [(slug, tuple(names.items())) for slug, names in rows]


def _secret() -> bytes:
    return settings.SECRET_KEY.encode()


def _page(request: HttpRequest, what: str, language: str, status: int = 200, **more: object) -> HttpResponse:
    config = current()
    site = config.site
    language = language or site.languages[0]
    first = site.languages[0]
    with translation.override(language):
        given = {
            "what": what,
            "language": language,
            "house": house(config),
            "services": _services(config, _open(config)) if what == "form" else [],
            "others": [
                (code, LANGUAGE_NAMES[code], "/subscribe/" if code == first else f"/{code}/subscribe/")
                for code in site.languages
            ],
            **more,
        }
        return render(request, "api/subscribe.html", given, status=status)
