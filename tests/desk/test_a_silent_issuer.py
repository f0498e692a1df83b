"""An OpenID issuer that is silent, endless or in need of a proxy: it costs the others who come to the desk nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
import requests

from talaia.desk.people import asking

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n"
Talk = Callable[[socket.socket], None]


def says_nothing(line: socket.socket) -> None:
    line.recv(1)


def drips(line: socket.socket) -> None:
    line.sendall(HEAD)
    while True:
        line.sendall(b" ")
        time.sleep(0.05)


def drips_a_head(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        line.sendall(b"a")
        time.sleep(0.05)


def never_ends(line: socket.socket) -> None:
    line.sendall(HEAD)
    while True:
        line.sendall(b" " * 65_536)


@contextmanager
def issuer(talk: Talk) -> Iterator[str]:
    def answer(line: socket.socket) -> None:
        with line, suppress(OSError):
            line.recv(4096)
            talk(line)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=[door.accept()[0]], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}/"
        door.shutdown(socket.SHUT_RDWR)


def ask(address: str) -> float:
    """Seconds until it is known that there is no answer."""
    began = time.monotonic()
    with asking.session() as session, pytest.raises(requests.ConnectionError):
        session.get(address)
    return time.monotonic() - began


@pytest.mark.parametrize("talk", [says_nothing, drips, drips_a_head, never_ends])
def test_whatever_it_says_an_answer_ends_in_time(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "WHOLE", 0.5)
    with issuer(talk) as address:
        assert ask(address) < 3


@pytest.mark.slow
def test_however_many_press_the_button_few_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "WHOLE", 2.0)
    with issuer(says_nothing) as address, ThreadPoolExecutor(12) as crowd:
        waited = sorted(crowd.map(ask, [address] * 12))
    assert sum(1 for seconds in waited if seconds > 1.5) == asking.AT_ONCE


def test_what_our_environment_says_of_proxies_is_not_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def greets(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")

    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    with issuer(greets) as address, asking.session() as session:
        assert session.get(address).json() == {}
