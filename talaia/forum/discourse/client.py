"""Asks the forum. A fault is Temporary or Permanent, a no is an answer. Credentials go to the forum's host alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from talaia.config import Config, MirrorConfig
from talaia.config.tls_trust import trusted
from talaia.forum.discourse.rate_limit import BURST, Bucket
from talaia.forum.discourse.responses import DiscourseResponse, understood
from talaia.outbox.errors import PermanentError, TemporaryError
from talaia.outbox.http_deadline import DeadlineTransport
from talaia.outbox.monotonic import over

T = TypeVar("T")
Query = Mapping[str, str | list[str]]

LARGEST = 10_000_000  # bytes of an answer
PATIENCE = 3  # times `timeout` for a whole answer: that is how long each of its parts may take
MOVES = (301, 302, 303, 307, 308)
HOPS = 3


class DiscourseClient:
    """One forum, asked no more often than `[mirror] rate`; who shares the client shares the rate."""

    def __init__(
        self,
        mirror: MirrorConfig,
        config: Config,
        clock: Callable[[], datetime],
        pause: Callable[[float], None] = time.sleep,
        burst: int = BURST,
    ) -> None:
        self.mirror, self.config, self.clock, self.pause = mirror, config, clock, pause
        self.base = (mirror.address or "").rstrip("/")
        self.host = urlsplit(self.base).hostname or ""
        self.lock = threading.Lock()
        self.bucket = Bucket(mirror.rate, burst)
        self.told_to_wait: tuple[datetime, timedelta] | None = None
        try:
            verify = trusted(config.beside(mirror.ca_file) if mirror.ca_file else None)
        except OSError as error:
            raise PermanentError(f"{self.host}: ca_file cannot be used: {error}", "look at [mirror]") from None
        seconds = mirror.timeout.total_seconds()
        self.http = httpx.Client(
            timeout=seconds, trust_env=False, transport=DeadlineTransport(verify, PATIENCE * seconds)
        )

    def close(self) -> None:
        self.http.close()

    def get(self, path: str, query: Query | None = None, anonymous: bool = False) -> DiscourseResponse:
        """Follows the forum to another path of the same host. Raises Temporary, Permanent."""
        for _ in range(HOPS):
            answer = self.ask("GET", path, query=query, anonymous=anonymous)
            if answer.status not in MOVES:
                return answer
            path, query = self.moved(answer), None
        raise PermanentError(f"{self.host} sends us in a circle from {path}", "look at address in [mirror]")

    def moved(self, answer: DiscourseResponse) -> str:
        """The path to which an answer sends us, without the forum's own folder. Raises Permanent."""
        target = urlsplit(urljoin(f"{self.base}/", answer.location))
        folder = urlsplit(self.base).path
        # The scheme is not looked at: behind a proxy the forum may believe that it speaks without TLS.
        if target.hostname != self.host or not target.path.startswith(f"{folder}/"):
            where = f"{target.scheme}://{target.netloc}{target.path}"
            raise PermanentError(f"{self.host} sends us to {where}", "write the forum's own address in [mirror]")
        return target.path.removeprefix(folder) + (f"?{target.query}" if target.query else "")

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Query | None = None,
        anonymous: bool = False,
    ) -> DiscourseResponse:
        """One request, when it is its turn; never another by itself. Raises Temporary, Permanent."""
        headers = {"Accept": "application/json"} | ({} if anonymous else self._credentials())
        self._wait_for_turn()
        content = bytearray()
        try:
            with self.http.stream(method, self.base + path, params=query, json=body, headers=headers) as response:
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > LARGEST:
                        raise PermanentError(
                            f"{self.host} answers with more than {LARGEST:,} bytes", "is it the forum?"
                        )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            hint = "is it running, and may this machine reach it?"
            raise TemporaryError(f"{self.host} does not answer: {str(error) or type(error).__name__}", hint) from None
        if method != "GET" and response.status_code in MOVES:
            location = response.headers.get("location", "")
            path = self.moved(DiscourseResponse(response.status_code, None, location=location))
            raise PermanentError(
                f"{self.host} sends us on to {path}", "write the address that answers itself in [mirror]"
            )
        try:
            return understood(self.host, response.status_code, bytes(content), dict(response.headers))
        except TemporaryError as fault:
            if response.status_code == 429 and fault.after:
                with self.lock:
                    self.told_to_wait = (self.clock(), fault.after)
            raise

    def _wait_for_turn(self) -> None:
        with self.lock:
            now = self.clock()
            if self.told_to_wait and not over(self.told_to_wait[0], now, self.told_to_wait[1]):
                left = self.told_to_wait[0] + self.told_to_wait[1] - now
                raise TemporaryError(f"{self.host} has asked us to wait", "it goes on by itself", left)
            self.bucket, wait = self.bucket.take(now)
        if wait:
            self.pause(wait.total_seconds())

    def _credentials(self) -> dict[str, str]:
        """Read for each request: the file may change."""
        try:
            key = self.config.secret(self.mirror.key_file) or ""
        except (OSError, UnicodeDecodeError) as error:
            raise PermanentError(
                f"{self.host}: the key cannot be read: {error}", "look at key_file in [mirror]"
            ) from None
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise PermanentError(
                f"{self.host}: key_file holds something that is no key", "look at key_file in [mirror]"
            )
        return {"Api-Key": key, "Api-Username": self.mirror.user or ""}

    def read(self, answer: DiscourseResponse, kind: type[T]) -> T:
        """What an answer says, typed. Raises Temporary."""
        try:
            return msgspec.convert(answer.body, kind, strict=False)
        except msgspec.ValidationError as error:
            hint = "is address that of the forum, and is it a Discourse of this decade?"
            raise TemporaryError(f"{self.host} answers otherwise than a forum does: {error}", hint) from None
