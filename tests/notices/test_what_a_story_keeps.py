"""A story that is kept: whom it concerns, under which names, and what of it may be told later than it was written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from talaia.events.published import PublishedEntry, PublishedEvent, TouchedService
from talaia.notices.values import Kind, NoticeStory, Reach, Segment
from talaia.panel.state import State

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def story(*slugs: str) -> NoticeStory:
    touched = tuple(TouchedService(slug, (("ca", slug),), State.DISRUPTION) for slug in slugs)
    event = PublishedEvent("incident", "2026-001", (("ca", "Avaria"),), "investigating", NOW, touched=touched)
    return NoticeStory(Kind.PROBLEM, event, number=1, written_at=NOW)


def names(told: NoticeStory) -> list[tuple[str, str]]:
    return [(one.slug, one.code_name) for one in told.event.touched]


def test_only_the_service_that_was_renamed_has_a_new_name_and_machines_know_it_by_the_first() -> None:
    told = story("chat", "links").renamed("links", "connexions")
    assert names(told) == [("chat", "chat"), ("connexions", "links")]
    assert names(told.renamed("connexions", "fibre")) == [("chat", "chat"), ("fibre", "links")]
    assert [one.names for one in told.event.touched] == [(("ca", "chat"),), (("ca", "links"),)]


def test_a_service_that_it_names_by_both_names_stands_there_once() -> None:
    assert names(story("links", "connexions", "chat").renamed("links", "connexions")) == [
        ("connexions", "links"),
        ("chat", "chat"),
    ]
    assert names(story("connexions", "chat").renamed("links", "connexions")) == [
        ("connexions", "connexions"),
        ("chat", "chat"),
    ]


def test_whom_it_reaches_is_renamed_with_it_and_who_is_behind_something_stays() -> None:
    behind = Segment(("links", "chat", "connexions"), ("c-1",), True, ("node",), ("nord",))
    reaches = (Reach(("links", "connexions"), behind), Reach(("chat",)))
    told = replace(story("links"), behind=behind, reaches=reaches).renamed("links", "connexions")
    assert told.behind == replace(behind, services=("connexions", "chat"))
    assert told.reaches == (Reach(("connexions",), told.behind), Reach(("chat",)))
    assert story("links").renamed("links", "connexions").behind is None


def test_it_concerns_who_is_told_of_its_services_and_is_behind_it_unless_it_speaks_for_several() -> None:
    behind = Segment(("links",), ("c-1",))
    assert story("links", "chat").concerns == (Reach(("links", "chat")),)
    assert replace(story("links"), behind=behind).concerns == (Reach(("links",), behind),)
    several = (Reach(("links",), behind), Reach(("chat",)))
    assert replace(story("links", "chat"), reaches=several).concerns == several


def test_it_carries_the_words_of_its_last_entry_or_none() -> None:
    bare = story("links")
    assert (bare.said, bare.entry, bare.texts, bare.plain) == (None, 0, (), False)
    first = PublishedEntry(1, "investigating", NOW, (("ca", "Ho mirem."),))
    last = PublishedEntry(2, "identified", NOW, (("ca", "És un cable."),), plain=True)
    told = replace(bare, event=replace(bare.event, entries=(first, last)))
    assert (told.said, told.entry, told.texts, told.plain) == (last, 2, last.texts, True)
    assert not replace(bare, event=replace(bare.event, entries=(first,))).plain


def test_it_is_about_work_by_its_kind_or_by_its_event() -> None:
    told = story("links")
    work = replace(told.event, kind="maintenance")
    assert not told.about_work and not replace(told, kind=Kind.UPDATE).about_work
    assert replace(told, kind=Kind.UPDATE, event=work).about_work and replace(told, kind=Kind.ADVANCE).about_work


def test_a_promise_is_one_until_its_hour_and_none_from_then_on() -> None:
    told = story("links")
    promising = replace(told, event=replace(told.event, next_update_at=NOW))
    assert promising.as_of(NOW - SECOND) == promising
    assert promising.as_of(NOW) == promising.as_of(NOW + SECOND) == told == told.as_of(NOW)
