"""How to begin, for each kind of trouble: as we ship it, and as the operators have changed it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from talaia.config import current
from talaia.desk.corrections.forms import WordsForm
from talaia.desk.pages import for_operators, for_viewers, page
from talaia.desk.suggestions.views import known
from talaia.desk.text_templates.text_templates import KINDS, beginning, name
from talaia.desk.writing import actions
from talaia.events.timeline import NotPossible
from talaia.localization.texts import words


@for_viewers
@require_GET
def every_kind(request: HttpRequest) -> HttpResponse:
    desk = known()
    found = [
        (kind, name(kind), words(beginning(kind, desk.changed, desk.languages).titles), kind in desk.changed)
        for kind in KINDS
    ]
    return page(request, "desk/text_templates/words.html", {"kinds": found})


@for_operators
@require_http_methods(["GET", "POST"])
def one_kind(request: HttpRequest, kind: str) -> HttpResponse:
    """Change the first words of a kind, or go back to ours."""
    if kind not in KINDS:
        raise NotPossible(_("there are no first words for “%(kind)s”") % {"kind": kind})
    now, by, desk = timezone.now(), request.user.get_username(), known()
    now_in_force = beginning(kind, desk.changed, current().site.languages)
    context = {"kind": kind, "name": name(kind), "changed": kind in desk.changed}
    if request.method != "POST":
        return page(request, "desk/text_templates/word.html", {**context, "form": WordsForm(beginning=now_in_force)})
    if "ours" in request.POST:
        actions.back_to_ours(kind, now, by=by)
        messages.info(request, _("The first words are ours again."))
        return HttpResponseRedirect(reverse("desk-words"))
    sent = WordsForm(request.POST, beginning=now_in_force)
    if sent.is_valid():
        try:
            actions.change_words(kind, sent.titles.by_language(), sent.words.by_language(), now, by=by)
        except NotPossible as refusal:
            sent.add_error(None, str(refusal))
        else:
            messages.info(request, _("The first words are changed."))
            return HttpResponseRedirect(reverse("desk-words"))
    return page(request, "desk/text_templates/word.html", {**context, "form": sent})
