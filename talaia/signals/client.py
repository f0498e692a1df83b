"""Prometheus and Alertmanager, asked over HTTP. Every fault is Temporary or Permanent, with what an operator can do."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any, TypeVar

import httpx

from talaia.config import Config, Source
from talaia.outbox.faults import Permanent, Temporary
from talaia.signals.parse import alertmanager, prometheus
from talaia.signals.parse.report import Alert, Malformed, Silence

T = TypeVar("T")

LIMIT = 5_000_000  # bytes of one answer
PATIENCE = 3  # times `timeout` for a whole answer: that is how long each of its parts may take
TOGETHER = 40  # evidence queries that are asked as one
BELIEVED_SKEW = 30.0  # seconds between the source's clock and ours before operators are told


@dataclass(frozen=True)
class Wanted:
    """An evidence query: for which service, and by which label its series name a connection ("" for none)."""

    service: str
    query: str
    label: str = ""


@dataclass(frozen=True)
class Measured:
    """A sample: its age in seconds by the source's own clock."""

    service: str
    connection: str
    value: float
    age: float


@dataclass(frozen=True)
class Heard:
    """What one poll brought. `started_at` is by our clock; `skew`: seconds by which the source's is ahead of it."""

    alerts: tuple[Alert, ...]
    measured: tuple[Measured, ...] = ()
    started_at: datetime | None = None
    notes: tuple[Mapping[str, Any], ...] = ()
    skew: float = 0.0


class Client:
    """One source. Keeps its connections; `transport` is the seam for tests."""

    def __init__(self, source: Source, config: Config, transport: httpx.BaseTransport | None = None) -> None:
        self.source, self.config = source, config
        self.http = httpx.Client(
            base_url=(source.url or "").rstrip("/"),
            timeout=source.timeout.total_seconds(),
            transport=transport,
            trust_env=False,
        )

    def close(self) -> None:
        self.http.close()

    def poll(self, wanted: Sequence[Wanted], now: datetime) -> Heard:
        """Everything that the source knows, complete. Raises Temporary or Permanent."""
        return self._alertmanager(now) if self.source.kind == "alertmanager" else self._prometheus(wanted, now)

    def _prometheus(self, wanted: Sequence[Wanted], now: datetime) -> Heard:
        firing = self.ask("GET", "/api/v1/alerts")
        rules = self.ask("GET", "/api/v1/rules", {"type": "alert"})
        clock = self.ask("GET", "/api/v1/query", {"query": "time()"})
        skew = self._read(lambda: prometheus.clock(clock)) - now.timestamp()
        notes = [*self._read(lambda: prometheus.broken_rules(rules)), *_skewed(skew)]
        measured = self.measure(wanted, notes)
        return Heard(self._read(lambda: prometheus.alerts(firing)), measured, None, tuple(notes), skew)

    def _alertmanager(self, now: datetime) -> Heard:
        listed = self.ask("GET", "/api/v2/alerts", {"active": "true", "silenced": "true", "inhibited": "true"})
        status, date = self._fetch("GET", "/api/v2/status")
        skew = (date - now).total_seconds() if date else 0.0  # to the second: so far goes a Date header
        alerts = self._read(lambda: alertmanager.alerts(listed))
        started_at = self._read(lambda: alertmanager.started_at(status))
        return Heard(
            alerts,
            _heartbeat(alerts, now + timedelta(seconds=skew)),
            started_at - timedelta(seconds=skew) if started_at else None,
            tuple(_skewed(skew)),
            skew,
        )

    def measure(self, wanted: Sequence[Wanted], notes: list[Mapping[str, Any]]) -> tuple[Measured, ...]:
        """The answers to all evidence queries, many asked as one. A query that is refused becomes a note."""
        found: list[Measured] = []
        for first in range(0, len(wanted), TOGETHER):
            batch = wanted[first : first + TOGETHER]
            try:
                found += self._measure(batch, notes)
            except Permanent:
                for one in batch:  # one bad query must not hide the others
                    try:
                        found += self._measure([one], notes)
                    except Permanent as fault:
                        notes.append({"code": "bad_query", "service": one.service, "error": str(fault)})
        return tuple(found)

    def _measure(self, batch: Sequence[Wanted], notes: list[Mapping[str, Any]]) -> list[Measured]:
        parts = []
        for number, one in enumerate(batch):
            for what, query in (("value", one.query), ("time", f"timestamp({one.query})")):
                marked = f'label_replace({query}, "talaia_query", "{number}", "", "")'
                parts.append(f'label_replace({marked}, "talaia_what", "{what}", "", "")')
        both = self.ask("POST", "/api/v1/query", {"query": " or ".join([*parts, _clock()])})
        samples = self._read(lambda: prometheus.vector(both))
        clock = next((s.value for s in samples if s.labels.get("talaia_what") == "clock"), None)
        if clock is None:
            raise Temporary(f"{self.source.id}: the answer lacks the time")
        values: dict[tuple[int, str], float] = {}
        times: dict[tuple[int, str], float] = {}
        for sample in samples:
            if "talaia_query" not in sample.labels or sample.labels.get("talaia_experimental") == "true":
                continue
            asked = int(sample.labels["talaia_query"])
            label = batch[asked].label
            key = (asked, sample.labels.get(label, "") if label else "")
            if sample.labels["talaia_what"] == "value":
                values[key] = min(values.get(key, sample.value), sample.value)
            else:
                times[key] = max(times.get(key, sample.value), sample.value)
        found = []
        for (number, connection), value in values.items():
            age = clock - times.get((number, connection), clock)
            if age < -BELIEVED_SKEW:
                notes.append({"code": "future_sample", "service": batch[number].service, "seconds": round(-age)})
            found.append(Measured(batch[number].service, connection, value, max(0.0, age)))
        return found

    def remembered(self, query: str, start: datetime, end: datetime, step: timedelta) -> tuple[prometheus.Span, ...]:
        """What Prometheus remembers of a query, from `start` to `end`, both included. Raises Temporary or Permanent."""
        answer = self.ask(
            "POST",
            "/api/v1/query_range",
            {
                "query": query,
                "start": f"{start.timestamp():.3f}",
                "end": f"{end.timestamp():.3f}",
                "step": str(step.total_seconds()),
            },
        )
        return self._read(lambda: prometheus.matrix(answer))

    def silences(self) -> tuple[Silence, ...]:
        """Alertmanager's silences, the expired ones too. Raises Temporary or Permanent."""
        answer = self.ask("GET", "/api/v2/silences")
        return self._read(lambda: alertmanager.silences(answer))

    def post_silence(self, body: Mapping[str, Any]) -> str:
        """Create a silence, or change the one whose `id` is given; its id. Raises Temporary or Permanent."""
        answer = self.ask("POST", "/api/v2/silences", body=body)
        return self._read(lambda: alertmanager.silence_id(answer))

    def expire_silence(self, id: str) -> None:
        """End a silence; one that is already gone is well. Raises Temporary or Permanent."""
        self.ask("DELETE", f"/api/v2/silence/{id}", missing=True)

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
        return self._fetch(method, path, fields, body, missing)[0]

    def _fetch(
        self,
        method: str,
        path: str,
        fields: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        missing: bool = False,
    ) -> tuple[object, datetime | None]:
        """The JSON of an answer, and what time the other side says it is."""
        name = f"{self.source.id} ({self.http.base_url.copy_with(userinfo=b'')})"
        parts: dict[str, Any] = {"params": fields} if method == "GET" else {"data": fields}
        if body is not None:
            parts = {"json": body}
        begun, longest = monotonic(), PATIENCE * self.source.timeout.total_seconds()
        try:
            with self.http.stream(method, path, **parts, **self._credentials()) as response:
                content = bytearray()
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > LIMIT:
                        raise Permanent(f"{name} answers with more than {LIMIT:,} bytes", "narrow what it lists")
                    if monotonic() - begun > longest:
                        raise Temporary(f"{name} takes more than {longest:g} s for {path}", "what slows it down?")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            hint = "is it running, and may this machine reach it? `talaia check` asks again"
            raise Temporary(f"{name} does not answer: {str(error) or type(error).__name__}", hint) from None
        status = response.status_code
        if status == 404 and missing:
            return None, None
        try:
            answer: object = json.loads(bytes(content)) if content else None
        except (ValueError, RecursionError):
            answer = None
        if status in (401, 403):
            raise Permanent(f"{name} refuses us ({status})", "look at username, password_file or token_file")
        if status in (400, 422):
            raise Permanent(f"{name}: {prometheus.error_of(answer) or f'answer {status}'}", "look at the query")
        if 300 <= status < 400:
            where = response.headers.get("location", "elsewhere")
            raise Permanent(f"{name} sends us from {path} to {where}", "write the address that answers itself as url")
        if status >= 400:
            raise Temporary(f"{name} answers {status} to {path}", "is url the address of the server itself?")
        if answer is None and content:
            raise Temporary(f"{name} answers {path} with something that is no JSON", "is url the right address?")
        return answer, _date(response.headers.get("date", ""))

    def _credentials(self) -> dict[str, Any]:
        """Read for each request: the files may change, and one that is gone is a fault of this source alone."""
        source = self.source
        try:
            password, token = self.config.secret(source.password_file), self.config.secret(source.token_file)
        except (OSError, UnicodeDecodeError) as error:
            raise Permanent(f"{source.id}: a secret cannot be read: {error}", "look at its *_file") from None
        return {
            "auth": (source.username or "", password) if password else None,
            "headers": {"Authorization": f"Bearer {token}"} if token else None,
        }

    def _read(self, parse: Callable[[], T]) -> T:
        try:
            return parse()
        except Malformed as error:
            raise Temporary(
                f"{self.source.id}: {error}", "is url the right address, of a server of this kind?"
            ) from None


def _clock() -> str:
    """The source's time, as one more series of the same answer."""
    return 'label_replace(vector(time()), "talaia_what", "clock", "", "")'


def _date(header: str) -> datetime | None:
    try:
        return parsedate_to_datetime(header)
    except ValueError:
        return None


def _skewed(seconds: float) -> list[Mapping[str, Any]]:
    return [{"code": "skew", "seconds": round(seconds)}] if abs(seconds) > BELIEVED_SKEW else []


def _heartbeat(alerts: Sequence[Alert], there: datetime) -> tuple[Measured, ...]:
    """The heartbeat in Alertmanager's list, as a sample of no service: Prometheus lived when it last repeated it."""
    ages = [(there - alert.updated_at).total_seconds() for alert in alerts if alert.heartbeat and alert.updated_at]
    return (Measured("", "", 1.0, max(0.0, min(ages))),) if ages else ()
