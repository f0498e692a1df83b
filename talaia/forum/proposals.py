"""What somebody wrote there, as something that an operator can take, pure: which of our words would become which.

Entries, the analysis, the title and the cause are words of ours, and can be taken. What is made from rows (the state,
the times, the services) cannot be: an operator who agrees changes it where it is set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _

from talaia.config import sanitize
from talaia.events.published import PublishedEvent
from talaia.forum import escape
from talaia.forum.merge import HEAD, TITLE, alike, body, changed, sections
from talaia.forum.post import ForumSite, analysis_body, entry_body, entry_in, state_word, written_title
from talaia.localization.texts import in_language

ANALYSIS, TIMELINE = "analysis", "timeline"
ENTRY = re.compile(r"u(\d+)")


@dataclass(frozen=True)
class SectionEdit:
    """One section that they changed. `wanted` None: it cannot be taken; `source`: our words, that it would replace.

    `section`: "title", "u3", "analysis", or what the heading says. `language`: of our words.
    `moved`: we have changed it since, too.
    """

    section: str
    before: str
    after: str
    source: str = ""
    wanted: str | None = None
    language: str = ""
    moved: bool = False

    @property
    def number(self) -> int | None:
        """Of the entry."""
        found = ENTRY.fullmatch(self.section)
        return int(found[1]) if found else None

    @property
    def takeable(self) -> bool:
        return self.wanted is not None


def changes(
    event: PublishedEvent, house: ForumSite, base: str, theirs: str, base_title: str, their_title: str
) -> tuple[SectionEdit, ...]:
    """All that they changed, the title first."""
    return tuple(_changes(event, house, base, theirs, base_title, their_title))


def _changes(
    event: PublishedEvent, house: ForumSite, base: str, theirs: str, base_title: str, their_title: str
) -> Iterator[SectionEdit]:
    if not alike(base_title, their_title):
        with translation.override(house.language):
            said = sanitize.line(written_title(their_title, event.kind, event.ref) or "")
        ours = in_language(event.titles, house.language)
        wanted = said if said and len(said) <= 200 else None
        yield SectionEdit(TITLE, base_title, their_title, ours.text, wanted, ours.lang or house.language)
    before, after = sections(base), sections(theirs)
    for name in changed(base, theirs):
        old, new = before.get(name, ""), after.get(name, "")
        yield _change(name, body(old) if new else old, body(new) if old else new, event, house)


def _change(name: str, old: str, new: str, event: PublishedEvent, house: ForumSite) -> SectionEdit:
    found = ENTRY.fullmatch(name)
    of_it = next((one for one in event.entries if found and one.number == int(found[1])), None)
    entry = entry_in(of_it, house.language) if of_it else None
    analysis = in_language(event.analyses, house.language)
    with translation.override(house.language):
        if entry is not None and new and new != old:
            shown, source, is_plain, language = (
                entry_body(entry, house.address),
                entry.text,
                entry.plain,
                entry.language,
            )
        elif name == ANALYSIS and analysis.text and new and new != old:
            shown, source, is_plain, language = (
                analysis_body(event, house),
                analysis.text,
                False,
                analysis.lang or house.language,
            )
        else:
            return SectionEdit(name, old, new)
    if shown == new:
        return SectionEdit(name, old, new, source, source, language)
    if shown != old:  # we have written otherwise since, or not all of it had room there
        return SectionEdit(name, old, new, source, None, language, moved=True)
    wanted = sanitize.lines(escape.restored(source, shown, new, is_plain=is_plain))
    return SectionEdit(name, old, new, source, wanted if wanted.strip() else None, language)


def name_of(change: SectionEdit, event: PublishedEvent) -> str:
    """What a change is of, for people, in the language in force."""
    if change.section == TITLE:
        return _("Title")
    if change.section == ANALYSIS:
        return _("Analysis")
    if change.section == HEAD:
        return _("First lines")
    entry = next((one for one in event.entries if one.number == change.number), None)
    if entry is not None:
        said = {"number": entry.number, "state": state_word(event.kind, entry.state)}
        return _("Entry %(number)s, %(state)s") % said
    if change.section == TIMELINE:
        return _("Timeline")
    heading = change.section.partition("~")[0]
    return _("Section “%(name)s”") % {"name": heading[:1].upper() + heading[1:]}
