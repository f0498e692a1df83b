"""Coming in and going out: password and second step, passkey, OpenID, invitation."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import logout as django_logout
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from talaia.config import current
from talaia.desk import actions
from talaia.desk.pages import language, page
from talaia.desk.people import auth_flows, login_throttle
from talaia.desk.people.forms import CodeForm, JoinForm, LoginForm, PasskeyForm
from talaia.events.timeline import NotPossible


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Name and password. login_throttle.py slows guessing down; who is not active learns no more than others."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(afterwards(request))
    if request.method != "POST":
        auth_flows.give_up(request)
        return entrance(request, LoginForm(request), refusal=refusal(request))
    name = request.POST.get("username", "")
    if seconds := login_throttle.TRIES.begin(login_throttle.whose(request, name), timezone.now()):
        # The password is not even looked at; what was typed as a name stays.
        return entrance(request, LoginForm(request, initial={"username": name}), seconds)
    form = LoginForm(request, request.POST)
    if not form.is_valid():
        return entrance(request, form)
    return auth_flows.by_password(request, form.get_user(), afterwards(request))


def entrance(request: HttpRequest, form: LoginForm, seconds: int = 0, refusal: str = "") -> HttpResponse:
    issuers = [(one.id, one.name.inside(language())) for one in current().tables.login.openid]
    context = {"form": form, "next": next_of(request), "issuers": issuers, "wait": waiting(seconds), "refusal": refusal}
    response = page(request, "desk/people/login.html", context, status=429 if seconds else 200)
    if seconds:
        response.headers["Retry-After"] = str(seconds)
    return response


def refusal(request: HttpRequest) -> str:
    """Why somebody is here again, who had nearly come in."""
    told = {
        "closed": _("You are not let in any more. Ask an admin of your co-operative."),
        "renumbered": _(
            "Somebody has come in with that address before, who had another number there. If that was you, ask an "
            "admin to take away your second factors; then log in again."
        ),
        "stranger": _("Nobody here has that address, and it was not invited. Ask an admin for an invitation."),
        "unverified": _("That account has no verified mail address. Verify it there, and try again."),
        "unheard": _("That did not work out: you have stopped it, or the other side does not answer as it should."),
        "passkey": _("That passkey opens nothing here. Try again, or log in with name and password."),
    }
    return next((words for key, words in told.items() if key in request.GET), "")


def waiting(seconds: int) -> str:
    if not seconds:
        return ""
    words = ngettext(
        "Too many tries from here. Wait one second, then try again.",
        "Too many tries from here. Wait %(count)s seconds, then try again.",
        seconds,
    )
    return words % {"count": seconds}


@never_cache
@require_http_methods(["GET", "POST"])
def second(request: HttpRequest) -> HttpResponse:
    """The second step: a code of the app or of the paper, or a passkey."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(afterwards(request))
    stage = auth_flows.waiting(request)
    if stage is None:
        return HttpResponseRedirect(reverse("login"))
    user: User = stage.login.user
    has = {proof.type for proof in auth_flows.proofs(user)}
    context: dict[str, Any] = {"has_code": bool(has & {"totp", "recovery_codes"}), "has_app": "totp" in has}
    form, wait, wrong = CodeForm(), 0, ""
    if request.method == "POST" and "credential" in request.POST:
        sent = PasskeyForm(request.POST)
        try:
            if sent.is_valid():
                return auth_flows.through(request, stage, actions.use_passkey(sent.cleaned_data["credential"], user))
        except auth_flows.PasskeyError:
            pass
        wrong = _("That passkey opens nothing here. Try again, or use a code.")
    elif request.method == "POST":
        form = CodeForm(request.POST)
        wait = login_throttle.TRIES.begin(login_throttle.second(request, user.username), timezone.now())
        if not wait and form.is_valid():
            proof = actions.use_code(user, form.cleaned_data["code"])
            if proof is not None:
                return auth_flows.through(request, stage, proof)
            wrong = _("That code is not right, or it was used already.")
        form = CodeForm(initial={}) if wait or wrong else form
    if "webauthn" in has:
        context["question"] = auth_flows.passkey_question(user)
    response = page(
        request,
        "desk/people/second.html",
        {**context, "form": form, "wait": waiting(wait), "wrong": wrong, "person": user},
        status=429 if wait else 200,
    )
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


@never_cache
@require_http_methods(["GET", "POST"])
def passkey(request: HttpRequest) -> HttpResponse:
    """GET: what to ask a passkey, for our script. POST: what it has answered."""
    if request.method == "GET":
        shortly(request)
        return JsonResponse(auth_flows.passkey_question(None))
    sent = PasskeyForm(request.POST)
    try:
        if not sent.is_valid():
            raise auth_flows.PasskeyError
        proof = actions.use_passkey(sent.cleaned_data["credential"], None)
    except auth_flows.PasskeyError:
        return HttpResponseRedirect(f"{reverse('login')}?passkey")
    return auth_flows.by_passkey(request, proof, afterwards(request))


@never_cache
@require_POST
def openid(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the issuer. By a page that goes on by itself, as our policy lets no form lead to another site."""
    from talaia.desk.people.openid import address_of

    shortly(request)
    there = address_of(request, provider_id, afterwards(request))
    if there is None:
        return HttpResponseRedirect(f"{reverse('login')}?unheard")
    return page(request, "desk/people/leaving.html", {"there": there})


def shortly(request: HttpRequest) -> None:
    """What a stranger's session holds is for this login only; whoever comes in gets the usual time."""
    if not request.user.is_authenticated:
        request.session.set_expiry(settings.ACCOUNT_LOGIN_TIMEOUT)


@never_cache
@require_GET
def openid_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """From the issuer, with its word for who somebody is."""
    from talaia.desk.people.openid import come_back

    return come_back(request, provider_id) or HttpResponseRedirect(f"{reverse('login')}?unheard")


@never_cache
@sensitive_post_parameters("password", "repeated")
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Where the link of an invitation leads, once."""
    now = timezone.now()
    invitation = actions.find_invitation(secret, now)
    if invitation is None and request.method == "POST" and request.user.is_authenticated:
        return HttpResponseRedirect(reverse("desk-me"))  # two taps: who used it sits here
    if invitation is None:
        return page(request, "desk/people/no_invitation.html", status=404)
    if request.user.is_authenticated:
        # No 4xx: our log would tell its path, and with it the link that is still good.
        return page(request, "desk/people/join_other.html", {"invitation": invitation})
    form = JoinForm(request.POST or None, initial={"name": invitation.name or invitation.email.partition("@")[0]})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            user = actions.join(secret, given["name"], given["password"], now)
        except NotPossible as fault:
            form.add_error("name", str(fault))
        except ValidationError as fault:
            place(form, fault)
        else:
            return auth_flows.by_password(request, user, reverse("desk-me") + "?joined")
    return page(request, "desk/people/join.html", {"invitation": invitation, "form": form, "role": None})


def place(form: JoinForm, fault: ValidationError) -> None:
    """What a row would not take, at the field that it came from."""
    by_field: dict[str, list[ValidationError]] = getattr(fault, "error_dict", {})
    for errors in by_field.values():
        form.add_error("name", ValidationError(errors))
    if not by_field:
        form.add_error("password", fault)


@never_cache
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """By POST only; the browser stays known, so that its next login is not slowed down by others."""
    django_logout(request)
    return HttpResponseRedirect(reverse("login"))


def next_of(request: HttpRequest) -> str:
    """Where somebody wanted to go, if that is here."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    secure = request.is_secure()
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=secure) else ""


def afterwards(request: HttpRequest) -> str:
    return next_of(request) or reverse("desk")
