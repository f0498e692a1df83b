"""A monitoring that answers by drops, or with half an answer, keeps no page waiting, and nobody who ends us."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import pytest

from tests.product import Talaia
from tests.servers.process import wait_until
from tests.servers.targets import Target

pytestmark = pytest.mark.servers

CONFIG = """
[site]
name = "Cooperativa Exemple"
address = "https://status.example.org"

[[sources]]
id = "prometheus"
kind = "prometheus"
url = "http://{address}"
poll_every = "1s"
stale_after = "{stale_after}"
timeout = "{timeout}"

[[groups]]
id = "web"
name = "Web"

[[services]]
slug = "mail"
group = "web"
name = "Correu"
hold_worse = "1s"
hold_better = "1s"
alerts = [{{ match = 'component="mail"' }}]
evidence = {{ source = "prometheus", query = "up" }}
"""
FIRING = {"labels": {"alertname": "Down", "component": "mail"}, "state": "firing", "activeAt": "2026-05-04T01:00:00Z"}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class Fake(Target):
    """Prometheus' API: with one alert that fires, or with a list of alerts that is cut, or comes by drops for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.alerts, self.cut, self.dripped = "whole", 0, 0

    def serve(self, connection: socket.socket) -> None:
        while asked := connection.recv(65536):
            if asked.startswith(b"POST") and not asked.partition(b"\r\n\r\n")[2]:
                asked += connection.recv(65536)
            path = asked.split()[1].decode().partition("?")[0]
            if path == "/api/v1/alerts" and self.alerts == "drips":
                self.dripped += 1
                connection.sendall(HEAD + b"\r\n[")
                while not self.going_down.wait(0.1):
                    connection.sendall(b" ")
                return
            now = time.time()
            data: object = {"resultType": "scalar", "result": [now, str(now)]}
            if b"talaia_query" in asked:
                told = ({"talaia_query": "0", "talaia_what": "value"}, "1"), ({"talaia_what": "clock"}, str(now))
                data = {"resultType": "vector", "result": [{"metric": m, "value": [now, v]} for m, v in told]}
            elif path != "/api/v1/query":
                data = {"alerts": [FIRING]} if path == "/api/v1/alerts" else {"groups": []}
            body = json.dumps({"status": "success", "data": data}).encode()
            head = HEAD + b"Content-Length: %d\r\n\r\n" % len(body)
            if path == "/api/v1/alerts" and self.alerts == "cut":
                self.cut += 1
                connection.sendall(head + body[: len(body) // 2])
                return
            connection.sendall(head + body)


def test_a_cut_list_leaves_red_what_is_red_and_one_that_drips_is_asked_again(tmp_path: Path) -> None:
    with (
        Fake() as source,
        Talaia(tmp_path, CONFIG.format(address=source.address, timeout="1s", stale_after="3s")) as talaia,
    ):
        talaia.started()
        talaia.wait_for(20, "an alert fires", mail="disruption")
        source.alerts = "cut"
        wait_until(lambda: source.cut > 8, 30, "many lists were cut, for longer than stale_after", talaia)
        source.alerts = "drips"
        wait_until(lambda: source.dripped > 2, 30, "what drips was left and asked again", talaia)
        assert talaia.transitions("mail")[-1] == "disruption"
        assert "unknown" not in talaia.transitions("mail")[talaia.transitions("mail").index("disruption") :]
        source.alerts = "whole"
        assert talaia.stop() == 0


@pytest.mark.parametrize("alerts", ["drips", "whole"])
def test_whoever_ends_us_does_not_wait_for_a_source(tmp_path: Path, alerts: str) -> None:
    with (
        Fake() as source,
        Talaia(tmp_path, CONFIG.format(address=source.address, timeout="60s", stale_after="90s")) as talaia,
    ):
        source.alerts = alerts
        talaia.started()
        wait_until(lambda: bool(source.dripped) or "mail" in talaia.states(), 20, "it is asked", talaia)
        begun = time.monotonic()
        assert talaia.stop() == 0
        assert time.monotonic() - begun < 8
