"""Makes, takes back and recognises the secrets of machines; only digests of them are kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction

from talaia.outbox.actions import record
from talaia.signals.models import Token


def issue_token(source: str, now: datetime, *, by: str = "") -> str:
    """A new secret for `source`, told this once; only its SHA-256 is kept."""
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        Token.objects.create(source=source, digest=_digest(secret), created_at=now)
        record("token.issued", f"source/{source}", now, by=by)
    return secret


def revoke_tokens(source: str, now: datetime, but_newest: bool = False, *, by: str = "") -> int:
    """Take back every secret of `source`, or all but the one issued last; how many there were."""
    with transaction.atomic():
        tokens = Token.objects.filter(source=source)
        if but_newest:
            tokens = tokens.exclude(pk__in=list(tokens.order_by("-pk").values_list("pk", flat=True)[:1]))
        count, _ = tokens.delete()
        if count:
            record("token.revoked", f"source/{source}", now, by=by)
    return count


def check_token(source: str, secret: str, now: datetime) -> bool:
    """Whether `secret` lets in as `source`. What is compared is a digest, so time tells nothing of the secret."""
    token = Token.objects.filter(source=source, digest=_digest(secret)).first()
    if token is None:
        return False
    if token.last_used_at is None or now - token.last_used_at > timedelta(hours=1):
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
    return True


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
