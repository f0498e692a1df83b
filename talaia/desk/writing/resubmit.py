"""What was sent when nobody was logged in any more: put aside, and there again after the login.

Only for a browser in which somebody has logged in before: a stranger's forms fill no table of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse

from talaia.desk.people import login_throttle
from talaia.desk.writing.actions import LARGEST_DRAFT

ASIDE = "aside"
SECRETS = {"password", "repeated", "code", "credential"}  # a form with one of these is never put aside
NOT_WRITTEN = ("csrfmiddlewaretoken", "publish", "preview", "keep", "offer", "begin")


def fields_of(request: HttpRequest) -> dict[str, str]:
    """What somebody wrote in the form that was sent, without its buttons."""
    return {name: str(value) for name, value in request.POST.items() if name not in NOT_WRITTEN}


def keeping(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A form that comes after the login has ended is put aside before its writer is asked to log in."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **given: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            put_aside(request)
        return view(request, *args, **given)

    return inner


def put_aside(request: HttpRequest) -> bool:
    """Keep the form in the session of this browser. Returns whether it is kept."""
    fields = fields_of(request)
    if request.method != "POST" or not fields or SECRETS & fields.keys():
        return False
    if sum(map(len, fields.values())) > LARGEST_DRAFT:
        return False
    if not (request.user.is_authenticated or _is_known(request)):
        return False
    request.session[ASIDE] = {"path": request.path, "fields": fields}
    return True


def taken_up(request: HttpRequest) -> dict[str, str] | None:
    """What was put aside at this address, once."""
    aside = request.session.get(ASIDE)
    if not isinstance(aside, dict) or aside.get("path") != request.path:
        return None
    del request.session[ASIDE]
    return dict(aside["fields"])


def _is_known(request: HttpRequest) -> bool:
    try:
        signing.loads(
            request.COOKIES.get(login_throttle.COOKIE, ""), salt=login_throttle.SALT, max_age=login_throttle.YEAR
        )
    except signing.BadSignature:
        return False
    return True
