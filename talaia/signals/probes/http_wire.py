"""HTTP/1.1 on the wire, for httpx, which keeps to redirects, cookies and addresses.

Its own parser (h11) refuses whole answers for a line that curl and browsers leave out: a service that everybody can use
would be down for our parser's sake. What is read here is read for a check: never for what is to be believed.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import unquote

import httpx

from talaia.signals.probes.answer import Failed
from talaia.signals.probes.http_head import HEAD_END, ResponseHead, parse

LONGEST_HEAD = 300 * 1024  # as curl
PIECE = 65536
BODILESS = (204, 304)
ZONE = re.compile(rb"%[^\]]*")


class WireTransport(httpx.AsyncBaseTransport):
    """One connection for each request, closed after its answer."""

    def __init__(self, trust: ssl.SSLContext) -> None:
        self.trust = trust

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Connect, ask, and read the head; the body comes as it is read."""
        host, secure = unquote(request.url.raw_host.decode()), request.url.scheme == "https"
        port = request.url.port or (443 if secure else 80)
        if port > 65535:
            raise Failed(f"{port} is no port, and it is sent there")
        reader, writer = await asyncio.open_connection(
            host,
            port,
            limit=LONGEST_HEAD,
            ssl=self.trust if secure else None,
            # A name may end with the dot of the root, and no certificate has it (RFC 6066 §3).
            server_hostname=host.rstrip(".") if secure else None,
            happy_eyeballs_delay=0.25,
        )
        try:
            writer.write(_asked(request))
            await writer.drain()
            head, rest = await _head(reader)
        except BaseException:
            writer.transport.abort()
            raise
        secured = writer.get_extra_info("ssl_object")
        return httpx.Response(
            head.status,
            headers=list(head.headers),
            stream=WireBody(reader, writer, head, rest),
            extensions={"reason_phrase": head.reason, "certificate": secured.getpeercert() if secured else None},
        )


def _asked(request: httpx.Request) -> bytes:
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    # The zone of an address is of this machine only (RFC 6874 §1): servers refuse it.
    lines += [
        b"%s: %s" % (name, ZONE.sub(b"", said) if name == b"Host" else said) for name, said in request.headers.raw
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n"


async def _head(reader: asyncio.StreamReader) -> tuple[ResponseHead, bytes]:
    """The head of the answer itself, not of those that come before it (1xx), and what came after it already."""
    came = bytearray()
    while True:
        while (end := HEAD_END.search(came, len(came) - len(came.lstrip(b"\r\n")))) is None:
            if len(came) > LONGEST_HEAD:
                raise Failed(f"the head of the answer does not end within {LONGEST_HEAD:,} bytes")
            piece = await reader.read(PIECE)
            if not piece:
                raise Failed(_broken_off(bytes(came)))
            came += piece
            await asyncio.sleep(0)  # what floods us would never let the time limit come to its turn
        head = parse(bytes(came[: end.start()]))
        if head is None:
            raise Failed(f"what answers is no HTTP: {_shown(bytes(came))}")
        del came[: end.end()]
        if head.status >= 200 or head.status == 101:
            return head, bytes(came)
        await asyncio.sleep(0)


def _broken_off(came: bytes) -> str:
    if not came:
        return "the connection was closed without an answer"
    if parse(came) is None:
        return f"what answers is no HTTP: {_shown(came)}"
    return "the connection was closed within the head of the answer"


def _shown(came: bytes) -> str:
    """The first words of whatever came."""
    return repr(came.lstrip()[:40].decode("latin-1"))


@dataclass
class WireBody(httpx.AsyncByteStream):
    """The body of an answer, as long as its head says, in chunks, or until the connection ends."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: ResponseHead
    rest: bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.head.status in BODILESS:
            return
        if self.head.chunked:
            async for chunk in self._chunks():
                yield chunk
            return
        left = self.head.length
        while left is None or left > 0:
            piece = await self._more()
            if not piece:
                if left:
                    raise Failed(f"the connection was closed {left:,} bytes before the end of the page")
                return
            yield piece if left is None else piece[:left]
            left = None if left is None else left - len(piece)

    async def _more(self) -> bytes:
        piece, self.rest = self.rest, b""
        await asyncio.sleep(0)
        return piece or await self.reader.read(PIECE)

    async def _line(self) -> bytes:
        while b"\n" not in self.rest:
            if len(self.rest) > PIECE:
                raise Failed("the page comes in chunks without sizes")
            piece = await self.reader.read(PIECE)
            if not piece:
                raise Failed("the connection was closed between two chunks of the page")
            self.rest += piece
        line, _, self.rest = self.rest.partition(b"\n")
        return line.strip()

    async def _chunks(self) -> AsyncIterator[bytes]:
        while True:
            size = (await self._line()).partition(b";")[0].strip()
            try:
                left = int(size, 16)
            except ValueError:
                raise Failed(f"the page comes in chunks, and {_shown(size)} is no size of one") from None
            if left <= 0:
                return
            while left:
                piece = await self._more()
                if not piece:
                    raise Failed("the connection was closed within a chunk of the page")
                yield piece[:left]
                self.rest, left = piece[left:], left - min(left, len(piece))
            await self._line()

    async def aclose(self) -> None:
        self.writer.transport.abort()
