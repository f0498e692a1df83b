"""What allauth asks us: nobody signs up, nothing is mailed or said in its words, who comes in is written down."""

# mypy: disable-error-code="import-untyped,misc"
from __future__ import annotations

import ipaddress
from typing import Any, NoReturn

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language

from talaia.config import current
from talaia.desk import actions
from talaia.desk.people import asking, auth_flows, login_throttle
from talaia.events.timeline import NotPossible


class Account(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        del request
        return False

    def add_message(self, *given: Any, **more: Any) -> None:
        """Our own pages say what was done."""

    def send_mail(self, *given: Any, **more: Any) -> None:
        """Nothing is mailed from here."""

    def send_notification_mail(self, *given: Any, **more: Any) -> None:
        """The log tells it."""

    def get_client_ip(self, request: HttpRequest) -> str:
        address = login_throttle.address(request)
        try:
            return str(ipaddress.ip_address(address))
        except ValueError:
            return "0.0.0.0"  # noqa: S104  a column that must hold an address, and nobody is bound to it

    def pre_login(self, request: HttpRequest, user: User, **given: Any) -> HttpResponse | None:
        """Whichever way it begins, a second step may follow."""
        auth_flows.begun(request, user)
        answer: HttpResponse | None = super().pre_login(request, user, **given)
        return answer

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Only who has proved to be that person comes here."""
        del request, user
        return HttpResponseRedirect(reverse("login") + "?closed")

    def post_login(self, request: HttpRequest, user: User, **given: Any) -> HttpResponse:
        """Whichever way it was: the pauses end, the browser is known from now on, and it is written down."""
        who = login_throttle.whose(request, user.username)
        response: HttpResponse = super().post_login(request, user, **given)
        request.session.set_expiry(None)  # desk/people/login.py made it short
        login_throttle.TRIES.forgive(who)
        login_throttle.TRIES.forgive(login_throttle.second(request, user.username))
        login_throttle.remember(request, response, user.username)
        actions.logged_in(user.username, auth_flows.kinds(request, user), timezone.now())
        return response


class Factors(DefaultMFAAdapter):
    def get_totp_issuer(self) -> str:
        return current().site.name.inside(get_language() or "")

    def get_totp_label(self, user: User) -> str:
        return user.username

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": self.get_totp_issuer()}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        return {
            **super().get_public_key_credential_user_entity(user),
            "name": user.username,
            "display_name": user.username,
        }


class OpenIDAdapter(DefaultSocialAccountAdapter):
    """The issuers of `[[login.openid]]`, as they are in force now; they let in only whom we know or have invited."""

    def list_apps(
        self, request: HttpRequest | None, provider: str | None = None, client_id: str | None = None
    ) -> list[Any]:
        from allauth.socialaccount.models import SocialApp

        del request
        return [
            SocialApp(
                provider="openid_connect",
                provider_id=one.id,
                name=one.name.inside(get_language() or ""),
                client_id=one.client_id,
                secret=current().secret(one.client_secret_file) or "",
                settings={"server_url": one.issuer.rstrip("/")},
            )
            for one in current().tables.login.openid
            if provider in (None, "openid_connect", one.id) and client_id in (None, one.client_id)
        ]

    def get_requests_session(self) -> Any:
        return asking.session()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        del request, sociallogin
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Find whose login this is, by the issuer's number or else by the address that it has verified; or refuse."""
        told = sociallogin.account.extra_data
        claims, token = told.get("userinfo") or told.get("id_token") or {}, told.get("id_token") or {}
        if token and token.get("sub") != claims.get("sub"):
            refuse("stranger")
        if not is_a_number(claims.get("sub")):
            refuse("unheard")
        sociallogin.account.extra_data = {}  # we need nothing else of what the issuer knows
        if sociallogin.is_existing:
            sociallogin.account.save(update_fields=["extra_data"])
            return
        email = str(claims.get("email") or "")
        if not email.isprintable():  # a database may read no further than its NUL
            refuse("unheard")
        if not email or claims.get("email_verified") is not True:  # "true" as a text would be a text
            refuse("unverified")
        name, issuer = str(claims.get("preferred_username") or ""), sociallogin.account.provider
        try:
            user = actions.arrived(email, name, issuer, timezone.now())
        except NotPossible:
            refuse("renumbered")
        if user is None:
            refuse("stranger")
        sociallogin.connect(request, user)

    def on_authentication_error(self, *_given: Any, **_more: Any) -> None:
        """The issuer did not answer, or its answer was not for us, or the person has thought better of it."""
        refuse("unheard")


def is_a_number(sub: object) -> bool:
    """Whether it can tell one person of an issuer from the others (OpenID Connect Core §2): no `null` is one."""
    return isinstance(sub, str) and bool(sub.strip()) and sub.isascii() and sub.isprintable()


def refuse(why: str) -> NoReturn:
    raise ImmediateHttpResponse(HttpResponseRedirect(f"{reverse('login')}?{why}"))
