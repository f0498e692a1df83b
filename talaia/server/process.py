"""One process: the web server in the main thread's event loop; worker, watch and clock in threads beside it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import cast

import uvicorn
import uvloop
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.db import Error, connection
from django.utils import timezone

from talaia import config as configuration
from talaia.api.allowed_hosts import only_our_hosts
from talaia.api.body_limit import limit_bodies
from talaia.api.concurrency import limit_concurrency
from talaia.audience.mailing import take_up
from talaia.audience.mailman.watch import MailmanWatch as ListWatch
from talaia.audience.watch import ExportWatch as AudienceWatch
from talaia.channels import channels
from talaia.config import Config
from talaia.forum.polling import MirrorPoll
from talaia.forum.registry import chosen
from talaia.outbox.actions import WAKE
from talaia.outbox.failure_kinds import trouble
from talaia.outbox.locks import exclusive_lock
from talaia.outbox.shutdown import ENDING, call_off, end_within
from talaia.outbox.supervise import attempt
from talaia.outbox.worker import Worker
from talaia.reactions import consequences
from talaia.server.admission import Admission, bounds, place_of, raise_limit
from talaia.server.http_protocol import HttpProtocol
from talaia.server.listening import TCP_NOTSENT_LOWAT, UNSENT, claim_port
from talaia.server.scheduler import Clock
from talaia.server.startup import AGAIN, prepare, prepare_at_last, reload
from talaia.server.static_files import ASGI, StaticFiles
from talaia.signals.watch import SignalWatch
from talaia.site.integrity_check import Guard

log = logging.getLogger(__name__)

GRACE = 2.5  # seconds that what runs may take to finish
CALLED_OFF = 1.0  # seconds more, for what was still asking somebody then
END = 4.5  # seconds after which a process of ours ends, whatever still runs in it


def application(config: Config) -> StaticFiles:
    """What the web server serves: the public folder, and behind it the desk and the hooks."""
    django = cast(ASGI, get_asgi_application())
    inner = only_our_hosts(limit_bodies(limit_concurrency(django, place_of)), lambda: settings.ALLOWED_HOSTS)
    return StaticFiles(config, inner, Admission(bounds(raise_limit())))


class Background:
    """The threads beside the web server."""

    def __init__(self, config: Config) -> None:
        self.stop = threading.Event()
        self.late: threading.Thread | None = None
        self.worker = Worker(config.home, channels(config), consequences, timezone.now)
        watch, clock = SignalWatch(configuration.current, timezone.now), Clock(configuration.current, timezone.now)
        self.threads = [
            threading.Thread(target=self.worker.run, name="worker"),
            threading.Thread(target=watch.run, args=[self.stop], name="watch"),
            threading.Thread(target=clock.run, args=[self.stop], name="clock"),
            threading.Thread(target=Guard(configuration.current, timezone.now).run, args=[self.stop], name="folder"),
            threading.Thread(
                target=AudienceWatch(configuration.current, timezone.now).run, args=[self.stop], name="audience"
            ),
            threading.Thread(target=ListWatch(configuration.current, timezone.now).run, args=[self.stop], name="list"),
            threading.Thread(
                target=MirrorPoll(configuration.current, chosen, timezone.now).run, args=[self.stop], name="mirror"
            ),
        ]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def start_late(self) -> None:
        """Start as soon as the database can be prepared; until then only the finished pages are served."""

        def wait() -> None:
            if prepare_at_last(self.stop):
                self.start()

        self.late = threading.Thread(target=wait, name="late")
        self.late.start()

    def tell(self) -> None:
        """Have what runs come to its end."""
        ENDING.set()
        self.stop.set()
        self.worker.stop.set()
        WAKE.set()

    def finish(self) -> None:
        """Let what runs come to its end, at most GRACE seconds in all; then what it asks of others is called off."""
        self.tell()
        started = [thread for thread in (self.late, *self.threads) if thread and thread.ident is not None]
        for seconds in (GRACE, CALLED_OFF):
            end = time.monotonic() + seconds
            for thread in started:
                thread.join(max(0.0, end - time.monotonic()))
            if not any(thread.is_alive() for thread in started):
                return
            call_off()


class Server(uvicorn.Server):
    """uvicorn's, but signals are ours: what runs beside it must be finished, too."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in (one for server in self.servers for one in server.sockets):
            # Handed on to every connection: what the kernel keeps for those who do not read is bounded, too.
            with socket.socket(fileno=os.dup(listener.fileno())) as ours:
                ours.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    config: Config,
    host: str,
    port: int,
    on_ready: Callable[[], None] | None = None,
    reloads: bool = True,
    on_end: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM or SIGINT. SIGHUP reads the configuration again; without `reloads` it is an end, too.

    `on_end`: called as soon as one of them came.
    """
    loop, stopped, over = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(name, stopped.set)
    if reloads:
        loop.add_signal_handler(signal.SIGHUP, lambda: loop.run_in_executor(None, reload, config, over))
    front = application(config)
    server = Server(
        uvicorn.Config(
            front,
            host=host,
            port=port,
            http=HttpProtocol,
            ws="none",
            interface="asgi3",
            lifespan="off",
            backlog=front.admission.bounds.backlog,
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=round(GRACE),
        )
    )
    serving = asyncio.create_task(server.serve())
    heard = asyncio.create_task(server.listening.wait())
    await asyncio.wait([serving, heard], return_when=asyncio.FIRST_COMPLETED)
    if on_ready and heard.done():
        await loop.run_in_executor(None, on_ready)
    await asyncio.wait([serving, asyncio.create_task(stopped.wait())], return_when=asyncio.FIRST_COMPLETED)
    over.set()
    on_end()
    if serving.done():
        serving.result()
    server.should_exit = True
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(serving, GRACE)


def run(serving: Coroutine[None, None, None]) -> None:
    """Until it is done, in an event loop of uvloop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serving)


def up(
    config: Config,
    host: str,
    port: int,
    on_ready: Callable[[], None] | None = None,
    reloads: bool = True,
    end: float | None = None,
) -> None:
    """Everything in one process, until SIGTERM or SIGINT; what runs is finished, as far as that takes no longer than
    GRACE. `end`: seconds after which the process ends then, whatever goes on.

    Where the database is away, a page that was finished before is served all the same: it must not go with it.
    """
    raise_limit()
    with exclusive_lock(config.home, "talaia up"):
        claim_port(host, port)
        _up(config, host, port, on_ready, reloads, end)


def _up(
    config: Config, host: str, port: int, on_ready: Callable[[], None] | None, reloads: bool, end: float | None
) -> None:
    background, start_late = Background(config), False
    try:
        prepare(config)
    except (Error, OSError) as error:
        connection.close()
        ours = isinstance(error, OSError) and trouble(error) is None
        if ours or not (config.home / "public" / "index.html").exists():
            raise
        start_late = True
    if start_late:
        background.start_late()
    else:
        background.start()

    def on_end() -> None:
        background.tell()
        if end is not None:
            end_within(end)

    try:
        run(serve(config, host, port, on_ready, reloads, on_end))
    finally:
        background.finish()


def web(config: Config, host: str, port: int, end: float) -> None:
    """The web server alone, until SIGTERM or SIGINT, and then for `end` seconds at most.

    It takes up itself what it puts aside: no worker may be near.
    """
    claim_port(host, port)
    stop = threading.Event()
    keeper = threading.Thread(target=keep_wishes, args=[stop], name="wishes")
    keeper.start()
    try:
        run(serve(config, host, port, on_end=lambda: end_within(end)))
    finally:
        stop.set()
        keeper.join()


def keep_wishes(stop: threading.Event) -> None:
    """Take up what was put aside while the database was away, until `stop` is set."""
    while not stop.wait(AGAIN):
        attempt(log, "what was put aside", lambda: take_up(timezone.now()))
        connection.close()


def work(config: Config, end: float) -> None:
    """Worker, watch and clock without the web server, until SIGTERM or SIGINT, and then for `end` seconds at most."""
    raise_limit()
    with exclusive_lock(config.home, "talaia work"):
        prepare(config)
        background = Background(config)
        wanted = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: wanted.set())
        signal.signal(signal.SIGHUP, lambda *_: threading.Thread(target=reload, args=[config, wanted]).start())
        background.start()
        wanted.wait()
        end_within(end)
        background.finish()
