"""Mails at the desk: what waits and can be taken back, what went, and how each of them looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from talaia.config import current
from talaia.desk.mails import notice_overview, notice_readers
from talaia.desk.pages import for_operators, for_viewers, language, page
from talaia.events.timeline import NotPossible, Overtaken
from talaia.notices import actions
from talaia.notices.models import Notice
from talaia.notices.samples import STORIES
from talaia.notices.values import Kind, NoticeStory
from talaia.notices.words import kind_word

LATEST = 50
# The mail's own style, and nothing else: what an operator wrote cannot run anything here.
ALONE = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
DECISIONS: dict[str, Callable[..., None]] = {
    "take_back": actions.take_back,
    "send": actions.send,
    "send_now": actions.send_now,
    "try_again": actions.try_again,
    "give_up": actions.give_up,
}


@for_viewers
@require_GET
def mails(request: HttpRequest) -> HttpResponse:
    """What waits, the latest that went, and a preview of each kind."""
    latest = Notice.objects.exclude(state__in=notice_overview.WAITING).order_by("-drawn_at", "-pk")[:LATEST]
    context = {
        "sender": notice_overview.leaves_the_house(),
        "whom": notice_readers.whom(),
        "waiting": notice_overview.waiting(language()),
        "latest": notice_overview.shown(latest, language()),
        "kinds": [(name, kind_word(Kind(name))) for name in STORIES],
    }
    return page(request, "desk/mails/mails.html", context)


@for_viewers
@require_GET
def mail(request: HttpRequest, pk: int) -> HttpResponse:
    """One notice: exactly what goes, or went, to how many, and what became of the copies."""
    row = _find(pk)
    story = notice_overview.story_of(row, timezone.now())
    [one] = notice_overview.shown(Notice.objects.filter(pk=pk), language())
    context = {
        "one": one,
        "name": one.name,
        "troubles": notice_overview.troubles(row),
        "chats": notice_overview.in_chats(row),
        "began_at": row.began_at,
        "ended_at": row.ended_at,
        "what": f"notice/{pk}",
        "part": reverse("desk-mail-html", args=[pk]),
    }
    return _with_specimens(request, story, context)


@for_viewers
@require_GET
def story(request: HttpRequest, name: str) -> HttpResponse:
    """How a kind of mail looks, told with a story that never was."""
    found = _story(name)
    context = {"name": kind_word(found.kind), "what": name, "part": reverse("desk-mail-story-html", args=[name])}
    return _with_specimens(request, found, context)


@for_viewers
@require_GET
def html(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML part of a notice."""
    return _alone(request, notice_overview.story_of(_find(pk), timezone.now()))


@for_viewers
@require_GET
def story_html(request: HttpRequest, name: str) -> HttpResponse:
    return _alone(request, _story(name))


@for_operators
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it back, send it, go on, or give it up."""
    decision = next((name for name in DECISIONS if name in request.POST), None)
    if decision is None:
        raise NotPossible(_("it is not said what to do"))
    said = {
        "take_back": _("It is taken back; nobody gets it."),
        "send": _("It goes."),
        "send_now": _("It goes."),
        "try_again": _("What was not delivered is tried again."),
        "give_up": _("No further copy is sent."),
    }
    try:
        seen = request.POST.get("seen") or None
        DECISIONS[decision](pk, timezone.now(), by=request.user.get_username(), seen=seen)
        messages.success(request, said[decision], extra_tags="told")
    except Overtaken:
        messages.info(request, _("That has changed meanwhile. This is how it is now."), extra_tags="told")
    except NotPossible as refusal:
        messages.error(request, str(refusal), extra_tags="told")
    return HttpResponseRedirect(reverse("desk-mail", args=[pk]))


@for_operators
@require_POST
def test(request: HttpRequest) -> HttpResponse:
    """One copy to whoever asks."""
    what, spoken = request.POST.get("what", ""), request.POST.get("language", "")
    name, _slash, number = what.partition("/")
    known = what in STORIES or (name == "notice" and number.isdecimal() and Notice.objects.filter(pk=number).exists())
    if not known or spoken not in current().site.languages:
        raise NotPossible(_("there is no such mail"))
    address = getattr(request.user, "email", "")
    if not address:
        messages.error(request, _("We do not know your mail address."), extra_tags="told")
    else:
        actions.order_test(what, spoken, timezone.now(), by=request.user.get_username())
        messages.success(request, _("A test is on its way to %(address)s.") % {"address": address}, extra_tags="told")
    back = reverse("desk-mail", args=[int(number)]) if number else reverse("desk-mail-story", args=[what])
    return HttpResponseRedirect(back)


def _find(pk: int) -> Notice:
    row = Notice.objects.select_related("event").filter(pk=pk).first()
    if row is None:
        raise NotPossible(_("there is no such notice"))
    return row


def _story(name: str) -> NoticeStory:
    found = notice_overview.fixed(name)
    if found is None:
        raise NotPossible(_("there is no such mail"))
    return found


def _with_specimens(request: HttpRequest, story: NoticeStory, context: Mapping[str, object]) -> HttpResponse:
    if not notice_overview.leaves_the_house():
        raise NotPossible(_("talaia.toml names no sender of mails"))
    made = {
        "specimens": notice_overview.specimens(story),
        "in_chats": notice_overview.chat_specimens(story),
        "whom": notice_readers.whom_of(story),
    }
    return page(request, "desk/mails/mail.html", {**context, **made})


def _alone(request: HttpRequest, story: NoticeStory) -> HttpResponse:
    made = notice_overview.specimens(story)
    if not made:
        raise NotPossible(_("talaia.toml names no sender of mails"))
    asked = request.GET.get("language", "")
    chosen = next((one for one in made if one.language == asked), made[0])
    return HttpResponse(chosen.html, headers={"Content-Security-Policy": ALONE})
