"""Nobody is here without having been invited, or added at the shell."""

# mypy: disable-error-code="import-untyped"
from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from talaia.desk.actions.people import new
from talaia.desk.models import Invitation
from talaia.desk.people.roles import LONGEST_NAME, Role
from talaia.events.actions.rows import draw_alone
from talaia.events.timeline import NotPossible
from talaia.outbox.actions import record
from talaia.retention import INVITATIONS


def invite(email: str, role: Role, now: datetime, *, by: str = "", name: str = "", secret: str | None = None) -> str:
    """The secret of a link with which the person of this address may join, once. Raises NotPossible.

    `secret`: the one to be; with the one that is there already nothing changes.
    """
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError:
        raise NotPossible(_("%(email)s is no mail address") % {"email": email or "“”"}) from None
    with transaction.atomic():
        draw_alone("person")
        if secret and Invitation.objects.filter(email__iexact=email, digest=digest(secret)).exists():
            return secret
        if User.objects.filter(email__iexact=email).exists():
            raise NotPossible(_("somebody here has the address %(email)s already") % {"email": email})
        if len(name) > LONGEST_NAME:
            raise NotPossible(_("a name has at most %(count)s characters") % {"count": LONGEST_NAME})
        if name and User.objects.filter(username__iexact=name).exists():
            raise NotPossible(_("somebody here is called %(name)s already") % {"name": name})
        Invitation.objects.filter(email__iexact=email).delete()  # the new link is the only one
        secret = secret or secrets.token_urlsafe(24)
        Invitation.objects.create(
            email=email,
            name=name,
            role=role.value,
            digest=digest(secret),
            made_at=now,
            ends_at=now + INVITATIONS,
            by=by,
        )
        record("user.invited", f"invitation/{email}"[:100], now, by, {"role": role.value})
    return secret


def again(pk: int, now: datetime, *, by: str = "", secret: str | None = None) -> tuple[Invitation, str]:
    """The same invitation with another link; the old one opens nothing any more. Raises NotPossible.

    `secret`: as for `invite`.
    """
    with transaction.atomic():
        invitation = _pending(pk)
        secret = secret or secrets.token_urlsafe(24)
        if invitation.digest == digest(secret):
            return invitation, secret
        invitation.digest, invitation.made_at, invitation.ends_at = digest(secret), now, now + INVITATIONS
        invitation.save(update_fields=["digest", "made_at", "ends_at"])
        record("user.invited", f"invitation/{invitation.email}"[:100], now, by, {"role": invitation.role})
    return invitation, secret


def withdraw(pk: int, now: datetime, *, by: str = "") -> None:
    """The link opens nothing any more. Raises NotPossible."""
    with transaction.atomic():
        invitation = _pending(pk)
        invitation.delete()
        record("user.invitation_withdrawn", f"invitation/{invitation.email}"[:100], now, by)


def find_invitation(secret: str, now: datetime) -> Invitation | None:
    """The invitation of a link, while it is good."""
    return Invitation.objects.filter(digest=digest(secret), ends_at__gt=now).first()


def join(secret: str, name: str, password: str, now: datetime) -> User:
    """Use an invitation. Raises NotPossible, and ValidationError for a name or a password that will not do."""
    with transaction.atomic():
        draw_alone("person")
        invitation = Invitation.objects.select_for_update().filter(digest=digest(secret), ends_at__gt=now).first()
        if invitation is None:
            raise NotPossible(_("this invitation is not good any more"))
        return _joined(invitation, name, password, now, "link")


def arrived(email: str, name: str, issuer: str, now: datetime) -> User | None:
    """Whose address this is, which an issuer of ours has verified: somebody here, or somebody who was invited.

    What an address proves, an admin has said by writing it down; nobody can change their own. Raises NotPossible where
    they come from this issuer already, by another number: an address is given to somebody new now and then.
    """
    with transaction.atomic():
        draw_alone("person")
        near = User.objects.select_for_update().filter(email__iexact=email)
        here = [user for user in near if same(user.email, email)]
        if here:
            if len(here) > 1:
                return None
            if SocialAccount.objects.filter(user_id=here[0].pk, provider=issuer).exists():
                raise NotPossible(_("somebody here has the address %(email)s already") % {"email": email})
            record("user.openid_added", f"user/{here[0].username}", now, here[0].username, {"issuer": issuer})
            return here[0]
        waiting = Invitation.objects.select_for_update().filter(email__iexact=email, ends_at__gt=now)
        invitation = next((one for one in waiting if same(one.email, email)), None)
        return _joined(invitation, free(invitation.name or name or email), None, now, issuer) if invitation else None


def same(one: str, other: str) -> bool:
    """Whether two addresses are one. To a database `K` of Kelvin or a long `s` may be a capital of a plain letter."""
    return small(one) == small(other)


def small(address: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in address)


def free(wanted: str) -> str:
    """A name that nobody has, near to what was wanted: `anna`, `anna2`."""
    stem = re.sub(r"[^\w.+-]", "", unicodedata.normalize("NFKC", wanted).partition("@")[0])
    stem = stem[: LONGEST_NAME - len("99999")] or "person"
    near = User.objects.filter(username__istartswith=stem).values_list("username", flat=True)
    taken = {name.lower() for name in near}
    return next(name for name in (stem, *(f"{stem}{n}" for n in range(2, len(taken) + 3))) if name.lower() not in taken)


def _joined(invitation: Invitation, name: str, password: str | None, now: datetime, way: str) -> User:
    if User.objects.filter(username__iexact=name).exists():  # “Anna” in the log would pass for “anna”
        raise NotPossible(_("somebody here is called %(name)s already") % {"name": name})
    user = new(name, invitation.email, password, Role(invitation.role), now)
    invitation.delete()
    data = {"role": invitation.role, "invited_by": invitation.by, "way": way}
    record("user.joined", f"user/{name}", now, name, data)
    return user


def _pending(pk: int) -> Invitation:
    invitation = Invitation.objects.select_for_update().filter(pk=pk).first()
    if invitation is None:
        raise NotPossible(_("this invitation is not good any more"))
    return invitation


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
