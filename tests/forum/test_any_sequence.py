"""Whatever happens in whatever order: one topic per event, and no word of a person is written over unseen.

Incidents change, people edit, delete and recover, answers are lost, the process dies, clocks go on. At rest each event
has one topic, and its first post is the last document, or is what a person wrote and we were told of.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from talaia.forum.backend import Document, EditedElsewhere, Gone, MirroredDocument
from talaia.forum.discourse.names import external_id
from talaia.outbox.errors import TemporaryError
from tests.forum.there import TEXT, Pair, document
from tests.servers.discourse import Discourse
from tests.servers.discourse.server import Way

KEYS = ("incident/2026-014", "maintenance/2026-003")
WAYS: list[Way] = ["drop", "commit then drop", "bad gateway", "truncated"]
keys = st.sampled_from(KEYS)


class Forum(RuleBasedStateMachine):
    """`base` is what the house wrote down: it survives a death, and a lost answer leaves it as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.double = Discourse()
        self.double.__enter__()
        self.pair = Pair(self.double, Path(self.folder.name))
        self.ours = self.pair.ours()
        self.wanted: dict[str, Document] = {}
        self.base: dict[str, MirroredDocument] = {}
        self.untold: dict[str, set[str]] = {key: set() for key in KEYS}  # texts of people of which we know nothing
        self.count = 0

    def teardown(self) -> None:
        self.rest()
        self.pair.close()
        self.double.__exit__(None, None, None)
        self.folder.cleanup()

    def topic(self, key: str) -> int | None:
        found = [t.id for t in self.double.forum.topics.values() if t.external_id == external_id(key)]
        assert len(found) <= 1, "two topics for one event"
        return found[0] if found else None

    def deliver(self, key: str) -> bool:
        """What the house does with a document: True when it was done, or a person has to see to it."""
        wanted = self.wanted[key]
        try:
            done = self.ours.change(wanted, self.base[key], "") if key in self.base else self.ours.make(wanted)
            if isinstance(done, MirroredDocument) and (done.text, done.closed) != (wanted.text, wanted.closed):
                self.told(key, done)  # adopted: what stands there is of somebody
                done = self.ours.change(wanted, done, "")
        except TemporaryError as fault:
            self.double.clock.forward((fault.after.total_seconds() if fault.after else 0) + 1)
            return False
        if isinstance(done, EditedElsewhere):
            self.told(key, done.standing)
            return False
        if isinstance(done, MirroredDocument):
            self.base[key] = done
        return True

    def told(self, key: str, there: MirroredDocument) -> None:
        """The house shows it to an operator, who takes it or not; from now on it may be written over."""
        self.untold[key].discard(there.text)
        self.base[key] = there

    @rule(key=keys, closed=st.booleans(), tags=st.sampled_from(["investigating", "resolved"]), now=st.booleans())
    def something_happens(self, key: str, closed: bool, tags: str, now: bool) -> None:
        self.count += 1
        kind, _, ref = key.partition("/")
        text = f"{TEXT}\n\nEntrada número {self.count}."
        self.wanted[key] = document(key, f"[{kind} {ref}] Tall de fibra al Centre", text, (kind, tags), closed)
        if now:
            self.deliver(key)

    @rule(key=keys)
    def somebody_writes_in_the_moment_in_which_we_do(self, key: str) -> None:
        if key in self.base:
            self.double.before("PUT /posts", lambda: self.a_person_edits(key, "marta"))
            self.something_happens(key, closed=False, tags="investigating", now=True)
            self.double.coming.clear()

    @rule(key=keys)
    def the_worker_tries(self, key: str) -> None:
        if key in self.wanted:
            self.deliver(key)

    @rule(key=keys, by=st.sampled_from(["marta", "joan"]))
    def a_person_edits(self, key: str, by: str) -> None:
        id = self.topic(key)
        if id and not self.double.forum.topics[id].deleted_at:
            self.count += 1
            before = self.double.forum.first(id).raw
            text = f"{before}\n\nNota {self.count} de {by}."
            self.untold[key].discard(before)  # what was there before is in it
            self.double.forum.edit(id, by, text)
            self.untold[key].add(text)

    @rule(key=keys)
    def a_person_replies(self, key: str) -> None:
        if id := self.topic(key):
            self.double.forum.reply(id, "joan")

    @rule(key=keys)
    def a_moderator_deletes_or_recovers(self, key: str) -> None:
        if id := self.topic(key):
            is_there = self.double.forum.topics[id].deleted_at is None
            (self.double.forum.delete if is_there else self.double.forum.recover)(id)

    @rule(way=st.sampled_from(WAYS), asked=st.sampled_from(["GET", "POST", "PUT", "PUT /posts"]))
    def the_line_breaks(self, way: Way, asked: str) -> None:
        if len(self.double.failing) < 3:
            self.double.fail(way, asked)

    @rule()
    def the_process_dies(self) -> None:
        self.ours = self.pair.ours()

    @rule(seconds=st.sampled_from([1, 60, 119, 121, 400, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.double.clock.forward(seconds)

    @precondition(lambda self: not self.double.forum.settings.read_only)
    @rule()
    def an_upgrade_begins(self) -> None:
        self.double.forum.settings.read_only = True

    @precondition(lambda self: self.double.forum.settings.read_only)
    @rule()
    def the_upgrade_is_over(self) -> None:
        self.double.forum.settings.read_only = False

    @invariant()
    def there_is_one_topic_at_most(self) -> None:
        for key in KEYS:
            self.topic(key)

    @invariant()
    def what_people_wrote_and_we_were_not_told_stands(self) -> None:
        for key in KEYS:
            for text in self.untold[key]:
                id = self.topic(key)
                assert id
                assert self.double.forum.first(id).raw == text

    def rest(self) -> None:
        """The line holds, nobody does anything more, and the worker tries until it is done."""
        self.double.failing.clear()
        self.double.forum.settings.read_only = False
        for key, wanted in self.wanted.items():
            for _ in range(8):
                if self.deliver(key):
                    break
            else:
                raise AssertionError(f"{key} never comes to rest")
            id = self.topic(key)
            assert id
            topic = self.double.forum.topics[id]
            if topic.deleted_at:
                assert isinstance(self.ours.read(str(id)), Gone)
                continue
            assert (self.double.forum.first(id).raw, topic.closed) == (wanted.text, wanted.closed)
            assert set(wanted.tags) == set(topic.tags)
            assert not self.untold[key]


Forum.TestCase.settings = settings(
    max_examples=100, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnySequence = pytest.mark.slow(Forum.TestCase)
