"""`talaia forum setup` and `talaia check --forum`: what is not ready is named, with the setting and its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from talaia.config import Config
from talaia.forum.discourse.self_test import trial
from talaia.forum.discourse.setup import SetupFinding, looks
from tests.forum.there import Pair
from tests.journeys.shell import Shell
from tests.servers.discourse import Discourse, Forum

ALL = frozenset({"topics:write", "topics:update", "topics:read", "topics:read_lists", "posts:edit", "topics:delete"})


def looked(pair: Pair, **settings: Any) -> list[SetupFinding]:
    ours = pair.ours(**settings)
    return list(looks(ours.mirror, ours.client.config, ours.client))


def tried(pair: Pair, **settings: Any) -> list[SetupFinding]:
    ours = pair.ours(**settings)
    return list(trial(ours.mirror, ours, pair.double.clock()))


def words(found: list[SetupFinding], well: bool | None) -> str:
    return "\n".join(f"{look.what} → {look.mend}" for look in found if look.well is well)


def test_a_forum_that_is_ready_has_nothing_to_be_changed_and_nothing_is_written(pair: Pair) -> None:
    (pair.folder / "hook").write_text("a secret of the webhook".replace(" ", "-"))
    before = len(pair.double.forum.events)
    found = looked(pair, webhook_secret_file="hook")
    assert words(found, False) == ""
    assert [look.what for look in found if look.well is None] == [
        "whether the key may rename, tag and close topics shows only when it does"
    ]
    assert "https://status.example.org/hooks/discourse" in words(found, True)
    assert len(pair.double.forum.events) == before


def keep(**settings: object) -> Callable[[Forum], None]:
    def change(forum: Forum) -> None:
        for name, value in settings.items():
            assert hasattr(forum.settings, name)
            setattr(forum.settings, name, value)

    return change


def without(*scopes: str) -> Callable[[Forum], None]:
    def change(forum: Forum) -> None:
        forum.key.scopes = ALL - set(scopes)
        forum.settings.public = True

    return change


def other_key(forum: Forum) -> None:
    forum.key.secret = "x" * 64


# What is not as it should be, whether it fails, and what the report names.
NOT_READY = [
    pytest.param(keep(version="2.8.14"), False, r"2\.8\.14 → .*since 2\.9", id="an old forum"),
    pytest.param(other_key, False, r"refused whatever we ask.*Admin → API keys", id="a wrong key"),
    pytest.param(without("topics:write"), False, r"may not open topics.*scope topics: write", id="no topics"),
    pytest.param(without("posts:edit"), False, r"may not edit posts.*scope posts: edit", id="no edits"),
    pytest.param(without(), None, r"does not show what talaia is.*moderator", id="a narrow key hides who we are"),
    pytest.param(keep(bot_is_staff=False), None, r"no moderator → .*Grant moderation", id="no moderator"),
    pytest.param(keep(approval=True), None, r"wait for approval → the category → Moderation", id="approval"),
    pytest.param(keep(public=False), None, r"not open to everybody → the category → Security", id="closed"),
    pytest.param(keep(tagging_enabled=False), False, r"no tags → .*tagging enabled", id="no tags"),
    pytest.param(keep(max_tags_per_topic=1), False, r"a topic may have: 1 → .*max tags per topic", id="one tag"),
    pytest.param(keep(min_topic_title_length=40), None, r"40 characters → .*min topic title length", id="titles"),
    pytest.param(keep(max_post_length=8000), None, r"8,000 characters → .*max post length", id="short posts"),
]


@pytest.mark.parametrize(("change", "well", "says"), NOT_READY)
def test_what_is_not_ready_is_named_with_its_mend(
    pair: Pair, change: Callable[[Forum], None], well: bool | None, says: str
) -> None:
    change(pair.double.forum)
    assert re.search(says, words(looked(pair), well))


def test_what_the_key_may_not_and_everybody_may_is_well_in_an_open_category_only(pair: Pair) -> None:
    without("topics:read", "topics:read_lists")(pair.double.forum)
    found = looked(pair)
    assert words(found, False) == ""
    assert "may not look topics up, but everybody may" in words(found, True)
    pair.double.forum.settings.public = False
    assert "there is no category 5 for us" in words(looked(pair), False)
    pair.double.forum.key.scopes = ALL | {"global:read"}
    assert words(looked(pair), False) == ""


@pytest.mark.parametrize(
    ("secret", "says"),
    [("short", "too short"), ("a secret with blanks in it", "too short, or has a blank")],
)
def test_a_secret_that_the_forum_would_not_take_is_named(pair: Pair, secret: str, says: str) -> None:
    (pair.folder / "hook").write_text(secret)
    assert says in words(looked(pair, webhook_secret_file="hook"), False)


def test_without_a_webhook_it_is_said_what_that_means(pair: Pair) -> None:
    assert "within the hour" in words(looked(pair), None)


def test_a_category_that_is_not_there_is_named(pair: Pair) -> None:
    assert "there is no category 9" in words(looked(pair, category=9), False)


def test_a_trial_makes_edits_tags_closes_and_deletes_a_topic_that_nobody_saw(pair: Pair) -> None:
    found = tried(pair)
    assert (words(found, False), words(found, None)) == ("", "")
    [topic] = [topic for topic in pair.double.forum.topics.values() if topic.external_id]
    assert (topic.visible, topic.closed, topic.tags) == (False, True, ["talaia-check"])
    assert topic.deleted_at
    assert pair.double.forum.first(topic.id).version == 2


TROUBLE = [
    pytest.param(without("topics:write"), False, r"no topic could be made.*topics: write", id="no topics"),
    pytest.param(without("posts:edit"), False, r"could not be edited.*posts: edit", id="no edits"),
    pytest.param(without("topics:update"), False, r"could not be closed.*topics: update", id="no closing"),
    pytest.param(without("topics:delete"), None, r"could not be deleted.*by hand", id="no deleting"),
    pytest.param(keep(bot_may_tag=False), False, r"without its tag.*create tag", id="no tags"),
    pytest.param(keep(approval=True), False, r"waits for approval.*review queue", id="approval"),
]


@pytest.mark.parametrize(("change", "well", "says"), TROUBLE)
def test_a_trial_names_what_does_not_go_and_leaves_nothing(
    pair: Pair, change: Callable[[Forum], None], well: bool | None, says: str
) -> None:
    change(pair.double.forum)
    assert re.search(says, words(tried(pair), well))
    assert len(pair.double.forum.standing()) == ("deleted" in says)


def test_in_an_older_forum_the_topic_is_taken_from_the_list_at_once(pair: Pair) -> None:
    pair.double.forum.settings.unlisted_when_made = False
    found = tried(pair)
    assert words(found, False) == ""
    assert "for a moment" in words(found, None)
    assert [topic.visible for topic in pair.double.forum.topics.values() if topic.external_id] == [False]


def test_a_trial_that_is_cut_off_still_deletes(pair: Pair) -> None:
    pair.double.fail("drop", "PUT")
    assert "does not answer" in words(tried(pair), False)
    assert pair.double.forum.standing() == []


@pytest.fixture
def forum(configure: Callable[[str], Config], tmp_path: Path) -> Iterator[Discourse]:
    with Discourse() as double:
        (tmp_path / "key").write_text("k" * 64)
        configure(
            '[site]\nname = "Exemple"\naddress = "https://status.example.org"\n'
            f'[mirror]\nkind = "discourse"\naddress = "{double.address}"\nuser = "talaia"\n'
            'key_file = "key"\ncategory = 5\n'
        )
        yield double


@pytest.fixture
def talaia(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, forum: Discourse
) -> Shell:
    monkeypatch.setenv("TALAIA_CONFIG", str(tmp_path / "talaia.toml"))
    return Shell(capsys, monkeypatch)


def test_setup_in_the_shell(talaia: Shell, forum: Discourse) -> None:
    said = talaia("forum", "setup")
    assert said.code == 0
    assert "ok    category 5 is Historial" in said.out
    forum.forum.key.secret = "x" * 64
    said = talaia("forum", "setup")
    assert said.code == 1
    assert "FAIL  the key is refused" in said.out
    forum.fail("bad gateway")
    said = talaia("forum", "setup")
    assert said.code == 1
    assert "FAIL  127.0.0.1 answers 502" in said.out


@pytest.mark.django_db
def test_check_in_the_shell_tries_the_forum_only_when_asked(talaia: Shell, forum: Discourse) -> None:
    assert talaia("check", "--offline").code == 0
    assert forum.seen == []
    said = talaia("check", "--offline", "--forum")
    assert said.code == 0, said.out
    assert "ok    the topic was deleted" in said.out
    forum.forum.settings.approval = True
    assert talaia("check", "--offline", "--forum").code == 1


def test_without_a_forum_it_is_said_how_to_get_one(
    talaia: Shell, forum: Discourse, configure: Callable[[str], Config]
) -> None:
    configure('[site]\nname = "Exemple"\naddress = "https://status.example.org"\n')
    said = talaia("forum", "setup")
    assert said.code == 1
    assert "no forum is set" in said.out
    assert "docs/forum.md" in said.out
