"""The door for "it happens to me too", where a site opens it: a button, no script, no cookie, no address kept.

What is said here is counted for operators (`reports/`), is never shown to the public and changes no state.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from talaia.api.client_place import client_place
from talaia.api.db_timeout import statement_timeout
from talaia.config import Config, ReportsConfig, current
from talaia.panel.models import Service
from talaia.panel.renaming.names import former
from talaia.reports import actions
from talaia.site.addresses import localized
from talaia.site.write import house

PATIENCE = 2.0  # seconds for the database
OUR_PAGES = ("", "same-origin", "none")  # Sec-Fetch-Site: another page cannot have its readers count for us


@csrf_exempt  # a finished page has no token; OUR_PAGES keeps other sites out
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, slug: str, spoken: str | None = None) -> HttpResponse:
    """POST counts once in an hour for each place and service; GET leads to the service's page."""
    config, now = current(), timezone.now()
    rules, site = config.tables.reports, config.site
    language = spoken or site.languages[0]
    if rules is None or language not in site.languages or spoken == site.languages[0]:
        raise Http404
    with statement_timeout(PATIENCE):
        service = Service.objects.filter(slug=former().get(slug, slug), retired_at=None).first()
        if service is None:
            raise Http404
        path = localized(f"/services/{service.slug}/", language, site.languages)
        if request.method != "POST":
            return HttpResponseRedirect(path)
        return _counted(request, config, rules, service, path, language, now)


def _counted(
    request: HttpRequest,
    config: Config,
    rules: ReportsConfig,
    service: Service,
    path: str,
    language: str,
    now: datetime,
) -> HttpResponse:
    if request.headers.get("Sec-Fetch-Site", "") not in OUR_PAGES:
        return _page(request, config, "elsewhere", service, path, language, 403)
    said = request.POST.get("area", "")
    area = said if said in {one.slug for one in rules.areas} else ""
    place, secret = client_place(request, config), settings.SECRET_KEY.encode()
    if actions.report(service.slug, area, place, secret, rules.rate, rules.least, now):
        return _page(request, config, "counted", service, path, language, 200)
    return _page(request, config, "often", service, path, language, 429)


def _page(
    request: HttpRequest, config: Config, what: str, service: Service, path: str, language: str, status: int
) -> HttpResponse:
    with translation.override(language):
        given = {
            "what": what,
            "language": language,
            "house": house(config),
            "names": tuple(service.names.items()),
            "path": path,
        }
        return render(request, "api/report.html", given, status=status)
