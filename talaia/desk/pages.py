"""What all pages of the desk share: who may see them, what every template gets, what is said when things go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from talaia.config import current
from talaia.config.languages import LANGUAGE_NAMES
from talaia.desk import assets
from talaia.desk.idempotency import answered
from talaia.desk.people import auth_flows
from talaia.desk.people.roles import NAMES, Role, may
from talaia.desk.writing import resubmit
from talaia.events.timeline import NotPossible
from talaia.site.write import house

View = Callable[..., HttpResponse]


def _only(needed: Role, settled: bool = True) -> Callable[[View], View]:
    """For whoever is logged in and may do what needs `needed`; never kept by a browser or a proxy.

    What is not there is said, not raised. `settled`: where a second factor is required, they must have one.
    """

    def decorator(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, **given: Any) -> HttpResponse:
            role = role_of(request.user)
            if not may(role, needed):
                return page(request, "desk/forbidden.html", {"needed": NAMES[needed], "mine": role}, status=403)
            if _holds_nul(request, given):
                return page(request, "desk/sorry.html", {"what": _("it holds a character that is none")}, status=400)
            if settled and lacks_second_factor(request):
                return HttpResponseRedirect(reverse("desk-me") + "?second")
            try:
                return answered(request, lambda: view(request, **given))
            except NotPossible as missing:
                return page(request, "desk/sorry.html", {"what": str(missing)}, status=404)

        return never_cache(resubmit.keeping(login_required(inner)))

    return decorator


def _holds_nul(request: HttpRequest, given: dict[str, Any]) -> bool:
    """NUL, which no browser sends and PostgreSQL does not keep: there it would fail wherever it is asked for."""
    sent = [value for query in (request.GET, request.POST) for name in query for value in (name, *query.getlist(name))]
    return any("\0" in str(value) for value in (*sent, *given.values()))


# Who may see what is one line here: a viewer reads, an editor writes drafts and analyses, an operator publishes, an
# admin lets people in. Their own access is everybody's own matter.
for_oneself = _only(Role.VIEWER, settled=False)
for_viewers = _only(Role.VIEWER)
for_editors = _only(Role.EDITOR)
for_operators = _only(Role.OPERATOR)
for_admins = _only(Role.ADMIN)


def role_of(user: Any) -> Role | None:
    """The role of a person; None for a stranger."""
    member = getattr(user, "member", None)
    return Role(member.role) if member else None


def lacks_second_factor(request: HttpRequest) -> bool:
    """Whether one is required, and this person came in by password alone and could not have come in otherwise."""
    user = request.user
    if current().tables.login.second_factor != "required" or not isinstance(user, User):
        return False
    return "openid" not in auth_flows.kinds(request, user) and not auth_flows.has_second(user)


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
        "passkeys": assets.address("passkeys.js"),
    }


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    return render(request, template, {**frame(), **mine(request), **(context or {})}, status=status)


def mine(request: HttpRequest) -> dict[str, Any]:
    """What this person may do; for templates, that show nobody a door which does not open."""
    role = role_of(request.user)
    return {"role": role, "may_operate": may(role, Role.OPERATOR), "may_admin": may(role, Role.ADMIN)}


@never_cache
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was made before a login, or by somebody else. What was written is put aside, to be sent once more."""
    del reason
    aside = resubmit.put_aside(request)
    return page(request, "desk/stale.html", {"aside": aside, "address": request.path}, status=403)
