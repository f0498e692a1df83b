"""The told story, served from a folder as nginx would, and a browser to look at it."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright

from talaia.desk.security_headers import POLICY
from talaia.site import assets, pages
from tests.pages import story

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Serving(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        del format, args

    def copyfile(self, source: Any, outputfile: Any) -> None:
        with contextlib.suppress(ConnectionError):  # a browser that has seen enough
            super().copyfile(source, outputfile)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()


def told() -> dict[str, bytes]:
    """Every page of the story by its path; each front is a folder `fronts/<name>/` of its own."""
    files = dict(assets.files())
    house = story.HOUSE
    for name, value in story.FRONTS.items():
        files |= {f"fronts/{name}/{path}": body for path, body in pages.front(value, house).items()}
    files |= pages.front(story.FRONTS["incident"], house)
    for event in (story.CUT_ENDED, story.WORK, story.COMING, story.EIGHTY, *story.PAST):
        files |= pages.event(event, house)
    for name, service in story.SERVICES.items():
        files |= {f"services-{name}/{path}": body for path, body in pages.service(service, house).items()}
    files |= pages.history(story.YEAR, [2026, 2025], house) | pages.year(story.YEAR, house)
    files |= pages.year(story.BUSY, house) | pages.month(story.MONTH, house) | pages.missing(house)
    well = story.SERVICES["well"].service
    files |= pages.renamed("/services/former/", well, well.path, house)
    return files | {f"never/{path}": body for path, body in pages.history(None, [], house).items()}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("public")
    for name, body in told().items():
        place = top / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)
    return top


@pytest.fixture(scope="session")
def site(folder: Path) -> Iterator[str]:
    """The address at which the story is served."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Serving, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
    yield browser
    browser.close()
