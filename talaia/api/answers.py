"""What machines are answered: one line of JSON, with a hint where they can mend something."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse


def refusal(status: int, error: str, hint: str = "", **headers: str) -> JsonResponse:
    """A clear no."""
    response = JsonResponse({"error": error, **({"hint": hint} if hint else {})}, status=status)
    for name, value in headers.items():
        response[name.replace("_", "-")] = value
    return response


def bearer(request: HttpRequest) -> str:
    """The token of an Authorization header; empty when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
