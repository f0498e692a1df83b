"""Our own server and nginx as shipped, side by side over one folder: whoever asks cannot tell them apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.contrib.test_nginx import BROTLI, Shipped
from tests.product import ROOT, Talaia
from tests.servers.process import wait_until

pytestmark = pytest.mark.servers
SUBSCRIBE = '\n[subscribe]\n[mail]\nsender = "Estat <estat@example.org>"\n'
# Of the connection, of the moment, or of which of the two it was.
OWN = {"date", "server", "connection", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True)
class Both:
    ours: httpx.Client
    theirs: httpx.Client
    talaia: Talaia

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[httpx.Response, httpx.Response]:
        given = {"host": "status.example.org", "accept-encoding": "identity"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        one, other = (client.request(method, path, headers=given) for client in (self.ours, self.theirs))
        return one, other


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    home = tmp_path_factory.mktemp("home")
    config = (ROOT / "tests" / "talaia.toml").read_text() + SUBSCRIBE
    with Talaia(
        home, re.sub(r'address = "[^"]*"', 'address = "https://status.example.org"', config, count=1)
    ) as talaia:
        talaia.started()
        wait_until(lambda: (home / "public" / "es" / "history" / "index.html").exists(), 30, "all pages", talaia)
        with (
            Shipped(home / "public", behind=talaia.port) as nginx,
            httpx.Client(base_url=talaia.address, trust_env=False) as ours,
            httpx.Client(base_url=nginx.url, trust_env=False) as theirs,
        ):
            yield Both(ours, theirs, talaia)


def head(answer: httpx.Response) -> dict[str, str]:
    """What the two must say alike. The tag of a version is each one's own; a redirect's body is nobody's business."""
    found = {name: value for name, value in answer.headers.items() if name not in OWN}
    if "etag" in found:
        found["etag"] = "some"
    if answer.status_code in (301, 405):
        found = {name: value for name, value in found.items() if name not in ("content-type", "content-length")}
    return found


def assert_alike(one: httpx.Response, other: httpx.Response) -> None:
    assert other.status_code == one.status_code
    assert head(other) == head(one)
    if one.status_code not in (301, 405):
        assert other.content == one.content


PAGES = [f"{prefix}{page}" for prefix in ("", "/es", "/en") for page in ("/", "/history/", "/about/", "/index.html")]
NOWHERE = [f"{prefix}{page}" for prefix in ("", "/ca", "/es", "/en") for page in ("/nope", "/nope/", "/a/b.html")]
FILES = ["/status.json", "/search/files.json", "/404.html", "/es/404.html"]
SLASHES = ["/history", "/es", "/es/history", "/en/about", "/history?x=1"]
FORMER = ["/ca", "/ca/", "/ca/history/", "/ca/status.json", "/ca/history", "/ca/index.html"]
HIDDEN = [
    "/.drafts/1",
    "/index.html.br",
    "/index.html.gz",
    "//index.html",
    "/es//history/",
    "/ca//evil.example/",
    "/x.y/",
]


@pytest.mark.parametrize("path", [*PAGES, *NOWHERE, *FILES, *SLASHES, *FORMER, *HIDDEN])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_kind_of_address_is_answered_alike(both: Both, path: str, method: str) -> None:
    assert_alike(*both.ask(path, method))


@pytest.mark.parametrize("path", NOWHERE)
def test_what_is_nowhere_is_said_in_the_language_that_was_asked_for(both: Both, path: str) -> None:
    language = path.split("/")[1]
    language = language if language in ("es", "en") else "ca"
    for answer in both.ask(path):
        assert answer.status_code == 404
        assert f'<html lang="{language}"' in answer.text


def test_assets_are_answered_alike_and_last_for_ever(both: Both) -> None:
    assets = re.findall(r'(?:href|src)="(/static/[^"]+)"', both.ours.get("/").text)
    assert assets
    for path in [*assets, "/static/nope.css", "/static/", "/static"]:
        one, other = both.ask(path)
        assert_alike(one, other)
        assert ("immutable" in other.headers.get("cache-control", "")) is (other.status_code == 200)


@pytest.mark.parametrize(
    "headers",
    [
        {"accept_encoding": "gzip"},
        {"accept_encoding": "gzip, deflate"},
        {"accept_encoding": "gzip;q=0"},
        {"accept_encoding": "gzip;q=0.5, identity"},
        {"accept_encoding": "gzip", "via": "1.1 somebody"},
        {"accept_encoding": "deflate"},
        {"if_none_match": '"other"'},
        {"if_none_match": "*"},
        {"if_modified_since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        {"range": "bytes=0-9"},
        {"range": "bytes=0-0,-1"},
        {"cookie": "a=b"},
        {"origin": "https://elsewhere.example.org"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)
@pytest.mark.parametrize("path", ["/", "/es/history/", "/status.json", "/nope"])
def test_every_way_of_asking_is_answered_alike(both: Both, path: str, headers: dict[str, str]) -> None:
    assert_alike(*both.ask(path, **headers))


@pytest.mark.parametrize("encoding", ["identity", "gzip", "br"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}'])
def test_who_has_it_already_is_told_so_by_both(both: Both, encoding: str, form: str) -> None:
    tags = [answer.headers["etag"] for answer in both.ask("/about/", accept_encoding=encoding)]
    one = both.ask("/about/", accept_encoding=encoding, if_none_match=form.format(tags[0]))[0]
    other = both.ask("/about/", accept_encoding=encoding, if_none_match=form.format(tags[1]))[1]
    assert one.status_code == other.status_code == 304
    assert head(one) == head(other)


@pytest.mark.skipif(not BROTLI.exists(), reason="apt install libnginx-mod-http-brotli-static")
@pytest.mark.parametrize("accept", ["br", "gzip, deflate, br, zstd", "br;q=0, gzip"])
def test_brotli_is_chosen_alike_where_nginx_has_it(both: Both, accept: str) -> None:
    one, other = both.ask("/", accept_encoding=accept)
    assert_alike(one, other)
    assert other.headers["content-encoding"] == ("gzip" if "q=0" in accept else "br")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("path", ["/", "/nope", "/status.json"])
def test_other_methods_are_refused_alike(both: Both, path: str, method: str) -> None:
    one, other = both.ask(path, method)
    assert_alike(one, other)
    assert (other.status_code, other.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path", ["/healthz", "/desk/", "/desk/nope/", "/desk", "/subscribe/", "/en/subscribe/", "/u/x"]
)
def test_what_is_passed_on_comes_back_as_it_was_said(both: Both, path: str) -> None:
    one, other = both.ask(path)
    assert other.status_code == one.status_code
    said, told = ([name for name, _ in answer.headers.multi_items() if name not in OWN] for answer in (one, other))
    assert sorted(told) == sorted(said)
    assert "access-control-allow-origin" not in other.headers


def test_where_talaia_is_away_the_desk_says_so_in_each_language_and_the_page_stays(both: Both) -> None:
    assert both.talaia.process
    both.talaia.stop()
    answer = both.theirs.get("/desk/")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "Torneu-ho a provar" in answer.text and "Please try again" in answer.text
    assert both.theirs.get("/").status_code == 200
    assert both.theirs.get("/es/nope").status_code == 404
