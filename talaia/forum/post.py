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
from talaia.events.timeline import (
    ENDED,
    IncidentState,
    MaintenanceState,
    incident_word,
    maintenance_word,
    over_at,
)
from talaia.forum import escape
from talaia.forum.backend import Document
from talaia.localization.dates import Dates
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
    """One entry of the timeline. `language`: of its words."""

    number: int
    state: str
    at: datetime
    text: str
    language: str
    plain: bool = False


@dataclass(frozen=True)
class ForumStory:
    """An event in one language; where something was not written in it, as it was written first."""

    kind: str
    ref: str
    title: str
    state: str
    started_at: datetime
    ended_at: datetime | None = None
    window: tuple[datetime, datetime] | None = None
    next_update_at: datetime | None = None
    touched: tuple[tuple[str, State], ...] = ()
    entries: tuple[ForumEntry, ...] = ()
    cause: str = ""
    analysis: str = ""
    analysis_language: str = ""
    title_language: str = ""
    merged_into: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.ref}"

    @property
    def is_incident(self) -> bool:
        return self.kind == "incident"

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def over_at(self) -> datetime | None:
        return over_at(self.state, self.ended_at, self.entries)


def document(story: ForumStory, house: ForumSite) -> Document:
    """What must stand there."""
    with translation.override(house.language):
        worst = max((state for _name, state in story.touched), key=lambda state: WEIGHT[state], default=None)
        if worst and not story.is_incident:
            worst = words.level_state(worst)
        return Document(
            key=story.key,
            title=title(story, house.zone),
            text=text(story, house),
            tags=tags(story),
            closed=story.ended,
            began=story.started_at,
            ended=story.over_at,
            impact=worst.value if worst else "",
            touched=tuple(" ".join(escape.settled(name).split()) for name, _state in story.touched),
        )


def title(story: ForumStory, zone: ZoneInfo) -> str:
    """`[2026-10-03] Tall de fibra a Sants (2026-014)`: with the reference, so that no two are the same."""
    day = f"{(story.window[0] if story.window else story.started_at).astimezone(zone):%Y-%m-%d}"
    said = escape.title(story.title)
    if not story.is_incident or said == said.upper():  # all capitals are refused as shouting
        said = f"{kind_word(story.kind)}: {said}"
    room = LONGEST_TITLE - len(day) - len(story.ref) - 6
    return f"[{day}] {said if len(said) <= room else said[: room - 1].rstrip() + '…'} ({story.ref})"


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


def tags(story: ForumStory) -> tuple[str, ...]:
    state = [] if story.merged_into else [state_word(story.kind, story.state)]  # how it ended is told there
    return tuple(tag(word) for word in (kind_word(story.kind), *state))


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


def page(story: ForumStory, house: ForumSite) -> str:
    """The address of its page."""
    folder = "incidents" if story.is_incident else "maintenance"
    prefix = "" if house.first else f"/{house.language}"
    return f"{house.address.rstrip('/')}{prefix}/{folder}/{story.ref}/"


def text(story: ForumStory, house: ForumSite) -> str:
    """The whole text. What does not fit is left out where it is oldest, and it is said where it stands."""
    shown = list(story.entries)
    whole = _joined(story, house, shown, None)
    for place in range(max(0, len(shown) - LATEST)):
        if len(whole) <= LONGEST:
            return whole
        shown[place] = _elsewhere(shown[place], page(story, house))
        whole = _joined(story, house, shown, None)
    if len(whole) > LONGEST and story.analysis:
        rest = len(_joined(story, house, shown, 0))
        whole = _joined(story, house, shown, max(LEAST, LONGEST - rest))
    while len(whole) > LONGEST and shown:
        first = next((n for n, entry in enumerate(shown) if not _is_elsewhere(entry)), None)
        if first is not None:
            shown[first] = _elsewhere(shown[first], page(story, house))
        else:
            del shown[0]
        rest = len(_joined(story, house, shown, 0)) if story.analysis else 0
        whole = _joined(story, house, shown, max(LEAST, LONGEST - rest) if story.analysis else None)
    return whole


def entry_body(entry: ForumEntry, home: str) -> str:
    """The words of an entry as they stand there."""
    if _is_elsewhere(entry):
        return entry.text
    return (escape.plain(entry.text) if entry.plain else escape.markdown(entry.text, home)).strip("\n")


def analysis_body(story: ForumStory, home: str) -> str:
    return escape.markdown(story.analysis, home).strip("\n")


ELSEWHERE = "elsewhere"  # the language of words of ours in the place of an entry's


def _elsewhere(entry: ForumEntry, address: str) -> ForumEntry:
    said = _("[The words of this entry are on the page](%(address)s), as there is no room for them here.")
    said %= {"address": f"{address}#u{entry.number}"}
    return entry if len(entry.text) <= len(said) else replace(entry, text=said, language=ELSEWHERE)


def _is_elsewhere(entry: ForumEntry) -> bool:
    return entry.language == ELSEWHERE or len(entry.text) < 60


def _joined(story: ForumStory, house: ForumSite, shown: list[ForumEntry], room: int | None) -> str:
    parts = list(_parts(story, house, shown, room))
    return escape.settled("\n\n".join(part.rstrip() for part in parts if part.strip()))


def _parts(story: ForumStory, house: ForumSite, shown: list[ForumEntry], room: int | None) -> Iterator[str]:
    address = page(story, house)
    which = _("Incident %(ref)s") if story.is_incident else _("Maintenance %(ref)s")
    link = f"[{which % {'ref': story.ref}}]({address})"
    yield _(
        "%(link)s: this topic follows its page. What you correct here goes to the technical team as a proposal."
    ) % {"link": link}
    yield f"## {_('Summary')}"
    yield "\n".join(f"- **{name}:** {value}" for name, value in _facts(story, house))
    if story.touched:
        yield f"## {_('Affected services') if story.is_incident else _('What to expect')}"
        effect = words.impact if story.is_incident else words.level
        yield "\n".join(f"- {escape.one_line(name)}: {effect(state)}" for name, state in story.touched)
    yield f"## {_('Timeline')} [#]({address}#timeline)"
    if missing := len(story.entries) - len(shown):
        said = _("There is no room here for the first entries (%(count)s): [they are on the page](%(address)s).")
        yield said % {"count": missing, "address": f"{address}#timeline"}
    for entry in shown:
        word, when = state_word(story.kind, entry.state), house.dates.moment(entry.at)
        yield f"### [{word}] {when} [#u{entry.number}]({address}#u{entry.number})"
        yield entry_body(entry, house.address)
    if story.analysis:
        yield f"## {_('Analysis')} [#]({address}#analysis)"
        yield _fitted(analysis_body(story, house.address), room, f"{address}#analysis")


def _facts(story: ForumStory, house: ForumSite) -> Iterator[tuple[str, str]]:
    """What the page says above its timeline."""
    calendar = house.dates
    if story.merged_into:  # how it goes, and how it ended, is told there
        yield _("State"), _("Continues in %(ref)s") % {"ref": story.merged_into}
    else:
        yield _("State"), state_word(story.kind, story.state)
    if story.window:
        yield _("Window"), calendar.span(*story.window)
    else:
        yield _("Began"), calendar.moment(story.started_at)
    if story.ended and story.over_at and not story.merged_into:
        yield (
            _("Cancelled") if story.state == MaintenanceState.CANCELLED else _("Ended"),
            calendar.moment(story.over_at),
        )
    elif story.next_update_at:
        yield _("Next update"), calendar.moment(story.next_update_at)
    if story.cause:
        yield _("Cause"), escape.one_line(story.cause)


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
