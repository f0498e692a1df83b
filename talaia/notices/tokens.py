"""The tokens in addresses, pure: who unsubscribes (`/u/<token>`), and whose mail came back (VERP)."""

from __future__ import annotations

import hashlib
import hmac
import re

KEY = re.compile(r"[a-z0-9-]{1,60}")
SIGNED = re.compile(r"([a-z0-9-]{1,60})\.([0-9a-f]{24})")
RETURNED = re.compile(r"\+([a-z0-9-]{1,60})=([0-9a-f]{12})@")


def sign(secret: bytes, key: str) -> str:
    """The token of a recipient: nobody can make one for another, and it tells no address."""
    return f"{key}.{_mac(secret, 'unsubscribe', key)[:24]}"


def read(secret: bytes, token: str) -> str | None:
    """The recipient of a token; None when it is none of ours."""
    found = SIGNED.fullmatch(token)
    if found and hmac.compare_digest(found[2], _mac(secret, "unsubscribe", found[1])[:24]):
        return found[1]
    return None


def return_path(secret: bytes, bounces: str, key: str) -> str:
    """`bounces@example.org` → `bounces+<key>=<mac>@example.org`: the address to which this copy comes back."""
    local, _, domain = bounces.rpartition("@")
    return f"{local}+{key}={_mac(secret, 'bounce', key)[:12]}@{domain}"


def returned(secret: bytes, address: str) -> str | None:
    """The recipient whose copy came back to `address`; None when it is no return path of ours."""
    found = RETURNED.search(address.lower())
    if found and hmac.compare_digest(found[2], _mac(secret, "bounce", found[1])[:12]):
        return found[1]
    return None


def _mac(secret: bytes, purpose: str, key: str) -> str:
    return hmac.new(secret, f"talaia {purpose} {key}".encode(), hashlib.sha256).hexdigest()
