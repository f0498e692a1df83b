"""Subscribing: asked for on a page, confirmed by mail, the same for every address; and what it means for mails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from talaia.audience.actions import add, confirm, forget_asked, opt_out
from talaia.audience.importing import apply, plan, propose
from talaia.audience.models import OptOut, Recipient, Subscription
from talaia.config import current
from talaia.events import actions as events
from talaia.events.timeline import IncidentState
from talaia.notices import tokens
from talaia.notices.models import Reply
from talaia.notices.replies.actions import order
from talaia.outbox.models import Fact
from talaia.panel.state import State
from talaia.server.scheduler import Clock
from tests.notices.conftest import Configure, House, set_up
from tests.notices.mailserver import MailServer

pytestmark = pytest.mark.django_db(transaction=True)
OPEN = "\n[subscribe]\n"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture
def house(server: MailServer, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> House:
    """Somebody who is told, somebody who opted out, and a door for everybody else."""
    set_up(configure, server, OPEN)
    made = House(server)
    for place in ("talaia.notices.mailer", "talaia.api.subscribe"):
        monkeypatch.setattr(f"{place}.timezone.now", lambda: made.now)
    opt_out("bernat@example.net", made.now)
    return made


def ask(address: str, *services: str, spoken: str = "", place: str = "192.0.2.1") -> str:
    form = {"address": address, "service": list(services)}
    return Client(REMOTE_ADDR=place).post(f"{spoken}/subscribe/", form).content.decode()


def link(house: House, to: str) -> str:
    [mail] = [one for one in house.server.taken if one.to == to and "/subscribe/" in one.text]
    found = re.search(r"https://status\.example\.org(/subscribe/\S+)", mail.text)
    assert found
    return found[1]


def test_whoever_confirms_is_told_and_nobody_else(house: House) -> None:
    assert "Mireu el correu" in ask("Nova@Example.net")
    assert not Recipient.objects.filter(key="nova@example.net").exists()
    house.work()
    [mail] = house.server.taken
    assert (mail.return_path, mail.to, mail.mail["Auto-Submitted"]) == ("", "Nova@example.net", "auto-generated")
    address = link(house, "Nova@example.net")
    client = Client(enforce_csrf_checks=True)
    for _ in range(2):
        assert "Sí, subscriviu-m’hi" in client.get(address).content.decode()  # looking, as scanners do, changes nothing
        client.head(address)
    assert not Recipient.objects.filter(key="nova@example.net").exists()
    for _ in range(2):
        answer = client.post(address)
        assert "La subscripció ja és feta" in answer.content.decode() and not answer.cookies
    row = Recipient.objects.get(key="nova@example.net")
    assert (row.standing, row.origin, row.reasons, row.language) == ("on", "hand", ["subscribed"], "ca")
    assert Fact.objects.filter(kind="audience.subscribed").count() == 1
    assert "nova" not in str(list(Fact.objects.values())).lower()


@pytest.mark.parametrize("address", ["anna@example.net", "bernat@example.net", "nova@example.net", "gone@example.net"])
def test_nobody_learns_here_who_is_told(house: House, address: str) -> None:
    opt_out("gone@example.net", house.now)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        page = ask(address)
    kinds = [re.sub(r"\d+|'[^']*'", "?", one["sql"]).split("(")[0] for one in asked.captured_queries]
    other = CaptureQueriesContext(connection)
    with other:
        assert ask("someone@example.net", place="192.0.2.2") == page
    assert kinds == [re.sub(r"\d+|'[^']*'", "?", one["sql"]).split("(")[0] for one in other.captured_queries]
    house.work()
    first, second = house.server.taken
    assert first.text.split("/subscribe/")[0] == second.text.split("/subscribe/")[0]


def test_whoever_opted_out_and_thinks_better_of_it_is_told_again(house: House) -> None:
    opt_out("gone@example.net", house.now)
    for address in ("bernat@example.net", "gone@example.net"):
        ask(address)
        house.work()
        Client().post(link(house, address))
        assert Recipient.objects.get(key=address).standing == "on"
    assert not OptOut.objects.exists()


def test_an_address_gets_few_mails_however_often_it_is_asked_for_and_the_answer_stays_the_same(house: House) -> None:
    pages = set()
    for number in range(30):
        pages.add(ask("nova@example.net", place=f"192.0.2.{number}"))
        house.later(minutes=11).work()
    assert len(pages) == 1
    assert len(house.server.taken) == 3
    house.server.taken.clear()
    house.later(days=1)
    for number in range(3):
        ask("nova@example.net", place=f"198.51.100.{number}")
        house.work()
    assert len(house.server.taken) == 1


def test_one_place_cannot_ask_for_many(house: House) -> None:
    said = [ask(f"x{number}@example.net", place="2001:db8::" + str(number)) for number in range(8)]
    assert ["Mireu el correu" in one for one in said] == [True] * 5 + [False] * 3
    assert "Mireu el correu" in ask("y@example.net", place="2001:db8:1::1")
    house.later(minutes=61)
    assert "Mireu el correu" in ask("z@example.net", place="2001:db8::1")


@pytest.mark.parametrize(
    "wrong", ["", "nova", "a b@example.net", "nova@example.net\nBcc: x@example.net", "@", "x" * 400]
)
def test_what_is_no_address_is_said_and_brings_no_mail(house: House, wrong: str) -> None:
    answer = Client().post("/subscribe/", {"address": wrong})
    assert 'aria-invalid="true"' in answer.content.decode()
    house.work()
    assert house.server.taken == []


def test_it_holds_for_a_day_and_is_forgotten_then(house: House) -> None:
    ask("nova@example.net")
    house.work()
    address = link(house, "nova@example.net")
    house.later(hours=25)
    for answer in (Client().get(address), Client().post(address)):
        assert answer.status_code == 404
    assert not Recipient.objects.filter(key="nova@example.net").exists()
    assert forget_asked(current().tables.subscribe.valid, house.now) == 1  # type: ignore[union-attr]
    assert not Subscription.objects.exists()


def test_the_clock_forgets_within_minutes_of_the_day_who_asked_and_who_was_answered(house: House) -> None:
    clock = Clock(current, lambda: house.now)
    clock.step(house.now)
    house.later(hours=1)
    ask("nova@example.net")
    order("nova@example.net", "", "<a@example.net>", b"secret", house.now)
    for minutes, kept in ((0, 1), (23 * 60 + 59, 1), (2, 0)):
        house.later(minutes=minutes)
        clock.step(house.now)
        assert (Subscription.objects.count(), Reply.objects.count()) == (kept, kept)


def test_nobody_confirms_for_another(house: House) -> None:
    ask("nova@example.net")
    house.work()
    right = link(house, "nova@example.net")
    anna = tokens.sign(django_settings.SECRET_KEY.encode(), f"r{1:012}")
    for wrong in (
        right[:-1] + ("0" if right[-1] != "0" else "1"),
        f"/subscribe/{anna}",
        "/subscribe/s1.x",
        "/subscribe/x",
    ):
        assert Client().post(wrong).status_code == 404
    token = right.rpartition("/")[2]
    Client().post(f"/u/{token}", {"stop": "1"})
    assert Recipient.objects.filter(standing="opted_out").count() == 1  # Bernat, from the beginning


def test_who_chose_services_gets_no_others_but_the_end_of_what_they_were_told_of(house: House) -> None:
    ask("nova@example.net", "website", "nonsense", spoken="/en")
    house.work()
    question = house.server.taken[-1].text
    assert "Only about these services:\n- Web\n" in question
    Client().post(link(house, "nova@example.net"))
    house.server.taken.clear()
    house.open()  # of the connections
    house.work().later(minutes=2).work()
    assert house.server.to() == ["anna@example.net", "carla@example.net"]
    house.server.taken.clear()
    events.open_incident({"ca": "El web cau"}, {"ca": "Ho mirem."}, {"website": State.DISRUPTION}, house.now, by="anna")
    house.work().later(minutes=2).work()
    assert house.server.to() == ["anna@example.net", "carla@example.net", "nova@example.net"]
    house.server.taken.clear()
    moved = {"website": State.OPERATIONAL, "links": State.PARTIAL}
    events.update_incident("2026-002", IncidentState.RESOLVED, {"ca": "Fet."}, house.now, by="anna", impacts=moved)
    house.work().later(minutes=2).work()
    assert "nova@example.net" in house.server.to()
    [mail] = [one for one in house.server.taken if one.to == "nova@example.net"]
    stop = re.search(r"https://status\.example\.org(/u/\S+)", mail.text)
    assert stop and Client().post(stop[1], {"stop": "1"}).status_code == 200
    assert Recipient.objects.get(key="nova@example.net").standing == "opted_out"


def test_a_choice_of_what_is_no_longer_there_is_no_choice_of_all(house: House) -> None:
    """The form was open while its service left the panel."""
    for gone in (["retired"], ["retired", "nonsense"]):
        page = ask("nova@example.net", *gone)
        assert "Allò que havíeu triat ja no hi és. Torneu-ho a triar." in page
        assert 'value="nova@example.net"' in page
    assert not Subscription.objects.exists()
    house.work()
    assert house.server.taken == []


def test_all_services_are_no_choice_of_some(house: House) -> None:
    ask("nova@example.net", "chat", "video", "website", "links")
    assert Subscription.objects.get().services == []


@pytest.mark.parametrize("by_hand", ["leave", "adopt"])
def test_a_subscription_survives_every_import(house: House, configure: Configure, tmp_path: Path, by_hand: str) -> None:
    table = f'\n[audience]\neverybody = true\nby_hand = "{by_hand}"\nshrink = "100%"\n'
    table += '[audience.columns]\naddress = "Correu"\n'
    configure((tmp_path / "talaia.toml").read_text() + table)

    def bring_in(*addresses: str) -> None:
        found = plan("\n".join(["Correu", *addresses]).encode(), current(), house.now)
        row = propose(found, "x.csv", house.now)
        confirm(row.pk, house.now)
        apply(row.pk, current(), lambda: house.now)

    bring_in("marta@example.net", "pere@example.net")
    for address in ("marta@example.net", "nova@example.net"):
        ask(address, "website")
        house.work()
        Client().post(link(house, address))
    bring_in("marta@example.net", "nova@example.net", "pere@example.net")
    bring_in("pere@example.net", "toni@example.net")  # neither is a member any more
    for address in ("marta@example.net", "nova@example.net"):
        row = Recipient.objects.get(key=address)
        assert (row.standing, row.reasons, row.services) == ("on", ["subscribed"], ["website"])
    bring_in("pere@example.net", "toni@example.net")
    assert Recipient.objects.filter(standing="on", reasons=["subscribed"]).count() == 2


def test_where_it_is_not_open_there_is_no_door(house: House, configure: Configure, tmp_path: Path) -> None:
    configure((tmp_path / "talaia.toml").read_text().replace(OPEN, ""))
    assert Client().get("/subscribe/").status_code == 404
    assert Client().post("/subscribe/x").status_code == 404


def test_each_language_has_its_page_and_the_first_one_no_second(house: House) -> None:
    for address, language in (("/subscribe/", "ca"), ("/es/subscribe/", "es"), ("/en/subscribe/", "en")):
        answer = Client().get(address)
        assert answer.status_code == 200 and f'<html lang="{language}">' in answer.content.decode()
        assert not answer.cookies
    assert Client().get("/ca/subscribe/").status_code == 404


def test_with_a_list_there_is_no_choice_of_services(house: House, configure: Configure, tmp_path: Path) -> None:
    assert 'name="service"' in Client().get("/subscribe/").content.decode()
    text = (tmp_path / "talaia.toml").read_text()
    configure(text.replace('sender = "estat@example.org"', 'sender = "estat@example.org"\nto = "llista@example.org"'))
    assert 'name="service"' not in Client().get("/subscribe/").content.decode()


def test_added_by_hand_before_is_subscribed_then(house: House) -> None:
    add("marta@example.net", "Marta", house.now)
    ask("marta@example.net")
    house.work()
    Client().post(link(house, "marta@example.net"))
    row = Recipient.objects.get(key="marta@example.net")
    assert (row.name, row.reasons) == ("Marta", ["subscribed"])


def test_who_subscribes_while_the_mail_server_refuses_us_is_asked_once_it_does_not(house: House) -> None:
    house.server.answers = lambda verb, _argument: "550 relay not permitted" if verb == "RCPT" else None
    ask("nova@example.net")
    ask("gone@example.net", place="192.0.2.2")
    house.work().later(minutes=10).work()
    assert house.server.taken == []
    house.server.answers = lambda verb, argument: "550 5.1.1 unknown" if verb == "RCPT" and "gone" in argument else None
    for _ in range(3):
        house.later(minutes=10).work()
    assert house.server.to() == ["nova@example.net"]


def test_nobody_is_asked_who_could_not_confirm_it_any_more(house: House) -> None:
    house.server.answers = lambda verb, _argument: "451 4.3.0 later" if verb == "RCPT" else None
    ask("nova@example.net")
    house.work().later(days=10)
    house.server.answers = lambda _verb, _argument: None
    house.work()
    assert house.server.taken == []


def test_a_link_that_was_used_subscribes_nobody_again_who_has_unsubscribed_since(house: House) -> None:
    ask("nova@example.net")
    house.work()
    used = link(house, "nova@example.net")
    Client().post(used)
    nova = Recipient.objects.get(key="nova@example.net")
    stop = tokens.sign(django_settings.SECRET_KEY.encode(), f"r{nova.pk:012}")
    Client().post(f"/u/{stop}", {"List-Unsubscribe": "One-Click"})
    for _again in range(2):
        Client().post(used)
    assert not Recipient.objects.filter(key="nova@example.net", standing="on").exists()


def test_who_was_asked_while_the_database_takes_no_row_is_not_asked_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("talaia.outbox.held_outcomes.PAUSE", 0.01)
    refusals = [OperationalError("attempt to write a readonly database")] * 2

    def refuse(execute: Callable[..., object], sql: str, *given: object) -> object:
        if sql.startswith("UPDATE") and "asked_at" in sql and refusals:
            raise refusals.pop()
        return execute(sql, *given)

    ask("nova@example.net")
    with connection.execute_wrapper(refuse):
        for _ in range(3):
            house.work().later(minutes=11)
    assert not refusals
    assert house.server.to() == ["nova@example.net"]
