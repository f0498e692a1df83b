"""Coming in and going out."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import ngettext

from talaia.desk import guessing
from talaia.desk.forms.people import LoginForm
from talaia.desk.pages import frame

TRIES = guessing.Tries()


class Login(LoginView):
    """Name and password. Guessing is slowed down as guessing.py says; who is not active learns no more than others."""

    template_name = "desk/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        return {**frame(), **super().get_context_data(**given)}

    def post(self, request: HttpRequest, *args: Any, **given: Any) -> HttpResponse:
        name = request.POST.get("username", "")
        who = guessing.whose(request, name)
        if seconds := TRIES.begin(who, timezone.now()):
            return self.wait(seconds)
        response = super().post(request, *args, **given)
        if request.user.is_authenticated:
            TRIES.forgive(who)
        return response

    def wait(self, seconds: int) -> HttpResponse:
        """The password is not even looked at; what was typed as a name stays."""
        words = ngettext(
            "Too many tries from here. Wait one second, then try again.",
            "Too many tries from here. Wait %(count)s seconds, then try again.",
            seconds,
        )
        form = self.get_form_class()(initial={"username": self.request.POST.get("username", "")})
        context = self.get_context_data(form=form, wait=words % {"count": seconds})
        return self.render_to_response(context, status=429, headers={"Retry-After": str(seconds)})

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        guessing.remember(self.request, response, form.get_user().get_username())
        return response


class Logout(LogoutView):
    """By POST only; the browser stays known, so that its next login is not slowed down by others."""

    next_page = "login"
