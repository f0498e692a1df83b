"""What people wrote in the forum, at the desk: with its writer, taken or left; and what needs a person there."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from talaia.config import current
from talaia.events import actions
from talaia.events.models import Event
from talaia.events.reading import whole
from talaia.events.timeline import IncidentState
from talaia.forum.actions import bind, mean, note_edit, note_trouble
from talaia.forum.backend import DocumentWords, MirroredDocument
from talaia.forum.models import Mirrored, Proposal
from talaia.forum.post import document
from talaia.forum.rows import house

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 10, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def event(desk: Client) -> Event:
    found = actions.open_incident({"ca": "Tall de fibra"}, {"ca": "Han tallat un cable @noc."}, {}, NOW, by="anna")
    later, state = NOW + timedelta(hours=1), IncidentState.MONITORING
    actions.update_incident(found.ref, state, {"ca": "Refet."}, later, by="anna")
    return Event.objects.get()


def proposed(event: Event, *changed: tuple[str, str], title: str = "") -> Proposal:
    """Somebody there has changed the text that stands there."""
    told = house(current())
    wanted = document(whole(event), told)
    row = Mirrored.objects.filter(event=event).first() or mean(event, "discourse", wanted.title, wanted.text, NOW)
    text = wanted.text
    for old, new in changed:
        assert old in text
        text = text.replace(old, new)
    given = (wanted.tags, False, "https://agora.example.org/t/371")
    standing = MirroredDocument(wanted.key, "371", "1-a", wanted.title, wanted.text, *given)
    bind(row, standing, NOW)
    row.refresh_from_db()
    standing = MirroredDocument(wanted.key, "371", "2-b", title or wanted.title, text, *given)
    assert note_edit(row, standing, DocumentWords(wanted.title, wanted.text), "marta", NOW)
    return Proposal.objects.get(state=Proposal.OPEN)


def read(answer: object) -> str:
    text = re.sub(r"<(?!ins|/ins|del|/del)[^>]+>", " ", answer.content.decode())  # type: ignore[attr-defined]
    return " ".join(html.unescape(text).split())


def seen(answer: object) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', answer.content.decode())  # type: ignore[attr-defined]
    assert found
    return found[1]


def test_the_front_tells_of_it_and_its_page_shows_who_wrote_what(desk: Client, event: Event) -> None:
    proposal = proposed(event, ("un cable", "dos cables"), ("Refet.", "Refet a les sis."))
    front = read(desk.get("/desk/"))
    assert "1 proposal from the forum" in front
    assert "marta" in front
    shown = read(desk.get(f"/desk/forum/{proposal.pk}"))
    assert "marta wrote there instead of our words." in shown
    assert (
        "Entry 1, Investigating Han tallat <del>un</del><ins>dos</ins> <del>cable</del><ins>cables</ins> @noc." in shown
    )
    assert "Entry 2, Monitoring Refet<ins> a les sis</ins>." in shown


def test_what_is_ticked_is_taken_and_the_rest_is_put_back(desk: Client, event: Event) -> None:
    proposal = proposed(event, ("un cable", "dos cables"), ("Refet.", "Refet a les sis."))
    there = f"/desk/forum/{proposal.pk}"
    answer = desk.post(there, {"seen": seen(desk.get(there)), "take": "1", "section": ["u1"]})
    assert answer.headers["Location"] == "/desk/"
    texts = [update.texts["ca"] for update in event.updates.order_by("number")]
    assert texts == ["Han tallat dos cables @noc.", "Refet."]
    proposal.refresh_from_db()
    assert (proposal.state, proposal.by) == (Proposal.TAKEN, "anna")
    assert "proposal" not in read(desk.get("/desk/"))
    assert desk.post(there, {"seen": "x", "leave": "1"}).headers["Location"] == "/desk/"  # a second tap


def test_a_title_is_taken_and_what_is_made_from_rows_is_not(desk: Client, event: Event) -> None:
    title = f"[2026-10-03] Dos cables a Sants ({event.ref})"
    proposal = proposed(event, ("**Estat:** En observació", "**Estat:** Resolt"), title=title)
    there = f"/desk/forum/{proposal.pk}"
    page = desk.get(there)
    assert "This part is made from what is set here" in read(page)
    assert page.content.count(b'type="checkbox"') == 1
    desk.post(there, {"seen": seen(page), "take": "1", "section": ["title", "resum"]})
    event.refresh_from_db()
    assert event.titles == {"ca": "Dos cables a Sants"}
    assert event.state == "monitoring"


def test_leaving_it_changes_nothing_of_ours(desk: Client, event: Event) -> None:
    proposal = proposed(event, ("un cable", "res"))
    there = f"/desk/forum/{proposal.pk}"
    desk.post(there, {"seen": seen(desk.get(there)), "leave": "1"})
    assert event.updates.get(number=1).texts == {"ca": "Han tallat un cable @noc."}
    proposal.refresh_from_db()
    assert proposal.state == Proposal.REFUSED


def test_who_decides_on_what_is_no_more_so_is_shown_what_is(desk: Client, event: Event) -> None:
    proposal = proposed(event, ("un cable", "dos cables"))
    there = f"/desk/forum/{proposal.pk}"
    saw = seen(desk.get(there))
    row = Mirrored.objects.get()
    later = MirroredDocument(row.key, "371", "3-c", row.title, row.text.replace("dos", "tres"), (), False, "")
    note_edit(row, later, DocumentWords("", ""), "pol", NOW)
    answer = desk.post(there, {"seen": saw, "take": "1", "section": ["u1"]})
    assert "somebody has written there again meanwhile" in read(answer)
    assert "marta, pol wrote there" in read(answer)
    assert event.updates.get(number=1).texts == {"ca": "Han tallat un cable @noc."}
    actions.edit_update("incident", event.ref, 1, {"ca": "Tot un altre text."}, NOW + timedelta(hours=2), by="bru")
    assert "We have written otherwise since" in read(desk.get(there))


def test_nothing_ticked_is_no_decision(desk: Client, event: Event) -> None:
    proposal = proposed(event, ("un cable", "dos cables"))
    there = f"/desk/forum/{proposal.pk}"
    assert "nothing is chosen" in read(desk.post(there, {"seen": seen(desk.get(there)), "take": "1"}))
    assert Proposal.objects.get().state == Proposal.OPEN


def test_what_only_a_person_can_mend_there_stands_on_the_front_with_what_to_do(desk: Client, event: Event) -> None:
    row = mean(event, "discourse", "", "", NOW)
    note_trouble(row, "topic 371 was deleted", "a moderator can recover it there", NOW)
    front = read(desk.get("/desk/"))
    assert "1 place in the forum needs a person" in front
    assert "topic 371 was deleted; a moderator can recover it there" in front


def test_a_proposal_that_is_none_is_told(desk: Client) -> None:
    answer = desk.get("/desk/forum/99")
    assert answer.status_code in (200, 404)
    assert "there is no such proposal" in read(answer)
