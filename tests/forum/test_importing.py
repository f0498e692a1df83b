"""Topics that people wrote before us become history, once; they stay as they were written until something changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from talaia.cli import main
from talaia.config import Config, current
from talaia.events import actions
from talaia.events.models import Event
from talaia.forum.importing import TopicImport, take_in
from talaia.forum.models import Mirrored
from talaia.forum.rebuild import rebuild
from talaia.outbox.models import Delivery, Fact
from tests.forum.house import Office
from tests.forum.there import Pair
from tests.product import ROOT
from tests.servers.discourse import Discourse

USUAL = (ROOT / "tests" / "talaia.toml").read_text()
THEN = datetime(2023, 5, 12, 20, 0, tzinfo=UTC)
CUT = """\
- 10:05 [Investigant] No hi ha connexió a Sants.
- 10:40 [Identificat] Han tallat un cable.
- 11:50 [Resolt] Tot bé.

## Anàlisi

Una excavadora."""

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(tmp_path: Path, configure: Callable[[str], Config]) -> Iterator[Pair]:
    with Discourse() as double:
        both = Pair(double, tmp_path)
        (tmp_path / "key").write_text("k" * 64)
        text = f'[mirror]\nkind = "discourse"\naddress = "{double.address}"\nkey_file = "key"\nuser = "talaia"\n'
        configure(f"{USUAL}\n{text}category = 5\n")
        forum = double.forum
        forum.write("[2023-05-12] Tall de fibra a Sants", CUT, at=THEN)
        forum.write("Com escrivim l’historial", "Poseu-hi sempre l’hora.", at=THEN)
        forum.write("[2023-06-02] Sense correu electrònic", "[Investigant] 09:00 Ho mirem.", at=THEN)
        forum.write("De tot i de res, per a tothom", "[Resolt] 10:00 això no és aquí", category=6, at=THEN)
        yield both
        both.close()


@pytest.fixture
def office(pair: Pair, tmp_path: Path) -> Office:
    ours = pair.ours()
    return Office(lambda: ours, tmp_path, pair.double.clock)


def imported(pair: Pair, office: Office, **options: bool) -> list[TopicImport]:
    return list(take_in(office.mirror(), office.house, pair.double.clock, pair.pause, by="anna", **options))


def test_a_topic_with_entries_becomes_an_incident_that_is_over(pair: Pair, office: Office) -> None:
    found = {topic.title: topic for topic in imported(pair, office)}
    event = Event.objects.get()
    assert (event.ref, event.titles, event.state) == ("2023-001", {"ca": "Tall de fibra a Sants"}, "resolved")
    assert [(u.state, u.texts["ca"]) for u in event.updates.order_by("number")] == [
        ("investigating", "No hi ha connexió a Sants."),
        ("identified", "Han tallat un cable."),
        ("resolved", "Tot bé."),
    ]
    assert event.started_at == datetime(2023, 5, 12, 8, 5, tzinfo=UTC)
    assert event.analyses == {"ca": "Una excavadora."}
    assert event.discussion.startswith(pair.double.address)
    assert found["[2023-05-12] Tall de fibra a Sants"].ref == "2023-001"
    assert "[Resolved]" in found["Com escrivim l’historial"].why or "Resolt" in found["Com escrivim l’historial"].why
    assert found["[2023-06-02] Sense correu electrònic"].why  # it is not over
    assert [fact.kind for fact in Fact.objects.exclude(by="")] == ["incident.imported"]


def test_done_again_it_does_nothing_and_finds_what_is_new(pair: Pair, office: Office) -> None:
    imported(pair, office)
    assert [topic.ref for topic in imported(pair, office) if topic.ref] == []
    pair.double.forum.write("[2024-01-02] Una altra avaria", "[Resolt] 09:00 Fet.")
    assert [topic.ref for topic in imported(pair, office) if topic.ref] == ["2024-001"]
    assert Event.objects.count() == 2


def test_what_would_be_can_be_told_and_a_topic_without_entries_be_wanted(pair: Pair, office: Office) -> None:
    assert [bool(topic.found and not topic.why) for topic in imported(pair, office, dry=True)].count(True) == 1
    assert Event.objects.count() == 0
    assert sum(bool(topic.ref) for topic in imported(pair, office, everything=True)) == 2


def test_a_topic_stays_as_people_wrote_it_until_something_changes_here(pair: Pair, office: Office) -> None:
    imported(pair, office)
    event, forum = Event.objects.get(), pair.double.forum
    topic = next(one for one in forum.standing() if one.title == "[2023-05-12] Tall de fibra a Sants")
    office.catch_up()
    office.look()
    forum.edit(topic.id, "marta", lambda raw: raw.replace("Tot bé.", "Tot va bé."))
    pair.double.clock.forward(4000)
    office.look()
    assert forum.first(topic.id).raw == CUT.replace("Tot bé.", "Tot va bé.")
    assert office.proposal(event) is not None
    assert not any(one.wrote for one in rebuild(office.mirror(), office.house, pair.double.clock, pair.pause))
    actions.write_analysis("incident", event.ref, "ca", "Una excavadora groga.", pair.double.clock(), by="anna")
    office.catch_up()
    raw = forum.first(topic.id).raw
    assert "Una excavadora groga." in raw
    assert "#u3" in raw
    assert Delivery.objects.filter(state=Delivery.PARKED).count() == 0
    assert len(forum.standing()) == 3


def test_ours_are_not_taken_for_topics_of_others(pair: Pair, office: Office) -> None:
    imported(pair, office)
    actions.open_incident({"ca": "Sense correu"}, {"ca": "Ho mirem."}, {}, pair.double.clock())
    office.catch_up()
    Mirrored.objects.filter(event__titles={"ca": "Sense correu"}).delete()
    assert [topic.why for topic in imported(pair, office) if "correu (" in topic.title] != [""]
    assert Event.objects.count() == 2


def test_the_shell_says_what_became_of_each(
    pair: Pair, office: Office, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = current()
    assert config.path
    monkeypatch.setenv("TALAIA_CONFIG", str(config.path))
    monkeypatch.setenv("TALAIA_HOME", str(config.home))
    assert main(["forum", "import", "--dry-run"]) == 0
    assert "would be  Tall de fibra a Sants (2023-05-12 10:05, 3 entries)" in capsys.readouterr().out
    assert main(["forum", "import"]) == 0
    said = capsys.readouterr().out
    assert "2023-001  Tall de fibra a Sants" in said
    assert "1 taken over, 2 left" in said
    assert office.mirror().name == "discourse"
