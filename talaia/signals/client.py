"""Prometheus and Alertmanager, asked over HTTP. Every fault is Temporary or Permanent, with what an operator can do."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx

from talaia.config import Config, Source
from talaia.outbox.faults import Permanent, Temporary
from talaia.signals.parse import alertmanager, prometheus
from talaia.signals.parse.report import Alert, Malformed, Silence

T = TypeVar("T")

LIMIT = 5_000_000  # bytes of one answer
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
    """What one poll brought."""

    alerts: tuple[Alert, ...]
    measured: tuple[Measured, ...] = ()
    started_at: datetime | None = None
    notes: tuple[Mapping[str, Any], ...] = ()


class Client:
    """One source. Keeps its connections; `transport` is the seam for tests."""

    def __init__(self, source: Source, config: Config, transport: httpx.BaseTransport | None = None) -> None:
        self.source = source
        password, token = config.secret(source.password_file), config.secret(source.token_file)
        self.http = httpx.Client(
            base_url=(source.url or "").rstrip("/"),
            timeout=source.timeout.total_seconds(),
            auth=(source.username or "", password) if password else None,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            transport=transport,
            trust_env=False,
        )

    def close(self) -> None:
        self.http.close()

    def poll(self, wanted: Sequence[Wanted], now: datetime) -> Heard:
        """Everything that the source knows, complete. Raises Temporary or Permanent."""
        if self.source.kind == "alertmanager":
            listed = self.ask("GET", "/api/v2/alerts", {"active": "true", "silenced": "true", "inhibited": "true"})
            started = self.ask("GET", "/api/v2/status")
            return self._read(lambda: Heard(alertmanager.alerts(listed), (), alertmanager.started_at(started)))
        firing = self.ask("GET", "/api/v1/alerts")
        rules = self.ask("GET", "/api/v1/rules", {"type": "alert"})
        clock = self.ask("GET", "/api/v1/query", {"query": "time()"})
        skew = self._read(lambda: prometheus.clock(clock)) - now.timestamp()
        notes = list(self._read(lambda: prometheus.broken_rules(rules)))
        if abs(skew) > BELIEVED_SKEW:
            notes.append({"code": "skew", "seconds": round(skew)})
        measured = self.measure(wanted, notes)
        return Heard(self._read(lambda: prometheus.alerts(firing)), measured, None, tuple(notes))

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
            if "talaia_query" not in sample.labels:
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

    def firing_between(self, start: datetime, end: datetime, step: timedelta) -> tuple[prometheus.Span, ...]:
        """Which alerts fired when, from Prometheus' own memory. Raises Temporary or Permanent."""
        answer = self.ask(
            "POST",
            "/api/v1/query_range",
            {
                "query": 'ALERTS{alertstate="firing"}',
                "start": str(start.timestamp()),
                "end": str(end.timestamp()),
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
        """One request; the JSON of its answer. `missing`: 404 is an answer like any other."""
        name = f"{self.source.id} ({self.source.url})"
        try:
            parts = {"params": fields} if method == "GET" else {"data": fields} if body is None else {"json": body}
            with self.http.stream(method, path, **parts) as response:
                content = bytearray()
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > LIMIT:
                        raise Permanent(f"{name} answers with more than {LIMIT:,} bytes", "narrow what it lists")
        except httpx.HTTPError as error:
            hint = "is it running, and may this machine reach it? `talaia check` asks again"
            raise Temporary(f"{name} does not answer: {error or type(error).__name__}", hint) from None
        status = response.status_code
        if status == 404 and missing:
            return None
        try:
            answer: object = json.loads(bytes(content)) if content else None
        except ValueError:
            answer = None
        if status in (401, 403):
            raise Permanent(f"{name} refuses us ({status})", "look at username, password_file or token_file")
        if status in (400, 422):
            raise Permanent(f"{name}: {prometheus.error_of(answer) or f'answer {status}'}", "look at the query")
        if status >= 300:
            raise Temporary(f"{name} answers {status} to {path}", "is url the address of the server itself?")
        if answer is None and content:
            raise Temporary(f"{name} answers {path} with something that is no JSON", "is url the right address?")
        return answer

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
