"""Whatever people write on both sides, whatever fails in between and whenever we are killed: page and forum agree.

At rest each event has exactly one topic; its first post is the text of the rows, or a proposal is open; and no word
that somebody wrote in the forum is lost: it stands in a proposal, in our rows, or an operator has decided about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from talaia import config as configuration
from talaia.config import Config
from talaia.events import actions
from talaia.events.models import Event
from talaia.events.reading import whole
from talaia.events.timeline import ENDED, IncidentState, NotPossible
from talaia.forum.actions import decide, mark_of
from talaia.forum.backend import MirrorBackend
from talaia.forum.models import Mirrored
from talaia.forum.post import document
from talaia.forum.proposals import changes
from talaia.outbox.models import Delivery
from tests.forum.house import Office
from tests.forum.there import Pair
from tests.product import ROOT
from tests.servers.discourse import Discourse, Fail

USUAL = (ROOT / "tests" / "talaia.toml").read_text()
# The words that people of ours write; and the places in a post where others write theirs.
OURS = [
    "Ho mirem.",
    "Un cable.",
    "# Títol\n\n- un\n- dos",
    "a @noc li costa",
    "línia\nlínia",
    "[groc] <b>",
    "```\ncodi",
]
SPOTS = ["Ho mirem.", "cable", "Cronologia", "Estat", "correc", "u1)", "\n\n###", "un", "línia"]


class Killed(BaseException):
    """As kill -9: nothing of ours runs after it."""


class Dying:
    """A mirror in which we are killed before or after one of the next calls."""

    def __init__(self, real: Any) -> None:
        self.real, self.name, self.left, self.after = real, real.name, 0, ""

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.real, name)

        def called(*given: Any) -> Any:
            self.count()
            found = method(*given)
            self.count()
            if name == self.after:
                self.after = ""
                raise Killed
            return found

        return called if name in ("find", "read", "make", "change") else method

    def count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


class Histories(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        home = Path(self.folder.name)
        self.double = Discourse()
        self.double.__enter__()
        self.pair, self.clock = Pair(self.double, home), self.double.clock
        (home / "key").write_text("k" * 64)
        text = f'[mirror]\nkind = "discourse"\naddress = "{self.double.address}"\nkey_file = "key"\nuser = "talaia"\n'
        (home / "talaia.toml").write_text(f"{USUAL}\n{text}category = 5\nrate = 60\n")
        self.double.forum.settings.max_admin_api_reqs_per_minute = 1000
        self.double.forum.settings.per_ip_per_minute = self.double.forum.settings.per_ip_per_10_seconds = 10_000
        config = configuration.read(home / "talaia.toml", home)
        configuration._current = config
        self.around = transaction.atomic()
        self.around.__enter__()
        self.dying = Dying(self.pair.ours())
        mirror: MirrorBackend = self.dying
        self.office = Office(lambda: mirror, home, self.clock)
        self.written: dict[str, str] = {}  # a word that somebody wrote there → the event
        self.decided: set[str] = set()
        self.words = 0

    def teardown(self) -> None:
        if not hasattr(self, "around"):
            return
        try:
            self.rest()
            self.is_in_agreement()
        finally:
            transaction.set_rollback(True)
            self.around.__exit__(None, None, None)
            self.pair.close()
            self.double.__exit__(None, None, None)
            self.folder.cleanup()

    # People of ours ---------------------------------------------------------------------------------------------

    @rule(text=st.sampled_from(OURS))
    def open(self, text: str) -> None:
        if Event.objects.count() < 3:
            actions.open_incident({"ca": "Tall de fibra"}, {"ca": text}, {}, self.clock(), by="anna")

    @rule(which=st.integers(0, 2), state=st.sampled_from(IncidentState), text=st.sampled_from(OURS))
    def update(self, which: int, state: IncidentState, text: str) -> None:
        if event := self.event(which):
            actions.update_incident(event.ref, state, {"ca": text}, self.clock(), by="anna")

    @rule(which=st.integers(0, 2), number=st.integers(1, 2), text=st.sampled_from(OURS))
    def correct(self, which: int, number: int, text: str) -> None:
        if event := self.event(which):
            try:
                actions.edit_update("incident", event.ref, number, {"ca": text}, self.clock(), by="anna")
            except NotPossible:
                return

    @rule(which=st.integers(0, 2), title=st.sampled_from(["Sense correu", "AVARIA", "Tall de fibra!!"]))
    def rename(self, which: int, title: str) -> None:
        if event := self.event(which):
            actions.edit_event("incident", event.ref, self.clock(), by="anna", titles={"ca": title})

    @rule(which=st.integers(0, 2), text=st.sampled_from(OURS))
    def analyse(self, which: int, text: str) -> None:
        event = self.event(which)
        if event and event.state in ENDED:
            actions.write_analysis("incident", event.ref, "ca", text, self.clock(), by="anna")

    @rule(which=st.integers(0, 2), take=st.booleans(), every=st.booleans())
    def decide(self, which: int, take: bool, every: bool) -> None:
        event = self.event(which)
        proposal = self.office.proposal(event) if event else None
        if event is None or proposal is None:
            return
        told = whole(event)
        given = (proposal.base, proposal.theirs, proposal.base_title, proposal.their_title)
        found = [change for change in changes(told, self.office.house, *given) if change.takeable]
        taken = found[: None if every else 1] if take else []
        decide(proposal.pk, taken, self.clock(), by="anna", seen=mark_of(proposal))
        self.decided |= {word for word in self.written if word in proposal.theirs + proposal.their_title}

    # People there -----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.double.forum.standing())
    @rule(which=st.integers(0, 2), spot=st.sampled_from(SPOTS), instead=st.booleans())
    def somebody_edits(self, which: int, spot: str, instead: bool) -> None:
        topic = self.topic(which)
        self.words += 1
        word = f"paraula{self.words:03}"
        raw = self.double.forum.first(topic.id).raw
        if spot not in raw:
            return
        new = raw.replace(spot, word if instead else f"{spot} {word}", 1)
        kept = {one for one in self.written if one in raw and one not in new}
        self.decided |= kept  # taken out by people themselves
        self.double.forum.edit(topic.id, "marta", new)
        self.written[word] = topic.external_id or ""

    @precondition(lambda self: self.double.forum.standing())
    @rule(which=st.integers(0, 2))
    def somebody_renames(self, which: int) -> None:
        topic = self.topic(which)
        self.words += 1
        word = f"paraula{self.words:03}"
        self.decided |= {one for one in self.written if one in topic.title}
        self.double.forum.rename(topic.id, "marta", f"[2026-10-03] Sense {word} ({(topic.external_id or '')[-8:]})")
        self.written[word] = topic.external_id or ""

    @precondition(lambda self: self.double.forum.standing())
    @rule(which=st.integers(0, 2))
    def somebody_replies(self, which: int) -> None:
        self.double.forum.reply(self.topic(which).id, "pol")

    # What happens ------------------------------------------------------------------------------------------------

    @rule(
        way=st.sampled_from(["commit then drop", "drop", "truncated", "bad gateway"]),
        asked=st.sampled_from(["POST", "PUT /posts", "PUT /t", "GET", ""]),
    )
    def something_fails(self, way: Any, asked: str) -> None:
        self.double.failing.append(Fail(way, asked))

    @rule(on=st.booleans())
    def read_only(self, on: bool) -> None:
        self.double.forum.settings.read_only = on

    @rule(seconds=st.sampled_from([1, 70, 600, 7200]))
    def time_passes(self, seconds: int) -> None:
        self.clock.forward(seconds)

    @rule(calls=st.integers(0, 9), looks=st.booleans())
    def work(self, calls: int, looks: bool) -> None:
        """Some of it, until we are killed."""
        self.dying.left = calls
        try:
            self.office.look() if looks else self.office.catch_up()
        except Killed:
            self.begin_again()
        self.dying.left = 0

    @rule(
        which=st.integers(0, 2),
        first=st.sampled_from(IncidentState),
        then=st.sampled_from(IncidentState),
        after=st.sampled_from(["make", "change", "read"]),
        edited=st.booleans(),
    )
    def killed_when_it_was_written(
        self, which: int, first: IncidentState, then: IncidentState, after: str, edited: bool
    ) -> None:
        """It stands there and nobody knows; the rows go on, and perhaps somebody there, too."""
        if not Event.objects.exists():
            self.open("Ho mirem.")
        if after != "make":
            self.office.catch_up()
        self.update(which, first, "Un cable.")
        self.dying.after = after
        try:
            self.office.catch_up()
        except Killed:
            self.begin_again()
        self.dying.after = ""
        if edited and self.double.forum.standing():
            self.somebody_edits(which, "cable", False)
        self.update(which, then, "Ho mirem.")

    def begin_again(self) -> None:
        """As a new process: what the old one held is given back, and nothing is remembered."""
        self.dying.real = self.pair.ours()
        Delivery.objects.filter(state=Delivery.RUNNING).update(state=Delivery.READY, due=self.clock())

    # At rest -----------------------------------------------------------------------------------------------------

    def rest(self) -> None:
        self.dying.left = 0
        self.double.failing.clear()
        self.double.forum.settings.read_only = False
        for _turn in range(12):
            self.clock.forward(3700)
            self.office.catch_up()  # before a look: it may not lean on one to tell our words from others'
            self.office.look()

    @rule()
    def at_rest(self) -> None:
        self.rest()
        self.is_in_agreement()

    def is_in_agreement(self) -> None:
        forum, told = self.double.forum, self.office.house
        assert self.office.parked() == []
        assert self.office.waiting() == []
        topics = forum.standing()
        assert len({topic.external_id for topic in topics}) == len(topics) == Event.objects.count()
        for topic in topics:
            event = Event.objects.get(number=int((topic.external_id or "")[-3:]))
            wanted, stands = document(whole(event), told), forum.first(topic.id).raw
            proposal = self.office.proposal(event)
            assert stands == wanted.text or proposal, f"{event.ref} says another thing there"
            if proposal:
                undecided = {word for word in self.written if word not in self.decided}
                said = proposal.theirs + proposal.their_title
                assert any(word in said for word in undecided), f"{event.ref}: nobody else has written anything there"
            assert Mirrored.objects.get(event=event).text == stands
            assert topic.closed == wanted.closed
            assert event.replies == len(topic.posts) - 1
        for word, key in self.written.items():
            event = Event.objects.get(number=int(key[-3:]))
            ours = document(whole(event), told)
            open_one = self.office.proposal(event)
            there = next(t for t in topics if t.external_id == key)
            known = word in ours.text + ours.title or (open_one and word in open_one.theirs + open_one.their_title)
            assert known or word in self.decided, f"{word} is lost"
            if open_one and word in open_one.theirs + open_one.their_title and word not in self.decided:
                assert word in forum.first(there.id).raw + there.title, f"{word} was written over"

    @invariant()
    def the_contract_is_kept(self) -> None:
        if hasattr(self, "double"):
            assert self.double.breaches == []

    # Which -------------------------------------------------------------------------------------------------------

    def event(self, which: int) -> Event | None:
        found = list(Event.objects.order_by("pk"))
        return found[which % len(found)] if found else None

    def topic(self, which: int) -> Any:
        found = self.double.forum.standing()
        return found[which % len(found)]


@pytest.fixture
def _configuration() -> Iterator[Config]:
    before = configuration.current()
    yield before
    configuration._current = before


@pytest.mark.torture
@pytest.mark.django_db
@pytest.mark.usefixtures("_configuration")
def test_page_and_forum_agree_whatever_happens() -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=30,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to make a failure smaller takes too long
        ),
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("_configuration")
@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("after", ["make", "change", "read", "find"])
def test_they_agree_after_a_kill_at_the_worst_moment(after: str, edited: bool) -> None:
    """The same machine along one path that chance takes too seldom."""
    machine = Histories()
    machine.begin()
    machine.open("Ho mirem.")
    machine.killed_when_it_was_written(0, IncidentState.IDENTIFIED, IncidentState.RESOLVED, after, edited)
    machine.killed_when_it_was_written(0, IncidentState.MONITORING, IncidentState.INVESTIGATING, after, edited)
    machine.at_rest()
    machine.decide(0, True, True)
    machine.teardown()
