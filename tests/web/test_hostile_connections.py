"""Connections that mean no good, or break: each is let go in time, none gets more than its share, nobody else pays."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest
import uvloop

from talaia.api.counters import REGISTRY
from talaia.server import http_protocol
from talaia.server.admission import Admission, Bounds
from talaia.server.http_protocol import PIPELINED, HttpProtocol
from talaia.server.listening import TCP_NOTSENT_LOWAT, UNSENT
from talaia.server.static_files import FIELDS, LONGEST_HEAD, Receive, Scope, Send, StaticFiles
from tests.web.site import a_front, write
from tests.web.test_connection import ASKED, PAGE, Inner, Served, answer, served

GET = ASKED[0]
BIG = b"x" * 3_000_000
Talk = Callable[[Served], Awaitable[None]]


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture
def front(tmp_path: Path, inner: Inner) -> StaticFiles:
    write(tmp_path / "public" / "big" / "index.html", BIG)
    return a_front(tmp_path, inner)


def talking(front: StaticFiles, talk: Talk) -> None:
    """Run `talk` while `front` is served, in the event loop that the product runs in."""

    async def run() -> None:
        async with served(front) as there, asyncio.timeout(20):
            await talk(there)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


async def empty(there: Served) -> None:
    """Wait until nothing is left of anybody."""
    while there.state.connections or there.state.tasks:
        await asyncio.sleep(0.01)
    admission = there.front.admission
    assert not admission.guests and not admission.places and not admission.holding and admission.kept == 0


async def here(there: Served) -> list[HttpProtocol]:
    """Whoever is connected, once somebody is."""
    while not there.front.admission.guests:
        await asyncio.sleep(0)
    return [cast(HttpProtocol, guest) for guest in there.front.admission.guests]


def deaf(port: int) -> socket.socket:
    """A client that takes next to nothing of an answer, unless it is read."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    one.connect(("127.0.0.1", port))
    return one


@contextlib.asynccontextmanager
async def connected(port: int, **given: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, **given)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def read(reader: asyncio.StreamReader) -> bytes:
    """All that comes until it is closed; a reset, where something of ours was not read any more, is an end, too."""
    got = b""
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            got += piece
    return got


async def ask(port: int, request: bytes = GET) -> tuple[bytes, bytes]:
    """The answer to somebody else, on a connection of their own."""
    async with connected(port) as (reader, writer):
        writer.write(request)
        return await answer(reader)


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /big/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /big/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /big/ HTTP/1.1\r\nHost: x\r\n\r\n" * 3,
        b"GET /desk/big HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["kept", "to be closed", "three of them", "of the application"],
)
@pytest.mark.slow
def test_who_does_not_read_the_answer_is_let_go(
    front: StaticFiles, inner: Inner, request_: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "PATIENCE", 0.3)
    inner.says = BIG

    async def talk(there: Served) -> None:
        for _ in range(2):  # the long way, and the short one
            with deaf(there.port) as one:
                one.sendall(request_)
                while not there.state.connections:
                    await asyncio.sleep(0.01)
                await empty(there)
        assert (await ask(there.port))[1] == PAGE

    talking(front, talk)


@pytest.mark.slow
def test_who_reads_slowly_and_steadily_gets_all_of_it(front: StaticFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "PATIENCE", 0.5)

    async def talk(there: Served) -> None:
        loop, got = asyncio.get_running_loop(), 0
        with deaf(there.port) as one:
            one.setblocking(False)
            one.sendall(b"GET /big/ HTTP/1.1\r\nHost: x\r\n\r\n")
            for _ in range(12):  # longer in all than the patience
                await asyncio.sleep(0.1)
                before = got
                while got < before + 60_000:
                    piece = await loop.sock_recv(one, 10_000)
                    assert piece, f"closed after {got} bytes"
                    got += len(piece)
            assert there.state.connections

    talking(front, talk)


@pytest.mark.parametrize(("asked", "answered"), [(PIPELINED + 1, PIPELINED + 1), (PIPELINED + 2, 0)])
def test_so_many_requests_wait_behind_the_one_that_is_answered_and_not_one_more(
    front: StaticFiles, inner: Inner, asked: int, answered: int
) -> None:
    inner.wait = 0.1
    last = b"GET /desk/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    async def talk(there: Served) -> None:
        async with connected(there.port) as (reader, writer):
            writer.write(b"GET /desk/ HTTP/1.1\r\nHost: x\r\n\r\n" * (asked - 1) + last)
            assert (await read(reader)).count(b"HTTP/1.1 200") == answered
        await empty(there)

    talking(front, talk)


def test_who_sends_many_requests_and_waits_for_no_answer_is_let_go(front: StaticFiles) -> None:
    async def talk(there: Served) -> None:
        async with connected(there.port) as (reader, writer):
            writer.write(GET * (PIPELINED + 1))
            for _ in range(PIPELINED + 1):
                assert (await answer(reader))[1] == PAGE
            writer.write(GET * 5000)
            got = await read(reader)
        assert got.count(b"HTTP/1.1 200") <= PIPELINED + 1 and b" 400 " not in got
        await empty(there)

    talking(front, talk)


def test_one_field_without_an_end_that_comes_in_pieces_is_refused(front: StaticFiles) -> None:
    """The parser keeps it until it is whole, and says nothing of it before."""

    async def talk(there: Served) -> None:
        async with connected(there.port) as (reader, writer):
            begun, size = b"GET / HTTP/1.1\r\nHost: x\r\na: ", 0
            [guest] = await here(there)
            while not guest.transport.is_closing() and size < 4 * LONGEST_HEAD:
                piece = b"b" * 1000 if size else begun
                writer.write(piece)
                size += len(piece)
                while guest.head_size < size and not guest.transport.is_closing():  # each comes by itself
                    await asyncio.sleep(0)
            assert LONGEST_HEAD < size <= LONGEST_HEAD + 1000
            assert (await read(reader)).startswith(b"HTTP/1.1 431 ")
        await empty(there)

    talking(front, talk)


def test_a_body_that_nobody_wants_any_more_buys_no_time(front: StaticFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "PATIENCE", 0.3)
    monkeypatch.setattr(http_protocol, "STRETCH", 10)

    async def talk(there: Served) -> None:
        async with connected(there.port) as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
            assert (await answer(reader))[0].startswith(b"HTTP/1.1 405 ")
            closed = asyncio.create_task(read(reader))
            for _ in range(300):
                if closed.done():
                    break
                with contextlib.suppress(ConnectionError):
                    writer.write(b"x" * 10)
                await asyncio.sleep(0.01)
            assert closed.done(), "it was listened to for ever"
        await empty(there)

    talking(front, talk)


def test_who_had_to_wait_for_an_answer_has_as_long_as_others_to_ask_again(
    front: StaticFiles, inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "PATIENCE", 0.5)
    inner.wait = 0.7

    async def talk(there: Served) -> None:
        async with connected(there.port) as (reader, writer):
            writer.write(b"GET /desk/x HTTP/1.1\r\nHost: x\r\n\r\n")
            await answer(reader)
            [guest] = await here(there)
            guest.look_at_the_time()
            writer.write(GET)
            assert (await answer(reader))[1] == PAGE

    talking(front, talk)


def test_a_page_that_is_asked_for_while_another_answer_is_made_comes_after_it(front: StaticFiles, inner: Inner) -> None:
    """On a proxy's connection to us each answer goes to who asked in that turn."""
    inner.wait = 0.3

    async def talk(there: Served) -> None:
        await ask(there.port)  # from here on it goes the short way
        async with connected(there.port) as (reader, writer):
            writer.write(b"POST /desk/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
            while not inner.asked:
                await asyncio.sleep(0.01)
            writer.write(GET)  # it comes by itself
            assert [(await answer(reader))[1] for _ in range(2)] == [b"abc", PAGE]

    talking(front, talk)


def test_no_page_is_kept_for_who_has_not_taken_the_one_before_it(front: StaticFiles) -> None:
    async def talk(there: Served) -> None:
        big = b"GET /big/ HTTP/1.1\r\nHost: x\r\n\r\n"
        for request in (GET, big):
            await ask(there.port, request)  # from here on it goes the short way
        await empty(there)
        with deaf(there.port) as one:
            one.sendall(big)
            [guest] = await here(there)
            while not guest.flow.write_paused:
                await asyncio.sleep(0.01)
            kept = guest.transport.get_write_buffer_size()
            one.sendall(GET)
            while guest.answered() and guest.transport.get_write_buffer_size() == kept:
                await asyncio.sleep(0.01)
            assert guest.transport.get_write_buffer_size() == kept
        await empty(there)

    talking(front, talk)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nAccept: a\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\n\r\n", 200),
        (b"GET /desk/ HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * FIELDS + b"\r\n", 431),
        (b"GET / HTTP/1.0\r\n" + b"a: b\r\n" * FIELDS + b"\r\n", 200),
        (b"GET / HTTP/1.1\r\nHost: x\r\na: " + b"b" * 40_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"b" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ],
    ids=range(12),
)
@pytest.mark.parametrize("warm", [False, True])
def test_what_is_no_good_request_is_refused_and_closed(
    front: StaticFiles, inner: Inner, request_: bytes, status: int, warm: bool
) -> None:
    async def talk(there: Served) -> None:
        if warm:
            await ask(there.port)
        async with connected(there.port) as (reader, writer):
            writer.write(request_)
            got = await read(reader)
        assert got.startswith(b"HTTP/1.1 %d " % status)
        assert got.count(b"HTTP/1.1 ") == 1
        await empty(there)

    talking(front, talk)
    assert inner.asked == []


def test_a_refusal_never_stands_in_the_place_of_an_answer_before_it(front: StaticFiles, inner: Inner) -> None:
    async def talk(there: Served) -> None:
        inner.wait = 0.2
        async with connected(there.port) as (reader, writer):
            writer.write(b"GET /desk/ HTTP/1.1\r\nHost: x\r\n\r\nno request at all\r\n\r\n")
            got = await read(reader)
        assert b" 400 " not in got
        await empty(there)

    talking(front, talk)


CHUNKED = b"POST /desk/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_broken_body_is_refused_in_the_place_of_no_answer_that_is_awaited_before_it(
    front: StaticFiles, inner: Inner
) -> None:
    async def talk(there: Served) -> None:
        inner.wait = 0.2
        async with connected(there.port) as (reader, writer):
            writer.write(b"GET /desk/ HTTP/1.1\r\nHost: x\r\n\r\n" + CHUNKED)
            await asyncio.sleep(0.05)
            writer.write(b"no length\r\n")
            got = await read(reader)
        assert b" 400 " not in got
        await empty(there)

    talking(front, talk)


def test_a_body_that_breaks_after_its_answer_has_begun_puts_no_refusal_into_that_answer(tmp_path: Path) -> None:
    async def hasty(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"8")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass

    async def talk(there: Served) -> None:
        async with connected(there.port) as (reader, writer):
            writer.write(CHUNKED)
            assert (await reader.readuntil(b"half")).startswith(b"HTTP/1.1 200 ")
            writer.write(b"no length\r\n")
            assert await read(reader) == b""
        await empty(there)

    talking(a_front(tmp_path, hasty), talk)


def test_an_answer_that_goes_on_hears_that_nobody_is_there_also_where_more_was_asked_behind_it(tmp_path: Path) -> None:
    heard: list[str] = []

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"8")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        async with asyncio.timeout(5):
            while (await receive())["type"] != "http.disconnect":
                pass
        heard.append(scope["path"])

    async def talk(there: Served) -> None:
        async with connected(there.port) as (reader, writer):
            writer.write(b"GET /desk/ HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
            await reader.readuntil(b"half")
        await empty(there)

    talking(a_front(tmp_path, endless), talk)
    assert heard == ["/desk/"]


def test_of_many_bodies_on_one_connection_each_is_counted_while_it_is_there(front: StaticFiles, inner: Inner) -> None:
    async def talk(there: Served) -> None:
        inner.wait, counted = 0.1, []
        async with connected(there.port) as (reader, writer):
            for _ in range(3):
                writer.write(b"POST /desk/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000)
                while there.front.admission.kept < 5000:
                    await asyncio.sleep(0.01)
                counted.append(there.front.admission.kept)
                assert len((await answer(reader))[1]) == 5000
                assert there.front.admission.kept == 0
        assert len(set(counted)) == 1
        await empty(there)

    talking(front, talk)


STAGES = {
    "nothing": b"",
    "half a line": b"GET / HT",
    "half a head": b"GET /desk/ HTTP/1.1\r\nHost: x\r\n",
    "a head": b"POST /desk/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
    "half a body": b"POST /desk/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
    "half a chunk": b"POST /desk/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhal",
    "asked to go on": b"POST /desk/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
    "asked": b"GET /desk/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "asked for much": b"GET /big/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "asked for more": b"GET /desk/ HTTP/1.1\r\nHost: x\r\n\r\n" * 5,
    "answered": GET,
    "answered too early": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("how", ["closes", "half closes", "resets"])
def test_whoever_hangs_up_leaves_nothing_behind(
    front: StaticFiles, inner: Inner, stage: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    inner.wait, inner.says = 0.1, BIG

    async def talk(there: Served) -> None:
        await ask(there.port)
        one = deaf(there.port)
        one.sendall(STAGES[stage])
        await asyncio.sleep(0.03)
        if how == "half closes":
            one.shutdown(socket.SHUT_WR)
            await asyncio.sleep(0.03)
        if how == "resets":
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()
        assert (await ask(there.port))[1] == PAGE
        await empty(there)

    with caplog.at_level(logging.INFO):
        talking(front, talk)
    assert [record.getMessage() for record in caplog.records if record.name not in ("asyncio", "uvicorn.error")] == []
    assert not [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]


def test_whoever_is_there_is_counted_by_their_address_and_until_they_go(
    front: StaticFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "counted_for", lambda address, _behind_proxy: address)  # also who is at home

    async def talk(there: Served) -> None:
        before = REGISTRY.get_sample_value("talaia_connections") or 0
        async with connected(there.port), connected(there.port) as (reader, writer):
            writer.write(GET)
            await answer(reader)
            assert {place: len(guests) for place, guests in there.front.admission.places.items()} == {"127.0.0.1": 2}
            assert REGISTRY.get_sample_value("talaia_connections") == before + 2
        await empty(there)
        assert REGISTRY.get_sample_value("talaia_connections") == before

    talking(front, talk)


def test_while_there_are_too_many_every_new_one_is_answered(front: StaticFiles) -> None:
    front.admission = Admission(Bounds(connections=50, each=50, kept=10_000_000, backlog=64))

    async def talk(there: Served) -> None:
        async with contextlib.AsyncExitStack() as others:
            for _ in range(200):
                _, writer = await others.enter_async_context(connected(there.port))
                writer.write(b"GET / HT")
                assert len(there.state.connections) <= 60
            assert (await ask(there.port))[1] == PAGE

    talking(front, talk)


def test_bodies_without_an_end_do_not_fill_the_memory(front: StaticFiles) -> None:
    front.admission = Admission(Bounds(connections=500, each=500, kept=1_000_000, backlog=64))

    async def talk(there: Served) -> None:
        begun = b"POST /desk/ HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" + b"x" * 50_000
        async with contextlib.AsyncExitStack() as others:
            for _ in range(60):
                _, writer = await others.enter_async_context(connected(there.port))
                writer.write(begun)
            while len(there.front.admission.guests) > 25:
                await asyncio.sleep(0.01)
            assert there.front.admission.kept <= 1_000_000
            whole = b"POST /desk/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
            assert (await ask(there.port, whole))[1] == b"abc"

    talking(front, talk)


def test_the_end_of_the_server_does_not_wait_for_who_is_slow(
    front: StaticFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "ENDING", 0.2)
    begun = 0.0

    async def talk(there: Served) -> None:
        nonlocal begun
        for request_ in (b"", STAGES["half a head"], STAGES["half a body"], STAGES["asked for much"]):
            one = deaf(there.port)
            one.sendall(request_)
            kept.append(one)
        while len(there.state.connections) < 4:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        begun = asyncio.get_running_loop().time()

    kept: list[socket.socket] = []

    async def run() -> float:
        async with served(front) as there:
            await talk(there)
        return asyncio.get_running_loop().time() - begun

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(run()) < 5
    for one in kept:
        one.close()


def test_the_bounds_of_the_kernel_are_handed_on_to_each_connection(front: StaticFiles) -> None:
    async def talk(there: Served) -> None:
        async with connected(there.port):
            while not there.state.connections:
                await asyncio.sleep(0.01)
            (one,) = there.state.connections
            with socket.socket(fileno=os.dup(one.transport.get_extra_info("socket").fileno())) as accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT) == UNSENT

    talking(front, talk)


IN_CHUNKS = b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
COSTLY = {
    "a body in pieces of a byte": (IN_CHUNKS % b"/desk/", b"1\r\na\r\n"),
    "one that is answered already": (IN_CHUNKS % b"/", b"1\r\na\r\n"),
    "pieces with something to say of each": (IN_CHUNKS % b"/desk/", b"1;a=b;c=d;e=f\r\na\r\n"),
    "nothing but empty lines": (b"", b"\r\n"),
}


@pytest.mark.parametrize("kind", COSTLY)
def test_what_is_cheap_to_send_and_dear_to_read_is_refused(front: StaticFiles, kind: str) -> None:
    begun, more = COSTLY[kind]

    async def talk(there: Served) -> None:
        async with connected(there.port) as (reader, writer):
            writer.write(begun)
            await asyncio.sleep(0.05)
            sent = 0
            with contextlib.suppress(ConnectionError):
                while sent < 20_000_000:
                    writer.write(more * 10_000)
                    await writer.drain()
                    sent += 10_000 * len(more)
            assert sent < 20_000_000
            got = await read(reader)
        assert got.count(b"HTTP/1.1 ") <= 1
        await empty(there)

    talking(front, talk)


def test_a_body_in_pieces_as_programs_make_them_is_taken(front: StaticFiles) -> None:
    async def talk(there: Served) -> None:
        for size, number in ((1, 1_900), (300, 6_000), (4_096, 300)):
            piece = b"%x\r\n%s\r\n" % (size, b"a" * size)
            status, body = await ask(there.port, IN_CHUNKS % b"/desk/" + piece * number + b"0\r\n\r\n")
            assert status.startswith(b"HTTP/1.1 200") and len(body) == size * number

    talking(front, talk)


def test_some_empty_lines_before_a_request_are_left_out(front: StaticFiles) -> None:
    async def talk(there: Served) -> None:
        async with connected(there.port) as (reader, writer):
            for _ in range(3):
                writer.write(b"\r\n" * 300)
                await asyncio.sleep(0.02)
                writer.write(GET)
                assert (await answer(reader))[1] == PAGE

    talking(front, talk)


def test_who_sends_as_fast_as_they_can_is_read_once_in_a_turn(
    front: StaticFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []  # the turn of the loop of each
    taken = http_protocol.HttpProtocol.data_received

    async def talk(there: Served) -> None:
        loop, turn = asyncio.get_running_loop(), 0

        def counted(self: http_protocol.HttpProtocol, data: bytes) -> None:
            reads.append(turn)
            taken(self, data)

        def turned() -> None:
            nonlocal turn
            turn += 1
            loop.call_soon(turned)

        monkeypatch.setattr(http_protocol.HttpProtocol, "data_received", counted)
        with socket.create_connection(("127.0.0.1", there.port)) as one:
            one.setblocking(False)
            await loop.sock_sendall(one, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 90000000\r\n\r\n")
            turned()
            await loop.sock_sendall(one, b"x" * 20_000_000)

    talking(front, talk)
    assert len(reads) > 20
    assert max(reads.count(turn) for turn in set(reads)) == 1
