"""Sources, asked over HTTP; what for stands in sources/.

Every fault is Temporary or Permanent, with what an operator can do.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx

from talaia.config import Config, SourceConfig
from talaia.config.hosts import shown
from talaia.config.tls_trust import trusted
from talaia.outbox.errors import OutsideError, PermanentError, TemporaryError
from talaia.outbox.http_deadline import DeadlineTransport
from talaia.signals.evidence import BELIEVED_SKEW, Measured
from talaia.signals.matching import BoundedAlerts, Concern
from talaia.signals.parse import prometheus
from talaia.signals.parse.report import Alert, MalformedBody, placed
from talaia.signals.parse.stream import Listed

T = TypeVar("T")

LIMIT = 5_000_000  # bytes of an answer that is read as a whole
ENDLESS = 500_000_000  # bytes of a list that is read as it comes; fifty thousand alerts have some fifty million
RATE = 1_000_000  # bytes of a list that are read in a second, at the least
PIECE = 65_536  # bytes
PATIENCE = 3  # times `timeout` for a whole answer: that is how long each of its parts may take
SLOW_OR_BROKEN = "what slows it down, or cuts it off? A proxy in between, or its own limits?"


@dataclass(frozen=True)
class Heard:
    """What one poll brought. `started_at` is by our clock; `skew`: seconds by which the source's is ahead of it."""

    alerts: tuple[Alert, ...]
    measured: tuple[Measured, ...] = ()
    started_at: datetime | None = None
    notes: tuple[Mapping[str, Any], ...] = ()
    skew: float = 0.0


class UnreadableAnswer(TemporaryError):
    """The source answers, but not so that we could read it: what it said last is neither confirmed nor refuted."""


class SourceClient:
    """One source. Keeps its connections; `transport` is the seam for tests."""

    def __init__(self, source: SourceConfig, config: Config, transport: httpx.BaseTransport | None = None) -> None:
        self.source, self.config = source, config
        self.concern = Concern(config)
        self.fault: OutsideError | None = None
        verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            verify = trusted(config.beside(source.ca_file) if source.ca_file else None)
        except OSError as error:  # said whenever it is asked
            self.fault = PermanentError(f"{source.id}: ca_file cannot be used: {error}", "look at its ca_file")
        seconds = source.timeout.total_seconds()
        self.http = httpx.Client(
            base_url=(source.url or "").rstrip("/"),
            timeout=seconds,
            transport=transport or DeadlineTransport(verify, PATIENCE * seconds, RATE),
            trust_env=False,
        )

    def close(self) -> None:
        """From any thread: what is being asked ends with a fault."""
        self.fault = self.fault or TemporaryError(f"{self.name} is asked no more", "the configuration has changed")
        self.http.close()

    def alerts(
        self,
        path: str,
        at: Sequence[str],
        parse: Callable[[object], Alert | None],
        check: Callable[[object], object],
        fields: Mapping[str, str] | None = None,
    ) -> BoundedAlerts:
        """The alerts of the list at `path` that anything of ours would want to know of, whatever else fires there."""
        kept = BoundedAlerts(self.concern)

        def take(value: object) -> None:
            alert = parse(value)
            if alert is not None:
                kept.take(alert)

        kept.left_out += self.each(path, at, take, check, fields)
        return kept

    def ask(
        self,
        method: str,
        path: str,
        fields: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        missing: bool = False,
    ) -> object:
        """One request; the JSON of its answer. `missing`: 404 is an answer like any other. Redirects are not followed:
        our credentials are for this address. Raises Temporary or Permanent."""
        return self.fetch(method, path, fields, body, missing)[0]

    def fetch(
        self,
        method: str,
        path: str,
        fields: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        missing: bool = False,
    ) -> tuple[object, datetime | None]:
        """The JSON of an answer, and what time the other side says it is."""
        with self._answering(method, path, fields, body) as (response, chunks):
            content = bytearray()
            for chunk in chunks:
                content += chunk
                if len(content) > LIMIT:
                    raise PermanentError(
                        f"{self.name} answers {path} with more than {LIMIT:,} bytes", "ask it for less"
                    )
        if response.status_code == 404 and missing:
            return None, None
        try:
            answer: object = json.loads(bytes(content)) if content else None
        except (ValueError, RecursionError):
            answer = None
        self._look_at(response, path, answer)
        if answer is None and content:
            raise UnreadableAnswer(
                f"{self.name} answers {path} with something that is no JSON", "is url the right address?"
            )
        return answer, _date(response.headers.get("date", ""))

    def each(
        self,
        path: str,
        at: Sequence[str],
        take: Callable[[object], object],
        check: Callable[[object], object],
        fields: Mapping[str, str] | None = None,
        method: str = "GET",
        without: str | None = None,
    ) -> int:
        """Hand each element of the list at `at` to `take` while the answer comes; `check` sees what is around them.

        How many were left out, as they were too large. Raises Temporary or Permanent.
        """
        hint = "is url the right address, of a server of this kind?"
        with self._answering(method, path, fields) as (response, chunks):
            if response.status_code != 200:
                content = bytearray()
                for chunk in chunks:
                    content += chunk
                    if len(content) > PIECE:
                        break
                try:
                    answer: object = json.loads(bytes(content))
                except (ValueError, RecursionError):
                    answer = None
                self._look_at(response, path, answer)
                raise TemporaryError(f"{self.name} answers {response.status_code} to {path}", hint)
            listed, place = Listed(chunks, at, without), 0
            try:
                for value in listed:
                    try:
                        take(value)
                    except MalformedBody as error:
                        raise placed(error, at, place) from None
                    place += 1
                check(listed.rest)
            except MalformedBody as error:
                raise UnreadableAnswer(f"{self.name} answers {path} so that it cannot be read: {error}", hint) from None
        return listed.left_out

    @property
    def name(self) -> str:
        return f"{self.source.id} ({self.http.base_url.copy_with(userinfo=b'')})"

    @contextmanager
    def _answering(
        self,
        method: str,
        path: str,
        fields: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Iterator[tuple[httpx.Response, Iterator[bytes]]]:
        """An answer and the pieces in which it comes, within its time. Raises Temporary or Permanent."""
        if self.fault:
            raise self.fault
        parts: dict[str, Any] = {"params": fields} if method == "GET" else {"data": fields}
        if body is not None:
            parts = {"json": body}
        begun = False
        try:
            with self.http.stream(method, path, **parts, **self._credentials()) as response:
                begun = response.is_success
                yield response, self._pieces(response, path)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            what = str(error) or type(error).__name__
            if begun:  # it lives, and has said that it will answer
                raise UnreadableAnswer(
                    f"{self.name} does not end its answer to {path}: {what}", SLOW_OR_BROKEN
                ) from None
            hint = "is it running, and may this machine reach it? `talaia check` asks again"
            if "CERTIFICATE_VERIFY_FAILED" in what:
                hint = "name the authority of its certificate as ca_file of the source, or install it on this machine"
            raise TemporaryError(f"{self.name} does not answer: {what}", hint) from None
        except RuntimeError as error:  # httpx's, of a client that was closed just now
            if not self.http.is_closed:
                raise
            raise TemporaryError(f"{self.name}: {error}") from None

    def _pieces(self, response: httpx.Response, path: str) -> Iterator[bytes]:
        """As they come: whoever waits for more of them than there are does not look at the time. Small ones, as what
        was packed may be a thousand times larger."""
        seen = 0
        for came in response.iter_bytes():
            seen += len(came)
            if seen > ENDLESS:
                raise UnreadableAnswer(
                    f"{self.name} answers {path} with more than {ENDLESS:,} bytes", "what fires there?"
                )
            for first in range(0, len(came), PIECE):
                yield came[first : first + PIECE]

    def _look_at(self, response: httpx.Response, path: str, answer: object) -> None:
        """Raises for an answer that is a refusal."""
        status, name = response.status_code, self.name
        if status in (401, 403):
            raise PermanentError(f"{name} refuses us ({status})", "look at username, password_file or token_file")
        if status in (400, 422):
            raise PermanentError(f"{name}: {prometheus.error_of(answer) or f'answer {status}'}", "look at the query")
        if 300 <= status < 400:
            where = shown(response.headers.get("location", "elsewhere"))
            raise PermanentError(
                f"{name} sends us from {path} to {where}", "write the address that answers itself as url"
            )
        if status >= 400:
            raise TemporaryError(f"{name} answers {status} to {path}", "is url the address of the server itself?")

    def _credentials(self) -> dict[str, Any]:
        """Read for each request: the files may change, and one that is gone is a fault of this source alone."""
        source = self.source
        try:
            password, token = self.config.secret(source.password_file), self.config.secret(source.token_file)
        except (OSError, UnicodeDecodeError) as error:
            raise PermanentError(f"{source.id}: a secret cannot be read: {error}", "look at its *_file") from None
        return {
            "auth": (source.username or "", password) if password else None,
            "headers": {"Authorization": f"Bearer {token}"} if token else None,
        }

    def parsed(self, parse: Callable[[], T]) -> T:
        try:
            return parse()
        except MalformedBody as error:
            raise UnreadableAnswer(
                f"{self.source.id}: {error}", "is url the right address, of a server of this kind?"
            ) from None


def _date(header: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def skew_notes(seconds: float) -> list[Mapping[str, Any]]:
    return [{"code": "skew", "seconds": round(seconds)}] if abs(seconds) > BELIEVED_SKEW else []
