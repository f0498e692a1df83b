"""What proves who somebody is: passkeys, the authenticator app, recovery codes; and the sessions that follow."""

# mypy: disable-error-code="import-untyped"
from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from talaia.desk.actions.people import find
from talaia.desk.models import Member
from talaia.desk.people import auth_flows
from talaia.events.timeline import NotPossible
from talaia.outbox.actions import record

log = logging.getLogger(__name__)
KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def logged_in(name: str, how: Sequence[str], now: datetime) -> None:
    """Somebody has come in. That is a fact: whoever looks up what was done asks first who was there."""
    with transaction.atomic():
        record("user.logged_in", f"user/{name}", now, name, {"with": list(how)})


def use_code(user: User, code: str) -> Authenticator | None:
    """What a code at the second step is of: the app, or the paper with recovery codes. Each code is good once."""
    with transaction.atomic():
        find(user.username)  # locked: one recovery code at two doors at once opens one of them
        for proof in auth_flows.proofs(user):
            if proof.type == Authenticator.Type.TOTP:
                period = auth_flows.period_of(auth_flows.secret_of(proof), code)
                if period is not None and _not_yet(user, period):
                    return proof
            elif proof.type == Authenticator.Type.RECOVERY_CODES and proof.wrap().validate_code(code):
                return proof
    return None


def use_passkey(credential: Any, user: User | None) -> Authenticator:
    """Whose passkey has answered right. Raises flows.Wrong.

    One that counts its uses never counts backwards, but for a copy of it (WebAuthn §6.1.1); two at once: one of them.
    """
    proof, count = auth_flows.passkey_answer(credential, user)
    with transaction.atomic():
        proof = Authenticator.objects.select_for_update().filter(pk=proof.pk).first()
        if proof is None:
            raise auth_flows.PasskeyError
        before = auth_flows.count_of(proof)
        if (count or before) and count <= before:
            log.warning("a passkey of %s counts backwards: there may be a copy of it", proof.user)
            raise auth_flows.PasskeyError
        proof.data["count"] = count
        proof.save(update_fields=["data"])
    return proof


def _not_yet(user: User, period: int) -> bool:
    """Use up the code of this half-minute and all before; False when it is used. Two at once: one of them."""
    return bool(Member.objects.filter(user=user, last_code__lt=period).update(last_code=period))


def add_app(request: HttpRequest, user: User, secret: str, code: str, now: datetime) -> bool:
    """Connect an authenticator app; False when its code is not right. The code is used up by it."""
    from allauth.mfa.recovery_codes.internal.flows import auto_generate_recovery_codes
    from allauth.mfa.totp.internal.auth import TOTP, clear_totp_secret

    with transaction.atomic():
        find(user.username)  # locked: two tabs at once make one app
        if auth_flows.proofs(user, Authenticator.Type.TOTP):
            raise NotPossible(_("an authenticator app is connected already"))
        period = auth_flows.period_of(secret, code)
        if period is None or not _not_yet(user, period):
            return False
        TOTP.activate(user, secret)
        auto_generate_recovery_codes(request)
        clear_totp_secret(request)
        record("user.totp_added", f"user/{user.username}", now, user.username)
    return True


def add_passkey(request: HttpRequest, user: User, name: str, credential: dict[str, Any], now: datetime) -> None:
    """Keep a passkey that the browser has made. Raises flows.Wrong."""
    from allauth.mfa.recovery_codes.internal.flows import auto_generate_recovery_codes
    from allauth.mfa.webauthn.internal.auth import WebAuthn

    with transaction.atomic():
        auth_flows.passkey_made(credential)
        WebAuthn.add(user, name, credential)
        auto_generate_recovery_codes(request)
        record("user.passkey_added", f"user/{user.username}", now, user.username, {"name": name})


def remove_proof(user: User, pk: int, now: datetime) -> None:
    """Take away a passkey or the app; with the last of them the recovery codes go, too. Raises NotPossible."""
    with transaction.atomic():
        find(user.username)
        proof = next((one for one in auth_flows.proofs(user) if one.pk == pk and one.type in KINDS), None)
        if proof is None:
            raise NotPossible(_("that passkey or app is not here any more"))
        name = proof.wrap().name if proof.type == Authenticator.Type.WEBAUTHN else ""
        is_app = proof.type == Authenticator.Type.TOTP
        proof.delete()
        if not auth_flows.has_second(user):
            Authenticator.objects.filter(user_id=user.pk).delete()
        about, data = f"user/{user.username}", {"name": name} if name else {}
        record("user.totp_removed" if is_app else "user.passkey_removed", about, now, user.username, data)


def make_codes(user: User, now: datetime) -> None:
    """New recovery codes; the old ones open nothing any more. Raises NotPossible."""
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    with transaction.atomic():
        find(user.username)
        if not auth_flows.has_second(user):
            raise NotPossible(_("recovery codes go with a passkey or an authenticator app; add one first"))
        Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES).delete()
        RecoveryCodes.activate(user)
        record("user.codes_made", f"user/{user.username}", now, user.username)


def view_codes(user: User) -> list[str] | None:
    """The recovery codes, the one time that they are shown; None when they were, or when there are none."""
    with transaction.atomic():
        proof = Authenticator.objects.select_for_update().filter(user_id=user.pk, type="recovery_codes").first()
        if proof is None or proof.wrap().did_view:
            return None
        proof.wrap().mark_as_viewed()
        return list(proof.wrap().get_unused_codes())


def forget_factors(name: str, now: datetime, *, by: str = "") -> int:
    """For who has lost them: take away passkeys, app and codes, and end all sessions. Returns how many there were.

    What an issuer calls them is forgotten, too: it may call them otherwise by now.
    """
    with transaction.atomic():
        user = find(name)
        count = len(auth_flows.proofs(user))
        Authenticator.objects.filter(user_id=user.pk).delete()
        SocialAccount.objects.filter(user_id=user.pk).delete()
        for session in UserSession.objects.filter(user_id=user.pk):
            session.end()
        record("user.factors_forgotten", f"user/{name}", now, by)
    return count


def forget_sessions(now: datetime) -> None:
    """Delete what nobody can come back to: sessions that are over, and the notes about them."""
    with transaction.atomic():
        Session.objects.filter(expire_date__lt=now).delete()
        alive = Session.objects.values("session_key")
        UserSession.objects.exclude(session_key__in=alive).delete()


def end_session(user: User, pk: int | None, keep: str, now: datetime) -> None:
    """End one session of a person, or (None) all but that with the key `keep`. Raises NotPossible."""
    with transaction.atomic():
        sessions = UserSession.objects.filter(user_id=user.pk)
        chosen = list(sessions.filter(pk=pk) if pk is not None else sessions.exclude(session_key=keep))
        if pk is not None and not chosen:
            raise NotPossible(_("that session has ended already"))
        for session in chosen:
            session.end()
        if chosen:
            record("user.session_ended", f"user/{user.username}", now, user.username, {"count": len(chosen)})
