"""SIGTERM ends a process of ours within five seconds, whoever it is waiting for, and what it was at is done later."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from tests.notices.killing import mailing, migrate, open_incident, worker
from tests.notices.mailserver import DROP, MailServer
from tests.product import ROOT, Talaia
from tests.servers.process import Process, wait_until
from tests.servers.targets import Target
from tests.signals.faulty import Drip, Silent

CONFIG = (ROOT / "tests" / "talaia.toml").read_text()
LIMIT = 5.0 + 1.0  # seconds; this machine may be busy with other tests
pytestmark = pytest.mark.torture

SLOW = """
[[sources]]
id = "drips"
kind = "prometheus"
url = "http://{drip}"
timeout = "60s"
stale_after = "5m"
[[sources]]
id = "silent"
kind = "alertmanager"
url = "http://{silent}"
timeout = "60s"
stale_after = "5m"
[[checks]]
id = "silent"
kind = "http"
target = "http://{silent}/"
service = "chat"
timeout = "60s"
every = "90s"
[mirror]
kind = "discourse"
address = "http://{silent}"
key_file = "key"
user = "talaia"
category = 3
timeout = "60s"
"""


def ends(process: Process) -> float:
    begun = time.monotonic()
    assert process.stop(30) == 0, process.log_tail()
    return time.monotonic() - begun


@pytest.mark.parametrize("command", ["up", "work"])
def test_while_sources_checks_and_a_forum_are_asked(tmp_path: Path, command: str) -> None:
    (tmp_path / "key").write_text("a-key-of-the-forum")
    with Silent() as silent, Drip(b"HTTP/1.1 200 OK\r\n\r\n") as drip:
        product = Talaia(tmp_path, CONFIG + SLOW.format(drip=drip.address, silent=silent.address))
        migrate(product)
        product.run("publish")
        if command == "up":
            product.start()
            assert product.process
            process = product.process
        else:
            process = worker(product)
        try:
            wait_until(lambda: asked(silent) >= 2 and asked(drip) >= 1, 60, "they are asked", process)
            assert ends(process) < LIMIT
        finally:
            process.stop(1)


def asked(target: Target) -> int:
    return len(target._open)


@pytest.mark.parametrize("at", ["EHLO", "MAIL", "."])
def test_while_a_mail_server_says_nothing_and_the_mail_goes_at_the_next_start(tmp_path: Path, at: str) -> None:
    waiting: list[str] = []

    def answers(verb: str, argument: str) -> str | None:
        if verb == at and not waiting:
            waiting.append(argument)
            server.quiet.wait(60)
            return DROP
        return None

    with MailServer(answers=answers) as server:
        talaia = mailing(tmp_path, server.port, 2, 'timeout = "60s"\n')
        open_incident(talaia)
        with worker(talaia) as process:
            wait_until(lambda: waiting, 60, "the mail server is waited for", process)
            assert ends(process) < LIMIT
        with worker(talaia) as process:
            wait_until(lambda: len({taken.message_id for taken in server.taken}) == 2, 60, "both have it", process)
        log = (tmp_path / "work.log").read_text()
        assert "Traceback" not in log, log


def test_while_somebody_sends_slowly(tmp_path: Path) -> None:
    with Talaia(tmp_path, CONFIG) as product:
        product.started()
        with socket.create_connection(("127.0.0.1", product.port)) as slow:
            slow.sendall(b"POST /desk/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\na")
            assert httpx.get(f"{product.address}/", trust_env=False).status_code == 200
            assert product.process
            product.process._quit_signal = signal.SIGINT
            assert ends(product.process) < LIMIT
