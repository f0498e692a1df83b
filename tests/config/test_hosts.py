"""Hosts as people write them, and the questions that a dns check can ask."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from django.http.request import split_domain_port, validate_host

from talaia.config import ConfigError, read
from talaia.config.addresses import is_web_address
from talaia.config.hosts import asked_by, host, host_and_port, is_here, name_server, web_address, without_password
from talaia.config.validate_dns import answer_is_wrong, question_is_wrong


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("www.example.org", "www.example.org"),
        ("WWW.Example.ORG", "www.example.org"),
        ("www.example.org.", "www.example.org."),
        ("my_host.example.org", "my_host.example.org"),
        ("-", None),
        ("a--b.example", "a--b.example"),
        ("localhost", "localhost"),
        ("àgora.exemple.cat", "xn--gora-zna.exemple.cat"),
        ("Àgora.Exemple.cat", "xn--gora-zna.exemple.cat"),
        (unicodedata.normalize("NFD", "àgora.exemple.cat"), "xn--gora-zna.exemple.cat"),
        ("àgora。exemple。cat", "xn--gora-zna.exemple.cat"),
        ("xn--gora-zna.exemple.cat", "xn--gora-zna.exemple.cat"),
        ("faß.example", "xn--fa-hia.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[fe80::1%eth0]", "fe80::1%eth0"),
        ("fe80::1%eth0]:25", None),
        ("fe80::1%eth0/64", None),
        ("fe80::1%", None),
        ("fe80::1%25eth0", "fe80::1%eth0"),
        ("", None),
        (".", None),
        ("a..b", None),
        ("x" * 64 + ".org", None),
        (".".join(["x" * 60] * 5), None),
        ("with blank.example", None),
        ("www.example.org:80", None),
        ("https://www.example.org", None),
        ("www.example.org/", None),
        ("192.0.2.256", None),
        ("192.0.2.1/24", None),
        ("[www.example.org]", None),
        ("-a.example", None),
        ("a\u202eb.example", None),
    ],
)
def test_a_host_is_understood_however_it_is_written(text: str, meant: str | None) -> None:
    if meant is None:
        with pytest.raises(ValueError, match=r"\S"):
            host(text)
    else:
        assert host(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("mail.example.org:993", ("mail.example.org", 993)),
        ("[2001:db8::1]:25", ("2001:db8::1", 25)),
        ("mail.example.org.:25", ("mail.example.org.", 25)),
        ("correu.àgora.cat:25", ("correu.xn--gora-zna.cat", 25)),
        ("2001:db8::1:25", None),
        ("mail.example.org", None),
        ("mail.example.org:", None),
        ("mail.example.org:70000", None),
        ("mail.example.org:0", None),
        ("mail.example.org:\u0663", None),
        ("mail.example.org :25", None),
        ("tcp://mail.example.org:25", None),
        (":25", None),
    ],
)
def test_a_host_and_its_port(text: str, meant: tuple[str, int] | None) -> None:
    if meant is None:
        with pytest.raises(ValueError, match=r"\S"):
            host_and_port(text)
    else:
        assert host_and_port(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("9.9.9.9", ("9.9.9.9", 53)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
        ("fe80::1%eth0", ("fe80::1%eth0", 53)),
        ("[fe80::1%eth0]", ("fe80::1%eth0", 53)),
        ("[fe80::1%eth0]:5353", ("fe80::1%eth0", 5353)),
        ("[fe80::1%25eth0]:5353", ("fe80::1%eth0", 5353)),
        ("ns1.example.org", ("ns1.example.org", 53)),
        ("ns1.example.org:5353", ("ns1.example.org", 5353)),
        ("tls://dns.example.org", None),
        ("ns1.example.org:dns", None),
    ],
)
def test_a_name_server(text: str, meant: tuple[str, int] | None) -> None:
    if meant is None:
        with pytest.raises(ValueError, match=r"\S"):
            name_server(text)
    else:
        assert name_server(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("https://www.example.org", "https://www.example.org"),
        ("HTTPS://WWW.Example.org/Path?q=À#x", "https://www.example.org/Path?q=À#x"),
        ("https://www.example.org./", "https://www.example.org./"),
        ("https://àgora.exemple.cat:8443/t", "https://xn--gora-zna.exemple.cat:8443/t"),
        ("http://me:secret@192.0.2.1/", "http://me:secret@192.0.2.1/"),
        ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("http://[fe80::1%25eth0]/", "http://[fe80::1%25eth0]/"),
        ("https://xn--e28h.example/", None),  # an emoji: IDNA 2008 has none
        ("https://xn--zzzzzz/", None),
        ("https://xn--gora-zna.exemple.cat./", "https://xn--gora-zna.exemple.cat./"),
        ("https://col·legi.cat/", "https://xn--collegi-xma.cat/"),
        ("https://COL·LEGI.CAT/", "https://xn--collegi-xma.cat/"),
        ("http://[fe80::1%25eth0/64]/", None),
        ("www.example.org", None),
        ("ftp://www.example.org/", None),
        ("https://", None),
        ("https:///path", None),
        ("https://www.example.org:port/", None),
        ("https://www.example .org/", None),
        ("https://www.exam\nple.org/", None),
        (" https://www.example.org/", None),
        ("https://a..b/", None),
        ("https://[::1/", None),
    ],
)
def test_a_web_address(text: str, meant: str | None) -> None:
    if meant is None:
        with pytest.raises(ValueError, match=r"\S"):
            web_address(text)
    else:
        assert web_address(text) == meant


def test_what_is_this_machine_itself() -> None:
    here = ("localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]", "0.0.0.0")
    assert all(map(is_here, (*here, "::", "[::ffff:127.0.0.1]", "::1%lo")))
    assert all(map(is_here, ("127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0", "%6cocalhost", "%31%32%37.0.0.1")))
    assert not any(
        map(
            is_here,
            (
                "example.org",
                "192.0.2.1",
                "128.1",
                "127.example.org",
                "face",
                "1.2.3.4.5",
                "2001:db8::1",
                "localhost.example.org",
            ),
        )
    )


@pytest.mark.parametrize(
    ("target", "record", "says"),
    [
        ("www.example.org", "A", ""),
        ("www.example.org.", "aaaa", ""),
        ("_dmarc.example.org", "TXT", ""),
        ("*.example.org", "A", ""),
        ("àgora.exemple.cat", "MX", ""),
        ("example.org", "TYPE65", ""),
        ("example.org", "HTTPS", ""),
        (".", "NS", ""),
        ("1.2.0.192.in-addr.arpa", "PTR", ""),
        ("1.0/25.2.0.192.in-addr.arpa.", "PTR", ""),
        ("_http._tcp.example.org", "PTR", ""),
        ("www.example.org", "ANY", "no record of its own"),
        ("www.example.org", "any", "no record of its own"),
        ("www.example.org", "AXFR", "no record of its own"),
        ("www.example.org", "OPT", "no record of its own"),
        ("www.example.org", "SPAM", "no kind of record"),
        ("www.example.org", "", "no kind of record"),
        ("192.0.2.1", "PTR", "stands at '1.2.0.192.in-addr.arpa'"),
        ("2001:db8::1", "PTR", "8.b.d.0.1.0.0.2.ip6.arpa'"),
        ("[2001:db8::1]", "PTR", ".ip6.arpa'"),
        ("www.example.org", "PTR", "has no PTR record"),
        ("in-addr.arpa", "PTR", "has no PTR record"),
        ("192.0.2.1", "A", "addresses have no A record"),
        ("a..b", "A", "'a..b' cannot be a name"),
        ("x" * 64, "A", "cannot be a name"),
    ],
)
def test_only_what_can_be_answered_is_a_question(target: str, record: str, says: str) -> None:
    wrong = question_is_wrong(target, record)
    assert says in wrong
    assert bool(wrong) == bool(says)


@pytest.mark.parametrize(
    ("answer", "record", "right"),
    [
        ("192.0.2.1", "A", True),
        ("2001:db8::1", "A", False),
        ("2001:DB8::1", "AAAA", True),
        ("192.0.2.1", "AAAA", False),
        ("www.example.org", "A", False),
        ("mail.example.org", "MX", True),
        ("10 mail.example.org", "MX", True),
        ("192.0.2.1", "MX", False),
        ("192.0.2.1", "cname", False),
        ("192.0.2.1", "TXT", True),
    ],
)
def test_an_answer_that_can_never_come_is_a_mistake(answer: str, record: str, right: bool) -> None:
    assert (not answer_is_wrong(answer, record)) is right


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("https://me:secret@example.org/a:b@c", "https://me:…@example.org/a:b@c"),
        ("http://me:s:e@c:r@et@[2001:db8::1]:80/", "http://me:…@[2001:db8::1]:80/"),
        ("https://me@example.org/", "https://me@example.org/"),
        ("https://example.org:80/?to=a:b@c", "https://example.org:80/?to=a:b@c"),
        ("mail.example.org:25", "mail.example.org:25"),
    ],
)
def test_an_address_is_told_without_its_password(text: str, meant: str) -> None:
    assert without_password(text) == meant


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("estàt.exemple.cat", "xn--estt-2na.exemple.cat"),
        ("Status.Example.ORG.", "status.example.org"),
        ("2001:db8::1", "[2001:db8::1]"),
        ("[2001:DB8::1]", "[2001:db8::1]"),
        (".coöp.example", ".xn--cop-tna.example"),
    ],
)
def test_a_host_of_ours_is_known_in_the_form_in_which_browsers_ask_for_it(written: str, asked: str) -> None:
    assert asked_by(written) == asked
    assert validate_host(split_domain_port(f"{asked.removeprefix('.')}:8000")[0], [asked_by(written)])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://estàt.exemple.cat", "https://xn--estt-2na.exemple.cat"),
        ("https://Status.Example.org.:8443/", "https://status.example.org:8443/"),
        ("http://[2001:DB8::1]:8000", "http://[2001:db8::1]:8000"),
    ],
)
def test_our_address_and_names_are_read_as_machines_write_them(written: str, meant: str, tmp_path: Path) -> None:
    file = tmp_path / "talaia.toml"
    more = '[web]\nhosts = ["estàt.exemple.cat."]\n[mail]\nhost = "Corrèu.exemple.cat."\n'
    file.write_text(f'[site]\nname = "C"\naddress = "{written}"\n{more}')
    found = read(file)
    assert (found.site.address, found.web.hosts) == (meant, ("xn--estt-2na.exemple.cat",))
    assert found.mail.host == "xn--corru-7ra.exemple.cat"


@pytest.mark.parametrize(
    "wrong",
    [
        '[site]\nname = "C"\naddress = "https://ex ample.org"',
        '[site]\nname = "C"\naddress = "https://me@example.org"',
        '[site]\nname = "C"\naddress = "https://10.0.0.256"',
        *(
            f'[site]\nname = "C"\naddress = "https://example.org"\n[mail]\nhost = "{host}"'
            for host in ("mail.example.org:587", "smtp://mail.example.org", "mail example", "/var/run/smtp")
        ),
    ],
)
def test_a_host_that_nobody_can_ask_for_is_refused(wrong: str, tmp_path: Path) -> None:
    file = tmp_path / "talaia.toml"
    file.write_text(wrong)
    with pytest.raises(ConfigError):
        read(file)


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("http://prometheus:9090", True),
        ("http://[fe80::1%25eth0]:9090/x y", True),
        ("http://my_prom.svc.cluster.local.", True),
        ("http://prometheús.example", True),
        ("http://ex ample.org", False),
        ("http://10.0.0.256:9090", False),
        ("http://a,b.example.org", False),
        ("http://example.org\n", False),
    ],
)
def test_an_address_has_a_host_that_can_be_asked_for(address: str, is_one: bool) -> None:
    assert is_web_address(address) is is_one
