"""From what an operator does to what lies in people's mailboxes, by a real Mailman and by a mail to each of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import icalendar
import pytest

from tests.journeys.told import PEOPLE, Told, take_back_the_last, told
from tests.servers import maintnote
from tests.servers.mailman import Mailman

pytestmark = pytest.mark.servers
NUMBERS = count(1)
MADRID = ZoneInfo("Europe/Madrid")
Ways = Callable[..., AbstractContextManager[Told]]
# What the first line of each kind of mail begins with, in the three languages.
PROBLEM = {"ca": "Tenim un problema amb Connexions", "es": "Tenemos un problema con", "en": "We have a problem with"}
SOLVED = {"ca": "El problema amb Connexions", "es": "El problema con Conexiones", "en": "The problem with Connections"}
TAGS = {
    "problem": {"ca": "Problema", "es": "Problema", "en": "Problem"},
    "resolved": {"ca": "Resolta", "es": "Resuelta", "en": "Resolved"},
}
TITLES = {"ca": "Sense connexió al port", "es": "Sin conexión en el puerto", "en": "No connection at the port"}


@pytest.fixture(scope="module")
def core() -> Iterator[Mailman]:
    with Mailman() as running:
        yield running


@pytest.fixture(params=["list", "direct"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Ways:
    core = request.getfixturevalue("core") if request.param == "list" else None
    return partial(told, tmp_path, core, f"told{next(NUMBERS)}@lists.example.org")


def open_incident(house: Told, level: str = "disruption") -> str:
    """Its reference."""
    others = [argument for code in ("es", "en") for argument in ("--title-in", f"{code}={TITLES[code]}")]
    given = ["--title", TITLES["ca"], *others, "--service", f"links={level}"]
    said = house.talaia.run("incident", "open", *given, text="Un *camió* ha tallat la fibra.\n")
    return said.split()[1]


def parts(mail: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in mail.walk()]


def words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def calendar(mail: EmailMessage) -> tuple[str, int, str, str]:
    """Method, SEQUENCE, how the work stands, and its UID, of the calendar part of a mail."""
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    read = icalendar.Calendar.from_ical(part.get_content())
    (event,) = read.walk("VEVENT")
    assert part["Content-Type"].params["method"] == read["METHOD"]  # RFC 6047 §2.4
    return str(read["METHOD"]), int(str(event["SEQUENCE"])), str(event["X-MAINTNOTE-STATUS"]), str(event["UID"])


def is_one_thread(mails: Sequence[EmailMessage]) -> bool:
    """Each names the first one and those between, and none twice."""
    ids = [mail["Message-ID"] for mail in mails]
    assert len({*ids}) == len(ids)
    assert mails[0]["In-Reply-To"] is None
    for number, mail in enumerate(mails[1:], 1):
        assert mail["In-Reply-To"] == ids[0]
        assert mail["References"].split() == ids[:number]
    return True


def test_the_life_of_an_incident(way: Ways) -> None:
    with way() as house:
        ref = open_incident(house)
        house.wait_until_notices(("problem", "held", ""))
        assert not house.mails("anna@example.org")
        house.talaia.later(seconds=61)
        house.sent("problem")
        house.wait_for(1)
        house.talaia.run("incident", "update", ref, "--state", "identified", text="És la fibra del port.\n")
        house.wait_until_notices(("problem", "sent", ""), ("update", "held", ""))
        house.talaia.later(seconds=61)
        house.wait_for(2)
        house.talaia.run("incident", "resolve", ref, text="La fibra és soldada.\n")
        house.wait_until_notices(("problem", "sent", ""), ("update", "sent", ""), ("resolved", "held", ""))
        house.talaia.later(seconds=61)
        house.sent("problem", "update", "resolved")
        house.wait_for(3)
        house.talaia.later(hours=2)
        house.sent("problem", "update", "resolved")
        for person in PEOPLE:
            problem, update, resolved = house.mails(person)  # and no fourth
            assert is_one_thread([problem, update, resolved])
            languages = house.languages(person)
            first, title = languages[0], TITLES[languages[0]]
            for mail, kind, leads in ((problem, "problem", PROBLEM), (resolved, "resolved", SOLVED)):
                assert mail["Subject"] == f"[{TAGS[kind][first]}] {title} ({ref})"
                at = [words(mail).index(leads[language]) for language in languages]
                assert at == sorted(at)
                assert parts(mail) == ["multipart/alternative", "text/plain", "text/html"]
                assert mail["Auto-Submitted"] == "auto-generated"
                assert mail["List-Post"] == "NO"
                assert mail["Reply-To"] == "suport@example.org"
                assert ("-leave@lists.example.org" in words(mail)) is (mail["Precedence"] == "list")
            assert "És la fibra del port." in words(update)
            assert f"/incidents/{ref}/#u3" in words(resolved)


def test_the_life_of_a_maintenance(way: Ways) -> None:
    with way() as house:
        ref = plan(house)
        steps = [
            ("advance", timedelta(days=1, minutes=5), ""),
            ("reminder", timedelta(days=6), ""),
            ("start", timedelta(days=1), ""),
            ("end", timedelta(hours=1), "complete"),
        ]
        gone: list[str] = []
        for kind, time, order in steps:
            house.talaia.later(seconds=time.total_seconds())
            if order:
                house.talaia.run("maintenance", order, ref)
            before = [(one, "sent", "") for one in gone]
            if kind != "reminder":  # nobody has just written it, so it is not held
                house.wait_until_notices(*before, (kind, "held", ""))
                house.talaia.later(seconds=61)
            gone.append(kind)
            house.sent(*gone)
            house.wait_for(len(gone))
        for person in PEOPLE:
            mails = house.mails(person)
            assert is_one_thread(mails)
            uid = f"maintenance-{ref}@127.0.0.1"
            assert [calendar(mail) for mail in mails] == [
                ("PUBLISH", 0, "CONFIRMED", uid),
                ("PUBLISH", 0, "CONFIRMED", uid),
                ("PUBLISH", 0, "IN-PROCESS", uid),
                ("PUBLISH", 1, "COMPLETED", uid),
            ]
            whole = ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar"]
            assert all(parts(mail) == whole for mail in mails)
            shown = [mail["Subject"].partition("]")[0] for mail in mails]
            assert (
                shown
                == {
                    "ca": ["[Manteniment previst", "[Recordatori", "[En curs", "[Finalitzat"],
                    "es": ["[Mantenimiento previsto", "[Recordatorio", "[En curso", "[Finalizado"],
                    "en": ["[Planned work", "[Reminder", "[In progress", "[Completed"],
                }[house.languages(person)[0]]
            )


def test_work_that_is_moved_and_then_called_off(way: Ways, tmp_path: Path) -> None:
    with way() as house:
        ref = plan(house)
        house.talaia.later(days=1, minutes=5)
        house.wait_until_notices(("advance", "held", ""))
        house.talaia.later(seconds=61)
        house.sent("advance")
        start = house.talaia.now + timedelta(days=20)
        house.talaia.run("maintenance", "postpone", ref, *window(start))
        house.wait_until_notices(("advance", "sent", ""), ("changed", "held", ""))
        house.talaia.later(seconds=61)
        house.sent("advance", "changed")
        house.talaia.run("maintenance", "cancel", ref)
        house.wait_until_notices(("advance", "sent", ""), ("changed", "sent", ""), ("cancelled", "held", ""))
        house.talaia.later(seconds=61)
        house.sent("advance", "changed", "cancelled")
        house.talaia.later(days=21)  # the hours of both plans pass, and nothing more is said
        house.wait_for(3)
        house.sent("advance", "changed", "cancelled")
        for person in PEOPLE:
            mails = house.mails(person)
            assert is_one_thread(mails)
            uid = f"maintenance-{ref}@127.0.0.1"
            assert [calendar(mail) for mail in mails] == [
                ("PUBLISH", 0, "CONFIRMED", uid),
                ("PUBLISH", 1, "CONFIRMED", uid),
                ("CANCEL", 2, "CANCELLED", uid),
            ]
        # As a program of another network reads what came.
        read = maintnote.read(house.raw("anna@example.org"), tmp_path)
        assert [(one["sequence"], one["status"], one["circuits"]) for one in read] == [
            (0, "CONFIRMED", {"links": "OUTAGE"}),
            (1, "CONFIRMED", {"links": "OUTAGE"}),
            (2, "CANCELLED", {"links": "OUTAGE"}),
        ]
        assert {one["id"] for one in read} == {f"maintenance-{ref}"}
        assert read[1]["start"] - read[0]["start"] > 12 * 86_400


def test_nothing_goes_where_nothing_is_disrupted_or_what_is_taken_back(way: Ways) -> None:
    with way() as house:
        slow = open_incident(house, "degraded")
        house.wait_until_notices(("problem", "withheld", "no_disruption"))
        house.talaia.later(minutes=2)
        house.talaia.run("incident", "resolve", slow, text="Torna a anar de pressa.\n")
        quiet = [("problem", "withheld", "no_disruption"), ("resolved", "withheld", "nobody_told")]
        house.wait_until_notices(*quiet)
        down = open_incident(house)
        house.wait_until_notices(*quiet, ("problem", "held", ""))
        take_back_the_last(house)
        house.wait_until_notices(*quiet, ("problem", "taken_back", ""))
        house.talaia.later(minutes=5)
        house.talaia.run("incident", "resolve", down, text="Fals avís.\n")
        house.wait_until_notices(*quiet, ("problem", "taken_back", ""), ("resolved", "withheld", "nobody_told"))
        house.talaia.later(hours=1)
        # One that goes shows that those before would have come by now.
        open_incident(house)
        house.wait_until_last(("problem", "held", ""))
        house.talaia.later(seconds=61)
        house.wait_for(1)
        assert [len(house.mails(person)) for person in PEOPLE] == [1, 1, 1]


def test_who_leaves_with_one_click_gets_nothing_more(tmp_path: Path) -> None:
    with told(tmp_path, None, "", site="https://status.example.org") as house:
        ref = open_incident(house)
        house.wait_until_last(("problem", "held", ""))
        house.talaia.later(seconds=61)
        house.wait_for(1)
        (mail,) = house.mails("bernat@example.org")
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        address = mail["List-Unsubscribe"].strip("<>")
        assert address.startswith("https://status.example.org/u/")
        assert address in words(mail)
        assert len({one["List-Unsubscribe"] for person in PEOPLE for one in house.mails(person)}) == 3
        where = house.talaia.address + address.removeprefix("https://status.example.org")
        # As the proxy before talaia passes it on. A scanner's GET changes nothing; a mail program's POST does.
        asked = {"Host": "status.example.org", "X-Forwarded-Proto": "https"}
        with httpx.Client(headers=asked, trust_env=False, timeout=20) as program:
            assert program.get(where).status_code == 200
            assert standing(house, "bernat@example.org") == "on"
            assert program.post(where, data={"List-Unsubscribe": "One-Click"}).status_code == 200
        assert standing(house, "bernat@example.org") == "opted_out"
        house.talaia.run("incident", "resolve", ref, text="La fibra és soldada.\n")
        house.wait_until_notices(("problem", "sent", ""), ("resolved", "held", ""))
        house.talaia.later(seconds=61)
        house.sent("problem", "resolved")
        assert [len(house.mails(person)) for person in PEOPLE] == [2, 1, 2]


def standing(house: Told, address: str) -> str:
    rows = json.loads(house.talaia.run("audience", "list", "--json"))
    (found,) = [row["standing"] for row in rows if row["address"] == address]
    return str(found)


def window(start: datetime) -> list[str]:
    ends = (start, start + timedelta(hours=2))
    first, last = (f"{end.astimezone(MADRID):%Y-%m-%dT%H:%M}" for end in ends)
    return ["--from", first, "--to", last]


def plan(house: Told) -> str:
    """A maintenance in eight days, told a week and a day before, at its start and at its end; its reference."""
    given = [
        "--title",
        "Canvi de router",
        *window(house.talaia.now + timedelta(days=8)),
        "--service",
        "links=disruption",
    ]
    codes = ["--notices", "7d,24h,start,end"]
    said = house.talaia.run("maintenance", "plan", *given, *codes, text="Canviem el router.\n")
    return said.split()[1]
