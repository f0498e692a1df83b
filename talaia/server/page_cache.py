"""Files as they are answered: held in memory, and by what a browser has already and takes (RFC 9110)."""

from __future__ import annotations

import hashlib
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from talaia.regular_file import content

ENCODINGS = (("br", ".br"), ("gzip", ".gz"), ("", ""))


class Page:
    """One file in memory: per encoding its body, its ETag and its headers."""

    __slots__ = ("answers", "looked_at", "signature", "size", "variants")

    def __init__(self, path: Path, signature: tuple[int, ...], common: Headers) -> None:
        self.signature, self.looked_at, self.size = signature, time.monotonic(), 0
        self.variants: dict[str, tuple[bytes, bytes, Headers]] = {}
        self.answers: dict[tuple[int, str], Answer] = {}
        lasting = FOR_EVER if path.parent.name == "static" else FOR_NOW
        for encoding, suffix in ENCODINGS:
            try:
                body = content(path.with_name(path.name + suffix))
            except OSError:  # gone; or somebody else made a folder or a pipe of it, or closed it
                continue
            tag = b'"%s"' % hashlib.blake2b(body, digest_size=12).hexdigest().encode()
            headers = [
                (b"content-type", TYPES.get(path.suffix, "application/octet-stream").encode()),
                (b"content-length", str(len(body)).encode()),
                (b"etag", tag),
                (b"cache-control", lasting.encode()),
                (b"vary", b"accept-encoding"),
                *common,
            ]
            if encoding:
                headers.append((b"content-encoding", encoding.encode()))
            self.variants[encoding] = (body, tag, headers)
            self.size += len(body)

    def answer(self, status: int, encoding: str) -> Answer:
        """The page as it goes over the wire to whoever asks with GET: status 200, or 304 for who has it already."""
        found = self.answers.get((status, encoding))
        if found is None:
            body, _, headers = self.variants[encoding]
            if status == 304:
                body, headers = b"", still_true(headers)
            lines = b"".join([b"%s: %s\r\n" % header for header in headers])
            line = b"HTTP/1.1 304 Not Modified\r\n" if status == 304 else b"HTTP/1.1 200 OK\r\n"
            found = self.answers[status, encoding] = (line, lines + b"\r\n" + body)
        return found


def still_true(headers: Headers) -> Headers:
    """What a 304 repeats (RFC 9110 §15.4.5)."""
    return [pair for pair in headers if pair[0] not in (b"content-length", b"content-type", b"content-encoding")]


def wanted(accept: bytes, has: MutableMapping[str, Any]) -> str:
    """The best encoding of `has` that an Accept-Encoding header allows (RFC 9110 §12.5.3)."""
    if b"q=" not in accept:
        if b"br" in accept and "br" in has:
            return "br"
        return "gzip" if b"gzip" in accept and "gzip" in has else ""
    allowed = {}
    for part in accept.decode("latin-1").lower().split(","):
        name, _, quality = part.partition(";q=")
        try:
            allowed[name.strip()] = float(quality or 1)
        except ValueError:
            allowed[name.strip()] = 0.0
    return next((name for name in ("br", "gzip") if allowed.get(name, allowed.get("*", 0)) > 0 and name in has), "")


def same(tag: bytes, if_none_match: bytes | None) -> bool:
    """Whether an If-None-Match header names `tag` (weak comparison, RFC 9110 §13.1.2)."""
    if not if_none_match:
        return False
    return if_none_match == tag or b"*" in if_none_match or tag in [t.strip(b" W/") for t in if_none_match.split(b",")]


Headers = list[tuple[bytes, bytes]]


Answer = tuple[bytes, bytes]


TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".xml": "application/xml",
    ".atom": "application/atom+xml; charset=utf-8",
    ".rss": "application/rss+xml; charset=utf-8",
    ".ics": "text/calendar; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}


FOR_EVER = "public, max-age=31536000, immutable"


FOR_NOW = "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400"
