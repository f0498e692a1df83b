"""The way in, step by step, and what proves who somebody is: allauth's flows, behind the few names that we use.

The second step is asked of whoever has an authenticator app or a passkey; a passkey alone is both steps at once.
"""

# mypy: disable-error-code="import-untyped"
from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

from allauth.account.internal.flows.login import (
    get_authentication_records,
    perform_password_login,
    record_authentication,
)
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt, is_mfa_enabled
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

PERIOD = 30  # seconds that a code of the app is shown
SURE = 900  # seconds that a proof is good for
SLACK = 1  # periods that the two clocks may differ
BEGUN = "talaia-login-begun"  # in the session
# What is raised where a browser sends something else than a passkey's answer.
NOT_UNDERSTOOD = (ValidationError, ValueError, TypeError, LookupError, AttributeError, RecursionError)


class PasskeyError(Exception):
    """A passkey's answer that proves nothing."""


def by_password(request: HttpRequest, user: User, then: str) -> HttpResponse:
    """The password was right: to the second step, or in."""
    answer: HttpResponse = perform_password_login(
        request, {"username": user.get_username()}, Login(user=user, redirect_url=then)
    )
    return answer


def by_passkey(request: HttpRequest, authenticator: Authenticator, then: str) -> HttpResponse:
    """A passkey was shown, by the finger or the number of its owner: in."""
    from allauth.mfa.webauthn.internal.flows import perform_passwordless_login

    login = Login(user=authenticator.user, redirect_url=then)
    answer: HttpResponse = perform_passwordless_login(request, authenticator, login)
    return answer


def waiting(request: HttpRequest) -> Any:
    """The second step of the login that has begun in this browser; None when none has."""
    from allauth.mfa.stages import AuthenticateStage

    stage = LoginStageController.enter(request, AuthenticateStage.key)
    if stage is None or stage.login.user is None or not stage.login.user.is_active:
        return None
    return stage if _of_this_password(request, stage.login.user) else None


def begun(request: HttpRequest, user: User) -> None:
    """Note with which password of theirs a login began: another one ends it, as it ends every session."""
    request.session[BEGUN] = user.get_session_auth_hash()


def _of_this_password(request: HttpRequest, user: User) -> bool:
    now = user.get_session_auth_hash()
    return constant_time_compare(str(request.session.get(BEGUN, "")), now)


def through(request: HttpRequest, stage: Any, authenticator: Authenticator) -> HttpResponse:
    """The second step was right: in."""
    from allauth.mfa.base.internal.flows import post_authentication

    post_authentication(request, authenticator)
    answer: HttpResponse = stage.exit()
    return answer


def give_up(request: HttpRequest) -> None:
    """Forget a login that has begun."""
    clear_login(request)


def kinds(request: HttpRequest, user: User) -> list[str]:
    """What proved who this is, in this session: "password", "totp", "webauthn", "recovery_codes", "openid"."""
    names = {"socialaccount": "openid"}
    told = [
        names.get(one["method"], one.get("type") or one["method"]) for one in get_authentication_records(request, user)
    ]
    return list(dict.fromkeys(told))


def has_second(user: User) -> bool:
    return bool(is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]))


def is_sure(request: HttpRequest) -> bool:
    """Whether the person has shown a little while ago, by the login or since, that it is they who sit here."""
    if not request.user.is_authenticated:
        return False
    shown = [one["at"] for one in get_authentication_records(request, request.user)]
    return bool(shown) and time.time() - max(shown) < SURE


def made_sure(request: HttpRequest, user: User, authenticator: Authenticator | None = None) -> None:
    """They have, by an authenticator or (None) by the password."""
    if authenticator is None:
        record_authentication(request, user, method="password", reauthenticated=True)
        return
    from allauth.mfa.base.internal.flows import post_authentication

    post_authentication(request, authenticator, reauthenticated=True)


def proofs(user: User, kind: str | None = None) -> list[Authenticator]:
    """What somebody has: passkeys, an app, recovery codes; the oldest first."""
    rows = Authenticator.objects.filter(user_id=user.pk)
    return list((rows.filter(type=kind) if kind else rows).order_by("pk"))


def period_of(secret: str, code: str) -> int | None:
    """The half-minute whose code this is; None when it is of none that is near."""
    from allauth.core.internal.cryptokit import compare_user_code
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    now = int(time.time()) // PERIOD
    for counter in range(now - SLACK, now + SLACK + 1):
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, counter))):
            return counter
    return None


def secret_of(authenticator: Authenticator) -> str:
    return str(decrypt(authenticator.data["secret"]))


def new_secret(again: bool) -> str:
    """The secret that is being agreed on with an app; it waits in the session. `again`: make another."""
    from allauth.mfa.totp.internal.auth import get_totp_secret

    return str(get_totp_secret(regenerate=again))


def picture(user: User, secret: str) -> tuple[str, str]:
    """What the app reads with its camera: the address, and its QR picture as an SVG."""
    from allauth.mfa.adapter import get_adapter

    address = get_adapter().build_totp_url(user, secret)
    return address, get_adapter().build_totp_svg(address)


def passkey_question(user: User | None) -> dict[str, Any]:
    """What the browser asks a passkey; of nobody in particular at the beginning of a login."""
    from allauth.mfa.webauthn.internal.auth import begin_authentication

    return dict(begin_authentication(user))


def passkey_answer(credential: Any, user: User | None) -> tuple[Authenticator, int]:
    """Whose passkey has answered right, and how often it says to have been used. Raises Wrong."""
    from allauth.mfa.webauthn.internal import auth

    try:
        response = auth.parse_authentication_response(credential).response
        _made_here(response.client_data)
        found: Authenticator = auth.complete_authentication(
            user or auth.extract_user_from_response(credential), credential
        )
    except NOT_UNDERSTOOD as fault:
        raise PasskeyError from fault
    return found, int(response.authenticator_data.counter)


def count_of(authenticator: Authenticator) -> int:
    """How often a passkey had been used, by its own count, when it was last shown to us; 0 where it does not count."""
    return int(authenticator.data.get("count", authenticator.wrap().authenticator_data.counter))


def _made_here(client_data: Any) -> None:
    """Raises ValueError for an answer that a page of another origin got: also of one below our own name."""
    from allauth.core import context

    if not settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN:
        origin, host = urlsplit(client_data.origin), context.request.get_host().rpartition(":")[0]
        if origin.scheme != "https" or origin.hostname != (host or context.request.get_host()):
            raise ValueError("of another origin")
    if client_data.cross_origin:
        raise ValueError("of a page within another one")


def passkey_offer(user: User) -> dict[str, Any]:
    """What the browser needs for making a passkey that can log in by itself."""
    from allauth.mfa.webauthn.internal.auth import begin_registration

    return dict(begin_registration(user, True))


def passkey_made(credential: Any) -> None:
    """Look at what the browser has made. Raises Wrong."""
    from allauth.mfa.webauthn.internal import auth

    try:
        _made_here(auth.parse_registration_response(credential).response.client_data)
        made = auth.complete_registration(credential)
    except NOT_UNDERSTOOD as fault:
        raise PasskeyError from fault
    if not made.is_user_verified():
        raise PasskeyError
