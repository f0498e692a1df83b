"""Over the wire: the short way to a page and the long one say the same, and nobody holds a connection for long."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
import uvicorn
from uvicorn.server import ServerState

from talaia.server import http_protocol
from talaia.server.http_protocol import HttpProtocol
from talaia.server.process import Server
from talaia.server.static_files import Message, Receive, Scope, Send, StaticFiles
from tests.servers.process import free_port
from tests.web.site import a_front

PAGE = b"<p>front</p>"


class Inner:
    """The application behind the front: says what it got; or `says`, after a `wait` in seconds."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.says, self.wait = b"", 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(scope["path"])
        body, more = b"", True
        while more:
            message: Message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message.get("body", b""), message.get("more_body", False)
        await asyncio.sleep(self.wait)
        body = self.says or body
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})


@dataclass(frozen=True)
class Served:
    front: StaticFiles
    port: int
    state: ServerState


@contextlib.asynccontextmanager
async def served(front: StaticFiles) -> AsyncIterator[Served]:
    port = free_port()
    server = Server(
        uvicorn.Config(
            front, host="127.0.0.1", port=port, http=HttpProtocol, ws="none", interface="asgi3", lifespan="off",
            proxy_headers=False, server_header=False, access_log=False, log_config=None,
        )
    )  # fmt: skip
    serving = asyncio.create_task(server.serve())
    await server.listening.wait()
    try:
        yield Served(front, port, server.server_state)
    finally:
        server.should_exit = True
        await serving


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def talking(front: StaticFiles, talk: Talk) -> None:
    """Run `talk` on a connection to `front`."""

    async def run() -> None:
        async with served(front) as there:
            reader, writer = await asyncio.open_connection("127.0.0.1", there.port)
            try:
                async with asyncio.timeout(10):
                    await talk(reader, writer)
            finally:
                writer.close()

    asyncio.run(run())


async def answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """One answer: its head without the date, and its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    body = await reader.readexactly(int(length[1])) if length else b""
    assert head.count(b"\r\ndate: ") == 1
    return re.sub(rb"\r\ndate: [^\r]*", b"", head), body


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture
def front(tmp_path: Path, inner: Inner) -> StaticFiles:
    return a_front(tmp_path, inner)


ASKED = [
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip, br\r\nUpgrade-Insecure-Requests: 1\r\n\r\n",
    b"GET /?utm=1 HTTP/1.1\r\nHost: x\r\naccept-encoding:gzip;q=1, br;q=0\r\nConnection: Keep-Alive\r\n\r\n",
    b"GET /es/ HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n",
    b'GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: "other"\r\n\r\n',
    b"GET /static/style.abc.css HTTP/1.1\r\nHost: x\r\n\r\n",
]


@pytest.mark.parametrize("request_", ASKED)
def test_the_short_way_and_the_long_way_give_the_same_answer(front: StaticFiles, request_: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert front.at_once(request_) is None  # nothing is in memory yet: the long way
        writer.write(request_)
        long = await answer(reader)
        assert front.at_once(request_) is not None
        writer.write(request_)
        assert await answer(reader) == long

    talking(front, talk)


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.0\r\nHost: x\r\n\r\n",
        b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: br\r\nAccept-Encoding: gzip\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"GET /%65s/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: \x00\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_not_plain_is_left_to_the_parser(front: StaticFiles, request_: bytes) -> None:
    assert front.look("/") and front.look("/es/")
    assert front.at_once(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") is not None
    assert front.at_once(request_) is None


def test_two_requests_at_once_and_one_in_pieces_are_answered_in_their_order(front: StaticFiles) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ASKED[0] * 3)
        for _ in range(3):
            assert (await answer(reader))[1] == PAGE
        for piece in (b"GET / HT", b"TP/1.1\r\nHost: x", b"\r\n\r", b"\n"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)  # so that each comes by itself
        assert (await answer(reader))[1] == PAGE
        writer.write(b"POST /desk/x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
        await writer.drain()
        writer.write(b"cd" + ASKED[0])  # the end of a body, and a whole request behind it
        assert (await answer(reader))[1] == b"abcd"
        assert (await answer(reader))[1] == PAGE

    talking(front, talk)


def test_a_body_that_looks_like_a_request_is_a_body(front: StaticFiles, inner: Inner) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ASKED[0])
        assert (await answer(reader))[1] == PAGE
        writer.write(b"POST /desk/x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(ASKED[0]))
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(ASKED[0])
        assert (await answer(reader))[1] == ASKED[0]

    talking(front, talk)
    assert inner.asked == ["/desk/x"]


@pytest.mark.parametrize("framing", [b"Content-Length: %d" % len(ASKED[0]), b"Transfer-Encoding: chunked"])
def test_a_body_that_comes_after_its_answer_is_still_a_body(
    front: StaticFiles, framing: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = asyncio.Queue[bytes]()
    take = HttpProtocol.data_received

    def told(self: HttpProtocol, data: bytes) -> None:
        take(self, data)
        taken.put_nowait(data)

    monkeypatch.setattr(HttpProtocol, "data_received", told)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def send(piece: bytes) -> None:  # each comes by itself
            writer.write(piece)
            assert await taken.get() == piece

        await send(ASKED[0])
        assert (await answer(reader))[1] == PAGE
        await send(b"POST / HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n\r\n")
        head, _ = await answer(reader)
        assert head.startswith(b"HTTP/1.1 405 ")
        if b"chunked" in framing:
            await send(b"%x\r\n" % len(ASKED[0]))
        await send(ASKED[0])
        if b"chunked" in framing:
            await send(b"\r\n0\r\n\r\n")
        await send(b"GET /es/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        rest = await reader.read()
        assert rest.count(b"HTTP/1.1 ") == 1 and PAGE not in rest, "the body was answered as a request"

    talking(front, talk)


def test_a_connection_that_is_to_be_closed_is_closed(front: StaticFiles) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert (await answer(reader))[1] == PAGE
        assert await reader.read() == b""

    talking(front, talk)


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost:", ASKED[0], ASKED[0] * 2])
def test_who_keeps_us_waiting_is_let_go(front: StaticFiles, begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "PATIENCE", 0.3)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        writer.write(begun)
        await writer.drain()
        got = await reader.read()  # until it is closed
        assert got.count(PAGE) == begun.count(b"\r\n\r\n")
        assert 0.2 < loop.time() - start < 3

    talking(front, talk)


def test_who_drips_a_head_byte_by_byte_is_let_go(front: StaticFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "PATIENCE", 0.3)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        closed = asyncio.create_task(reader.read())
        for byte in b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 1000:
            if closed.done():
                return
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)
        pytest.fail("it was listened to for ever")

    with contextlib.suppress(ConnectionError):
        talking(front, talk)


POST = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"


@pytest.mark.parametrize("address", [b"/desk/x", b"/"])
@pytest.mark.parametrize("begun", [b"", b"half of it"])
def test_who_tells_of_a_body_and_does_not_send_it_is_let_go(
    front: StaticFiles, address: bytes, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "PATIENCE", 0.3)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(POST % (address, 100) + begun)
        assert b" 200 " not in await reader.read()  # until it is closed

    talking(front, talk)


def test_who_drips_a_body_is_let_go(front: StaticFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "PATIENCE", 0.3)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        closed = asyncio.create_task(reader.read())
        writer.write(POST % (b"/desk/x", 1000))
        for _ in range(1000):
            if closed.done():
                return
            writer.write(b"x")
            await asyncio.sleep(0.02)
        pytest.fail("it was listened to for ever")

    with contextlib.suppress(ConnectionError):
        talking(front, talk)


@pytest.mark.slow
def test_a_long_body_that_keeps_coming_is_waited_for(front: StaticFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "PATIENCE", 0.5)
    monkeypatch.setattr(http_protocol, "STRETCH", 1000)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(POST % (b"/desk/x", 6000))
        for _ in range(6):  # longer in all than the patience, a stretch never is
            writer.write(b"x" * 1000)
            await asyncio.sleep(0.2)
        assert (await answer(reader))[1] == b"x" * 6000

    talking(front, talk)


def test_an_answer_to_a_whole_request_may_take_longer_than_the_patience(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "PATIENCE", 0.1)

    class Slow(Inner):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(0.4)
            await super().__call__(scope, receive, send)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(POST % (b"/desk/x", 3) + b"abc")
        assert (await answer(reader))[1] == b"abc"

    talking(a_front(tmp_path, Slow()), talk)


def test_while_we_read_no_more_of_a_body_nobody_waits_for_who_sends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "PATIENCE", 0.1)

    class Late(Inner):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(0.4)
            await super().__call__(scope, receive, send)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(POST % (b"/desk/x", 400_000) + b"x" * 400_000)
        assert len((await answer(reader))[1]) == 400_000

    talking(a_front(tmp_path, Late()), talk)


@pytest.mark.slow
def test_a_visitor_who_comes_back_in_time_is_kept(front: StaticFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "PATIENCE", 0.5)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(6):  # longer in all than the patience, never so long at a time
            writer.write(ASKED[0])
            assert (await answer(reader))[1] == PAGE
            await asyncio.sleep(0.2)

    talking(front, talk)


def test_who_goes_on_to_pages_after_an_answer_of_the_application_is_not_cut_off_by_the_watch_of_uvicorn(
    front: StaticFiles,
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ASKED[0])
        assert (await answer(reader))[1] == PAGE
        [guest] = front.admission.guests
        cast(HttpProtocol, guest).timeout_keep_alive = 0  # it knows nothing of what goes the short way
        writer.write(POST % (b"/desk/x", 3) + b"abc")
        assert (await answer(reader))[1] == b"abc"
        await asyncio.sleep(0.05)
        writer.write(ASKED[0])
        assert (await answer(reader))[1] == PAGE

    talking(front, talk)


def test_a_head_without_an_end_is_refused(front: StaticFiles) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET / HTTP/1.1\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(400):
                writer.write(b"a: " + b"b" * 1000 + b"\r\n")
                await writer.drain()
        with contextlib.suppress(ConnectionError):
            assert (await reader.read()).startswith(b"HTTP/1.1 431 ")

    talking(front, talk)
