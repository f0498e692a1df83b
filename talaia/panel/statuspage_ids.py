"""The twelve letters and digits by which Statuspage's formats name a thing, pure: the same for the same thing."""

from __future__ import annotations

import hashlib
import string

LETTERS = string.digits + string.ascii_lowercase
LENGTH = 12


def code(host: str, kind: str, name: str) -> str:
    """`code("status.example.org", "service", "web")` → `3k1x0c9t7m2q`."""
    number = int.from_bytes(hashlib.sha256(f"{host} {kind} {name}".encode()).digest())
    return "".join(LETTERS[number // len(LETTERS) ** place % len(LETTERS)] for place in range(LENGTH))
