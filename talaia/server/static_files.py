"""The front of the web server: finished files from memory; everything else goes to the application.

Each file is read once and looked at again at most every 0.2 s, so whoever writes the folder need not tell us.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.utils import translation
from django.utils.translation import gettext as _

from talaia.config import LANGUAGES, Config, current
from talaia.desk.security_headers import POLICY
from talaia.forwarded import Forwarded
from talaia.server.admission import Admission, bounds
from talaia.server.page_cache import ENCODINGS, TYPES, Answer, Headers, Page, same, still_true, wanted

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGI = Callable[[Scope, Receive, Send], Awaitable[None]]
"""The status line, and all that follows it; between the two goes the date."""

APPLICATION = ("/desk", "/hooks/", "/u/", "/api/v1/", "/healthz", "/metrics")
SUBSCRIBE = ("/subscribe", *(f"/{language}/subscribe" for language in LANGUAGES))  # only where that is open
REPORTS = ("/too/", *(f"/{language}/too/" for language in LANGUAGES))  # likewise
LOOK_AGAIN = 0.2  # seconds
ROOM = 64_000_000  # bytes of files held in memory
LONGEST_HEAD = 32_768  # bytes of a request before its body
FIELDS = 100  # of a head

# A whole GET of HTTP/1.1 and nothing after it, in fewer forms than RFC 9112 allows: any parser reads it as this does.
PLAIN = re.compile(rb"GET (/[!$&->@-~]*)(?:\?[!-~]*)? HTTP/1\.1\r\n((?:[A-Za-z0-9-]+:[\t -~]*\r\n)+)\r\n")
# The headers that change an answer, or make a request more than its head.
MATTERS = re.compile(
    rb"(?im)^(host|accept-encoding|if-none-match|connection|content-length|transfer-encoding|upgrade|expect):"
    rb"[ \t]*([^\r\n]*?)[ \t]*\r$"
)
UNDERSTOOD = frozenset({b"host", b"accept-encoding", b"if-none-match", b"connection"})


class StaticFiles:
    """ASGI: `GET` and `HEAD` of the public folder from memory, the addresses of the application to `inner`."""

    def __init__(self, config: Config, inner: ASGI, admission: Admission | None = None) -> None:
        self.folder = (config.home / "public").resolve()
        self.inner = inner
        self.admission = admission or Admission(bounds(1024))
        self.forwarded = Forwarded(config.home)
        self.dated: tuple[Headers, bytes] = ([], b"")  # the headers of this second, and as they go over the wire
        self.languages = config.site.languages
        self.application = (
            *APPLICATION,
            *(SUBSCRIBE if config.tables.subscribe else ()),
            *(REPORTS if config.tables.reports else ()),
        )
        self.pages: OrderedDict[str, Page] = OrderedDict()
        self.size = 0
        with translation.override(self.languages[0]):
            self.being_made = _("The page is being made. Come back in a moment.").encode() + b"\n"
            self.nothing_here = _("There is no such page").encode() + b"\n"
        self.takes_nothing: dict[str, bytes] = {}
        for language in self.languages:
            with translation.override(language):
                words = _("Nothing can be sent to this address. Load the page again.")
            self.takes_nothing[language] = words.encode() + b"\n"
        self.common: Headers = [
            (b"content-security-policy", POLICY.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"x-frame-options", b"DENY"),
            # The public files are for everybody: other pages and programs may read them.
            (b"access-control-allow-origin", b"*"),
        ]
        if config.site.address.startswith("https:"):
            self.common.append((b"strict-transport-security", b"max-age=31536000"))

    @property
    def behind_proxy(self) -> bool:
        return current().web.behind_proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.inner(scope, receive, send)
        path: str = scope["path"]
        page = self.pages.get(path)
        if page is None or time.monotonic() - page.looked_at > LOOK_AGAIN:
            if not self.behind_proxy and (client := scope.get("client")):
                self.forwarded.look(client[0], [name for name, _ in scope["headers"]])
            if path.startswith(self.application):
                return await self.inner(scope, receive, send)
            page = self.look(path)
        if scope["method"] not in ("GET", "HEAD"):
            # Of a form whose door was closed meanwhile ([subscribe], [reports]), it is a person who reads this.
            words = self.takes_nothing.get(path.split("/")[1]) or self.takes_nothing[self.languages[0]]
            return await self.say(send, 405, words, [(b"allow", b"GET, HEAD")])
        accept, none_match = b"", None
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                accept = value
            elif name == b"if-none-match":
                none_match = value
        if page is None:
            return await self.missing(path, accept, send)
        encoding = wanted(accept, page.variants)
        body, tag, headers = page.variants[encoding]
        unchanged = none_match is not None and same(tag, none_match)
        if unchanged:
            await send({"type": "http.response.start", "status": 304, "headers": still_true(headers)})
            return await send({"type": "http.response.body", "body": b""})
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body if scope["method"] == "GET" else b""})

    def at_once(self, request: bytes) -> Answer | None:
        """The answer to a request as it came in, if it is as plain as requests for a page are.

        None leaves it to the parser and to `__call__`: everything that is not wholly understood here, every page that
        is not in memory, and each page once in LOOK_AGAIN, when its file is looked at.
        """
        plain = PLAIN.fullmatch(request)
        if plain is None or len(request) > LONGEST_HEAD or request.count(b"\n") > FIELDS:
            return None
        page = self.pages.get(plain[1].decode("ascii"))
        if page is None or time.monotonic() - page.looked_at > LOOK_AGAIN:
            return None
        found: dict[bytes, bytes] = {}
        for name, value in MATTERS.findall(plain[2]):
            lower = name.lower()
            if lower in found or lower not in UNDERSTOOD:
                return None
            found[lower] = value
        if b"host" not in found or found.get(b"connection", b"keep-alive").lower() != b"keep-alive":
            return None
        encoding = wanted(found.get(b"accept-encoding", b""), page.variants)
        unchanged = b"if-none-match" in found and same(page.variants[encoding][1], found[b"if-none-match"])
        return page.answer(304 if unchanged else 200, encoding)

    def look(self, path: str) -> Page | None:
        """The file for an address, read again when it changed; None when there is none."""
        file = self.file(path)
        try:
            if file is None:
                raise FileNotFoundError
            signature = tuple(
                number
                for _, suffix in ENCODINGS
                for number in self.stat(file.with_name(file.name + suffix), must=not suffix)
            )
        except OSError:
            self.drop(path)
            return None
        page = self.pages.get(path)
        if page is not None and page.signature == signature:
            page.looked_at = time.monotonic()
            return page
        self.drop(path)
        page = Page(file, signature, self.common)
        if "" not in page.variants:  # gone between two looks
            return None
        self.pages[path] = page
        self.size += page.size
        while self.size > ROOM and len(self.pages) > 1:
            self.drop(next(iter(self.pages)))
        return page

    def drop(self, path: str) -> None:
        if old := self.pages.pop(path, None):
            self.size -= old.size

    def file(self, path: str) -> Path | None:
        """Where an address would lie in the folder; None when it may lie nowhere (hidden, outside, precompressed)."""
        parts = path.split("/")[1:]
        if "\0" in path or any(part.startswith(".") or "\\" in part for part in parts) or "" in parts[:-1]:
            return None
        file = self.folder.joinpath(*parts[:-1], parts[-1] or "index.html") if parts else self.folder / "index.html"
        if file.suffix not in TYPES:
            return None
        return file if file.resolve().is_relative_to(self.folder) else None

    @staticmethod
    def stat(file: Path, must: bool) -> tuple[int, ...]:
        try:
            found = file.stat()
        except FileNotFoundError:
            if must:
                raise
            return (0, 0, 0)
        return (found.st_mtime_ns, found.st_size, found.st_ino)

    async def missing(self, path: str, accept: bytes, send: Send) -> None:
        """A redirect to the address with its slash, our own 404 page, or, before anything is published, 503."""
        if not path.endswith("/") and "." not in path.rpartition("/")[2] and self.look(path + "/"):
            where = path.lstrip("/")
            return await self.say(send, 301, b"", [(b"location", f"/{where}/".encode())])
        first, _, rest = path[1:].partition("/")
        if first == self.languages[0] and self.look("/" + rest):  # mails told it before this language came first
            return await self.say(send, 301, b"", [(b"location", quote("/" + rest).encode())])
        if not (self.folder / "index.html").exists():
            return await self.say(send, 503, self.being_made, [(b"retry-after", b"2")])
        prefix = path.split("/")[1]
        page = (self.look(f"/{prefix}/404.html") if prefix in self.languages else None) or self.look("/404.html")
        if page is None:
            return await self.say(send, 404, self.nothing_here, [])
        body, _encoding, headers = page.variants[wanted(accept, page.variants)]
        kept = [pair for pair in headers if pair[0] != b"cache-control"]
        await send({"type": "http.response.start", "status": 404, "headers": [*kept, (b"cache-control", b"no-cache")]})
        await send({"type": "http.response.body", "body": body})

    async def say(self, send: Send, status: int, body: bytes, headers: Headers) -> None:
        plain = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": [*plain, *self.common, *headers]})
        await send({"type": "http.response.body", "body": body})
