"""Rows → what is told of an event, in one language. Reads only."""

from __future__ import annotations

from talaia.config import Config
from talaia.events.formatting import in_language
from talaia.events.models import Event
from talaia.events.timeline import NotPossible, parse_reference
from talaia.forum.post import ForumEntry, ForumSite, ForumStory
from talaia.panel.state import State


def house(config: Config) -> ForumSite:
    """Where the pages are, and in which language the history is told: the first of the site."""
    language = config.site.languages[0]
    return ForumSite(config.site.address, language, config.site.tz)


def known(key: str) -> Event | None:
    """The event of that key that may be known outside; None where there is none."""
    kind, _, ref = key.partition("/")
    try:
        year, number = parse_reference(ref)
    except NotPossible:
        return None
    return Event.objects.filter(kind=kind, year=year, number=number, awaits_approval=False).first()


def story(event: Event, language: str) -> ForumStory:
    """Three queries."""
    impacts = event.impacts.select_related("service").order_by("service__group__position", "service__position")
    return ForumStory(
        kind=event.kind,
        ref=event.ref,
        title=in_language(_sorted(event.titles, event.language), language),
        title_language=_language(event.titles, event.language, language),
        state=event.state,
        started_at=event.started_at,
        ended_at=event.ended_at,
        window=(event.window_start, event.window_end) if event.window_start and event.window_end else None,
        next_update_at=event.next_update_at,
        touched=tuple((_name(impact.service.names, language), State(impact.state)) for impact in impacts),
        entries=tuple(
            ForumEntry(
                number=update.number,
                state=update.state,
                at=update.at,
                text=in_language(_sorted(update.texts, update.language), language),
                language=_language(update.texts, update.language, language),
                plain=update.plain,
            )
            for update in event.updates.order_by("number")
        ),
        cause=in_language(_sorted(event.causes, event.language), language),
        analysis=in_language(_sorted(event.analyses, event.language), language),
        analysis_language=_language(event.analyses, event.language, language),
        merged_into=event.merged_into.ref if event.merged_into else "",
    )


def _sorted(words: dict[str, str], first: str) -> dict[str, str]:
    """Those that were written first before the others: a database keeps no order."""
    return dict(sorted(words.items(), key=lambda pair: pair[0] != first))


def _language(words: dict[str, str], first: str, language: str) -> str:
    """In which language something is told."""
    return language if language in words or not words else next(iter(_sorted(words, first)))


def _name(names: dict[str, str], language: str) -> str:
    return names.get(language) or next(iter(names.values()), "")
