"""Clients that hang up on the running product at every stage of a request, at every door: no trace but a number."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

import httpx

from tests.product import Talaia
from tests.servers.process import wait_until

CONFIG = """
[site]
name = "Coop"
address = "https://status.example.org"

[subscribe]

[mail]
sender = "Estat <estat@example.org>"
"""
DOORS = ["/", "/nope", "/desk/", "/desk/login", "/healthz", "/metrics", "/u/x", "/subscribe/", "/hooks/generic/x"]
HEAD = "{} {} HTTP/1.1\r\nHost: {}\r\nX-Forwarded-For: 192.0.2.7\r\nContent-Length: {}\r\n\r\n"


def stages(door: str) -> list[bytes]:
    """What was sent when they hang up."""
    get, post = (HEAD.format(method, door, "127.0.0.1", length) for method, length in (("GET", 0), ("POST", 40)))
    foreign = HEAD.format("GET", door, "evil.example", 0)
    said = [
        get,
        get[:20],
        get * 3,
        post,
        post + "half",
        post + "x" * 40,
        foreign,
        get.replace("\r\n\r\n", "\r\nHost: y\r\n\r\n"),
    ]
    return [words.encode() for words in said]


def test_whoever_hangs_up_leaves_no_trace_but_a_number(tmp_path: Path) -> None:
    with Talaia(tmp_path, CONFIG) as talaia:
        talaia.started()
        for door in DOORS:
            for sent in stages(door):
                for reset in (True, False):
                    one = socket.create_connection(("127.0.0.1", talaia.port))
                    one.sendall(sent)
                    if reset:
                        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    one.close()

        def open_now() -> float:
            text = httpx.get(f"{talaia.address}/metrics", trust_env=False).text
            return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("talaia_connections "))

        wait_until(lambda: open_now() == 1, 30, "nobody is left but who asks", talaia)
        assert httpx.get(f"{talaia.address}/", trust_env=False).status_code == 200
        said = (tmp_path / "up.log").read_text()
    assert "Traceback" not in said and "ERROR" not in said
    assert said.count("a host that is not ours") == 1
    assert said.count("through a proxy on this machine") == 1
    assert len(said.splitlines()) < 20, said
