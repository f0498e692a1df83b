"""How the mails read, as they are stored; and what every one of them must be, whatever it says."""

from __future__ import annotations

import email
import email.policy
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import translation

from talaia.audience.mailman.posting import prepared
from talaia.notices.compose import NoAddress, copy, message_id, sheet
from talaia.notices.samples import STORIES
from talaia.notices.values import Addressee, Kind, NoticeStory
from talaia.notices.words import lead
from talaia.panel.state import State
from tests.notices.letters import ANNA, FOLDER, LANGUAGES, LIST, SENDER, about, bytes_of, letters, parsed, part, saying

EVERY = [(name, language) for name in STORIES for language in (*LANGUAGES, "list")]


def test_there_is_a_story_for_each_kind() -> None:
    assert set(STORIES) == {kind.value for kind in Kind}
    assert all(story.kind == name for name, story in STORIES.items())


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir()))
def test_a_mail_reads_as_it_is_stored(name: str) -> None:
    """`python -m tests.notices.letters` writes them anew."""
    assert letters()[name] == (FOLDER / name).read_text()


def test_no_mail_is_missing_among_the_stored() -> None:
    assert set(letters()) == {path.name for path in FOLDER.iterdir()}


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_a_mail_is_whole_by_the_rules_of_mail(name: str, language: str) -> None:
    raw = bytes_of(STORIES[name], language)
    assert all(len(line) <= 998 and b"\r" not in line and b"\n" not in line for line in raw.split(b"\r\n"))
    assert raw.isascii()
    mail = parsed(STORIES[name], language)
    assert not mail.defects and not any(one.defects for one in mail.walk())
    for header in ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"):
        assert len(mail.get_all(header, [])) == 1
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html = part(mail, "text/plain"), part(mail, "text/html")
    assert (
        STORIES[name].event.ref in mail["Subject"]
        and STORIES[name].event.ref in text
        and STORIES[name].event.ref in html
    )
    assert "&amp;" not in text and "&#x27;" not in text and "**" not in text
    assert not re.search(r"<(script|img|link|iframe|form)\b|\son\w+=|src=", html)
    assert "color-scheme" in html


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_the_html_part_is_well_formed_and_says_no_less(name: str, language: str) -> None:
    mail = parsed(STORIES[name], language)
    html = re.sub(r"<(meta|br|hr)([^>]*)>", r"<\1\2/>", part(mail, "text/html")).replace("<!doctype html>", "")
    said = " ".join("".join(ElementTree.fromstring(html).itertext()).split())
    for line in part(mail, "text/plain").splitlines():
        for piece in re.split(r"^- | · |: |(?<=\.) |—|=+|https://\S+|\(|\)", line):
            assert not piece or piece.strip() in said, piece


def test_a_list_server_writes_the_headers_of_a_list() -> None:
    direct, to_list = parsed(STORIES["problem"], "ca"), parsed(STORIES["problem"], "list")
    assert {key for key in direct if key.startswith("List-")} == {
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "List-Id",
        "List-Post",
        "List-Help",
        "List-Owner",
        "List-Archive",
    }
    assert direct["List-Post"] == "NO"
    assert not [key for key in to_list if key.startswith("List-")]


def test_one_click_is_offered_only_where_it_is_safe() -> None:
    plain = replace(SENDER, address="http://status.example.org")
    story = STORIES["problem"]
    for sender, offered in ((SENDER, True), (plain, False)):
        made = copy(sheet(story, sender, ["ca"], to_list=False), story, sender, ANNA)
        assert (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in made) == offered
        assert b"List-Unsubscribe: <http" in made


def test_each_recipient_has_message_ids_of_their_own_that_never_change() -> None:
    story = STORIES["resolved"]
    ids = [message_id(story, SENDER, key, number) for key in ("r1", "r2") for number in (1, 2, 3)]
    assert len(set(ids)) == 6
    assert ids == [message_id(story, SENDER, key, number) for key in ("r1", "r2") for number in (1, 2, 3)]
    assert "example.net" not in "".join(ids)
    assert bytes_of(story, "ca") == bytes_of(story, "ca")


def test_the_thread_keeps_its_root_however_long_it_becomes() -> None:
    long = replace(STORIES["update"], number=60, before=tuple(range(1, 60)))
    references = parsed(long, "ca")["References"].split()
    assert references[0] == message_id(long, SENDER, ANNA.key, 1)
    assert references[-1] == message_id(long, SENDER, ANNA.key, 59)
    assert len(references) <= 10


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "anna@",
        "a@b\r\nBcc: all@example.org",
        "a b@example.org",
        "<a@example.org>",
        "a@x,b@y",
        "a" * 65 + "@x.org",
    ],
)
def test_what_is_no_address_gets_no_header(address: str) -> None:
    story = STORIES["problem"]
    made = sheet(story, SENDER, ["ca"], to_list=False)
    with pytest.raises(NoAddress):
        copy(made, story, SENDER, Addressee("r1", address))


@pytest.mark.parametrize(
    "name",
    [
        "Guifi, Fundació",
        "Càtedra: estat; més",
        "Estat, SCCL",
        'Estat "de tot", més o menys',
        "Cooperativa d'usuàries i usuaris de telecomunicacions lliures, responsables i properes, SCCL (Catalunya)",
    ],
)
@pytest.mark.parametrize("named", ["the site", "the sender"])
def test_a_name_of_whatever_letters_is_that_of_one_mailbox(name: str, named: str) -> None:
    story = STORIES["problem"]
    quoted = name.replace('"', '\\"')
    sender = replace(SENDER, name=(("ca", name),), sender="estat@example.org")
    if named == "the sender":
        sender = replace(SENDER, sender=f'"{quoted}" <estat@example.org>', reply_to=f'"{quoted}" <estat@example.org>')
    made = copy(sheet(story, sender, ["ca"], to_list=False), story, sender, ANNA)
    mail = email.message_from_bytes(made, policy=email.policy.default)
    for header in ("From",) if named == "the site" else ("From", "Reply-To"):
        [one] = mail[header].addresses
        assert one.addr_spec == "estat@example.org"
        assert "".join(one.display_name.split()) == "".join(name.split())  # Python may fold a long one within a word
        assert not mail[header].groups[0].display_name


FAR = "https://estat.serveis.comunitatsenergetiques.federacio.cooperatives.example.org"


@pytest.mark.parametrize("language", ["ca", "list"])
def test_what_machines_read_in_a_head_is_never_encoded_however_long_the_host_is(language: str) -> None:
    story, sender, to = STORIES["end"], replace(SENDER, address=FAR), LIST if language == "list" else ANNA
    made = copy(sheet(story, sender, ["ca"], to_list=to.is_list), story, sender, to)
    name = message_id(story, sender, to.key, story.number)
    head = (prepared(made, name).encode() if to.is_list else made).partition(b"\r\n\r\n")[0].decode()
    unfolded = head.replace("\r\n ", " ").split("\r\n")
    before = [message_id(story, sender, to.key, number) for number in story.before]
    assert before
    wanted = [f"Message-ID: {name}", f"In-Reply-To: {before[0]}", "References: " + " ".join(before)]
    if not to.is_list:
        wanted += [f"List-Archive: <{FAR}{story.event.path}>", f"List-Id: <notices.{sender.host}>"]
    assert not [line for line in wanted if line not in unfolded]
    assert not [line for line in unfolded if "=?" in line and not line.startswith(("Subject:", "From:", "Reply-To:"))]


def test_hostile_words_stay_words() -> None:
    evil = "Tall\r\nBcc: all@example.org\r\n\r\n<script>alert(1)</script> {{ secret }}"
    story = saying(about(STORIES["problem"], titles=(("ca", evil),)), f"{evil}\n\n![x](https://spy.example/x.png)")
    mail = parsed(story, "ca")
    assert mail["Bcc"] is None and "Bcc: all@example.org" in mail["Subject"]
    html = part(mail, "text/html")
    assert "<script>" not in html and "<img" not in html and "{{ secret }}" in html
    assert "{{ secret }}" in part(mail, "text/plain")


def test_a_mail_of_work_that_began_before_its_hour_says_so_and_one_of_its_end_says_when_that_was() -> None:
    begun, over = STORIES["start"], STORIES["end"]
    assert begun.event.window and over.event.window and over.event.ended_at
    early = about(begun, started_at=begun.event.window[0] - timedelta(minutes=20))
    assert "22:40 – Sunday, 11 October 2026, 01:00" in text_of(early)
    assert "23:00 – Sunday, 11 October 2026, 01:00" in text_of(about(early, state="scheduled"))
    assert "23:00 – Sunday, 11 October 2026, 00:40" in text_of(over)
    assert "DTSTART:20261010T204000Z" in part(
        parsed(early, "en"), "text/calendar"
    )  # what is written is in the calendar
    assert "DTEND:20261010T224000Z" in part(parsed(over, "en"), "text/calendar")


def text_of(story: NoticeStory) -> str:
    found = parsed(story, "en").get_body(("plain",))
    assert found is not None
    return " ".join(str(found.get_content()).split())


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ca", "Tenim un problema amb Connexions."),
        ("es", "Tenemos un problema con Conexiones."),
        ("en", "We have a problem with Connections."),
    ],
)
def test_a_problem_is_with_what_fails_and_not_with_what_works_again(language: str, said: str) -> None:
    story = STORIES["problem"]
    links, mail = story.event.touched
    again = about(story, touched=(links, replace(mail, state=State.OPERATIONAL)))
    none = about(story, touched=tuple(replace(one, state=State.OPERATIONAL) for one in story.event.touched))
    with translation.override(language):
        assert lead(again, language) == said
        assert lead(none, language) == lead(story, language)
