"""Who may use the desk: roles, invitations, in and out. For admins."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from talaia.config import current
from talaia.desk import actions
from talaia.desk.idempotency import secret as link_secret
from talaia.desk.models import Invitation
from talaia.desk.pages import for_admins, language, page, role_of
from talaia.desk.people.account import sure
from talaia.desk.people.forms import InviteForm, roles
from talaia.desk.people.roles import MEANINGS, NAMES, Role
from talaia.errors import UserError
from talaia.events.timeline import NotPossible

# Who may let people in could let in themselves, by another name: a desk that was left open is not enough for it.
surely = partial(sure, back="desk-people")


@for_admins
@surely
@require_http_methods(["GET", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, and who was invited; POST: invite somebody."""
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            secret = actions.invite(
                given["email"],
                Role(given["role"]),
                timezone.now(),
                by=request.user.get_username(),
                secret=link_secret(request),
            )
        except NotPossible as fault:
            form.add_error("email", str(fault))
        else:
            return invited(request, given["email"], secret)
    now = timezone.now()
    has: dict[int, set[str]] = {}
    for user_id, kind in Authenticator.objects.values_list("user_id", "type"):
        has.setdefault(user_id, set()).add(kind)
    from_issuer = set(SocialAccount.objects.values_list("user_id", flat=True))
    everybody = [
        {
            "user": user,
            "role": role_of(user),
            "proofs": has.get(user.pk, set()),
            "comes_from_issuer": user.pk in from_issuer,
            "self": user.pk == request.user.pk,
        }
        for user in User.objects.select_related("member").order_by("-is_active", "username")
    ]
    context = {
        "form": form,
        "everybody": everybody,
        "invitations": [
            {"row": one, "role": NAMES[Role(one.role)], "over": one.ends_at <= now}
            for one in Invitation.objects.order_by("-made_at")
        ],
        "roles": roles(),
        "meanings": [(NAMES[role], MEANINGS[role]) for role in Role],
    }
    return page(request, "desk/people/people.html", context)


def invited(request: HttpRequest, email: str, secret: str) -> HttpResponse:
    """The link, this once; nothing of it is kept that could show it again."""
    link = f"{current().site.address.rstrip('/')}{reverse('desk-join', args=[secret])}"
    house = current().site.name.inside(language())
    subject = _("Invitation to the desk of %(house)s") % {"house": house}
    body = _("With this link you can join, once, within seven days:\n\n%(link)s\n") % {"link": link}
    mail = f"mailto:{quote(email, safe='@')}?subject={quote(subject)}&body={quote(body)}"
    return page(request, "desk/people/invited.html", {"email": email, "link": link, "mail": mail})


@for_admins
@surely
@require_POST
def invite_again(request: HttpRequest, pk: int) -> HttpResponse:
    invitation, secret = actions.again(pk, timezone.now(), by=request.user.get_username(), secret=link_secret(request))
    return invited(request, invitation.email, secret)


@for_admins
@surely
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    actions.withdraw(pk, timezone.now(), by=request.user.get_username())
    return back_to_people(request, _("The invitation is withdrawn."))


@for_admins
@surely
@require_POST
def change(request: HttpRequest, name: str) -> HttpResponse:
    """What was chosen for a person: another role, in or out."""
    now, by = timezone.now(), request.user.get_username()

    def act() -> None:
        if request.POST.get("active") in ("yes", "no"):
            actions.set_active(name, request.POST["active"] == "yes", now, by=by)
        elif request.POST.get("role") in list(Role):
            actions.set_role(name, Role(request.POST["role"]), now, by=by)

    return tried(request, act, _("Done."))


@for_admins
@surely
@require_http_methods(["GET", "POST"])
def forget(request: HttpRequest, name: str) -> HttpResponse:
    """For who has lost telephone and paper: a login by password alone is possible again. After a question."""
    if request.method != "POST":
        if not User.objects.filter(username=name).exists():
            raise NotPossible(_("nobody here is called %(name)s") % {"name": name})
        return page(request, "desk/people/forget.html", {"name": name})
    now, by = timezone.now(), request.user.get_username()
    return tried(request, lambda: actions.forget_factors(name, now, by=by), _("Done."))


def tried(request: HttpRequest, act: Callable[[], object], words: str) -> HttpResponse:
    try:
        act()
    except UserError:
        return back_to_people(request, _("nobody here is called like that"), wrong=True)
    except NotPossible as fault:
        return back_to_people(request, str(fault), wrong=True)
    return back_to_people(request, words)


def back_to_people(request: HttpRequest, words: str, wrong: bool = False) -> HttpResponse:
    messages.add_message(request, messages.ERROR if wrong else messages.SUCCESS, words, extra_tags="told")
    return HttpResponseRedirect(reverse("desk-people"))
