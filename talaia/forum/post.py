"""What stands of an event where the history is mirrored, pure: the same rows make the same document.

A section is a heading and what is under it, up to the next: the summary, the impact, each entry of the timeline, the
analysis. The heading of an entry has its permanent address, so that it is found again whatever is written around it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from talaia.config import LANGUAGES
from talaia.events.published import PublishedEntry, PublishedEvent
from talaia.events.timeline import (
    IncidentState,
    MaintenanceState,
    incident_word,
    maintenance_word,
)
from talaia.forum import escape
from talaia.forum.backend import Document
from talaia.localization.dates import Dates
from talaia.localization.texts import in_language
from talaia.panel import words
from talaia.panel.state import WEIGHT, State

LONGEST = 32_000  # characters of a post, as a forum comes
LONGEST_TITLE = 250
LATEST = 3  # entries that keep their words longest, when not all fit
LEAST = 1000  # characters of an analysis that still say something
TAG = 20


@dataclass(frozen=True)
class ForumSite:
    """Where the pages are, and in which language and zone the history is told."""

    address: str
    language: str
    zone: ZoneInfo
    first: bool = True  # the language is the site's first: its pages have no prefix

    @property
    def dates(self) -> Dates:
        return Dates(self.language, self.zone)


@dataclass(frozen=True)
class ForumEntry:
    """One entry of the timeline in one language. `language`: of its words."""

    number: int
    state: str
    at: datetime
    text: str
    language: str
    plain: bool = False


def entry_in(entry: PublishedEntry, language: str) -> ForumEntry:
    """As it stands there: in that language or, where it was not written in it, as it was written first."""
    said = in_language(entry.texts, language)
    return ForumEntry(entry.number, entry.state, entry.at, said.text, said.lang or language, entry.plain)


def document(event: PublishedEvent, house: ForumSite) -> Document:
    """What must stand there."""
    with translation.override(house.language):
        worst = max((state for _name, state in _touched(event, house)), key=lambda state: WEIGHT[state], default=None)
        if worst and not event.is_incident:
            worst = words.level_state(worst)
        return Document(
            key=event.key,
            title=title(event, house),
            text=text(event, house),
            tags=tags(event),
            closed=event.ended,
            began=event.started_at,
            ended=event.over_at,
            impact=worst.value if worst else "",
            touched=tuple(" ".join(escape.settled(name).split()) for name, _state in _touched(event, house)),
        )


def _touched(event: PublishedEvent, house: ForumSite) -> tuple[tuple[str, State], ...]:
    """Of an incident that is over, how bad it was at its worst."""
    over = event.is_incident and event.ended
    return tuple(
        (in_language(one.names, house.language).text, one.at_worst if over else one.state) for one in event.touched
    )


def title(event: PublishedEvent, house: ForumSite) -> str:
    """`[2026-10-03] Tall de fibra a Sants (2026-014)`: with the reference, so that no two are the same."""
    day = f"{(event.window[0] if event.window else event.started_at).astimezone(house.zone):%Y-%m-%d}"
    said = escape.title(in_language(event.titles, house.language).text)
    if not event.is_incident or said == said.upper():  # all capitals are refused as shouting
        said = f"{kind_word(event.kind)}: {said}"
    room = LONGEST_TITLE - len(day) - len(event.ref) - 6
    return f"[{day}] {said if len(said) <= room else said[: room - 1].rstrip() + '…'} ({event.ref})"


def kind_word(kind: str) -> str:
    return pgettext("an event", "Incident") if kind == "incident" else pgettext("an event", "Maintenance")


def written_title(theirs: str, kind: str, ref: str) -> str:
    """The title of an event inside the title of a topic."""
    said = theirs.strip()
    if said.startswith("[") and "]" in said:
        said = said.partition("]")[2].strip()
    said = said.removesuffix(f"({ref})").strip()
    return said.removeprefix(f"{kind_word(kind)}: ").replace(escape.JOINER, "").strip()


FORMER_TAGS = ("resolt", "resuelto")  # of topics from before "Resolta"


def tags(event: PublishedEvent) -> tuple[str, ...]:
    state = [] if event.merged_into else [state_word(event.kind, event.state)]  # how it ended is told there
    return tuple(tag(word) for word in (kind_word(event.kind), *state))


def tag(word: str) -> str:
    return word.lower().replace(" ", "-").replace("·", "")[:TAG]


def every_tag() -> frozenset[str]:
    """All that `tags` may say, in any language, or said once: whatever else stands there is of people."""
    found = set(FORMER_TAGS)
    for language in LANGUAGES:
        with translation.override(language):
            found |= {tag(kind_word(kind)) for kind in ("incident", "maintenance")}
            found |= {tag(incident_word(state)) for state in IncidentState}
            found |= {tag(maintenance_word(state)) for state in MaintenanceState}
    return frozenset(found)


def state_word(kind: str, state: str) -> str:
    return incident_word(IncidentState(state)) if kind == "incident" else maintenance_word(MaintenanceState(state))


def _step_word(event: PublishedEvent, entry: ForumEntry) -> str:
    """Of the entry with which it became part of another one: that it goes on there. It is not over."""
    if event.merged_into and entry.number == event.entries[-1].number and entry.state == IncidentState.RESOLVED:
        return event_word(event)
    return state_word(event.kind, entry.state)


def event_word(event: PublishedEvent) -> str:
    """How it stands, in a word or two."""
    if event.merged_into:  # how it goes, and how it ended, is told there
        return _("Continues in %(ref)s") % {"ref": event.merged_into.ref}
    return state_word(event.kind, event.state)


def page(event: PublishedEvent, house: ForumSite) -> str:
    """The address of its page."""
    prefix = "" if house.first else f"/{house.language}"
    return f"{house.address.rstrip('/')}{prefix}{event.path}"


def text(event: PublishedEvent, house: ForumSite) -> str:
    """The whole text. What does not fit is left out where it is oldest, and it is said where it stands."""
    shown = [entry_in(one, house.language) for one in event.entries]
    whole = _joined(event, house, shown, None)
    for place in range(max(0, len(shown) - LATEST)):
        if len(whole) <= LONGEST:
            return whole
        shown[place] = _elsewhere(shown[place], page(event, house))
        whole = _joined(event, house, shown, None)
    if len(whole) > LONGEST and event.analyses:
        rest = len(_joined(event, house, shown, 0))
        whole = _joined(event, house, shown, max(LEAST, LONGEST - rest))
    while len(whole) > LONGEST and shown:
        first = next((n for n, entry in enumerate(shown) if not _is_elsewhere(entry)), None)
        if first is not None:
            shown[first] = _elsewhere(shown[first], page(event, house))
        else:
            del shown[0]
        rest = len(_joined(event, house, shown, 0)) if event.analyses else 0
        whole = _joined(event, house, shown, max(LEAST, LONGEST - rest) if event.analyses else None)
    return whole


def entry_body(entry: ForumEntry, home: str) -> str:
    """The words of an entry as they stand there."""
    if _is_elsewhere(entry):
        return entry.text
    return (escape.plain(entry.text) if entry.plain else escape.markdown(entry.text, home)).strip("\n")


def analysis_body(event: PublishedEvent, house: ForumSite) -> str:
    return escape.markdown(in_language(event.analyses, house.language).text, house.address).strip("\n")


ELSEWHERE = "elsewhere"  # the language of words of ours in the place of an entry's


def _elsewhere(entry: ForumEntry, address: str) -> ForumEntry:
    said = _("[The words of this entry are on the page](%(address)s), as there is no room for them here.")
    said %= {"address": f"{address}#u{entry.number}"}
    return entry if len(entry.text) <= len(said) else replace(entry, text=said, language=ELSEWHERE)


def _is_elsewhere(entry: ForumEntry) -> bool:
    return entry.language == ELSEWHERE or len(entry.text) < 60


def _joined(event: PublishedEvent, house: ForumSite, shown: list[ForumEntry], room: int | None) -> str:
    parts = list(_parts(event, house, shown, room))
    return escape.settled("\n\n".join(part.rstrip() for part in parts if part.strip()))


def _parts(event: PublishedEvent, house: ForumSite, shown: list[ForumEntry], room: int | None) -> Iterator[str]:
    address = page(event, house)
    which = _("Incident %(ref)s") if event.is_incident else _("Maintenance %(ref)s")
    link = f"[{which % {'ref': event.ref}}]({address})"
    yield _(
        "%(link)s: this topic follows its page. What you correct here goes to the technical team as a proposal."
    ) % {"link": link}
    yield f"## {_('Summary')}"
    yield "\n".join(f"- **{name}:** {value}" for name, value in _facts(event, house))
    if event.touched and not event.called_off:
        work = _("What was announced") if event.ended else _("What to expect")
        yield f"## {_('Affected services') if event.is_incident else work}"
        effect = words.impact if event.is_incident else words.level
        yield "\n".join(f"- {escape.one_line(name)}: {effect(state)}" for name, state in _touched(event, house))
    yield f"## {_('Timeline')} [#]({address}#timeline)"
    if missing := len(event.entries) - len(shown):
        said = _("There is no room here for the first entries (%(count)s): [they are on the page](%(address)s).")
        yield said % {"count": missing, "address": f"{address}#timeline"}
    for entry in shown:
        word, when = _step_word(event, entry), house.dates.moment(entry.at)
        yield f"### [{word}] {when} [#u{entry.number}]({address}#u{entry.number})"
        yield entry_body(entry, house.address)
    if event.analyses:
        yield f"## {_('Analysis')} [#]({address}#analysis)"
        yield _fitted(analysis_body(event, house), room, f"{address}#analysis")


def _facts(event: PublishedEvent, house: ForumSite) -> Iterator[tuple[str, str]]:
    """What the page says above its timeline."""
    calendar = house.dates
    yield _("State"), event_word(event)
    if event.window:
        yield _("Window"), calendar.span(*event.window)
    if event.window is None or event.early:
        yield _("Began"), calendar.moment(event.started_at)
    if event.ended and event.over_at and not event.merged_into:
        yield (
            _("Cancelled") if event.state == MaintenanceState.CANCELLED else _("Ended"),
            calendar.moment(event.over_at),
        )
    elif event.next_update_at:
        yield _("Next update"), calendar.moment(event.next_update_at)
    if event.causes:
        yield _("Cause"), escape.one_line(in_language(event.causes, house.language).text)


def _fitted(body: str, room: int | None, address: str) -> str:
    """As much of a long text as there is room for, whole paragraphs, and where the rest is."""
    if room is None or len(body) <= room:
        return body
    if room <= 0:
        return ""
    rest = _("[It goes on on the page](%(address)s), as there is no room for more here.") % {"address": address}
    kept: list[str] = []
    for paragraph in body.split("\n\n"):
        if sum(len(part) + 2 for part in kept) + len(paragraph) + len(rest) + 10 > room:
            break
        kept.append(paragraph)
    fence = sum(part.count("\n```") + part.startswith("```") for part in kept) % 2 == 1
    return "\n\n".join([*kept, *(["```"] if fence else []), rest])
