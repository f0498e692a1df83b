"""A walk through every door that a secret opens, with every kind of failure: none of them is in the log after it."""

from __future__ import annotations

import re
import socket
import sqlite3
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from talaia.notices import tokens
from tests.journeys.desk import CONFIG, desk
from tests.product import Talaia

pytestmark = pytest.mark.torture
MORE = """
[subscribe]
[mail]
sender = "estat@example.org"
port = 9
[[sources]]
id = "scripts"
kind = "push"
[[login.openid]]
id = "forum"
name = "Fòrum"
issuer = "http://127.0.0.1:9"
client_id = "talaia"
client_secret_file = "openid"
"""
CLIENT_SECRET = "what-the-issuer-gave-us-9"
DOORS = ("/desk/join/", "/u/", "/subscribe/")
WRONG = "kZ3p9QwXv7TtL0aBn5Rs"  # what somebody mistyped may nearly be one


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talaia]:
    home = tmp_path_factory.mktemp("home")
    (home / "openid").write_text(CLIENT_SECRET)
    with desk(home, CONFIG + MORE) as running:
        yield running


def secrets_of(product: Talaia) -> dict[str, str]:
    """What lets somebody in, or speaks for somebody, by the address in which it stands ("": in none)."""
    link = re.findall(r"/desk/join/([\w-]+)", product.run("user", "invite", "berta@example.org"))[0]
    key = (product.home / "secret-key").read_text().strip()
    signed = tokens.sign(key.encode(), "p1-abcdef")
    return {
        "/desk/join/": link,
        "/u/": signed,
        "/subscribe/": tokens.sign(key.encode(), "asked-77"),
        "/hooks/generic/scripts/": product.run("token", "create", "scripts", "--quiet").strip(),
        "": key,
    }


def forms(door: str, secret: str) -> Iterator[str]:
    """Addresses in which it may come: as it is, and as people, programs and proxies spoil it."""
    yield f"{door}{secret}"
    yield f"{door}{secret}/"
    yield f"{door}{secret}/more?page=2"
    yield f"/{door}{secret}"
    yield f"{door.upper()}{secret}"
    yield f"{door}{secret}%0d%0aX-A: b"
    yield f"{door}{secret}{'x' * 300}"
    yield f"{door}{WRONG}"
    yield f"/desk{door}{secret}"
    yield f"/elsewhere/{secret}"
    yield f"/desk/login?next={quote(door + secret, safe='')}"
    yield f"/desk/login?next={door}{secret}"
    yield f"/desk/login/openid/forum/back?code={secret}&state={secret}"
    yield f"/healthz?token={secret}"


def walk(product: Talaia, door: str, secret: str) -> None:
    headers: list[dict[str, str]] = [
        {},
        {"Host": f"{secret}.example"},
        {"Referer": f"{product.address}{door}{secret}", "Origin": "https://evil.example"},
        {"Cookie": f"talaia-csrf={secret}; talaia={secret}"},
        {"Authorization": f"Bearer {secret}"},
        {"Authorization": f"Basic {secret}"},
        {
            "X-Forwarded-Host": secret,
            "X-Forwarded-For": secret,
            "Content-Type": f"multipart/form-data; boundary={secret}",
        },
    ]
    with httpx.Client(trust_env=False, timeout=60) as client:
        for address in forms(door, secret):
            for header in headers:
                for method in ("GET", "POST"):
                    body = f"csrfmiddlewaretoken={secret}&name=b&password=x" if method == "POST" else None
                    client.request(method, product.address + address, headers=header, content=body)
            for method in ("PUT", "DELETE", "OPTIONS"):
                client.request(method, product.address + address)


def spoil(product: Talaia, door: str, secret: str) -> None:
    """What is no HTTP, or half of it."""
    for raw in (
        f"GET {door}{secret} HTTP/1.1\r\nHost: a\r\nHost: {secret}\r\n\r\n",
        f"GET {door}{secret}\r\n\r\n",
        f"POST {door}{secret} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx",
        f"{secret}\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", product.port)) as link:
            link.sendall(raw.encode())


def test_no_secret_of_an_address_stands_in_the_log(product: Talaia) -> None:
    secrets = secrets_of(product)
    for door, secret in secrets.items():
        walk(product, door or "/", secret)
        spoil(product, door or "/", secret)
    database = sqlite3.connect(product.home / "talaia.db", timeout=60, isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    try:
        with httpx.Client(trust_env=False, timeout=60) as client:
            for door, secret in secrets.items():
                for method in ("GET", "POST") if door in DOORS else ():
                    client.request(method, f"{product.address}{door}{secret}", headers={"Referer": f"{door}{secret}"})
            client.post(
                f"{product.address}/hooks/generic/scripts",
                headers={"Authorization": f"Bearer {secrets['/hooks/generic/scripts/']}"},
                json={},
            )
    finally:
        database.execute("ROLLBACK")
        database.close()
    assert product.process and product.stop() == 0
    log = (product.home / "up.log").read_text()
    assert "django.request" in log and "django.security" in log
    for secret in (*secrets.values(), CLIENT_SECRET, WRONG):
        for part in {secret, secret.lower(), secret.upper(), secret.partition(".")[2] or secret, secret[:12]}:
            assert part not in log, f"{part}: {[line for line in log.splitlines() if part in line][:3]}"
    assert "berta@" not in log
    assert "Traceback" not in log, log[:3000]
    assert len(log.splitlines()) < 120  # for thousands of refused requests
    for line in log.splitlines():
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d (INFO|WARNING|ERROR) |talaia listens on", line), (
            line
        )
