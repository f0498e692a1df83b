"""The look at what stands in the forum: one that is gone, or may not be read, hides no other from it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from talaia.config import Config, current
from talaia.events.models import Event
from talaia.events.timeline import IncidentState
from talaia.forum import actions as mirror_actions
from talaia.forum import polling, registry
from talaia.forum.actions import decide
from talaia.forum.backend import Gone, MirroredDocument
from talaia.forum.discourse import actions as bells
from talaia.forum.discourse import webhook
from talaia.forum.discourse.client import DiscourseClient, Query
from talaia.forum.discourse.responses import DiscourseResponse
from talaia.forum.discourse.topics import Discourse as Topics
from talaia.forum.models import Mirrored, Proposal
from talaia.forum.polling import MirrorPoll
from talaia.forum.sync import MirrorSync
from talaia.outbox.errors import PermanentError
from tests.forum.house import Office, open_one, say
from tests.forum.there import Pair
from tests.product import ROOT
from tests.servers.discourse import Discourse

pytestmark = pytest.mark.django_db
USUAL = (ROOT / "tests" / "talaia.toml").read_text()
HOOK = "hook"
REFUSED = {"errors": ["You are not permitted to view the requested resource."], "error_type": "invalid_access"}


@dataclass
class House:
    """talaia with a forum whose events are there already, and the look that has been at them."""

    double: Discourse
    office: Office
    look: MirrorPoll
    configure: Callable[[str], Config]
    rung: int = 0

    def mirrored(self, *titles: str, over: bool = False) -> list[Event]:
        made = []
        for title in titles:
            made.append(open_one(self.double.clock(), title))
            if over:
                say(made[-1], self.double.clock(), "Refet.", IncidentState.RESOLVED)
            self.office.catch_up()
        return made

    def topic(self, event: Event) -> int:
        return int(self.office.row(event).place)

    def edit(self, event: Event, *, rings: bool) -> None:
        """Somebody does; inside an older topic the forum's list does not show it."""
        post = self.double.forum.first(self.topic(event))
        bumped = self.double.forum.topics[post.topic].bumped_at
        self.double.forum.edit(post.topic, "marta", lambda raw: raw.replace("Ho mirem.", "Ho estem mirant."))
        self.double.forum.topics[post.topic].bumped_at = bumped
        if rings:
            self.ring(event)

    def ring(self, event: Event) -> None:
        self.rung += 1
        bells.ring(
            HOOK, webhook.DiscourseHookEvent(self.rung, "post", "post_edited", self.topic(event)), self.double.clock()
        )

    def look_for(self, *, hours: int) -> None:
        for _ in range(hours):
            self.double.clock.forward(3700)
            self.look.step(self.double.clock())


@pytest.fixture
def house(tmp_path: Path, configure: Callable[[str], Config]) -> Iterator[House]:
    with Discourse() as double:
        pair = Pair(double, tmp_path)
        (tmp_path / "key").write_text("k" * 64)
        text = f'[mirror]\nkind = "discourse"\naddress = "{double.address}"\nkey_file = "key"\nuser = "talaia"\n'
        configure(f"{USUAL}\n{text}category = 5\n")
        mirror = pair.ours()
        office = Office(lambda: mirror, tmp_path, double.clock)
        yield House(double, office, MirrorPoll(current, lambda _config: mirror, double.clock), configure)
        pair.close()
        assert double.breaches == []


def forbid(monkeypatch: pytest.MonkeyPatch, *topics: int) -> None:
    """As where a moderator has moved them to a category in which the bot may not look."""
    real = DiscourseClient.get

    def get(self: DiscourseClient, path: str, query: Query | None = None, anonymous: bool = False) -> DiscourseResponse:
        if any(path.startswith(f"/t/{topic}.json") for topic in topics):
            return DiscourseResponse(403, REFUSED)
        return real(self, path, query, anonymous)

    monkeypatch.setattr(DiscourseClient, "get", get)


def test_a_topic_that_may_not_be_read_silences_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    moved, edited, unheard = house.mirrored("Tall de fibra a Sants", "Sense correu a Gràcia", "Sense veu al Clot")
    house.look_for(hours=1)
    forbid(monkeypatch, house.topic(moved))
    house.ring(moved)
    house.edit(edited, rings=True)
    house.edit(unheard, rings=False)
    house.look_for(hours=1)
    assert house.office.proposal(edited) is not None
    assert house.office.proposal(unheard) is not None
    assert bells.waiting() == {}
    row = house.office.row(moved)
    assert "does not let us read" in row.trouble
    assert row.hint
    monkeypatch.undo()
    house.look_for(hours=1)
    assert not house.office.row(moved).trouble  # moved back


def test_a_key_that_may_read_nothing_is_the_trouble_of_no_topic_and_no_bell_is_lost(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = house.mirrored("Tall de fibra a Sants", "Sense correu a Gràcia", "Sense veu al Clot")
    house.look_for(hours=1)
    forbid(monkeypatch, *(house.topic(event) for event in events))
    house.edit(events[0], rings=True)
    house.look_for(hours=2)
    assert not Mirrored.objects.exclude(trouble="").exists()
    assert list(bells.waiting()) == [str(house.topic(events[0]))]
    monkeypatch.undo()
    house.double.clock.forward(polling.AFTER_A_FAULT.total_seconds())
    house.look.step(house.double.clock())
    assert house.office.proposal(events[0]) is not None


@pytest.mark.parametrize("place", [(Topics, "read"), (polling, "note")])
def test_a_topic_at_which_we_stumble_hides_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch, place: tuple[object, str]
) -> None:
    odd, edited, unheard = house.mirrored("Tall de fibra a Sants", "Sense correu a Gràcia", "Sense veu al Clot")
    house.look_for(hours=1)
    real, its = getattr(*place), house.office.row(odd)

    def stumbles(of: Any, *given: Any) -> Any:
        if of == its or its.place in given:
            raise ZeroDivisionError
        return real(of, *given)

    monkeypatch.setattr(*place, stumbles)
    house.edit(odd, rings=True)
    house.edit(edited, rings=True)
    house.edit(unheard, rings=False)
    house.look_for(hours=1)
    assert house.office.proposal(edited) is not None
    assert house.office.proposal(unheard) is not None
    assert bells.waiting() == {}
    assert "ZeroDivisionError" in house.office.row(odd).trouble
    monkeypatch.undo()
    house.look_for(hours=1)
    assert house.office.proposal(odd) is not None and not house.office.row(odd).trouble


@pytest.mark.parametrize("over", [True, False])
def test_topics_that_are_gone_hide_none_of_the_others(
    house: House, monkeypatch: pytest.MonkeyPatch, over: bool
) -> None:
    monkeypatch.setattr(polling, "MOST_LIVE", 2 if not over else 0)
    monkeypatch.setattr(polling, "OTHERS", 2 if over else 0)
    events = house.mirrored(*(f"Avaria a la sala número {n}" for n in range(4)), over=over)
    house.look_for(hours=1)
    house.double.clock.forward(20 * 86400)
    for gone in events[:2]:
        house.double.forum.delete(house.topic(gone))
    house.edit(events[3], rings=False)
    house.look_for(hours=4)
    assert house.office.proposal(events[3]) is not None
    assert [bool(house.office.row(event).trouble) for event in events] == [True, True, False, False]


def while_it_is_closed(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    """Our text stands there, its topic is not closed yet, and nothing of that is marked here."""
    real = Topics._close

    def close(self: Topics, there: MirroredDocument, closed: bool) -> MirroredDocument | Gone:
        monkeypatch.undo()
        happens()
        return real(self, there, closed)

    monkeypatch.setattr(Topics, "_close", close)


@pytest.mark.parametrize("decided", [False, True])
def test_what_somebody_wrote_while_we_were_at_it_is_proposed_and_stays_so(
    house: House, monkeypatch: pytest.MonkeyPatch, decided: bool
) -> None:
    [event] = house.mirrored("Tall de fibra a Sants")
    house.look_for(hours=1)

    def happens() -> None:
        house.edit(event, rings=True)
        house.look.step(house.double.clock())
        proposal = house.office.proposal(event)
        assert proposal is not None
        if decided:
            decide(proposal.pk, [], house.double.clock(), by="anna")

    while_it_is_closed(monkeypatch, happens)
    say(event, house.double.clock(), "Refet.", IncidentState.RESOLVED)
    house.office.catch_up()
    house.look_for(hours=1)
    house.office.catch_up()
    assert (house.office.proposal(event) is None) == decided
    raw = house.double.forum.first(house.topic(event)).raw
    assert ("Ho estem mirant." in raw) != decided
    assert "Refet." in raw
    row = house.office.row(event)
    assert (row.text, row.closed, row.sent_text) == (raw, True, raw)
    assert house.double.forum.topics[house.topic(event)].closed
    proposal = Proposal.objects.get()
    assert proposal.state == (Proposal.REFUSED if decided else Proposal.OPEN)


def test_what_was_seen_in_the_moment_before_we_write_is_not_written_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    [event] = house.mirrored("Tall de fibra a Sants")
    house.look_for(hours=1)
    real = mirror_actions.mean

    def mean(*given: Any) -> Mirrored:
        monkeypatch.undo()
        house.edit(event, rings=True)
        house.look.step(house.double.clock())
        return real(*given)

    monkeypatch.setattr(mirror_actions, "mean", mean)
    say(event, house.double.clock(), "Refet.", IncidentState.RESOLVED)
    house.office.catch_up()
    assert house.office.proposal(event) is not None
    raw = house.double.forum.first(house.topic(event)).raw
    assert "Ho estem mirant." in raw
    assert "Refet." in raw


def test_our_own_words_seen_before_we_have_marked_them_are_marked_all_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    [event] = house.mirrored("Tall de fibra a Sants")
    house.look_for(hours=1)

    def happens() -> None:
        house.ring(event)
        house.look.step(house.double.clock())

    while_it_is_closed(monkeypatch, happens)
    say(event, house.double.clock(), "Refet.", IncidentState.RESOLVED)
    house.office.catch_up()
    row = house.office.row(event)
    assert (row.sent_text, row.closed) == (house.office.wanted(event), True)
    assert not Proposal.objects.exists()
    assert len(house.double.asked("PUT")) == 3  # the text, the tags, and that it is closed


@pytest.mark.parametrize("odd", ["\ud800", "\0", "\x1b[31m"])
def test_what_no_database_keeps_hides_no_topic_from_the_look(house: House, odd: str) -> None:
    one, other = house.mirrored("Fibra", "Ràdio")
    topic = house.double.forum.topics[house.topic(one)]
    topic.title += odd
    house.double.forum.edit(house.topic(one), "marta", lambda raw: raw.replace("mirem.", f"estem {odd} mirant."))
    house.edit(other, rings=False)
    house.look_for(hours=3)
    assert [row.trouble for row in Mirrored.objects.all()] == ["", ""]
    assert {row.mirrored.event for row in Proposal.objects.all()} == {one, other}
    assert not any(sign in f"{row.text}{row.title}" for row in Mirrored.objects.all() for sign in "\0\ud800")


def test_a_mirror_that_cannot_be_made_is_put_off_and_told_in_one_line(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "ca.pem").write_text("no certificate\n")
    text = '[mirror]\nkind = "discourse"\naddress = "https://agora.example.org"\nkey_file = "key"\nuser = "talaia"\n'
    house.configure(f'{USUAL}\n{text}category = 5\nca_file = "ca.pem"\n')
    now, asked = house.double.clock(), 0

    def mirrors(config: Config) -> None:
        nonlocal asked
        asked += 1
        assert registry.chosen(config) is None

    look = MirrorPoll(current, mirrors, house.double.clock)
    with caplog.at_level(logging.WARNING):
        for seconds in range(0, 60, 2):
            look.step(now + timedelta(seconds=seconds))
    assert asked == 1
    assert len(caplog.records) == 1
    assert "ca_file cannot be used" in caplog.text
    assert look.put_off == (now, polling.AFTER_A_FAULT)
    with pytest.raises(PermanentError):  # what waits to be written is parked with the same words
        MirrorSync(current, registry.chosen).deliver(["incident/2026-001"], now)
