"""What the desk suggests: the drafted incidents of this moment, and saying that one is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from talaia.config import current
from talaia.desk.fields import marks, minute, new_key
from talaia.desk.front import dashboard
from talaia.desk.models import Dismissal, FirstWords
from talaia.desk.pages import for_operators
from talaia.desk.suggestions.suggest import Desk, Suggestion, suggest
from talaia.desk.text_templates.text_templates import TextTemplate
from talaia.desk.writing import actions
from talaia.events import next_update
from talaia.events.published import TouchedService
from talaia.events.timeline import IncidentState
from talaia.localization.texts import Words, words
from talaia.panel.models import Service
from talaia.panel.state import State, worst
from talaia.site import snapshot
from talaia.site.values import FrontPage


@dataclass(frozen=True)
class SuggestionCard:
    """A suggestion as the front shows it: exactly what its button sends."""

    suggestion: Suggestion
    titles: Words
    texts: Words
    touched: tuple[TouchedService, ...]
    fields: tuple[tuple[str, str], ...]
    is_incident: bool = True  # what is planned needs no suggestion

    @property
    def worst(self) -> State:
        return worst(touched.state for touched in self.touched)

    @property
    def others(self) -> list[tuple[str, str, str]]:
        """Language, title and text, in the other languages."""
        titles = dict(self.titles)
        return [(code, titles.get(code, ""), text) for code, text in self.texts[1:]]


def known() -> Desk:
    """What drafting words needs to know."""
    site = current().site
    services = current().tables.services
    kinds = {s.slug: s.first_words or ("connection" if s.reference else "") for s in services}
    changed = {row.kind: TextTemplate(row.titles, row.texts) for row in FirstWords.objects.all()}
    return Desk(site.languages, site.tz, kinds, changed)


def suggestions(seen: FrontPage, now: datetime) -> tuple[Suggestion, ...]:
    """Those of this moment."""
    unexplained = dashboard.unexplained(seen)
    told = {one.slug for one in seen.told}
    return suggest([one for one in unexplained if one.slug not in told], dismissed(), known(), now)


def dismissed() -> dict[tuple[str, datetime], str]:
    """Troubles of which somebody has said that they are no incident, and who."""
    return {(slug, since): by for slug, since, by in Dismissal.objects.values_list("service", "since", "by")}


def card(suggestion: Suggestion) -> SuggestionCard:
    first = main_language(suggestion.words)
    return SuggestionCard(
        suggestion,
        words(suggestion.words.titles, first),
        words(suggestion.words.texts, first),
        tuple(TouchedService(s.slug, s.names, s.state) for s in suggestion.services),
        tuple({**fields(suggestion), "key": new_key()}.items()),
    )


def fields(suggestion: Suggestion) -> dict[str, str]:
    """The open form, filled in."""
    impacts = {f"impact-{slug}": state.value for slug, state in suggestion.impacts.items()}
    return {
        **in_fields(suggestion.words, suggestion.since),
        **impacts,
        "began": minute(suggestion.since),
        "state": IncidentState.INVESTIGATING.value,
        "next": next_update.usual(suggestion.impacts.values()),
        "suggestion": suggestion.mark,
    }


def in_fields(given: TextTemplate, since: datetime) -> dict[str, str]:
    """Title and text in the fields of the open form. `since`: since when they say that it is so."""
    first = main_language(given)
    found = {"title": given.titles.get(first, ""), "text": given.texts.get(first, ""), "written_in": first}
    found |= {f"title-{code}": title for code, title in given.titles.items() if code != first}
    found |= {f"text-{code}": text for code, text in given.texts.items() if code != first}
    return found | {
        "given_title": marks(given.titles),
        "given_text": marks(given.texts),
        "given_since": since.isoformat(),
    }


def main_language(given: TextTemplate) -> str:
    """The first language of the site in which there is a text."""
    languages = current().site.languages
    return next((code for code in languages if given.texts.get(code)), languages[0])


@for_operators
@require_POST
def dismiss(request: HttpRequest, mark: str) -> HttpResponse:
    """It is no incident. The trouble that comes after this one is suggested again."""
    now = timezone.now()
    found = next((one for one in suggestions(snapshot.front(now), now) if one.mark == mark), None)
    if found is None:
        messages.info(request, _("That has changed meanwhile. This is how it is now."))
    else:
        troubles = [(service.slug, service.since) for service in found.services]
        actions.dismiss(troubles, now, by=request.user.get_username())
        messages.info(request, _("It is no incident. If something else happens to it, you will see it here again."))
    return HttpResponseRedirect(reverse("desk"))


@for_operators
@require_POST
def take_up_again(request: HttpRequest, slug: str) -> HttpResponse:
    """It is one after all."""
    since = Service.objects.filter(pk=slug).values_list("since", flat=True).first()
    if since is not None:
        actions.take_up_again(slug, since, timezone.now(), by=request.user.get_username())
    return HttpResponseRedirect(reverse("desk"))
