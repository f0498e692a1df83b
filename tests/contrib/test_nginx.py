"""The shipped nginx file in a real nginx: what it passes on is what talaia answers, and all else are files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import reverse

from talaia.desk.audience.forms import LARGEST
from tests.contrib.shipped import CONTRIB
from tests.servers.nginx import Nginx
from tests.servers.process import free_port, release_port, wait_until

pytestmark = pytest.mark.servers
LANGUAGES = ("ca", "es", "en")
BROTLI = Path("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so")


class Shipped(Nginx):
    """The shipped server for https, without its certificates, and with brotli where this nginx has it.

    Behind it stands a talaia that listens on the port `behind`; without one, a server that says that it is talaia.
    """

    def __init__(self, root: Path, behind: int | None = None) -> None:
        super().__init__(root)
        self.behind = behind

    def prepare(self) -> None:
        super().prepare()
        file = self.folder / "nginx.conf"
        behind = self.behind or free_port()
        maps, server = (CONTRIB / "nginx" / "talaia.conf").read_text().split("server {\n    listen 80;")
        server = server[server.index("server {\n    listen 443") :]
        server = server.replace("/var/log/nginx", str(self.folder))
        server = re.sub(r"listen 443[^;]*;", f"listen {self.address};", server)
        server = re.sub(r"    (listen \[::\]|ssl_certificate).*\n", "", server)
        server = server.replace("/var/lib/talaia/public", str(self.root)).replace(
            "127.0.0.1:8000", f"127.0.0.1:{behind}"
        )
        if self.behind is None:
            release_port(behind)
            answer = 'client_max_body_size 0; location / { return 200 "talaia $request_uri"; }'
            server += f"server {{ listen 127.0.0.1:{behind}; {answer} }}\n"
        ours = file.read_text()
        # As Debian's own nginx.conf: nothing of what the shipped file says is said before it.
        ours = re.sub(r"    (charset|gzip_static|gzip_vary) .*\n", "", ours[: ours.index("    server {")])
        module = ""
        if BROTLI.exists():
            module, server = f"load_module {BROTLI};\n", server.replace("# brotli_static on;", "brotli_static on;")
        file.write_text(module + ours + maps + server + "}\n")


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    root = tmp_path_factory.mktemp("public")
    for name in ("index.html", "404.html", "es/index.html", "incidents/2026-001/index.html"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"file {name}")
    with Shipped(root) as server:
        yield server


@pytest.mark.parametrize(
    "address",
    [
        "/desk/",
        "/desk",
        "/hooks/generic/x",
        "/healthz",
        "/u/abc",
        *(f"{prefix}/subscribe/" for prefix in ("", *(f"/{language}" for language in LANGUAGES))),
        "/subscribe/abc",
        "/es/subscribe",
    ],
)
def test_what_talaia_answers_is_passed_on(nginx: Nginx, address: str) -> None:
    assert nginx.client.get(nginx.url + address).text == f"talaia {address}"


def test_every_door_that_mails_and_pages_link_is_among_what_is_passed_on(nginx: Nginx) -> None:
    doors = [reverse("unsubscribe", args=["x"]), reverse("subscribe"), reverse("confirmation", args=["x"])]
    for address in (*doors, reverse("desk"), reverse("login")):
        assert nginx.client.get(nginx.url + address).text == f"talaia {address}"


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("/", "index.html"),
        ("/es/", "es/index.html"),
        ("/incidents/2026-001/", "incidents/2026-001/index.html"),
        ("/subscribed/", "404.html"),
        ("/fr/subscribe/", "404.html"),
        ("/metrics", "404.html"),
        ("/users/", "404.html"),
    ],
)
def test_all_else_are_files(nginx: Nginx, address: str, file: str) -> None:
    answer = nginx.client.get(nginx.url + address)
    assert (answer.status_code, answer.text) == (404 if file == "404.html" else 200, f"file {file}")


def test_an_export_gets_through_at_its_own_address_only(nginx: Nginx) -> None:
    export = b"x" * LARGEST
    assert nginx.client.post(nginx.url + reverse("desk-audience"), content=export).status_code == 200
    assert nginx.client.post(nginx.url + reverse("desk"), content=export).status_code == 413


def test_the_address_that_a_language_had_before_it_came_first_leads_to_the_page(nginx: Nginx) -> None:
    answer = nginx.client.get(nginx.url + "/ca/incidents/2026-001/")
    assert answer.status_code == 301 and answer.headers["location"].endswith("/incidents/2026-001/")
    assert nginx.client.get(nginx.url + "/ca//evil.example/").status_code == 404


@pytest.mark.parametrize(
    ("address", "logged"),
    [
        ("/desk/join/Zx9kQ7vLmN2pRtYw4s", "GET /desk/join/... "),
        ("/desk//join/Zx9kQ7vLmN2pRtYw4s", "GET /desk//join/... "),
        ("/DESK/join/Zx9kQ7vLmN2pRtYw4s", "GET /DESK/join/... "),
        ("/u/Zx9kQ7vLmN2pRtYw4s?a=b", "GET /u/... "),
        ("/es/subscribe/Zx9kQ7vLmN2pRtYw4s/", "GET /es/subscribe/... "),
        ("/desk/login?next=%2Fdesk%2Fjoin%2FZx9kQ7vLmN2pRtYw4s", "GET /desk/login?next=%2Fdesk%2Fjoin%2F... "),
        ("/desk/login/openid/forum/back?code=Zx9kQ7vLmN2pRtYw4s", "GET /desk/login/openid/forum/back?... "),
        ("/subscribe/", "GET /subscribe/ "),
        ("/history/2026/", "GET /history/2026/ "),
    ],
)
def test_no_secret_of_an_address_is_in_its_log(nginx: Nginx, address: str, logged: str) -> None:
    nginx.client.get(nginx.url + address, headers={"Referer": f"{nginx.url}{address}"})
    log = nginx.folder / "access.log"
    last = wait_until(lambda: [line for line in log.read_text().splitlines() if logged in line], 5, "its line", nginx)[
        -1
    ]
    assert "Zx9kQ7vLmN2pRtYw4s" not in log.read_text(), last
    assert last.count(logged.split()[1]) == 2, last
