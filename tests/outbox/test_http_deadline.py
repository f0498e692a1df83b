"""A request ends in its time, whatever the other side does, and at once when it is called off."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from talaia.outbox.http_deadline import DeadlineTransport
from talaia.outbox.shutdown import call_off
from tests.servers.process import wait_until
from tests.servers.targets import HttpTarget, Target
from tests.signals.faulty import Drip, Flood, Says, Silent

WHOLE, SLACK = 0.6, 2.0  # seconds
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\n"
DRIPS = {
    "its first word": Drip(b"", b"H"),
    "a header": Drip(HEAD + b"X-A: "),
    "answers before the answer": Drip(CONTINUE, CONTINUE, 0.001),
    "answers before the answer, at once": Flood(CONTINUE, CONTINUE),
    "the size of a chunk": Drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "chunks": Drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "a body without an end": Drip(HEAD + b"\r\n"),
    "a body with one": Drip(HEAD + b"Content-Length: 1000000\r\n\r\n"),
    "nothing": Silent(),
    "nothing more": Drip(HEAD + b"Content-Length: 9\r\n\r\n", b"x", 60),
}


@contextmanager
def asking(rate: float | None = 1_000_000, timeout: float = 30) -> Iterator[httpx.Client]:
    transport = DeadlineTransport(ssl.create_default_context(), WHOLE, rate)
    with httpx.Client(transport=transport, timeout=timeout, trust_env=False) as http:
        yield http


@pytest.mark.parametrize("kind", DRIPS)
def test_whoever_says_a_little_now_and_then_is_left_in_time(kind: str) -> None:
    with DRIPS[kind] as target, asking() as http:
        begun = time.monotonic()
        with pytest.raises(httpx.ReadTimeout, match=f"it takes more than {WHOLE:g} s"):
            http.get(f"http://{target.address}/")
        assert WHOLE <= time.monotonic() - begun < WHOLE + SLACK


def test_whoever_says_nothing_of_tls_is_left_in_time() -> None:
    with Silent() as target, asking() as http:
        begun = time.monotonic()
        with pytest.raises(httpx.ConnectTimeout, match="it takes more than"):
            http.get(f"https://{target.address}/")
        assert time.monotonic() - begun < WHOLE + SLACK


def test_a_name_that_no_server_tells_is_waited_for_no_longer_than_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    end = threading.Event()

    def resolving(*_: object) -> None:
        end.wait(20)
        raise OSError("nothing was told")

    monkeypatch.setattr(socket, "getaddrinfo", resolving)  # the system's resolver, which cannot be interrupted
    with asking() as http:
        begun = time.monotonic()
        with pytest.raises(httpx.ConnectTimeout):
            http.get("http://slow.example.org/")
        assert time.monotonic() - begun < WHOLE + SLACK
    end.set()


class Slow(Target):
    """A long answer at a rate, whole."""

    def serve(self, connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(HEAD + b"Content-Length: 2000000\r\n\r\n")
        for _ in range(20):
            connection.sendall(b"x" * 100_000)
            if self.going_down.wait(0.1):
                return


@pytest.mark.slow
def test_a_long_answer_may_take_longer_where_it_comes_at_its_rate() -> None:
    with Slow() as target:
        with asking() as http:
            assert len(http.get(f"http://{target.address}/").content) == 2_000_000
        with asking(rate=None) as http, pytest.raises(httpx.ReadTimeout):
            http.get(f"http://{target.address}/")


def test_the_time_between_two_bytes_is_bound_as_httpx_binds_it() -> None:
    with Silent() as target, asking(timeout=0.2) as http:
        begun = time.monotonic()
        with pytest.raises(httpx.ReadTimeout):
            http.get(f"http://{target.address}/")
        assert time.monotonic() - begun < WHOLE


@pytest.mark.parametrize(
    "packing",
    ["Content-Encoding: br", "content-encoding: gzip, gzip", "Content-Encoding: gzip\r\nContent-Encoding: br"],
)
def test_what_is_packed_so_that_it_may_burst_is_not_unpacked(packing: str) -> None:
    """Of 16 bytes of brotli come megabytes, whoever counts them afterwards."""
    with (
        Says(HEAD + f"{packing}\r\nContent-Length: 3\r\n\r\nxxx".encode()) as target,
        asking() as http,
        pytest.raises(httpx.DecodingError, match="for which we did not ask"),
    ):
        http.get(f"http://{target.address}/")


def test_what_is_unpacked_comes_in_pieces_that_can_be_counted() -> None:
    body = gzip.compress(bytes(50_000_000))
    head = HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with Says(head + body) as target, asking() as http, http.stream("GET", f"http://{target.address}/") as answer:
        assert answer.request.headers["accept-encoding"] == "deflate, gzip"
        assert max(map(len, answer.iter_bytes())) < 9_000_000


def test_connections_are_kept_and_a_refusal_is_what_it_was() -> None:
    with HttpTarget("words", status=503) as target, asking() as http:
        answers = [http.post(target.url, content=b"z" * 200_000, headers={"X-A": "b"}) for _ in range(2)]
        assert [(a.status_code, a.text, a.http_version) for a in answers] == [(503, "words", "HTTP/1.1")] * 2
        assert [(r.method, len(r.body), r.headers["x-a"]) for r in target.requests] == [("POST", 200_000, "b")] * 2
        ports = {answer.extensions["network_stream"].get_extra_info("server_addr")[1] for answer in answers}
        assert ports == {target.port}
        target.down()
        with pytest.raises(httpx.ConnectError, match="refused"):
            http.get(target.url)


@pytest.mark.parametrize("kind", ["nothing", "a header", "a body with one"])
@pytest.mark.parametrize("everything", [True, False])
def test_what_waits_is_called_off_from_another_thread(kind: str, everything: bool) -> None:
    transport = DeadlineTransport(ssl.create_default_context(), 60)
    http = httpx.Client(transport=transport, timeout=60, trust_env=False)
    with DRIPS[kind] as target, ThreadPoolExecutor() as pool:
        asked = pool.submit(http.get, f"http://{target.address}/")
        wait_until(lambda: bool(transport.wire.open), 5, "a connection")
        begun = time.monotonic()
        call_off() if everything else http.close()
        with pytest.raises(httpx.TransportError, match="called off"):
            asked.result(5)
        assert time.monotonic() - begun < 1
        http.close()


def test_who_waits_for_a_connection_is_called_off_too() -> None:
    transport = DeadlineTransport(ssl.create_default_context(), 60)
    http = httpx.Client(transport=transport, timeout=60, trust_env=False)
    with Silent() as target, ThreadPoolExecutor() as pool:
        asked = pool.submit(http.get, f"https://{target.address}/")
        wait_until(lambda: bool(transport.wire.awaited) and not transport.wire.open, 5, "TLS is waited for")
        http.close()
        with pytest.raises(httpx.ConnectTimeout, match="called off"):
            asked.result(2)
