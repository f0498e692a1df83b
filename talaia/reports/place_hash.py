"""What is known of the place that says something: enough to count it once, and for two hours."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)


def place_hashes(place: str, secret: bytes, now: datetime) -> tuple[str, str]:
    """That of the hour of `now`, and that of the hour before: who said it at 10:59 is known at 11:01."""
    return _hash(place, secret, now), _hash(place, secret, now - HOUR)


def _hash(place: str, secret: bytes, at: datetime) -> str:
    hour = f"{at.astimezone(UTC):%Y-%m-%dT%H}"
    return hmac.new(secret, f"talaia report {hour} {place}".encode(), hashlib.sha256).hexdigest()
