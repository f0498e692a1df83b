"""The signature of a webhook, pure: that of Standard Webhooks, for which there are libraries in every language."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

PREFIX = "whsec_"


def key(secret: str) -> bytes:
    """`whsec_…` is base64; anything else is taken as it is written."""
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def headers(secret: str, delivery: str, at: datetime, body: bytes) -> dict[str, str]:
    """HMAC-SHA256 over `<id>.<seconds>.<raw body>`: nobody can change the body, nor send it again later as new."""
    seconds = str(int(at.timestamp()))
    made = hmac.new(key(secret), f"{delivery}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return {
        "Webhook-Id": delivery,
        "Webhook-Timestamp": seconds,
        "Webhook-Signature": f"v1,{base64.b64encode(made).decode()}",
    }
