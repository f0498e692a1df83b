"""The front of the web server: finished files with ETag and precompressed variants, nothing from outside."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest

from talaia.config import Config, SiteConfig, Tables, Text
from talaia.server.page_cache import wanted
from talaia.server.static_files import Message, Receive, Scope, Send, StaticFiles
from tests.web.site import a_front, write


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"application"})


@pytest.fixture
def front(tmp_path: Path) -> StaticFiles:
    return a_front(tmp_path, application)


def ask(front: StaticFiles, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": raw}
    asyncio.run(front(scope, receive, send))
    answer = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], answer, sent[1]["body"]


def test_each_encoding_has_its_own_body_and_tag(front: StaticFiles) -> None:
    plain = ask(front, "/")
    br = ask(front, "/", accept_encoding="gzip, deflate, br, zstd")
    gz = ask(front, "/", accept_encoding="gzip")
    assert (plain[2], br[2], gzip.decompress(gz[2])) == (b"<p>front</p>", b"br:<p>front</p>", b"<p>front</p>")
    assert len({answer[1]["etag"] for answer in (plain, br, gz)}) == 3
    assert (br[1]["content-encoding"], gz[1]["content-encoding"]) == ("br", "gzip")
    assert plain[1]["vary"] == "accept-encoding"


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "*"])
def test_who_has_it_already_gets_304_without_a_body(front: StaticFiles, form: str) -> None:
    tag = ask(front, "/")[1]["etag"]
    status, headers, body = ask(front, "/", if_none_match=form.format(tag))
    assert (status, headers["etag"], body) == (304, tag, b"")
    assert ask(front, "/", if_none_match='"other"')[0] == 200


def test_head_tells_the_length_and_sends_nothing(front: StaticFiles) -> None:
    status, headers, body = ask(front, "/", "HEAD")
    assert (status, headers["content-length"], body) == (200, "12", b"")


def test_a_page_that_changes_is_served_anew_and_one_that_goes_is_gone(front: StaticFiles) -> None:
    assert ask(front, "/es/")[2] == b"<p>portada</p>"
    write(front.folder / "es" / "index.html", b"<p>nova portada</p>")
    front.pages["/es/"].looked_at -= 1
    assert ask(front, "/es/")[2] == b"<p>nova portada</p>"
    for file in (front.folder / "es").glob("index.html*"):
        file.unlink()
    front.pages["/es/"].looked_at -= 1
    assert ask(front, "/es/")[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.html",
        "/es/../../secret.html",
        "/%2e%2e/secret.html",
        "//index.html",
        "/index.html.br",
        "/.lock",
        "/es\\..\\..\\secret.html",
        "/index.html\0",
        "/run/worker",
    ],
)
def test_nothing_outside_or_hidden_is_served(front: StaticFiles, path: str) -> None:
    status, _, body = ask(front, path)
    assert status == 404
    assert b"secret" not in body


def test_a_link_out_of_the_folder_is_not_followed(front: StaticFiles) -> None:
    (front.folder / "out.html").symlink_to(front.folder.parent / "secret.html")
    assert ask(front, "/out.html")[0] == 404


def test_a_missing_slash_is_mended_and_a_wrong_address_gets_the_page_of_its_language(front: StaticFiles) -> None:
    assert ask(front, "/es")[:2][1]["location"] == "/es/"
    assert ask(front, "/nothing/")[2] == b"res aqui"
    assert ask(front, "/es/nothing/")[2] == b"nada aqui"


def test_before_anything_is_published_the_answer_is_503(tmp_path: Path) -> None:
    site = SiteConfig(name=Text((("", "x"),)), address="http://127.0.0.1:8000")
    status, headers, _ = ask(StaticFiles(Config(Tables(site=site), None, tmp_path), application), "/")
    assert (status, headers["retry-after"]) == (503, "2")


@pytest.mark.parametrize("path", ["/desk/", "/hooks/generic/x", "/healthz", "/metrics"])
def test_the_addresses_of_the_application_reach_it(front: StaticFiles, path: str) -> None:
    assert ask(front, path, "POST")[0] == 299


def test_other_methods_are_refused(front: StaticFiles) -> None:
    assert ask(front, "/", "POST")[0] == 405


@pytest.mark.parametrize(("path", "words"), [("/subscribe/", "No es pot"), ("/es/subscribe/", "No se puede")])
def test_who_sends_a_form_to_a_door_that_was_closed_reads_it_in_their_language(
    front: StaticFiles, path: str, words: str
) -> None:
    status, _, body = ask(front, path, "POST")
    assert status == 405 and body.decode().startswith(words)


def test_named_assets_may_be_kept_for_ever_and_pages_may_not(front: StaticFiles) -> None:
    assert "immutable" in ask(front, "/static/style.abc.css")[1]["cache-control"]
    assert "max-age=5" in ask(front, "/")[1]["cache-control"]


def test_every_answer_carries_the_policies(front: StaticFiles) -> None:
    for path in ("/", "/nothing/", "/es"):
        headers = ask(front, path)[1]
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["strict-transport-security"] == "max-age=31536000"
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("accept", "best"),
    [
        (b"", ""),
        (b"br", "br"),
        (b"gzip", "gzip"),
        (b"gzip;q=1.0, br;q=0", "gzip"),
        (b"br;q=0.5, gzip;q=0.1", "br"),
        (b"identity;q=1, *;q=0", ""),
        (b"*;q=0.5", "br"),
        (b"br;q=x", ""),
        (b"deflate", ""),
    ],
)
def test_the_best_encoding_that_is_allowed(accept: bytes, best: str) -> None:
    assert wanted(accept, {"br": 1, "gzip": 1, "": 1}) == best


def test_memory_is_bounded(front: StaticFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("talaia.server.static_files.ROOM", 5000)
    for number in range(50):
        write(front.folder / f"{number}" / "index.html", b"x" * 300)
        assert ask(front, f"/{number}/")[0] == 200
    assert front.size <= 5000
    assert len(front.pages) < 50


def test_the_address_that_a_language_had_before_it_came_first_leads_to_the_page(
    front: StaticFiles, tmp_path: Path
) -> None:
    write(tmp_path / "public" / "incidents" / "2026-001" / "index.html", b"<p>one</p>")
    first = front.languages[0]
    status, headers, _ = ask(front, f"/{first}/incidents/2026-001/")
    assert (status, headers["location"]) == (301, "/incidents/2026-001/")
    assert ask(front, f"/{first}/")[1]["location"] == "/"
    for nowhere in (f"/{first}/incidents/2026-002/", f"/{first}//incidents/2026-001/", "/es/incidents/2026-001/"):
        assert ask(front, nowhere)[0] == 404
    assert ask(front, f"/{first}//evil.example/")[0] == 404


@pytest.mark.parametrize("suffix", ["", ".br"])
def test_a_folder_in_the_place_of_a_file_is_no_error_of_the_server(front: StaticFiles, suffix: str) -> None:
    """As somebody else may leave it, until it is made anew."""
    place = front.folder / f"index.html{suffix}"
    place.unlink()
    place.mkdir()
    assert ask(front, "/", accept_encoding="br")[0] == (200 if suffix else 404)


def test_before_anything_is_published_it_is_said_in_the_language_of_the_page(front: StaticFiles) -> None:
    (front.folder / "index.html").unlink()
    status, headers, body = ask(front, "/")
    assert (status, headers["retry-after"]) == (503, "2")
    assert body.decode() == "La pàgina s’està fent. Torneu d’aquí a un moment.\n"
