"""The built-in checks against real small servers, well and ill."""

from __future__ import annotations

import gzip
import json
import os
import resource
import socket
import subprocess
import sys
import textwrap
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from talaia.config import CheckConfig, current
from talaia.signals.check_outcome import CheckOutcome
from talaia.signals.checks import probe
from tests.servers.process import free_port, release_port, wait_until
from tests.servers.targets import HttpTarget, Target, TcpTarget
from tests.servers.tls import TlsTarget
from tests.signals.faulty import Drip, Flood, Garbage, NameServer, Redirects, Silent

GRACE = 0.5  # seconds over its timeout that a probe may take


def look(kind: Any, target: str, seconds: float = 5.0, **more: Any) -> CheckOutcome:
    """The outcome of one probe, which must come within its time."""
    check = CheckConfig(id="it", kind=kind, target=target, timeout=timedelta(seconds=seconds), **more)
    began, started = time.monotonic(), datetime.now(UTC)
    outcome = probe(check, current())
    took = time.monotonic() - began
    assert took <= seconds + GRACE
    assert outcome.check == "it"
    assert outcome.seconds <= took
    assert started <= outcome.at <= datetime.now(UTC)
    assert "\n" not in outcome.what
    return outcome


@contextmanager
def closed_port() -> Iterator[int]:
    port = free_port()
    try:
        yield port
    finally:
        release_port(port)


# http


def test_a_page_that_answers_is_well() -> None:
    with HttpTarget() as target:
        outcome = look("http", target.url)
        request = target.requests[0]
    assert (outcome.ok, outcome.slow, outcome.expiring, outcome.measured) == (True, False, False, True)
    assert outcome.what.startswith("status 200, in ")
    assert request.method == "GET"
    assert request.headers["user-agent"].startswith("talaia/")


@pytest.mark.parametrize(
    ("status", "wanted", "ok"),
    [
        (200, (), True),
        (204, (), True),
        (404, (), False),
        (500, (), False),
        (304, (), False),
        (401, (401, 403), True),
        (200, (401, 403), False),
        (503, (200, 503), True),
    ],
)
def test_the_status_decides(status: int, wanted: tuple[int, ...], ok: bool) -> None:
    with HttpTarget(status=status, body="" if status in (204, 304) else "words") as target:
        outcome = look("http", target.url, status=wanted)
    assert outcome.ok is ok
    assert f"status {status}" in outcome.what


def test_a_refused_connection_is_a_failure() -> None:
    with closed_port() as port:
        outcome = look("http", f"http://127.0.0.1:{port}/")
    assert not outcome.ok
    assert outcome.measured
    assert outcome.what == "cannot connect: Connection refused"


def test_a_name_that_does_not_exist_is_a_failure() -> None:
    outcome = look("http", "http://nowhere.invalid/", seconds=3)
    assert not outcome.ok
    assert "nowhere.invalid" in outcome.what


def test_a_text_must_stand_in_the_page() -> None:
    with HttpTarget(body="<h1>Benvinguda, açò és la web</h1>") as target:
        assert look("http", target.url, text="açò és").ok
        outcome = look("http", target.url, text="Botiga")
    assert not outcome.ok
    assert "'Botiga' does not stand in the page" in outcome.what


def test_a_text_is_found_in_the_encoding_that_the_page_declares() -> None:
    body = "fundació".encode("latin-1")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=%s\r\nContent-Length: 8\r\n\r\n"
    for charset in (b"iso-8859-1", b"zip", b"no-such"):
        with Flood(head % charset + body, b"") as target:
            outcome = look("http", f"http://{target.address}/", text="fundaci")
        assert outcome.ok, (charset, outcome.what)
    with Flood(head % b"iso-8859-1" + body, b"") as target:
        assert look("http", f"http://{target.address}/", text="fundació").ok


def test_a_text_is_found_in_a_page_that_comes_packed_although_nobody_asked() -> None:
    packed = gzip.compress(b"the words")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    with Flood(head + packed, b"") as target:
        assert look("http", f"http://{target.address}/", text="the words").ok


def test_a_packed_bomb_is_not_unpacked() -> None:
    packed = gzip.compress(b"\0" * 300_000_000, compresslevel=1)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    with Flood(head + packed, b"") as target:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        outcome = look("http", f"http://{target.address}/", text="the words")
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert not outcome.ok
    assert grown < 50_000  # KiB


def test_a_huge_body_is_read_only_in_part() -> None:
    with Flood(b"HTTP/1.1 200 OK\r\n\r\nit is here ", b"x" * 1000) as target:
        assert look("http", f"http://{target.address}/", text="it is here").ok
        outcome = look("http", f"http://{target.address}/", text="not here")
    assert not outcome.ok
    assert "the first 1,000,000 bytes" in outcome.what


def test_a_slow_answer_is_well_but_slow() -> None:
    with HttpTarget(delay=0.3) as target:
        outcome = look("http", target.url, slower_than=timedelta(seconds=0.2))
        in_time = look("http", target.url, slower_than=timedelta(seconds=3))
    assert (outcome.ok, outcome.slow) == (True, True)
    assert outcome.seconds >= 0.3
    assert "slower than 0.2 s" in outcome.what
    assert (in_time.ok, in_time.slow) == (True, False)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
TIME_THIEVES: dict[str, Callable[[], Target]] = {
    "silent": Silent,
    "drips a body": lambda: Drip(OK),
    "drips headers": lambda: Drip(b"HTTP/1.1 200 OK\r\nX-Long: "),
    "drips informational answers": lambda: Drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.001),
    "floods informational answers": lambda: Flood(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
}


@pytest.mark.parametrize("kind", TIME_THIEVES)
def test_a_probe_ends_in_time_although_the_server(kind: str) -> None:
    with TIME_THIEVES[kind]() as target:
        outcome = look("http", f"http://{target.address}/", seconds=0.7)
    assert not outcome.ok
    assert outcome.what == "no answer within 0.7 s"


def test_a_probe_ends_in_time_although_the_tls_greeting_never_comes() -> None:
    with Silent() as target:
        outcome = look("http", f"https://{target.address}/", seconds=0.7)
    assert outcome.what == "no answer within 0.7 s"


def test_a_probe_ends_in_time_although_the_resolver_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()

    def hang(*_: object) -> list[Any]:
        let_go.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        for kind, target in (("http", "http://hangs.example.org/"), ("tcp", "hangs.example.org:25")):
            outcome = look(kind, target, seconds=0.5)
            assert not outcome.measured, "that our own name server is silent says nothing of the target"
            assert outcome.what == "here: no name server has answered within 0.5 s; see /etc/resolv.conf"
    finally:
        let_go.set()


def test_headers_without_end_are_a_failure() -> None:
    with Flood(b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n") as target:
        outcome = look("http", f"http://{target.address}/")
    assert not outcome.ok
    assert outcome.seconds < 2


def test_what_is_no_http_is_a_failure() -> None:
    with Garbage() as target:
        outcome = look("http", f"http://{target.address}/")
        assert not outcome.ok
        assert not look("http", f"https://{target.address}/").ok


def test_redirects_are_followed_to_the_page() -> None:
    with Redirects(last=10) as target:
        assert look("http", f"http://{target.address}/0", text="arrived").ok


def test_redirects_that_go_on_for_ever_are_a_failure() -> None:
    with Redirects() as target:
        outcome = look("http", f"http://{target.address}/0")
        assert len(target.asked) == 11
    assert not outcome.ok
    assert "redirected more than 10 times" in outcome.what


def test_a_redirect_that_is_asked_for_is_not_followed() -> None:
    with Redirects() as target:
        assert look("http", f"http://{target.address}/0", status=(301, 302)).ok
        assert target.asked == ["/0"]


def test_the_page_behind_a_redirect_is_the_one_that_is_judged() -> None:
    with HttpTarget(status=500) as behind, HttpTarget(status=302) as target:
        target.headers["Location"] = behind.url
        outcome = look("http", target.url)
    assert not outcome.ok
    assert f"status 500 Internal Server Error from {behind.url}" in outcome.what


def test_nothing_secret_of_an_address_stands_in_what_a_check_says(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpTarget(status=500) as behind, HttpTarget(status=302) as target:
        target.headers["Location"] = behind.url.replace("//", "//bot:geheim@") + "in?token=geheim#geheim"
        outcome = look("http", target.url)
        assert "geheim" not in outcome.what
        assert f"from {behind.url}in" in outcome.what
        monkeypatch.setattr(CheckConfig, "at_home", False)
        asked = len(behind.requests)
        assert "redirected to this machine itself" in look("http", target.url).what
        assert len(behind.requests) == asked, "a stranger's word sends us nowhere at home"


def test_a_password_comes_from_a_file_and_goes_to_no_other_host(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("contrasenya\n")
    login: dict[str, Any] = {"username": "bot", "password_file": str(tmp_path / "password")}
    with HttpTarget() as behind, HttpTarget(status=302) as target:
        target.headers["Location"] = behind.url
        assert look("http", target.url, **login).ok
        assert b64decode(target.requests[0].headers["authorization"].partition(" ")[2]) == b"bot:contrasenya"
        assert "authorization" not in behind.requests[0].headers
        (tmp_path / "password").unlink()
        outcome = look("http", target.url, **login)
    assert not outcome.measured
    assert "password_file cannot be read" in outcome.what


@pytest.mark.parametrize(
    "where", ["ftp://127.0.0.1/", "http://[not-an-address/", "http://", "http://a" + "b" * 300 + "/"]
)
def test_a_redirect_to_nowhere_is_a_failure(where: str) -> None:
    with HttpTarget(status=302) as target:
        target.headers["Location"] = where
        assert not look("http", target.url).ok


# certificates


def test_a_certificate_is_believed_when_its_authority_is_in_ca_file() -> None:
    with TlsTarget(days=90) as target:
        outcome = look("http", target.url, ca_file=str(target.certificate.certificate), certificate_days=14)
    assert (outcome.ok, outcome.expiring) == (True, False)
    assert "certificate until" in outcome.what


def test_a_certificate_that_ends_soon_is_told_while_the_page_is_well() -> None:
    with TlsTarget(days=13) as target:
        authority = str(target.certificate.certificate)
        outcome = look("http", target.url, ca_file=authority, certificate_days=14)
        unasked = look("http", target.url, ca_file=authority)
    assert (outcome.ok, outcome.expiring) == (True, True)
    assert "(12 days)" in outcome.what
    assert (unasked.ok, unasked.expiring) == (True, False)


def test_an_expired_certificate_is_a_failure() -> None:
    with TlsTarget(days=-1) as target:
        outcome = look("http", target.url, ca_file=str(target.certificate.certificate), certificate_days=14)
    assert (outcome.ok, outcome.measured) == (False, True)
    assert outcome.what == "the certificate is not valid: certificate has expired"


def test_a_certificate_that_vouches_for_itself_is_a_failure() -> None:
    with TlsTarget(days=90) as target:
        outcome = look("http", target.url)
    assert (outcome.ok, outcome.measured) == (False, True)
    assert outcome.what == "the certificate is not valid: self-signed certificate"


def test_a_certificate_for_another_name_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest: usual("127.0.0.1", *rest))
    with TlsTarget(days=90) as target:
        authority = str(target.certificate.certificate)
        outcome = look("http", target.url.replace("127.0.0.1", "www.example.org"), ca_file=authority)
        assert look("http", target.url.replace("127.0.0.1", "localhost"), ca_file=authority).ok
    assert not outcome.ok
    assert outcome.what.startswith("the certificate is not valid: Hostname mismatch")


def test_a_renewed_ca_file_is_read_again() -> None:
    with TlsTarget(days=90) as target:
        authority = target.certificate.certificate
        assert look("http", target.url, ca_file=str(authority)).ok
        target.renew(80)
        os.utime(authority, (time.time() + 5, time.time() + 5))
        assert look("http", target.url, ca_file=str(authority)).ok


def test_a_ca_file_that_is_gone_says_nothing_of_the_target() -> None:
    with TlsTarget(days=90) as target:
        outcome = look("http", target.url, ca_file="/nowhere/authority.pem")
    assert (outcome.ok, outcome.measured) == (False, False)
    assert "/nowhere/authority.pem" in outcome.what


# tcp


def test_a_port_that_accepts_is_well() -> None:
    with TcpTarget() as target:
        outcome = look("tcp", target.address)
    assert outcome.ok
    assert outcome.what.startswith("accepts connections, in ")


def test_a_port_that_refuses_is_a_failure() -> None:
    with closed_port() as port:
        outcome = look("tcp", f"127.0.0.1:{port}")
        by_name = look("tcp", f"localhost:{port}")
    assert outcome.what == "cannot connect: Connection refused"
    assert not by_name.ok


def test_a_port_is_reached_over_ipv6() -> None:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError as error:
        pytest.skip(f"this machine has no IPv6 loopback: {error}")
    with listener:
        assert look("tcp", f"[::1]:{listener.getsockname()[1]}").ok


def test_a_full_queue_is_a_failure_in_time() -> None:
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for client in (first, second):  # nobody accepts: the kernel's queue is full and further greetings are dropped
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        outcome = look("tcp", f"127.0.0.1:{listener.getsockname()[1]}", seconds=0.5)
    assert outcome.what == "no answer within 0.5 s"


def test_having_no_file_left_to_open_says_nothing_of_the_target() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with TcpTarget() as target:
        filled = [os.dup(0)]
        highest = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
        while filled[-1] <= highest:
            filled.append(os.dup(0))
        for free in filled[-3:]:  # just enough for the event loop itself
            os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (filled[-1] + 1, hard))
        try:
            outcome = probe(CheckConfig(id="it", kind="tcp", target=target.address), current())
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for held in filled[:-3]:
                os.close(held)
    assert (outcome.ok, outcome.measured) == (False, False)
    assert outcome.what == "here: Too many open files"


# dns

ZONE = {
    "www.example.org. A": ["192.0.2.1", "192.0.2.2"],
    "www.example.org. AAAA": ["2001:db8::1"],
    "example.org. MX": ["10 Mail.example.org."],
    "example.org. TXT": ['"v=spf1 " "-all"'],
}


@pytest.fixture(scope="module")
def names() -> Iterator[NameServer]:
    broken = {"broken.example.org.": 2, "forbidden.example.org.": 5}
    with NameServer(ZONE, broken, mute="mute.example.org.") as server:
        yield server


@pytest.mark.parametrize(
    ("name", "record", "answer", "ok", "what"),
    [
        ("www.example.org", "A", None, True, "A of www.example.org is 192.0.2.1, 192.0.2.2"),
        ("www.example.org", "a", "192.0.2.2", True, "is 192.0.2.1"),
        ("www.example.org", "A", "192.0.2.9", False, "not 192.0.2.9"),
        ("www.example.org", "A", "words", False, "not words"),
        ("www.example.org", "AAAA", "2001:DB8:0::1", True, "2001:db8::1"),
        ("example.org", "MX", "10 mail.example.org", True, "10 Mail.example.org."),
        ("example.org", "MX", "mail.example.org.", True, "10 Mail.example.org."),
        ("example.org", "MX", "20 mail.example.org", False, "not 20 mail"),
        ("example.org", "TXT", "v=spf1 -all", True, "v=spf1"),
        ("example.org", "TXT", "V=SPF1 -ALL", False, "not V=SPF1"),
        ("www.example.org", "MX", None, False, "has no MX record"),
        ("nobody.example.org", "A", None, False, "(NXDOMAIN)"),
        ("broken.example.org", "A", None, False, "SERVFAIL"),
        ("forbidden.example.org", "A", None, False, "REFUSED"),
    ],
)
def test_a_name_is_asked_from_a_server_of_its_own(
    names: NameServer, name: str, record: str, answer: str | None, ok: bool, what: str
) -> None:
    outcome = look("dns", name, server=names.address, record=record, answer=answer)
    assert outcome.ok is ok
    assert what in outcome.what
    assert outcome.measured


def test_a_name_server_that_says_nothing_is_a_failure_in_time(names: NameServer) -> None:
    outcome = look("dns", "mute.example.org", server=names.address, seconds=0.6)
    assert outcome.what == "no answer within 0.6 s"


def test_a_name_server_that_is_gone_is_a_failure_in_time() -> None:
    with closed_port() as port:
        assert not look("dns", "www.example.org", server=f"127.0.0.1:{port}", seconds=0.6).ok


def test_a_name_server_may_be_given_by_name(names: NameServer) -> None:
    assert look("dns", "www.example.org", server=f"localhost:{names.port}").ok
    outcome = look("dns", "www.example.org", server="ns.nowhere.invalid", seconds=3)
    assert not outcome.ok
    assert "ns.nowhere.invalid" in outcome.what


@pytest.mark.parametrize(
    ("name", "record"),
    [("www.example.org", "SPAM"), ("www.example.org", "ANY"), ("192.0.2.1", "PTR"), ("a..b", "A"), ("x" * 70, "A")],
)
def test_a_question_that_nobody_can_answer_says_nothing_of_the_name(names: NameServer, name: str, record: str) -> None:
    outcome = look("dns", name, server=names.address, record=record)
    assert (outcome.ok, outcome.measured) == (False, False)
    assert name in outcome.what or record in outcome.what


# ping: in a network namespace of its own, where the permission can be given and taken without touching the machine

PING = """
import fcntl, json, socket, struct, sys
from datetime import timedelta
from pathlib import Path
import django
with socket.socket() as s:  # SIOCSIFFLAGS: lo, IFF_UP
    fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 1))
for name, value in json.loads(sys.argv[1]).items():
    Path("/proc/sys/net/ipv4", name).write_text(value)
django.setup()
from talaia.config import CheckConfig, current
from talaia.signals.checks import probe
check = CheckConfig(id="it", kind="ping", target=sys.argv[2], timeout=timedelta(seconds=0.9))
outcome = probe(check, current())
print(json.dumps([outcome.ok, outcome.measured, outcome.seconds, outcome.what]))
"""
ALLOWED = {"ping_group_range": "0 2147483647"}


def ping(target: str, settings: dict[str, str]) -> tuple[bool, bool, float, str]:
    apart = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    if (tried := subprocess.run([*apart, "true"], capture_output=True, text=True, check=False)).returncode:
        pytest.skip(f"no network namespace can be made here: {tried.stderr.strip()}")
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "talaia.settings"}
    command = [*apart, sys.executable, "-c", textwrap.dedent(PING), json.dumps(settings), target]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    ok, measured, seconds, what = json.loads(done.stdout)
    return ok, measured, seconds, what


@pytest.mark.parametrize("target", ["127.0.0.1", "localhost", "[::1]"])
@pytest.mark.slow
def test_a_machine_that_answers_pings_is_well(target: str) -> None:
    ok, measured, seconds, what = ping(target, ALLOWED)
    assert (ok, measured) == (True, True)
    assert 0 < seconds < 0.3
    assert "answers" in what


@pytest.mark.slow
def test_a_machine_that_answers_no_ping_is_a_failure_in_time() -> None:
    ok, measured, seconds, what = ping("127.0.0.1", {**ALLOWED, "icmp_echo_ignore_all": "1"})
    assert (ok, measured) == (False, True)
    assert seconds <= 0.9 + GRACE
    assert what == "127.0.0.1 does not answer: 3 of 3 echoes lost"


def test_that_no_way_leads_from_here_to_a_machine_says_nothing_of_it() -> None:
    ok, measured, _, what = ping("192.0.2.1", ALLOWED)
    assert (ok, measured) == (False, False)
    assert what == "here: [Errno 101] Network is unreachable"


@pytest.mark.slow
def test_a_ping_that_is_not_permitted_names_the_setting_and_says_nothing_of_the_target() -> None:
    ok, measured, _, what = ping("127.0.0.1", {"ping_group_range": "1 0"})
    assert (ok, measured) == (False, False)
    assert "sysctl -w net.ipv4.ping_group_range=" in what


@pytest.mark.slow
def test_probes_leave_no_thread_and_no_open_file_behind() -> None:
    def held() -> tuple[int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    def probes(times: int) -> None:
        with HttpTarget() as target, Silent() as silent:
            for _ in range(times):
                look("http", target.url)
                look("tcp", f"localhost:{target.port}")
                look("http", f"http://{silent.address}/", seconds=0.05)

    probes(1)
    before = held()
    probes(20)
    wait_until(lambda: held() <= before, 5, f"no more files and threads than {before}")
