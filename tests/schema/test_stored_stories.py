"""What notices tell was stored flat until 0019; 0020 brings it along, so that what was told stays told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from talaia.notices.samples import STORIES
from talaia.notices.values import NoticeStory

NOW = datetime(2026, 10, 3, 1, 12, tzinfo=UTC)
FLAT = json.loads((Path(__file__).parent / "released" / "stories_of_0019.json").read_text())
MIGRATION = import_module("talaia.migrations.0020_notices_hold_their_event")


def without_what_was_not_kept(story: NoticeStory) -> NoticeStory:
    """When and in which state the entry was written is told in no notice; SEQUENCE of an end is told only since."""
    entries = tuple(replace(one, at=story.written_at, state="") for one in story.event.entries)
    return replace(story, revision=0, told_hours=None, event=replace(story.event, entries=entries))


@pytest.mark.parametrize("name", STORIES)
def test_a_story_that_was_stored_flat_tells_the_same(name: str) -> None:
    found = NoticeStory.from_json(MIGRATION.with_event(FLAT[name]))
    assert without_what_was_not_kept(found) == without_what_was_not_kept(STORIES[name])
    assert MIGRATION.without_event(MIGRATION.with_event(FLAT[name])) == FLAT[name]
    back = MIGRATION.without_event(json.loads(json.dumps(STORIES[name].to_json())))
    assert back | {"revision": 0} == FLAT[name] | {"revision": 0}


@pytest.mark.django_db(transaction=True)
def test_the_rows_are_brought_along_and_back() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([("talaia", "0019_the_fields_own_words")])
    try:
        apps = executor.loader.project_state([("talaia", "0019_the_fields_own_words")]).apps
        notices, events = (apps.get_model("talaia", name).objects for name in ("Notice", "Event"))
        event = events.create(
            kind="incident",
            year=2026,
            number=14,
            language="ca",
            titles={"ca": "Tall"},
            started_at=NOW,
            state="resolved",
        )
        told = notices.create(event=event, kind="problem", number=1, drawn_at=NOW, state="sent", story=FLAT["problem"])
        empty = notices.create(event=event, kind="update", number=2, drawn_at=NOW, state="held")
        stories = notices.order_by("pk").values_list("story", flat=True)
        MIGRATION.forwards(apps, None)
        MIGRATION.forwards(apps, None)  # as after a kill in its middle
        assert list(stories.all()) == [MIGRATION.with_event(FLAT["problem"]), None]
        MIGRATION.backwards(apps, None)
        assert list(stories.all()) == [FLAT["problem"], None]
        empty.delete()
        told.delete()
        event.delete()
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes("talaia"))
