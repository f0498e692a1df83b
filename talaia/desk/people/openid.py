"""There and back: to an OpenID Connect issuer, and with its word for who somebody is."""

# mypy: disable-error-code="import-untyped"
from __future__ import annotations

import logging

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from requests import RequestException

from talaia.config import current
from talaia.events.timeline import NotPossible

log = logging.getLogger(__name__)
# What an issuer's answer may lack or have wrong; whatever it is, the person goes back to the login.
FAULTS = (RequestException, OAuth2Error, ValueError, KeyError, TypeError, AttributeError)
# What we ourselves do not take: a number longer than its column or with NUL, a name or an address that is none.
REFUSALS = (ImproperlyConfigured, ValidationError, NotPossible, DataError)


def address_of(request: HttpRequest, provider_id: str, then: str) -> str | None:
    """Where to go, with PKCE and a one-use state; None when the issuer does not answer, which the log tells."""
    asked = next((one for one in current().tables.login.openid if one.id == provider_id), None)
    if asked is None:
        return None
    try:
        provider = get_adapter(request).get_provider(request, provider_id)
        answer = provider.redirect(request, "login", next_url=then, scope=list(asked.scopes))
    except ImmediateHttpResponse:
        return None
    except FAULTS as fault:
        log.warning("%s does not answer as an OpenID issuer should: %s", asked.issuer, fault)
        return None
    return str(answer["Location"])


def come_back(request: HttpRequest, provider_id: str) -> HttpResponse | None:
    """In, or to the second step, or back to the login with a reason; None when the issuer's answer is none."""
    try:
        view = OAuth2CallbackView.adapter_view(OpenIDConnectOAuth2Adapter(request, provider_id))
        answer: HttpResponse = view(request)
    except SocialApp.DoesNotExist:
        return None
    except (*FAULTS, *REFUSALS) as fault:
        log.warning("the OpenID issuer %s has answered what it should not: %s", provider_id, fault)
        return None
    return answer
