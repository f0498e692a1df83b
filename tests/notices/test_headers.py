"""Header lines with people's words: what is read is what was written, by our own reader and by the library's."""

from __future__ import annotations

import base64
import email
import email.header
import email.policy
import quopri
import random
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from talaia.notices import confirmation_mail, headers
from talaia.notices.compose import copy, sheet
from talaia.notices.replies.write import Present, ReplyLinks
from talaia.notices.replies.write import mail as reply
from talaia.notices.samples import STORIES
from tests.notices.letters import ANNA, SENDER, about

WORDS = [
    "Interrupció",
    "de",
    "la",
    "connexió",
    "a",
    "Sant",
    "Martí",
    "de",
    "Provençals",
    "i",
    "l'Hospitalet",
    "després",
    "d'una",
    "avaria",
    "elèctrica",
    "l'estació",
    "tall",
    "fibra",
    "el",
    "Raval",
    "Gràcia",
    "Sarrià",
    "manteniment",
    "programat",
    "núvol",
    "vídeo",
    "conferències",
    "missatgeria",
    "correu",
    "servidors",
    "lentitud",
    "intermitències",
    "pèrdua",
    "de",
    "paquets",
    "cap",
    "al",
    "Poblenou",
    "—",
    "«mur»",
    "això",
    "és",
    "degut",
    "a",
    "la",
    "pluja",
    "d'ahir",
    "·",
    "nit",
    "següent:",
    "22:00",
    "(2",
    "h)",
    "/l·l/",
    "més",
    "l·l",
    "ŀ",
    "‑",
    "…",
    "🚨",
    "👩\u200d👩\u200d👧\u200d👦",
    "=?utf-8?q?fals?=",
    '"cometes"',
    "<i>",
    ";",
    "coma,",
    "a@b",
]
TITLES = [
    "Interrupció de la connexió a Sant Martí de Provençals i a l'Hospitalet després d'una avaria elèctrica a l'estació",
    "[SOS-1477030] Tall de fibra - usuari 251003-GD1U0E - Connectat Casc Fusió amb llum arrière connecté (#1031590)",
    "Hello Wörld! Hello Wörld! Hello Wörlds123! Hello Wörld!Hello Wörld!",
    "A" * 113,
    "ç" * 94,
    "Sense connexió 🚨🔥👩‍👩‍👧‍👦 a l'àrea metropolitana 👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦 fins a nou avís",
    'Tall =?utf-8?q?fals?= al port, "cometes" <i> angles; punt i coma, coma',
    "Manteniment: l·l geminada, ŀ i «cometes» — guió llarg … punts ‑ guió dur més text per plegar la línia",
    "a plain title of nothing but ASCII that is long enough to be folded at one of the blanks between its words",
    "two  blanks   between  words and no more than that, in a title that has to be folded somewhere all the same",
    "=?", "?=", "a =?b", "", "ó", "-", "a" * 66, "a" * 67 + " b", "a" * 75 + " b",
]  # fmt: skip


def unfolded(raw: bytes) -> tuple[str, str]:
    """A header's name and its value, with the folding taken out and nothing decoded."""
    text = raw.decode("ascii")
    assert text.endswith("\r\n")
    assert all(line.strip() for line in text.removesuffix("\r\n").split("\r\n"))
    name, _, value = re.sub(r"\r\n(?=[ \t])", "", text.removesuffix("\r\n")).partition(": ")
    assert "\r" not in value and "\n" not in value
    return name, value


def decoded(value: str) -> str:
    """By the letter of RFC 2047: blanks between two encoded words go, each word is whole by itself."""
    said, before = "", False
    for piece in re.split(r"(=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=)", value):
        if found := re.fullmatch(r"=\?([^?]+)\?([bBqQ])\?([^?]*)\?=", piece):
            assert len(piece) <= 75
            data = base64.b64decode(found[3]) if found[2] in "bB" else quopri.decodestring(found[3].replace("_", " "))
            said, before = said + data.decode(found[1]), True
        elif not (before and not piece.strip()):
            said, before = said + piece, False
    return said


def by_the_library(raw: bytes) -> str:
    return str(email.header.make_header(email.header.decode_header(unfolded(raw)[1])))


def rules_of_mail(raw: bytes) -> None:
    for line in raw.decode("ascii").removesuffix("\r\n").split("\r\n"):
        assert len(line) <= 78 if "=?utf-8?" not in line else len(line) <= 76


@pytest.mark.parametrize("title", TITLES)
def test_a_title_is_read_as_it_was_written(title: str) -> None:
    raw = headers.words("Subject", title)
    assert decoded(unfolded(raw)[1]) == title
    assert by_the_library(raw) == title
    rules_of_mail(raw)


@pytest.mark.slow
def test_twenty_thousand_subjects_lose_no_blank() -> None:
    chance = random.Random(20270)
    for _ in range(20_000):
        title = " ".join(chance.choice(WORDS) for _ in range(chance.randint(3, 22)))
        subject = f"[{chance.choice(['Problema', 'Resolt', 'Nou horari'])}] {title} (2026-{chance.randint(1, 199):03})"
        raw = headers.words("Subject", subject)
        assert decoded(unfolded(raw)[1]) == subject
        rules_of_mail(raw)


@settings(max_examples=500)
@example("\ud800 half a letter", "Subject")
@example("a\r\nBcc: x@example.net", "Subject")
@example(" \u2028 ", "X")
@example("é" + "a" * 74, "Subject")
@given(st.text(max_size=300), st.sampled_from(["Subject", "X", "X-A-Header-With-A-Long-Name-That-Takes-Room"]))
def test_whatever_people_write_it_is_one_header_and_reads_the_same(text: str, name: str) -> None:
    raw = headers.words(name, text)
    assert unfolded(raw)[0] == name
    assert decoded(unfolded(raw)[1]) == headers.one_line(text)
    rules_of_mail(raw)


@settings(max_examples=500)
@example("Guifi, Fundació")
@example('"cometes" \\ i barra')
@example("=?utf-8?q?fals?=")
@example("Estat de la cooperativa de telecomunicacions del barri i de tota la comarca que l'envolta, i més enllà")
@example("A plain name that is so long that it has to stand on a line of its own before the address of it")
@given(st.text(max_size=120))
def test_a_name_before_an_address_is_one_name_and_the_address_stays(name: str) -> None:
    shown = headers.one_line(name)
    raw = headers.mailbox("From", "estat@example.org", name)
    rules_of_mail(raw)
    head, value = unfolded(raw)
    assert head == "From"
    if not shown:
        assert value == "estat@example.org"
        return
    phrase, _, address = value.rpartition(" <")
    assert address == "estat@example.org>"
    if phrase.startswith('"'):
        assert re.sub(r"\\(.)", r"\1", phrase[1:-1]) == shown
    else:
        assert decoded(phrase) == shown
        assert re.fullmatch(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+", phrase)
    [mailbox] = email.message_from_bytes(raw + b"\r\n", policy=email.policy.default)["From"].addresses
    assert mailbox.addr_spec == "estat@example.org"


def test_the_name_that_is_configured_comes_before_that_of_the_site() -> None:
    assert headers.mailbox("From", "Estat <estat@example.org>", "Lloc") == b"From: Estat <estat@example.org>\r\n"
    assert headers.mailbox("From", '"Guifi, Fundació" <a@example.org>', "x").endswith(b"?= <a@example.org>\r\n")
    assert headers.mailbox("Reply-To", "a@example.org") == b"Reply-To: a@example.org\r\n"


@pytest.mark.parametrize("wrong", ["", "anna", "@example.org", "anna@", "Guifi, Fundació <a@example.org>"])
def test_what_is_no_address_is_no_header(wrong: str) -> None:
    with pytest.raises(ValueError, match="this is no address"):
        headers.mailbox("From", wrong, "name")


def a_notice(title: str, name: str) -> bytes:
    story = about(STORIES["problem"], titles=(("ca", title),))
    sender = replace(SENDER, name=(("ca", name),), sender="estat@example.org")
    return copy(sheet(story, sender, ["ca"], to_list=False), story, sender, ANNA)


def a_question(_title: str, name: str) -> bytes:
    sender = replace(SENDER, name=(("ca", name),), sender="estat@example.org")
    return confirmation_mail.mail(sender, "s1", "anna@example.net", "ca", [], STORIES["problem"].written_at)


def an_answer(_title: str, name: str) -> bytes:
    sender = replace(SENDER, name=(("ca", name),), sender="estat@example.org")
    present = Present(STORIES["problem"].written_at)
    to = {"to": "anna@example.net", "message_id": "<a@b>", "answers": "<c@d>"}
    return reply(present, sender, ReplyLinks(), ["ca"], **to)


@pytest.mark.parametrize("made", [a_notice, a_question, an_answer])
def test_every_mail_of_ours_writes_its_headers_so(made: Callable[[str, str], bytes]) -> None:
    name = "Cooperativa d'usuàries ‑ i més text — per plegar la línia sense perdre cap espai entre les paraules"
    for title in TITLES:
        raw = made(title, name)
        head = raw.partition(b"\r\n\r\n")[0] + b"\r\n"
        assert head.isascii()
        lines = re.split(rb"\r\n(?![ \t])", head)
        known = {line.partition(b":")[0]: line + b"\r\n" for line in lines}
        assert decoded(unfolded(known[b"From"])[1]) == f"{name} <estat@example.org>"
        subject = decoded(unfolded(known[b"Subject"])[1])
        if made is a_notice:
            assert subject == f"[Problema] {' '.join(title.split())} ({STORIES['problem'].event.ref})"
        else:
            assert subject.strip() and "  " not in subject
        assert len(lines) == len(known)  # each once
