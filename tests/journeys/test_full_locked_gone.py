"""The disk fills up, the database is kept by somebody else or has another schema, the public folder is emptied.

The news stands, nobody meets a bare error, and all is well again by itself.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.product import ROOT, Talaia
from tests.servers.process import Process, wait_until

CONFIG = """
[site]
name = "Cooperativa Exemple"
address = "{address}"
languages = ["ca", "es"]
refresh = "2s"

[mail]
sender = "estat@example.org"
host = "127.0.0.1"
port = 9

[subscribe]

[audience]
everybody = true
columns = {{ address = "correu" }}

[[sources]]
id = "scripts"
kind = "push"

[[groups]]
id = "all"
name = "Tot"

[[services]]
slug = "mail"
group = "all"
name = "Correu"
alerts = [{{ match = 'key="mail"', impact = "disruption" }}]
kept_by_hand = true
hold_worse = "0s"
hold_better = "0s"
"""
PASSWORD = "una clau prou llarga"
DISK = 48  # MB
pytestmark = pytest.mark.torture


class Logged(Talaia):
    """Its log lies on another disk than its state."""

    @property
    def log(self) -> Path:
        return self.home.parent / "up.log"

    def start(self) -> None:
        command = [sys.executable, "-m", self.module, "up", "--listen", f"127.0.0.1:{self.port}"]
        self.process = Process(command, self.log, folder=ROOT, environment=self.environment)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return httpx.get(f"{self.address}{path}", trust_env=False, timeout=30, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return httpx.post(f"{self.address}{path}", trust_env=False, timeout=30, **more)

    def health(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/healthz").json()
        return found

    def token(self) -> str:
        return str(re.findall(r"[A-Za-z0-9_-]{40,}", self.run("token", "create", "scripts"))[0])

    def unsubscribing(self) -> str:
        """The address with which the one who is told stops our mails."""
        secret = (self.home / "secret-key").read_text().strip().encode()
        from talaia.notices import tokens

        return f"/u/{tokens.sign(secret, 'r000000000001')}"

    def standing(self) -> str:
        with closing(sqlite3.connect(self.home / "talaia.db")) as database:
            return str(database.execute("SELECT standing FROM talaia_recipient").fetchone()[0])


def installed(home: Path) -> Logged:
    product = Logged(home, "")
    (home / "talaia.toml").write_text(CONFIG.format(address=product.address))
    product.run("user", "add", "anna", "--password-file", "-", text=PASSWORD)
    product.run("audience", "add", "soci@example.net")
    return product


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Logged]:
    home = tmp_path / "home"
    home.mkdir()
    with installed(home) as running:
        yield running.started()


@contextmanager
def small_disk(home: Path) -> Iterator[None]:
    home.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", str(home)], check=False)
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(home)], check=True)


def fill(home: Path) -> None:
    """Take all room that is left."""
    with suppress(OSError), (home / "filler").open("ab", buffering=0) as filler:
        while True:
            filler.write(b"x" * 4096)


@contextmanager
def logged_in(product: Logged) -> Iterator[httpx.Client]:
    speaks = {"accept-language": "ca"}
    with httpx.Client(base_url=product.address, trust_env=False, timeout=30, headers=speaks) as client:
        page = client.get("/desk/login").text
        client.post("/desk/login", data={**hidden(page), "username": "anna", "password": PASSWORD})
        assert client.get("/desk/").status_code == 200
        yield client


def hidden(page: str) -> dict[str, str]:
    return {"csrfmiddlewaretoken": re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]}


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def test_the_disk_fills_up_and_the_news_gets_out_of_the_reserve(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with small_disk(home), installed(home) as product, logged_in(product.started()) as desk:
        token = product.token()
        wait_until(lambda: (home / "run" / "reserve").exists(), 10, "room is held in reserve", product)
        wait_until(lambda: product.health()["status"] == "ok", 20, "all is well", product)
        fill(home)
        wait_until(lambda: product.health()["disk"] == "failed", 15, "/healthz says it", product)

        def told() -> bool:
            headers = {"Authorization": f"Bearer {token}"}
            answer = product.post("/hooks/generic/scripts", json={"key": "mail", "state": "down"}, headers=headers)
            assert answer.status_code in (202, 503)
            return answer.status_code == 202

        wait_until(told, 15, "the alert is taken", product)
        product.wait_for(15, "the page turns", mail="disruption")
        shown = desk.get("/desk/")
        assert "El disc del servidor és gairebé ple" in shown.text
        metrics = product.get("/metrics").text
        assert "talaia_disk_reserve_bytes 0.0" in metrics
        (home / "filler").unlink()
        wait_until(lambda: (home / "run" / "reserve").exists(), 20, "room is held in reserve again", product)
        wait_until(lambda: product.health()["status"] == "ok", 30, "all is well again", product)
        assert "gairebé ple" not in desk.get("/desk/").text


def test_nothing_is_left_and_everybody_is_told_so_in_their_language(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with small_disk(home), installed(home) as product, logged_in(product.started()) as desk:
        new = desk.get("/desk/incidents/new").text
        wait_until(lambda: (home / "run" / "reserve").exists(), 10, "room is held in reserve", product)
        front = product.get("/").text
        fill(home)
        wait_until(lambda: not (home / "run" / "reserve").exists(), 15, "the reserve is given free", product)

        def nothing_is_left() -> bool:
            fill(home)
            health = product.health()
            return bool(health["database"] == "failed" and health["disk"] == "failed")

        wait_until(nothing_is_left, 60, "/healthz says that nothing can be written", product)
        details = product.health()["details"]["database"]["what"]
        assert "talaia up" not in details
        assert "make room" in details
        assert product.get("/").status_code == 200
        assert '<html lang="ca">' in product.get("/").text and len(product.get("/").text) > len(front) // 2
        sent = {**hidden(new), "title_ca": "Tall" * 500, "text_ca": "Ho mirem." * 5000, "publish": "1"}
        for path in ("/desk/incidents/new", "/desk/login", "/subscribe/", product.unsubscribing()):
            fill(home)
            answer = desk.post(path, data={**sent, "address": "nova@example.net", "username": "a", "password": "b"})
            assert answer.status_code in (200, 202, 302, 403, 503), (path, answer.status_code)
            if answer.status_code == 503:
                assert answer.headers["Retry-After"]
                assert '<html lang="ca">' in answer.text
        checked = subprocess.run(
            [sys.executable, "-m", "talaia", "check", "--offline"],
            env={"PATH": "/usr/bin:/bin", **product.environment},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 1
        assert "make room" in checked.stdout + checked.stderr
        assert "Traceback" not in checked.stderr
        (home / "filler").unlink()
        wait_until(lambda: product.health()["status"] == "ok", 40, "all is well again", product)


@contextmanager
def locked(home: Path) -> Iterator[None]:
    with closing(sqlite3.connect(home / "talaia.db", isolation_level=None, timeout=20)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_no_unsubscription_is_lost_while_the_database_is_locked_nor_by_a_kill(product: Logged) -> None:
    address = product.unsubscribing()
    with locked(product.home):
        wait_until(lambda: product.health()["database"] == "failed", 15, "/healthz says it", product)
        answer = product.post(address, data={"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, '<html lang="ca">' in answer.text) == (202, True)
        product.kill9()
    assert product.standing() == "on"
    product.start()
    product.started()
    wait_until(lambda: product.standing() == "opted_out", 20, "it is taken up", product)
    with locked(product.home):
        answer = product.post("/es/subscribe/", data={"address": "nova@example.net"})
        assert (answer.status_code, answer.headers["Retry-After"], '<html lang="es">' in answer.text) == (
            503,
            "10",
            True,
        )
        assert product.get("/").status_code == 200
    wait_until(lambda: product.health()["status"] == "ok", 30, "all is well again", product)


def test_a_foreign_schema_under_a_running_product_is_noticed_within_fifteen_seconds(product: Logged) -> None:
    def rename(before: str, after: str) -> None:
        with closing(sqlite3.connect(product.home / "talaia.db", timeout=20)) as database:
            database.execute(f"ALTER TABLE talaia_service RENAME COLUMN {before} TO {after}")

    wait_until(lambda: product.health()["status"] == "ok", 20, "all is well", product)
    rename("computed_since", "gone")
    wait_until(
        lambda: product.health()["watch"] == "failed", 25, "/healthz says it", product
    )  # 15 s, and what came before
    assert product.get("/").status_code == 200
    rename("gone", "computed_since")
    wait_until(lambda: product.health()["status"] == "ok", 20, "all is well again", product)


def names(public: Path) -> set[str]:
    return {str(file.relative_to(public)) for file in public.rglob("*") if file.is_file()}


def emptied(public: Path) -> None:
    for found in public.iterdir():
        shutil.rmtree(found) if found.is_dir() else found.unlink()


def test_an_emptied_folder_is_whole_again_within_seconds_while_it_runs_and_after_a_restart(product: Logged) -> None:
    public = product.home / "public"
    wait_until(lambda: "folder" in product.health().get("details", {}), 10, "it is told of", product)
    wait_until(lambda: "when last looked at" in product.health()["details"]["folder"]["what"], 20, "a look", product)
    before = names(public)
    emptied(public)
    wait_until(lambda: product.get("/").status_code == 200, 10, "the page is back", product)
    wait_until(lambda: names(public) == before, 30, "every page is back", product)
    wait_until(lambda: "somebody else had changed" in str(product.health()), 10, "/healthz tells it", product)
    assert "are not as they were written, and are made anew" in product.log.read_text()
    with logged_in(product) as desk:
        wait_until(lambda: "de la pàgina pública" in text_of(desk.get("/desk/").text), 10, "the desk tells it", product)
    product.stop()
    emptied(public)
    (public / "index.html").write_text("defaced")
    product.start()
    product.started()
    wait_until(lambda: names(public) == before, 30, "every page is back", product)
    wait_until(lambda: "defaced" not in product.get("/").text, 10, "the front is ours again", product)


class Web(Logged):
    """The web server alone, as on a machine where no worker runs."""

    def start(self) -> None:
        command = [sys.executable, "-m", self.module, "web", "--listen", f"127.0.0.1:{self.port}"]
        self.process = Process(command, self.log, folder=ROOT, environment=self.environment)


def test_the_web_server_alone_takes_up_itself_what_it_has_put_aside(product: Logged) -> None:
    address = product.unsubscribing()
    product.stop()
    with Web(product.home, (product.home / "talaia.toml").read_text()) as web:
        web.started()
        with locked(product.home):
            assert web.post(address, data={"List-Unsubscribe": "One-Click"}).status_code == 202
        wait_until(lambda: product.standing() == "opted_out", 20, "it is taken up", web)
        assert web.stop() == 0
