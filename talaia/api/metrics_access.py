"""Who asks: this machine itself, or one with the token of "metrics". To others the inner state is not told."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address

from django.db import Error
from django.http import HttpRequest

from talaia.api.db_timeout import statement_timeout
from talaia.api.json_responses import bearer
from talaia.config import Config
from talaia.signals.tokens.actions import check_token

METRICS = "metrics"  # no source of talaia.toml, but has tokens as a source has
FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_VIA")


def is_neighbour(request: HttpRequest, config: Config) -> bool:
    """Whether the request comes from this machine. Behind a proxy all of them seem to, so then none does."""
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address  # ::ffff:127.0.0.1, where one socket serves both
    return address.is_loopback and not config.web.behind_proxy and not any(name in request.META for name in FORWARDED)


def may_look(request: HttpRequest, config: Config, now: datetime) -> bool:
    """Whether the inner state may be told. Raises django.db.Error when a token has to be looked up and cannot be."""
    neighbour, token = is_neighbour(request, config), bearer(request)
    if not token:
        return neighbour
    try:
        with statement_timeout():
            return check_token(METRICS, token, now) or neighbour  # looked at there too: that it is used is noted
    except Error:
        if neighbour:
            return True
        raise
