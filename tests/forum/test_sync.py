"""What stands outside is kept equal to the rows, in a real forum's double and in a real repository."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from talaia.config import Config, current
from talaia.events import actions
from talaia.events.models import Event
from talaia.events.reading import whole
from talaia.events.timeline import IncidentState, NotPossible, Overtaken
from talaia.forum.actions import decide, mark_of
from talaia.forum.backend import Document, MirrorBackend
from talaia.forum.front_matter import read
from talaia.forum.git import Git
from talaia.forum.models import Proposal
from talaia.forum.proposals import SectionEdit, changes
from talaia.outbox.models import Delivery, Fact
from tests.forum.history import Repository
from tests.forum.house import Office, open_one, say
from tests.forum.there import Pair
from tests.product import ROOT
from tests.servers.discourse import Discourse, Fail

pytestmark = pytest.mark.django_db
USUAL = (ROOT / "tests" / "talaia.toml").read_text()


class Place:
    """Where the history stands, as people there see it."""

    def __init__(self, pair: Pair | None, repository: Repository | None) -> None:
        self.pair, self.repository = pair, repository

    def texts(self) -> list[str]:
        if self.pair:
            forum = self.pair.double.forum
            return [forum.first(topic.id).raw for topic in forum.standing()]
        assert self.repository
        found = [self.repository[name] or "" for name in self.repository.files()]
        return [text.partition("---\n\n")[2].rstrip("\n") for text in found]

    def edit(self, old: str, new: str, by: str = "marta") -> None:
        [text] = self.texts()
        assert old in text
        if self.pair:
            [topic] = self.pair.double.forum.standing()
            self.pair.double.forum.edit(topic.id, by, lambda raw: raw.replace(old, new))
            return
        assert self.repository
        self.repository.edit(self.repository.files()[0], old, new, by)

    def retitle(self, old: str, new: str, by: str = "marta") -> None:
        if self.pair:
            [topic] = self.pair.double.forum.standing()
            self.pair.double.forum.rename(topic.id, by, topic.title.replace(old, new))
            return
        assert self.repository
        self.repository.edit(self.repository.files()[0], old, new, by)

    def title(self) -> str:
        if self.pair:
            return self.pair.double.forum.standing()[0].title
        assert self.repository
        return read(self.repository[self.repository.files()[0]] or "")[0]


@dataclass
class All:
    office: Office
    place: Place
    now: Callable[[], datetime]


@pytest.fixture(params=["discourse", "git"])
def all_(request: pytest.FixtureRequest, tmp_path: Path, configure: Callable[[str], Config]) -> Iterator[All]:
    with Discourse() as double:
        pair = Pair(double, tmp_path)
        if request.param == "git":
            there = Repository(tmp_path / "history.git")
            config = configure(f'{USUAL}\n[mirror]\nkind = "git"\nrepository = "{there.path}"\n')
            assert config.tables.mirror
            mirror: MirrorBackend = Git(config.tables.mirror, config)
            place = Place(None, there)
        else:
            (tmp_path / "key").write_text("k" * 64)
            text = f'[mirror]\nkind = "discourse"\naddress = "{double.address}"\nkey_file = "key"\nuser = "talaia"\n'
            configure(f"{USUAL}\n{text}category = 5\n")
            mirror, place = pair.ours(), Place(pair, None)
        yield All(Office(lambda: mirror, tmp_path, double.clock), place, double.clock)
        pair.close()
        assert double.breaches == []


@pytest.fixture
def office(all_: All) -> Office:
    return all_.office


@pytest.fixture
def place(all_: All) -> Place:
    return all_.place


@pytest.fixture
def now(all_: All) -> datetime:
    return all_.now()


def proposed(office: Office, event: Event) -> tuple[Proposal, tuple[SectionEdit, ...]]:
    proposal = office.proposal(event)
    assert proposal is not None
    told = whole(Event.objects.get(pk=event.pk))
    given = (proposal.base, proposal.theirs, proposal.base_title, proposal.their_title)
    return proposal, changes(told, office.house, *given)


def test_an_incident_has_one_place_and_it_says_what_the_page_says(office: Office, place: Place, now: datetime) -> None:
    event = open_one(now)
    office.catch_up()
    assert place.texts() == [office.wanted(event)]
    say(event, now, "Un cable al carrer Major.")
    say(event, now, "Refet.", IncidentState.RESOLVED)
    office.catch_up()
    assert place.texts() == [office.wanted(event)]
    assert "Refet." in office.wanted(event)
    assert office.parked() == office.waiting() == []


def test_what_changes_nothing_there_is_not_sent(office: Office, now: datetime) -> None:
    event = open_one(now)
    office.catch_up()
    version = office.row(event).version
    office.catch_up()
    actions.edit_event("incident", event.ref, now, titles={"ca": "Tall de fibra a Sants"})
    office.catch_up()
    assert office.row(event).version == version
    assert Fact.objects.filter(kind__startswith="forum.").count() == 1


def test_what_somebody_wrote_there_is_proposed_and_stays_while_we_write_on(
    office: Office, place: Place, now: datetime
) -> None:
    event = open_one(now)
    office.catch_up()
    place.edit("Ho mirem.", "Ho estem mirant.")
    say(event, now, "Un cable al carrer Major.")
    office.catch_up()
    [text] = place.texts()
    assert "Ho estem mirant." in text
    assert "Un cable al carrer Major." in text
    proposal, [change] = proposed(office, event)
    assert (change.section, change.wanted) == ("u1", "No hi ha connexió. Ho estem mirant.")
    assert proposal.editor == "marta"
    say(event, now, "Més.")
    office.catch_up()
    assert "Més." in place.texts()[0]
    assert "Ho estem mirant." in place.texts()[0]
    assert [one.section for one in proposed(office, event)[1]] == ["u1"]


def test_what_is_taken_becomes_a_correction_of_ours(office: Office, place: Place, now: datetime) -> None:
    event = open_one(now)
    office.catch_up()
    place.edit("Ho mirem.", "Ho estem mirant.")
    say(event, now, "Un cable.")
    office.catch_up()
    proposal, found = proposed(office, event)
    decide(proposal.pk, found, now, by="anna", seen=mark_of(proposal))
    office.catch_up()
    update = event.updates.get(number=1)
    assert update.texts == {"ca": "No hi ha connexió. Ho estem mirant."}
    assert place.texts() == [office.wanted(event)]
    assert office.proposal(event) is None
    kinds = list(Fact.objects.exclude(by="").order_by("id").values_list("kind", "by"))[-2:]
    assert kinds == [("incident.corrected", "anna"), ("forum.taken", "anna")]


def test_what_is_left_aside_is_put_back(office: Office, place: Place, now: datetime) -> None:
    event = open_one(now)
    office.catch_up()
    place.edit("Ho mirem.", "No fan res.")
    say(event, now, "Un cable.")
    office.catch_up()
    proposal, _found = proposed(office, event)
    decide(proposal.pk, [], now, by="anna")
    office.catch_up()
    assert place.texts() == [office.wanted(event)]
    assert "No fan res." not in place.texts()[0]
    assert Proposal.objects.get(pk=proposal.pk).theirs.count("No fan res.") == 1  # kept, for whoever asks
    with pytest.raises(NotPossible):
        decide(proposal.pk, [], now, by="bru")


def test_an_edit_between_a_look_and_a_decision_is_not_lost(office: Office, place: Place, now: datetime) -> None:
    event = open_one(now)
    office.catch_up()
    place.edit("Ho mirem.", "Ho estem mirant.")
    say(event, now, "Un cable.")
    office.catch_up()
    proposal, found = proposed(office, event)
    place.edit("Un cable.", "Dos cables.", by="pol")  # not seen yet
    decide(proposal.pk, found, now, by="anna", seen=mark_of(proposal))
    office.catch_up()
    office.look()
    later, [change] = proposed(office, event)
    assert (change.section, change.wanted, later.editor) == ("u2", "Dos cables.", "pol")
    assert "Dos cables." in place.texts()[0]


def test_who_saw_an_older_version_decides_nothing(office: Office, place: Place, now: datetime) -> None:
    event = open_one(now)
    office.catch_up()
    place.edit("Ho mirem.", "Ho estem mirant.")
    say(event, now, "Un cable.")
    office.catch_up()
    proposal, found = proposed(office, event)
    seen = mark_of(proposal)
    place.edit("mirant.", "mirant molt.", by="pol")
    say(event, now, "Encara.")
    office.catch_up()
    with pytest.raises(Overtaken):
        decide(proposal.pk, found, now, by="anna", seen=seen)
    assert office.proposal(event) is not None
    actions.edit_update("incident", event.ref, 1, {"ca": "Tot un altre text."}, now, by="anna")
    with pytest.raises(Overtaken):
        decide(proposal.pk, found, now, by="anna")


def test_an_edit_that_is_taken_back_there_is_settled_by_itself(office: Office, place: Place, now: datetime) -> None:
    event = open_one(now)
    office.catch_up()
    place.edit("Ho mirem.", "Ho estem mirant.")
    say(event, now, "Un cable.")
    office.catch_up()
    place.edit("Ho estem mirant.", "Ho mirem.")
    say(event, now, "Dos cables.")
    office.catch_up()
    assert office.proposal(event) is None
    assert place.texts() == [office.wanted(event)]


def test_what_was_deleted_there_is_parked_with_what_to_do(office: Office, place: Place, now: datetime) -> None:
    event = open_one(now)
    office.catch_up()
    if place.pair:
        [topic] = place.pair.double.forum.standing()
        place.pair.double.forum.delete(topic.id)
    else:
        assert place.repository
        place.repository.write(place.repository.files()[0], None) if len(place.repository.files()) > 1 else None
        place.repository.write("other.md", "x")
        place.repository.write("incident-2026-001.md", None)
    say(event, now, "Un cable.")
    office.catch_up()
    [parked] = office.parked()
    assert parked.hint
    assert office.row(event).trouble
    assert not office.waiting()


def test_nothing_is_known_outside_of_what_waits_for_a_second_person(office: Office, now: datetime) -> None:
    assert current().tables.mirror is not None
    office.catch_up()
    assert Delivery.objects.filter(channel="mirror").count() == 0


@pytest.mark.parametrize("new", ["Tall de Fibra", "TALL-DE-FIBRA"])
@pytest.mark.parametrize("looks", [True, False])
def test_a_title_with_other_capitals_is_no_edit_and_our_next_words_still_come_there(
    office: Office, place: Place, now: datetime, new: str, looks: bool
) -> None:
    event = open_one(now)
    office.catch_up()
    title = place.title()
    place.retitle("Tall de fibra", new)
    assert place.title() != title
    if looks:
        office.look()
    say(event, now, "Refet.", IncidentState.RESOLVED)
    office.catch_up()
    assert place.texts() == [office.wanted(event)]
    assert place.title() == title
    assert office.proposal(event) is None
    assert office.parked() == office.waiting() == []


class Killed(BaseException):
    """As kill -9: nothing of ours runs after it."""


@pytest.mark.parametrize("step", range(1, 9))
def test_a_kill_between_any_two_steps_doubles_nothing_and_proposes_nothing(
    office: Office, place: Place, now: datetime, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = open_one(now)
    left = step

    def killing(name: str) -> None:
        mirror = office.mirror()
        real = getattr(mirror, name)

        def called(*given: object) -> object:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed
            found = real(*given)
            left -= 1
            if left == 0:
                raise Killed  # done there, and not marked here
            return found

        monkeypatch.setattr(mirror, name, called)

    for name in ("make", "change", "read"):
        killing(name)
    for words in ("", "Un cable.", "Dos cables.", "Refet."):
        if words:
            say(event, now, words)
        try:
            office.catch_up()
        except Killed:
            say(event, now, f"Després de {words}")  # the rows go on, so that what was meant is no more what is wanted
            Delivery.objects.filter(state=Delivery.RUNNING).update(state=Delivery.READY, due=now)
            office.catch_up()
    assert place.texts() == [office.wanted(event)]
    assert office.proposal(event) is None
    assert not office.parked()


@pytest.mark.parametrize("all_", ["discourse"], indirect=True)
@pytest.mark.parametrize("way", ["commit then drop", "drop", "truncated", "bad gateway"])
@pytest.mark.parametrize("asked", ["POST /posts", "PUT /posts", "GET"])
def test_whatever_happens_on_the_way_there_is_one_topic(all_: All, way: str, asked: str) -> None:
    office, place, clock = all_.office, all_.place, all_.now
    assert place.pair
    event = open_one(clock())
    place.pair.double.failing.append(Fail(way, asked))  # type: ignore[arg-type]
    for words in ("Un cable.", "Refet."):
        office.catch_up()
        say(event, clock(), words)
    for _ in range(20):
        office.catch_up()
        place.pair.double.clock.forward(200)
    assert place.texts() == [office.wanted(event)]
    assert office.proposal(event) is None
    assert not office.parked()


@pytest.mark.parametrize("all_", ["discourse"], indirect=True)
def test_a_day_without_the_forum_changes_nothing_and_is_caught_up(all_: All) -> None:
    office, place = all_.office, all_.place
    assert place.pair
    event = open_one(all_.now())
    office.catch_up()
    place.pair.double.forum.settings.read_only = True
    for hour in range(24):
        say(event, all_.now(), f"Hora {hour}.")
        office.catch_up()
        place.pair.double.clock.forward(3600)
    place.pair.double.forum.settings.read_only = False
    for _ in range(40):
        office.catch_up()
        place.pair.double.clock.forward(60)
    assert place.texts() == [office.wanted(event)]
    assert not office.parked()


@pytest.mark.parametrize("all_", ["discourse"], indirect=True)
def test_the_page_leads_to_the_topic_and_the_title_of_a_topic_can_be_proposed(all_: All) -> None:
    office, place = all_.office, all_.place
    assert place.pair
    event = open_one(all_.now())
    office.catch_up()
    [topic] = place.pair.double.forum.standing()
    assert Event.objects.get().discussion == f"{place.pair.double.address}/t/{topic.id}"
    place.pair.double.forum.rename(topic.id, "marta", f"[2026-10-03] Sants sense fibra ({event.ref})")
    say(event, all_.now(), "Un cable.")
    office.catch_up()
    proposal, [change] = proposed(office, event)
    assert (change.section, change.wanted) == ("title", "Sants sense fibra")
    assert "Un cable." in place.texts()[0]
    decide(proposal.pk, [change], all_.now(), by="anna")
    office.catch_up()
    assert Event.objects.get().titles == {"ca": "Sants sense fibra"}
    assert place.pair.double.forum.standing()[0].title == f"[2026-10-03] Sants sense fibra ({event.ref})"


def test_what_somebody_wrote_before_we_knew_of_our_own_topic_is_proposed(
    office: Office, place: Place, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = open_one(now)
    mirror = office.mirror()
    real = mirror.make

    def killed(given: Document) -> None:
        real(given)
        raise Killed

    monkeypatch.setattr(mirror, "make", killed)
    with pytest.raises(Killed):
        office.catch_up()
    monkeypatch.setattr(mirror, "make", real)
    place.edit("Ho mirem.", "Ho estem mirant.")
    say(event, now, "Un cable.")
    Delivery.objects.filter(state=Delivery.RUNNING).update(state=Delivery.READY, due=now)
    office.catch_up()
    proposal, [change] = proposed(office, event)
    assert (change.section, change.wanted, proposal.editor) == ("u1", "No hi ha connexió. Ho estem mirant.", "marta")
    assert "Un cable." in place.texts()[0]
