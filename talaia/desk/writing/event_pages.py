"""What the pages of one event share: what is told of it, and what is said when something was published."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from talaia.config import current
from talaia.config.languages import LANGUAGE_NAMES
from talaia.desk.corrections.word_diff import Changed, by_language, difference
from talaia.desk.fields import new_key
from talaia.desk.pages import language
from talaia.events.actions import subject
from talaia.events.models import Event as Row
from talaia.events.published import PublishedEvent, path_of
from talaia.events.timeline import fingerprint, last_seen
from talaia.localization.dates import Dates
from talaia.localization.texts import Words, in_language, words
from talaia.outbox.models import Fact
from talaia.panel import words as panel_words
from talaia.panel.models import Service
from talaia.panel.state import State
from talaia.site import snapshot

FACTS = 50  # of an event, looked through for what somebody had seen


def pressed(request: HttpRequest) -> str:
    """Which button of a form was pressed: keep, begin, preview; else publish."""
    if "offer" in request.POST:
        return "keep"
    return next((name for name in ("keep", "begin", "preview") if name in request.POST), "publish")


def published(
    request: HttpRequest, ref: str, number: int | None = None, about: str = "", kind: str = Row.INCIDENT
) -> HttpResponse:
    """Back to the event, which says that it is done and where everybody reads it. `about`: the draft that is out."""
    address = current().site.address.rstrip("/") + path_of(kind, ref, number)
    messages.success(request, address, extra_tags=about)
    return HttpResponseRedirect(reverse(f"desk-{kind}", args=[ref]))


def sent_again(request: HttpRequest, saw: str) -> QueryDict:
    """What somebody sent who was overtaken: all of it stays, and it may be sent once more, by who has seen `saw`."""
    again = request.POST.copy()
    again["seen"], again["key"] = saw, new_key()
    return again


def what_came(row: Row, shown: PublishedEvent, seen: str) -> dict[str, Any]:
    """What they see beside it: the entries and the changes since `seen`."""
    newer = [entry for entry in shown.entries if entry.number > last_seen(seen)]
    return {"overtaken": True, "newer": newer, "changes": changes_since(row, seen)}


def published_event(row: Row) -> PublishedEvent:
    event = snapshot.event(row.kind, row.ref, timezone.now(), private=True)
    assert event is not None
    return event


def impacts_of(row: Row) -> dict[str, State]:
    return {impact.service_id: State(impact.state) for impact in row.impacts.all()}


def written_in(row: Row) -> str:
    """The language of the title, if the site still has it."""
    languages = current().site.languages
    return row.language if row.language in languages else languages[0]


def also(row: Row) -> dict[str, Any]:
    """What else the page of an incident says: its cause, whose duplicate it is, what are its duplicates."""
    return {
        "cause": words(row.causes, row.language),
        "merged_into": row.merged_into.ref if row.merged_into else "",
        "duplicates": [other.ref for other in row.duplicates.order_by("pk")],
    }


def missing_languages(given: Words) -> list[tuple[str, str]]:
    """Code and name of each language of the site in which the words are not there yet."""
    there = dict(given)
    return [(code, LANGUAGE_NAMES.get(code, code)) for code in current().site.languages if code not in there]


def changes_since(row: Row, seen: str) -> list[Changed]:
    """What has changed above the timeline since somebody saw the event with the mark `seen`; [] when nobody knows."""
    facts = list(Fact.objects.filter(subject=subject(row)).order_by("-id")[:FACTS])
    marks = [fact.data.get("mark") for fact in facts]
    if seen not in marks:
        return []
    before: dict[str, Any] = {}
    for fact in facts[: marks.index(seen) + 1]:  # the newest first, so that the oldest has the last word
        before |= {name: was for name, was in fact.data.get("before", {}).items() if "after" in fact.data}
    found = by_language(_("Title"), before.get("titles", row.titles), row.titles)
    now = {slug: state.value for slug, state in impacts_of(row).items()}
    then = before.get("impacts", now)
    names = dict(Service.objects.filter(pk__in={*now, *then}).values_list("pk", "names"))
    for slug in sorted(names):
        if now.get(slug) != then.get(slug):
            name = in_language(words(names[slug]), language()).text
            found.append(Changed(name, difference(_effect(row, then.get(slug)), _effect(row, now.get(slug)))))
    return [*found, *by_language(_("Cause"), before.get("causes", row.causes), row.causes), *_times(before, row)]


def words_started_from(row: Row, number: int, seen: str) -> dict[str, str] | None:
    """The words of an entry that had the fingerprint `seen`, from the facts of its corrections."""
    facts = Fact.objects.filter(subject=subject(row), kind=f"{row.kind}.corrected").order_by("-id")
    for fact in facts[:FACTS]:
        if fact.data.get("update") == number and fingerprint(fact.data["before"]) == seen:
            return dict(fact.data["before"])
    return None


def _effect(row: Row, state: str | None) -> str:
    if not state:
        return _("Not affected")
    return (panel_words.impact if row.kind == Row.INCIDENT else panel_words.level)(State(state))


def _times(before: dict[str, Any], row: Row) -> list[Changed]:
    calendar, found = Dates(language(), current().site.tz), []
    for field, name in (("started_at", _("When it began")), ("ended_at", _("When it ended"))):
        was, is_now = before.get(field), getattr(row, field)
        if was and was != "None" and is_now:
            then = calendar.moment(datetime.fromisoformat(was))
            if then != calendar.moment(is_now):
                found.append(Changed(name, difference(then, calendar.moment(is_now))))
    return found
