"""Who may use the desk, and as what."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import transaction
from django.utils.translation import gettext as _

from talaia.desk.models import Invitation, Member
from talaia.desk.people.roles import LONGEST_NAME, Role
from talaia.errors import UserError
from talaia.events.actions.rows import draw_alone
from talaia.events.timeline import NotPossible
from talaia.outbox.actions import record


def add(name: str, email: str, password: str, now: datetime, *, by: str = "", role: Role | None = None) -> User:
    """Let a person use the desk, as an operator unless `role` says otherwise; the first one is an admin.

    Raises Refused, and ValidationError for a name or a password that will not do.
    """
    with transaction.atomic():
        if User.objects.filter(username__iexact=name).exists():  # “Anna” in the log would pass for “anna”
            raise UserError(f"{name} is there already; `talaia user password {name}` changes the password")
        if role is None:
            role = Role.OPERATOR if Member.objects.filter(role=Role.ADMIN).exists() else Role.ADMIN
        user = new(name, email, password, role, now)
        record("user.added", f"user/{name}", now, by, {"role": role.value})
    return user


def new(name: str, email: str, password: str | None, role: Role, now: datetime) -> User:
    """The rows of a person; for those who record why. Raises ValidationError, NotPossible. None: never by password."""
    if email and User.objects.filter(email__iexact=email).exists():
        raise NotPossible(_("somebody here has the address %(email)s already") % {"email": email})
    MaxLengthValidator(LONGEST_NAME)(name)  # it stands in subjects of facts
    user = User(username=name, email=email, date_joined=now)
    user.full_clean(exclude=["password"])
    if password is not None:
        validate_password(password, user)
    user.set_password(password)
    user.save()
    Member.objects.create(user=user, role=role.value)
    return user


def set_password(name: str, password: str, now: datetime, *, by: str = "") -> None:
    """A new password; it ends the person's sessions. Raises Refused, and ValidationError."""
    with transaction.atomic():
        user = find(name)
        validate_password(password, user)
        user.set_password(password)
        user.save(update_fields=["password"])
        record("user.password_set", f"user/{name}", now, by)


def change_password(user: User, password: str, now: datetime) -> None:
    """A person's own new password. Raises ValidationError."""
    try:
        set_password(user.username, password, now, by=user.username)
    except UserError as gone:
        raise ValidationError(str(gone)) from None
    user.refresh_from_db()


def set_active(name: str, active: bool, now: datetime, *, by: str = "") -> None:
    """Let a person in, or out at once: whoever is not active has no session either. Raises Refused, NotPossible."""
    with transaction.atomic():
        draw_alone("person")
        user = find(name)
        if user.is_active == active:
            return
        if not active:
            keep_an_admin(user)
            _withdraw_invitations_of(name, now, by)
        user.is_active = active
        user.save(update_fields=["is_active"])
        record("user.enabled" if active else "user.disabled", f"user/{name}", now, by)


def set_role(name: str, role: Role, now: datetime, *, by: str = "") -> None:
    """Raises Refused, and NotPossible for the last admin."""
    with transaction.atomic():
        draw_alone("person")
        user = find(name)
        member = Member.objects.filter(user=user).first()
        before = member.role if member else ""
        if before == role.value:
            return
        if role != Role.ADMIN:
            keep_an_admin(user)
        if before == Role.ADMIN:
            _withdraw_invitations_of(name, now, by)
        Member.objects.update_or_create(user=user, defaults={"role": role.value})
        record("user.role_changed", f"user/{name}", now, by, {"before": before, "after": role.value})


def _withdraw_invitations_of(name: str, now: datetime, by: str) -> None:
    """Whoever lets people in no more does not do so by a link of before: they might have sent it to themselves."""
    for invitation in Invitation.objects.select_for_update().filter(by=name).order_by("pk"):
        invitation.delete()
        record("user.invitation_withdrawn", f"invitation/{invitation.email}"[:100], now, by)


def keep_an_admin(user: User) -> None:
    """Raises NotPossible when nobody else could let people in."""
    # All of them are locked, so that two admins cannot put each other out at once.
    admins = list(Member.objects.select_for_update().filter(role=Role.ADMIN, user__is_active=True).order_by("pk"))
    if [admin.user_id for admin in admins] == [user.pk]:
        raise NotPossible(_("%(name)s is the last admin; make somebody else an admin first") % {"name": user.username})


def find(name: str) -> User:
    user = User.objects.select_for_update().filter(username=name).first()
    if user is None:
        raise UserError(f"nobody is called {name}; `talaia user list` prints who is there")
    return user
