"""What machines are answered: one line of JSON, with a hint where they can mend something."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

MACHINES = ("/hooks/", "/healthz", "/metrics")


def refusal(status: int, error: str, hint: str = "", **headers: str) -> JsonResponse:
    """A clear no. Headers with `_` for `-`: `Retry_After="5"`."""
    response = JsonResponse({"error": error, **({"hint": hint} if hint else {})}, status=status)
    for name, value in headers.items():
        response[name.replace("_", "-")] = value
    return response


def bearer(request: HttpRequest) -> str:
    """The token of an Authorization header (RFC 6750 §2.1); empty when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own 400: nearly always a Host that is not ours, as when a machine asks by number."""
    if not request.path.startswith(MACHINES):
        return defaults.bad_request(request, exception)
    host = request.META.get("HTTP_HOST", "")[:200]
    return refusal(400, f"this is not {host!r}", "ask by the name in [site] address, or add this one to [web] hosts")
