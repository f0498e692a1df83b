"""Everybody's own access: passkeys, authenticator app, recovery codes, password, sessions."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from talaia.desk import actions
from talaia.desk.pages import View, for_oneself, lacks_second_factor, page
from talaia.desk.people import auth_flows, login_throttle
from talaia.desk.people.forms import CodeForm, NewPasswordForm, OwnPasswordForm, PasskeyForm
from talaia.desk.people.login import next_of, waiting
from talaia.desk.people.user_agents import device
from talaia.events.timeline import NotPossible


def sure(view: Callable[..., HttpResponse], back: str = "desk-me") -> View:
    """Only for who has shown a little while ago that it is still they who sit here; others do it first.

    `back`: the page where a form came from that was sent too late.
    """

    @wraps(view)
    def inner(request: HttpRequest, **given: Any) -> HttpResponse:
        if not auth_flows.is_sure(request):
            # A form is not sent on: whoever sits here fills it in once more, after having shown who they are.
            there = request.path if request.method == "GET" else reverse(back)
            return HttpResponseRedirect(f"{reverse('desk-sure')}?{urlencode({'next': there})}")
        return view(request, **given)

    return inner


def person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def back_to_account(request: HttpRequest, words: str) -> HttpResponse:
    """Done, and said on one's own page."""
    messages.success(request, words, extra_tags="told")
    return HttpResponseRedirect(reverse("desk-me"))


@for_oneself
@require_GET
def me(request: HttpRequest) -> HttpResponse:
    user = person(request)
    proofs = auth_flows.proofs(user)
    sessions = [
        {
            "pk": one.pk,
            "device": device(one.user_agent),
            "place": one.ip,
            "since": one.created_at,
            "here": one.session_key == request.session.session_key,
        }
        for one in UserSession.objects.purge_and_list(user)
    ]
    codes = next((proof for proof in proofs if proof.type == "recovery_codes"), None)
    context = {
        "passkeys_here": [
            {"pk": one.pk, "name": one.wrap().name, "since": one.created_at, "used": one.last_used_at}
            for one in proofs
            if one.type == "webauthn"
        ],
        "app": next((proof for proof in proofs if proof.type == "totp"), None),
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else None,
        "codes_unseen": bool(codes and not codes.wrap().did_view),
        "sessions": sorted(sessions, key=lambda one: (not one["here"], one["since"])),
        "lacks": lacks_second_factor(request),
        "joined": "joined" in request.GET,
        "has_password": user.has_usable_password(),
    }
    return page(request, "desk/people/me.html", context)


@for_oneself
@require_http_methods(["GET", "POST"])
def make_sure(request: HttpRequest) -> HttpResponse:
    """Is it still you? By password, code or passkey."""
    user = person(request)
    has = {proof.type for proof in auth_flows.proofs(user)}
    password, code, wrong, wait = OwnPasswordForm(), CodeForm(), "", 0
    if request.method == "POST":
        proof, right = None, False
        if "credential" in request.POST:
            sent = PasskeyForm(request.POST)
            try:
                proof = actions.use_passkey(sent.cleaned_data["credential"], user) if sent.is_valid() else None
            except auth_flows.PasskeyError:
                proof = None
        else:
            wait = login_throttle.TRIES.begin(login_throttle.second(request, user.username), timezone.now())
            if not wait and "code" in request.POST:
                code = CodeForm(request.POST)
                proof = actions.use_code(user, code.cleaned_data["code"]) if code.is_valid() else None
            elif not wait:
                password = OwnPasswordForm(request.POST)
                right = password.is_valid() and user.check_password(password.cleaned_data["password"])
        if right or proof is not None:
            login_throttle.TRIES.forgive(login_throttle.second(request, user.username))
            auth_flows.made_sure(request, user, proof)
            return HttpResponseRedirect(next_of(request) or reverse("desk-me"))
        wrong = "" if wait else _("That was not right. Try again.")
    context = {
        "next": next_of(request),
        "password": password if user.has_usable_password() else None,
        "code": code if has & {"totp", "recovery_codes"} else None,
        "question": auth_flows.passkey_question(user) if "webauthn" in has else None,
        "wrong": wrong,
        "wait": waiting(wait),
    }
    response = page(request, "desk/people/sure.html", context, status=429 if wait else 200)
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


@for_oneself
@sure
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Another password; it ends every other session."""
    user, form = person(request), NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_password(user, form.cleaned_data["password"], timezone.now())
        except ValidationError as fault:
            form.add_error("password", fault)
        else:
            update_session_auth_hash(request, user)
            UserSession.objects.create_from_request(request)
            return back_to_account(request, _("You have a new password. Every other session has ended."))
    return page(request, "desk/people/password.html", {"form": form})


@for_oneself
@sure
@require_http_methods(["GET", "POST"])
def app(request: HttpRequest) -> HttpResponse:
    """Connect an authenticator app."""
    user, form, wrong, wait = person(request), CodeForm(request.POST or None), "", 0
    if request.method == "GET" and auth_flows.proofs(user, "totp"):
        raise NotPossible(_("an authenticator app is connected already"))
    secret = auth_flows.new_secret(again=request.method == "GET")
    if request.method == "POST":
        wait = login_throttle.TRIES.begin(login_throttle.second(request, user.username), timezone.now())
        if not wait and form.is_valid():
            try:
                if actions.add_app(request, user, secret, form.cleaned_data["code"], timezone.now()):
                    login_throttle.TRIES.forgive(login_throttle.second(request, user.username))
                    return added(request, _("The app is connected."))
                wrong = _(
                    "That code is not right. Wait for the next one, and look whether the clock of the device is right."
                )
            except NotPossible as fault:
                wrong = str(fault)
    address, picture = auth_flows.picture(user, secret)
    grouped = " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))
    context = {
        "form": form,
        "address": address,
        "picture_data": b64encode(picture.encode()).decode(),
        "secret": grouped,
        "wrong": wrong,
    }
    return page(request, "desk/people/app.html", {**context, "wait": waiting(wait)}, status=429 if wait else 200)


@for_oneself
@sure
@require_http_methods(["GET", "POST"])
def passkey(request: HttpRequest) -> HttpResponse:
    """Make a passkey on this device."""
    user, wrong = person(request), ""
    here = device(request.headers.get("User-Agent", ""))
    if request.method == "POST":
        form = PasskeyForm(request.POST)
        try:
            if not form.is_valid():
                raise auth_flows.PasskeyError
            given = form.cleaned_data
            actions.add_passkey(request, user, given["name"].strip() or here, given["credential"], timezone.now())
        except auth_flows.PasskeyError:
            wrong = _("That did not work out. Try again, or take another device.")
        else:
            return added(request, _("The passkey is added."))
    form = PasskeyForm(initial={"name": here})
    return page(
        request, "desk/people/passkey.html", {"form": form, "question": auth_flows.passkey_offer(user), "wrong": wrong}
    )


def added(request: HttpRequest, words: str) -> HttpResponse:
    """With the first of them the recovery codes come, which are shown once."""
    codes = auth_flows.proofs(person(request), "recovery_codes")
    answer = back_to_account(request, words)
    return HttpResponseRedirect(reverse("desk-codes")) if codes and not codes[0].wrap().did_view else answer


@for_oneself
@sure
@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take away a passkey or the app, after a question."""
    user = person(request)
    proof = next((one for one in auth_flows.proofs(user) if one.pk == pk and one.type != "recovery_codes"), None)
    if proof is None:
        raise NotPossible(_("that passkey or app is not here any more"))
    if request.method == "POST":
        actions.remove_proof(user, pk, timezone.now())
        return back_to_account(request, _("It is taken away."))
    others = [one for one in auth_flows.proofs(user) if one.pk != pk and one.type != "recovery_codes"]
    name = proof.wrap().name if proof.type == "webauthn" else ""
    return page(request, "desk/people/remove.html", {"name": name, "last": not others})


@for_oneself
@sure
@require_http_methods(["GET", "POST"])
def codes(request: HttpRequest) -> HttpResponse:
    """The recovery codes: shown once, then only made anew."""
    if request.method == "POST":
        actions.make_codes(person(request), timezone.now())
        return HttpResponseRedirect(reverse("desk-codes"))
    return page(request, "desk/people/codes.html", {"codes": actions.view_codes(person(request))})


@for_oneself
@require_POST
def end_session(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """End a session, or all but this one."""
    here = request.session.session_key or ""
    own = pk is not None and UserSession.objects.filter(pk=pk, user=request.user, session_key=here).exists()
    actions.end_session(person(request), pk, here, timezone.now())
    if own:
        request.session.flush()
        return HttpResponseRedirect(reverse("login"))
    return back_to_account(request, _("Ended."))
