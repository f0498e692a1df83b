"""From where somebody asks: what may count as one place."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from django.http import HttpRequest

from talaia.config import Config


def client_place(request: HttpRequest, config: Config) -> str:
    """An IPv4 address, or the /64 that one connection has; "unknown" where there is none."""
    direct = str(request.META.get("REMOTE_ADDR", ""))
    if config.web.behind_proxy:  # the last one was written by our own proxy
        direct = str(request.META.get("HTTP_X_FORWARDED_FOR", direct)).rpartition(",")[2].strip()
    try:
        found = ip_address(direct)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address) and not found.ipv4_mapped:
        return str(ip_network((found, 64), strict=False))
    return str(found)
