"""The small servers that the demo watches: each can be broken and mended, also from another shell.

All of them run in one thread. Orders come by a Unix socket in the demo's folder, which only its owner can enter: one
line of JSON in, one line of JSON out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Coroutine, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

Kind = Literal["http", "tcp"]
Order = Literal["break", "mend", "list"]

T = TypeVar("T")
HERE = "127.0.0.1"
PATIENCE = 5  # seconds that a client may take to say what it wants


class Unknown(Exception):
    """There is no server of that name."""


class Servers:
    """From `start` to `stop` each server listens on a port of its own, `ports[name]`."""

    def __init__(self, kinds: Mapping[str, Kind], control: Path) -> None:
        self.kinds, self.control = dict(kinds), control
        self.broken: set[str] = set()
        self.sockets = {name: bound(0) for name in kinds}
        self.ports: dict[str, int] = {name: held.getsockname()[1] for name, held in self.sockets.items()}
        self.pages: dict[str, asyncio.Server] = {}
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="demo-servers", daemon=True)

    def start(self, broken: Iterable[str] = ()) -> None:
        """Listen, except for what is `broken` from the beginning."""
        self.thread.start()
        self._wait(self._open(set(broken)))

    def stop(self) -> None:
        """Close everything; harmless to repeat."""
        if self.thread.is_alive():
            self._wait(self._close())
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join()
        for held in self.sockets.values():
            held.close()
        if not self.loop.is_running():
            self.loop.close()
        self.control.unlink(missing_ok=True)

    def obey(self, order: Order, names: Iterable[str] = ()) -> dict[str, bool]:
        """Break or mend servers, and say of every one whether it works. Raises Unknown."""
        return self._wait(self._obey(order, list(names)))

    def _wait(self, task: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(task, self.loop).result()

    async def _open(self, broken: set[str]) -> None:
        self.commands = await asyncio.start_unix_server(self._command, self.control)
        for name in self.kinds:
            await (self._break(name) if name in broken else self._mend(name))

    async def _close(self) -> None:
        for name in self.kinds:
            self.loop.remove_reader(self.sockets[name])
        for server in (self.commands, *self.pages.values()):
            server.close()
        talking = asyncio.all_tasks() - {asyncio.current_task()}
        if talking:
            await asyncio.wait(talking, timeout=PATIENCE)

    async def _obey(self, order: Order, names: list[str]) -> dict[str, bool]:
        by_lower = {name.lower(): name for name in self.kinds}
        if unknown := [name for name in names if name.lower() not in by_lower]:
            raise Unknown(f"there is no server {unknown[0]!r}; there are: {', '.join(self.kinds)}")
        for name in names:
            await (self._break if order == "break" else self._mend)(by_lower[name.lower()])
        return {name: name not in self.broken for name in self.kinds}

    async def _break(self, name: str) -> None:
        """A web server answers 503 from now on; any other refuses connections. The port stays ours."""
        if self.kinds[name] == "http":
            await self._mend(name)
        elif name not in self.broken:
            self.loop.remove_reader(self.sockets[name])
            self.sockets[name].close()
            self.sockets[name] = bound(self.ports[name])
        self.broken.add(name)

    async def _mend(self, name: str) -> None:
        held = self.sockets[name]
        self.broken.discard(name)
        if self.kinds[name] == "tcp":
            held.listen()
            self.loop.add_reader(held, let_in, held)
        elif name not in self.pages:
            self.pages[name] = await asyncio.start_server(partial(self._page, name), sock=held)

    async def _page(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await reader.readuntil(b"\r\n\r\n")
            status = "503 Service Unavailable" if name in self.broken else "200 OK"
            body = f"{name}: {'broken' if name in self.broken else 'all is well'}\n".encode()
            head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
            writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
            await writer.drain()
        await hang_up(writer)

    async def _command(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                asked = json.loads(await reader.readline())
            answer: dict[str, Any] = {"works": await self._obey(asked["order"], asked["names"])}
        except (Unknown, ValueError, KeyError, TypeError, OSError) as error:
            answer = {"error": str(error)}
        with contextlib.suppress(OSError):
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        await hang_up(writer)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def let_in(held: socket.socket) -> None:
    """Accept who knocks, and close: that somebody accepts is all that a tcp check wants to know."""
    with contextlib.suppress(OSError):
        while True:
            held.accept()[0].close()


def bound(port: int) -> socket.socket:
    """A socket that holds a port without listening on it: connections are refused."""
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind((HERE, port))
    held.setblocking(False)
    return held


def ask(control: Path, order: Order, names: Iterable[str] = ()) -> dict[str, bool]:
    """Give an order to the demo behind `control`: name → does it work. Raises OSError when none runs, Unknown."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line, contextlib.closing(line):
        line.settimeout(PATIENCE)
        line.connect(str(control))
        line.sendall(json.dumps({"order": order, "names": list(names)}).encode() + b"\n")
        with line.makefile() as lines:
            answer = json.loads(lines.readline())
    if "error" in answer:
        raise Unknown(answer["error"])
    return dict(answer["works"])
