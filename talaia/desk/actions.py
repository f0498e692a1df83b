"""What is done to the people who may use the desk, and to their drafts. One function = one transaction = one fact."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from talaia.desk.models import Draft
from talaia.outbox.actions import record
from talaia.refusal import Refused


def add(name: str, email: str, password: str, now: datetime, *, by: str = "") -> User:
    """Let a person use the desk. Raises Refused, and ValidationError for a name or a password that will not do."""
    with transaction.atomic():
        if User.objects.filter(username=name).exists():
            raise Refused(f"{name} is there already; `talaia user password {name}` changes the password")
        user = User(username=name, email=email, date_joined=now)
        user.full_clean(exclude=["password"])
        validate_password(password, user)
        user.set_password(password)
        user.save()
        record("user.added", f"user/{name}", now, by)
    return user


def set_password(name: str, password: str, now: datetime, *, by: str = "") -> None:
    """A new password; it ends the person's sessions. Raises Refused, and ValidationError."""
    with transaction.atomic():
        user = _find(name)
        validate_password(password, user)
        user.set_password(password)
        user.save(update_fields=["password"])
        record("user.password_set", f"user/{name}", now, by)


def set_active(name: str, active: bool, now: datetime, *, by: str = "") -> None:
    """Let a person in, or out at once: whoever is not active has no session either. Raises Refused."""
    with transaction.atomic():
        user = _find(name)
        if user.is_active == active:
            return
        user.is_active = active
        user.save(update_fields=["is_active"])
        record("user.enabled" if active else "user.disabled", f"user/{name}", now, by)


def _find(name: str) -> User:
    user = User.objects.select_for_update().filter(username=name).first()
    if user is None:
        raise Refused(f"nobody is called {name}; `talaia user list` prints who is there")
    return user


def keep_draft(
    person: str, subject: str, fields: Mapping[str, str], now: datetime, *, offered: bool | None = None
) -> None:
    """Keep what somebody is writing, instead of what was kept before; nothing left to keep: forget it.

    `offered`: ask whoever may publish to do so (None: as it was). No fact: nobody but the desk knows of a draft.
    """
    with transaction.atomic():
        if not fields:
            Draft.objects.filter(person=person, subject=subject).delete()
            return
        kept = {"fields": dict(fields), "saved_at": now} | ({} if offered is None else {"offered": offered})
        Draft.objects.update_or_create(person=person, subject=subject, defaults=kept)
