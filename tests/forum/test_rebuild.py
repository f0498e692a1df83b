"""A thousand old incidents, mirrored from nothing: as fast as the forum's rate lets it, cut off and gone on with."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from talaia.config import Config, current
from talaia.events.models import Event, Update
from talaia.events.reading import whole
from talaia.forum.models import Mirrored
from talaia.forum.post import document
from talaia.forum.rebuild import Done, rebuild
from talaia.forum.rows import house
from tests.forum.there import Pair
from tests.product import ROOT
from tests.servers.discourse import Discourse, Fail

USUAL = (ROOT / "tests" / "talaia.toml").read_text()
RATE = 20  # calls a minute, as talaia comes
CALLS = 3  # of each: look up, make, close

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """As kill -9."""


@pytest.fixture
def pair(tmp_path: Path, configure: Callable[[str], Config]) -> Iterator[Pair]:
    with Discourse() as double:
        both = Pair(double, tmp_path)
        (tmp_path / "key").write_text("k" * 64)
        text = f'[mirror]\nkind = "discourse"\naddress = "{double.address}"\nkey_file = "key"\nuser = "talaia"\n'
        configure(f"{USUAL}\n{text}category = 5\n")
        yield both
        both.close()


def past(count: int, until: datetime) -> None:
    """So many incidents that are over, one each day."""
    rows = [
        Event(
            kind="incident",
            year=(at := until - timedelta(days=count - n)).year,
            number=n + 1,
            language="ca",
            titles={"ca": f"Avaria número {n + 1}"},
            state="resolved",
            started_at=at,
            ended_at=at + timedelta(hours=1),
        )
        for n in range(count)
    ]
    events = Event.objects.bulk_create(rows)
    Update.objects.bulk_create(
        Update(event=event, number=n, state=state, at=event.started_at, language="ca", texts={"ca": f"{state}, dit."})
        for event in events
        for n, state in enumerate(("investigating", "resolved"), 1)
    )


def run(pair: Pair, pause: Callable[[float], None] | None = None) -> list[Done]:
    told = house(current())
    ours = pair.ours()
    if pause:
        ours.client.pause = pause
    return list(rebuild(ours, told, pair.double.clock, pause or pair.pause, "talaia"))


def is_whole(pair: Pair) -> bool:
    forum, told = pair.double.forum, house(current())
    found = {topic.external_id: topic for topic in forum.standing()}
    assert len(found) == len(forum.standing()) == Event.objects.count()
    for event in Event.objects.all():
        wanted, topic = document(whole(event), told), found[f"talaia-incident-{event.ref}"]
        assert (forum.first(topic.id).raw, topic.title, topic.closed) == (wanted.text, wanted.title, True)
        assert topic.created_at == event.started_at
    return True


@pytest.mark.torture
def test_a_thousand_are_there_in_the_time_that_the_rate_allows(pair: Pair) -> None:
    past(1000, pair.double.clock())
    begun = pair.double.clock()
    done = run(pair)
    took = (pair.double.clock() - begun).total_seconds()
    assert all(one.wrote and not one.fault for one in done)
    assert took <= 1.1 * 1000 * CALLS * 60 / RATE
    assert is_whole(pair)
    asked = len(pair.double.seen)
    assert not any(one.wrote for one in run(pair))
    assert len(pair.double.seen) == asked  # all was seen there lately
    assert pair.double.breaches == []


@pytest.mark.torture
def test_cut_off_at_any_call_it_goes_on_where_it_was_and_takes_no_longer(pair: Pair) -> None:
    past(120, pair.double.clock())
    begun, chance, kills = pair.double.clock(), random.Random(5), 0

    def pause(seconds: float) -> None:
        nonlocal kills
        pair.pause(seconds)
        if chance.random() < 0.05:
            kills += 1
            raise Killed

    for _ in range(200):
        if chance.random() < 0.5:
            pair.double.failing.append(Fail(chance.choice(("commit then drop", "drop", "bad gateway")), "P"))
        try:
            run(pair, pause)
        except Killed:
            continue
        break
    took = (pair.double.clock() - begun).total_seconds()
    assert kills > 10
    assert is_whole(pair)
    assert Mirrored.objects.exclude(trouble="").count() == 0
    # What a kill or a fault leaves in doubt is looked up again, and what failed is waited for.
    assert took <= 1.1 * 120 * CALLS * 60 / RATE + kills * (30 + 2 * 60 / RATE) + 60 * 30


def test_a_forum_that_was_set_up_anew_has_everything_again(pair: Pair, tmp_path: Path) -> None:
    from talaia.forum.actions import forget

    past(3, pair.double.clock())
    run(pair)
    with Discourse(pair.double.clock) as another:
        (tmp_path / "other").mkdir()
        other = Pair(another, tmp_path / "other")
        assert forget("discourse", another.clock()) == 3
        assert all(one.wrote for one in run(other))
        assert is_whole(other)
        other.close()


def test_what_one_topic_needs_a_person_for_holds_up_no_other(pair: Pair) -> None:
    past(4, pair.double.clock())
    run(pair)
    forum = pair.double.forum
    first = forum.standing()[0]
    forum.delete(first.id)
    forum.edit(forum.standing()[0].id, "marta", lambda raw: raw.replace("dit.", "dit per algú."))
    pair.double.clock.forward(2 * 86400)
    done = run(pair)
    assert [bool(one.fault) for one in done] == [True, False, False, False]
    assert done[0].hint
    assert "dit per algú." in forum.first(forum.standing()[0].id).raw


def test_what_was_mended_there_a_moment_ago_is_seen(pair: Pair) -> None:
    past(2, pair.double.clock())
    run(pair)
    forum = pair.double.forum
    first = forum.standing()[0]
    forum.delete(first.id)
    pair.double.clock.forward(2 * 86400)
    assert any(one.fault for one in run(pair))
    forum.recover(first.id)
    assert not any(one.fault for one in run(pair))
