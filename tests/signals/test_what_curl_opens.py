"""Pages that people can open are not down for our parser's sake: odd heads, odd hosts, odd ways to write a text."""

from __future__ import annotations

import socket
import unicodedata
from datetime import timedelta
from time import thread_time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talaia.config import CheckConfig, current
from talaia.signals.check_findings import Finding
from talaia.signals.check_outcome import CheckOutcome
from talaia.signals.checks import probe
from talaia.signals.probes.http_head import parse
from talaia.signals.probes.http_wire import _asked
from talaia.signals.probes.page_text import stands_in
from tests.servers.targets import HttpTarget, Target
from tests.servers.tls import TlsTarget


class Says(Target):
    """Answers whatever is asked with the same bytes. `stays`: without closing after them."""

    def __init__(self, answer: bytes, stays: bool = False) -> None:
        super().__init__()
        self.answer, self.stays = answer, stays
        self.asked = b""

    def serve(self, connection: socket.socket) -> None:
        self.asked = connection.recv(65536)
        connection.sendall(self.answer)
        if self.stays:
            connection.recv(1)


def look(target: str, text: str | None = "Benvingudes", **more: object) -> CheckOutcome:
    return probe(CheckConfig(id="it", kind="http", target=target, text=text, **more), current())  # type: ignore[arg-type]


FIVE = timedelta(seconds=5)
LENGTH = b"Content-Length: 11\r\n"
PAGE = b"\r\nBenvingudes"
HEADS = {
    "a name with a slash, and a blank before the colon": (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
        b"cache-result/forum.php: not supported\r\nX-Foo : bar\r\n" + LENGTH + PAGE
    ),
    "a blank before the colon of the length": b"HTTP/1.1 200 OK\r\nContent-Length : 11\r\n" + PAGE,
    "a line without a colon": b"HTTP/1.1 200 OK\r\nthis is no header\r\n" + LENGTH + PAGE,
    "a header without a name": b"HTTP/1.1 200 OK\r\n: x\r\n" + LENGTH + PAGE,
    "a name with accents": "HTTP/1.1 200 OK\r\nCapçalera: sí\r\n".encode() + LENGTH + PAGE,
    "line feeds alone": b"HTTP/1.1 200 OK\nContent-Length: 11\n\nBenvingudes",
    "no reason": b"HTTP/1.1 200\r\n" + LENGTH + PAGE,
    "a reason in Latin-1": b"HTTP/1.1 200 D'acord\xe9\r\n" + LENGTH + PAGE,
    "a reason glued on": b"HTTP/1.1 200OK\r\n" + LENGTH + PAGE,
    "a value over two lines": b"HTTP/1.1 200 OK\r\nX-Long: a\r\n\tb\r\n" + LENGTH + PAGE,
    "a first header over two lines": b"HTTP/1.1 200 OK\r\n going on\r\n" + LENGTH + PAGE,
    "control characters": b"HTTP/1.1 200 OK\r\nX-Odd: a\x01\x00\x0bb\r\n" + LENGTH + PAGE,
    "the length twice": b"HTTP/1.1 200 OK\r\n" + 2 * LENGTH + PAGE,
    "the length twice in one": b"HTTP/1.1 200 OK\r\nContent-Length: 11, 11\r\n" + PAGE,
    "length and chunks": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nBenvingudes\r\n0\r\n\r\n"
    ),
    "chunks of odd sizes": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
        b"0005  \r\nBenvi\r\n6;name=value\r\nngudes\r\n0\r\nX: y\r\n\r\n"
    ),
    "chunks with line feeds": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\nBenvingudes\n0\n\n",
    "a coding that is none": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n" + LENGTH + PAGE,
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(500)) + LENGTH + PAGE,
    "a long header": b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 200_000 + b"\r\n" + LENGTH + PAGE,
    "hints first": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n" + LENGTH + PAGE,
    "an empty line first": b"\r\nHTTP/1.1 200 OK\r\n" + LENGTH + PAGE,
    "an old version": b"HTTP/1.0 200 OK\r\n" + LENGTH + PAGE,
    "a short version": b"HTTP/2 200\r\n" + LENGTH + PAGE,
    "a version in small letters": b"http/1.1 200 ok\r\n" + LENGTH + PAGE,
    "a charset that does not exist": b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=no-such\r\n" + LENGTH + PAGE,
    "said to be packed as nothing": b"HTTP/1.1 200 OK\r\nContent-Encoding: none\r\n" + LENGTH + PAGE,
}
UNTIL_IT_ENDS = {
    "no header at all": b"HTTP/1.1 200 OK\r\n" + PAGE,
    "an empty length": b"HTTP/1.1 200 OK\r\nContent-Length:\r\n" + PAGE,
    "lengths that differ": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 11\r\n" + PAGE,
    "a length below zero": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n" + PAGE,
}


@pytest.mark.parametrize("head", HEADS)
def test_a_page_is_well_although_its_head_has(head: str) -> None:
    with Says(HEADS[head], stays=True) as target:
        outcome = look(f"http://{target.address}/", timeout=FIVE)
    assert outcome.ok, outcome.what
    assert outcome.what.startswith("status 200, in ")


@pytest.mark.parametrize("head", UNTIL_IT_ENDS)
def test_a_page_whose_length_nobody_understands_ends_with_the_connection(head: str) -> None:
    with Says(UNTIL_IT_ENDS[head]) as target:
        outcome = look(f"http://{target.address}/")
    assert outcome.ok, outcome.what


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (b"", "the connection was closed without an answer"),
        (b"220 mail.example.org ESMTP\r\n", "what answers is no HTTP: '220 mail.example.org ESMTP"),
        (b"220 mail.example.org ESMTP\r\n\r\n", "what answers is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: y\r\n", "closed within the head of the answer"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "what answers is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n" + PAGE, "closed 9 bytes before the end of the page"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nBenv", "closed within a chunk"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nBenvingudes\r\n", "closed between two chunks"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nBenvingudes\r\n", "is no size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nBenvingudes\r\n", None),
    ],
)
def test_what_does_not_come_whole_is_a_failure_in_words_for_operators(answer: bytes, what: str | None) -> None:
    with Says(answer) as target:
        outcome = look(f"http://{target.address}/")
    assert (outcome.ok, outcome.measured) == (False, True)
    assert what is None or what in outcome.what
    assert "Error" not in outcome.what


@given(st.binary(max_size=200))
def test_no_head_makes_the_reader_fail(text: bytes) -> None:
    head = parse(text)
    again = parse(b"HTTP/1.1 204 x\r\n" + text)
    assert head is None or 0 <= head.status <= 999
    assert again is not None
    assert all(name.strip() and b"\r" not in value for name, value in again.headers)


def test_a_cookie_that_the_page_sets_on_its_way_is_brought_back() -> None:
    class Door(Says):
        def serve(self, connection: socket.socket) -> None:
            asked = connection.recv(65536)
            known = b"seen=1" in asked
            connection.sendall(
                self.answer if known else b"HTTP/1.1 302 Found\r\nSet-Cookie : seen=1\r\nLocation: /\r\n\r\n"
            )

    with Door(b"HTTP/1.1 200 OK\r\n" + LENGTH + PAGE) as target:
        assert look(f"http://{target.address}/").ok


def test_a_redirect_with_letters_and_blanks_is_followed() -> None:
    class Moved(Says):
        def serve(self, connection: socket.socket) -> None:
            self.asked = connection.recv(65536)
            there = self.asked.startswith(b"GET /nou/p%C3%A0gina%20u")
            moved = "HTTP/1.1 301 Moved\r\nlocation: /nou/pàgina u\r\n\r\n".encode()
            connection.sendall(self.answer if there else moved)

    with Moved(b"HTTP/1.1 200 OK\r\n" + LENGTH + PAGE) as target:
        outcome = look(f"http://{target.address}/")
        assert outcome.ok, outcome.what


@pytest.mark.parametrize("name", ["localhost", "localhost.", "LocalHost", "LOCALHOST."])
def test_a_host_may_end_with_a_dot_and_have_capitals_also_with_a_certificate(name: str) -> None:
    with HttpTarget(body="Benvingudes") as target:
        assert look(f"http://{name}:{target.port}/").ok
    with TlsTarget(days=90) as secure:
        authority = str(secure.certificate.certificate)
        outcome = look(f"https://{name}:{secure.port}/", text=None, ca_file=authority)
    assert outcome.ok, outcome.what


def test_a_host_with_accents_is_asked_for_by_its_name_in_the_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    usual, asked = socket.getaddrinfo, []

    def resolve(host: str, *rest: object) -> object:
        asked.append(host)
        return usual("127.0.0.1", *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    for name in ("Àgora.exemple.cat", unicodedata.normalize("NFD", "àgora.exemple.cat")):
        with Says(b"HTTP/1.1 200 OK\r\n" + LENGTH + PAGE) as target:
            assert look(f"http://{name}:{target.port}/").ok
            assert f"Host: xn--gora-zna.exemple.cat:{target.port}\r\n".encode() in target.asked
    assert set(asked) == {"xn--gora-zna.exemple.cat"}


WORDS = "Fundació l'Àgora"
HTML = "text/html"
META = '<!doctype html><html><head><meta charset="{0}"><title>x</title>'
PAGES = {
    "utf-8": (WORDS.encode(), f"{HTML}; charset=utf-8"),
    "latin-1 in the head": (WORDS.encode("latin-1"), f"{HTML}; charset=ISO-8859-1"),
    "quoted in the head": (WORDS.encode("latin-1"), f'{HTML}; Charset="iso-8859-1"; x=y'),
    "said in the page": (META.format("iso-8859-15").encode() + WORDS.encode("iso-8859-15"), HTML),
    "said in the old way": (
        b"<meta http-equiv=Content-Type content='text/html; charset=windows-1252'>" + WORDS.encode("cp1252"),
        HTML,
    ),
    "said in xml": (b'<?xml version="1.0" encoding="ISO-8859-1"?>' + WORDS.encode("latin-1"), "text/xml"),
    "said nowhere": (WORDS.encode("latin-1"), HTML),
    "wrong in the head": (WORDS.encode(), f"{HTML}; charset=iso-8859-1"),
    "wrong in the page": (META.format("utf-8").encode() + WORDS.encode("cp1252"), HTML),
    "windows' apostrophe": ("Fundació l’Àgora".encode("cp1252"), f"{HTML}; charset=iso-8859-1"),
    "utf-16 with its mark": (b"\xff\xfe" + WORDS.encode("utf-16-le"), HTML),
    "utf-16 the other way": (b"\xfe\xff" + WORDS.encode("utf-16-be"), HTML),
    "named entities": (b"Fundaci&oacute; l&rsquo;&Agrave;gora", HTML),
    "numbered entities": (b"Fundaci&#243; l&#39;&#xC0;gora", HTML),
    "letters apart": (unicodedata.normalize("NFD", WORDS).encode(), HTML),
    "non-breaking blanks": ("Fundació\u00a0l'Àgora".encode(), HTML),
    "a blank as an entity": (b"Fundaci\xc3\xb3&nbsp;l'\xc3\x80gora", HTML),
    "over two lines": ("<p>Fundació\n      l'Àgora</p>".encode(), HTML),
    "a soft hyphen": ("Funda\u00adció l'À&shy;gora".encode(), HTML),
    "marks between": ("<h1>Fundació <b class='x'>l'À</b>gora</h1>".encode(), HTML),
    "in json": (rb'{"name": "Fundaci\u00f3 l\u2019\u00c0gora"}', "application/json"),
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_same_words_are_found_however_they_are_written(page: str, form: str) -> None:
    body, content_type = PAGES[page]
    assert stands_in(unicodedata.normalize(form, WORDS), body, content_type)  # type: ignore[arg-type]
    assert not stands_in("Fundacio l'Agora", body, content_type), "without its accents it is another word"
    assert not stands_in("fundació l'àgora", body, content_type), "capitals are no small letters"


@pytest.mark.parametrize(
    ("words", "page", "found"),
    [
        ("<title>eXO</title>", "<title>eXO</title>", True),
        ('"status":"ok"', '{"status":"ok"}', True),
        ("Serveis Correu", "<li>Serveis</li><li>Correu</li>", True),
        ("ŀl", "paraŀlel", True),
        ("l·l", "paraŀlel", True),
        ("a - b", "a – b", True),
        ("ok", "<!-- ok -->", True),
        ("5 < 6", "5 &lt; 6", True),
        ("Benvingudes", "", False),
        ("Benvingudes", "<p>Benvin gudes</p>", False),
        ("Benvingudes", "<p>Error 500</p>", False),
        ("Benvingudes", "&am" * 1000, False),
        ("x", "<" * 50_000, False),
    ],
)
def test_words_are_looked_for_in_the_source_and_in_what_is_seen(words: str, page: str, found: bool) -> None:
    assert stands_in(words, page.encode(), HTML) is found


@given(
    st.text(min_size=1, max_size=30), st.sampled_from(["utf-8", "utf-16", "iso-8859-15", "x-unknown", "zip", "idna"])
)
def test_no_page_makes_the_search_fail(text: str, charset: str) -> None:
    for body in (text.encode("utf-8", "surrogatepass"), text.encode("utf-16", "surrogatepass")):
        assert stands_in("not there at all", body, f"{HTML}; charset={charset}") is False


@pytest.mark.slow
def test_a_page_that_is_as_long_as_is_read_is_searched_in_a_moment() -> None:
    for page in (
        "<p" * 500_000,
        "&" * 1_000_000,
        "<script" * 140_000,
        "\\u00" * 250_000,
        "à" * 500_000,
        "<!--" * 250_000,
    ):
        began = thread_time()
        assert not stands_in("Benvingudes", page.encode()[:1_000_000], HTML)
        assert thread_time() - began < 3, page[:10]


def test_a_password_in_an_address_is_told_nowhere() -> None:
    with Says(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n") as site:
        check = CheckConfig(id="it", kind="http", target=f"http://me:secret@127.0.0.1:{site.port}/")
        found = probe(check, current())
    assert not found.ok and found.what.endswith(f" http://127.0.0.1:{site.port}/again")
    told = Finding(check, "failing", found.what, found.at, found.at)
    assert "secret" not in f"{told} {told.as_data()}"


def test_a_name_that_we_alone_cannot_ask_is_no_fault_of_a_service() -> None:
    with Says(b"HTTP/1.1 302 Found\r\nLocation: http://xn--e28h.example/\r\nContent-Length: 0\r\n\r\n") as site:
        assert not look(f"http://{site.address}/").measured
    assert not look("http://xn--e28h.example/").measured


def test_a_port_that_is_none_is_their_fault_and_no_riddle() -> None:
    with Says(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:99999/\r\nContent-Length: 0\r\n\r\n") as site:
        found = look(f"http://{site.address}/")
    assert (found.ok, found.measured, found.what) == (False, True, "99999 is no port, and it is sent there")


def test_a_server_is_not_asked_by_the_zone_of_its_address() -> None:
    request = httpx.Request("GET", "http://[fe80::1%25eth0]:8080/")
    assert b"\r\nHost: [fe80::1]:8080\r\n" in _asked(request)
    assert b"\r\nHost: example.org\r\n" in _asked(httpx.Request("GET", "http://example.org/%25"))
