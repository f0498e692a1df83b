"""A Prometheus and an Alertmanager for tests of the watch: an httpx transport that answers as the real ones do.

The real ones are asked in tests/journeys; here faults and moments are wanted that cannot be had from them on demand.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs

import httpx

MARKED = re.compile(r'label_replace\(label_replace\((.+?), "talaia_query", "(\d+)", "", ""\), "talaia_what", "(\w+)"')


@dataclass(frozen=True)
class Memory:
    """A series in Prometheus' memory: a query that it answers had this value from `start` until before `end`."""

    query: str
    labels: dict[str, str]
    start: datetime
    end: datetime
    value: float = 1.0
    age: float = 1.0


@dataclass
class Monitoring:
    """What the two servers would answer at `now`. `samples`: query → [(labels, value, age in seconds)]."""

    now: datetime
    firing: list[dict[str, str]] = field(default_factory=list)
    samples: dict[str, list[tuple[dict[str, str], float, float]]] = field(default_factory=dict)
    listed: list[dict[str, Any]] = field(default_factory=list)
    alertmanager_since: datetime | None = None
    silences: dict[str, dict[str, Any]] = field(default_factory=dict)
    remembers: list[Memory] = field(default_factory=list)
    prometheus_hangs: bool = False
    alertmanager_down: bool = False
    broken_rules: list[str] = field(default_factory=list)
    clock_ahead: float = 0.0
    asked: list[str] = field(default_factory=list)
    ranges: list[tuple[str, int]] = field(default_factory=list)  # which were asked for, and how many points of each
    too_much: dict[str, int] = field(default_factory=dict)  # query → points of which it refuses more
    made: int = 0

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def fire(self, **labels: str) -> None:
        """An alert fires: Prometheus lists it, and Alertmanager too."""
        self.firing.append(labels)
        self.listed.append(self.alert(labels))

    def calm(self, **labels: str) -> None:
        """The alerts with these labels are over everywhere."""
        self.firing = [found for found in self.firing if not labels.items() <= found.items()]
        self.listed = [found for found in self.listed if not labels.items() <= found["labels"].items()]

    def silence(self, **labels: str) -> None:
        """Alertmanager holds these alerts back, because a person asked it to."""
        for found in self.listed:
            if labels.items() <= found["labels"].items():
                found["status"] = {"state": "suppressed", "silencedBy": ["a-silence"], "inhibitedBy": []}

    def measure(self, query: str, *series: tuple[dict[str, str], float], age: float = 1.0) -> None:
        self.samples[query] = [(labels, value, age) for labels, value in series]

    def alert(self, labels: dict[str, str]) -> dict[str, Any]:
        """As Alertmanager lists it."""
        return {
            "labels": {**labels, "cluster": "lab"},
            "annotations": {},
            "startsAt": self.now.isoformat(),
            "endsAt": (self.now + timedelta(minutes=4)).isoformat(),
            "updatedAt": self.now.isoformat(),
            "fingerprint": "f",
            "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
        }

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        if path.startswith("/api/v1/"):
            if self.prometheus_hangs:
                raise httpx.ReadTimeout("no answer", request=request)
            fields = dict(request.url.params) or {k: v[0] for k, v in parse_qs(request.content.decode()).items()}
            return self._prometheus(path, fields)
        if self.alertmanager_down:
            raise httpx.ConnectError("refused", request=request)
        return self._alertmanager(request, path)

    def _prometheus(self, path: str, fields: dict[str, str]) -> httpx.Response:
        seconds = self.now.timestamp() + self.clock_ahead
        match path:
            case "/api/v1/alerts":
                alerts = [
                    {
                        "labels": labels,
                        "annotations": {},
                        "state": "firing",
                        "activeAt": self.now.isoformat(),
                        "value": "1",
                    }
                    for labels in self.firing
                ]
                return success({"alerts": alerts})
            case "/api/v1/rules":
                rules = [{"name": name, "health": "err", "lastError": "no"} for name in self.broken_rules]
                return success({"groups": [{"name": "g", "rules": rules}]})
            case "/api/v1/query_range":
                return self._range(fields)
        if fields["query"] == "time()":
            return success({"resultType": "scalar", "result": [seconds, str(seconds)]})
        result: list[dict[str, Any]] = []
        for query, number, what in MARKED.findall(fields["query"]):
            plain = query.removeprefix("timestamp(").removesuffix(")") if what == "time" else query
            for labels, value, age in self.samples.get(plain, []):
                marked = {**labels, "talaia_query": number, "talaia_what": what}
                shown = value if what == "value" else seconds - age
                result.append({"metric": marked, "value": [seconds, str(shown)]})
        result.append({"metric": {"talaia_what": "clock"}, "value": [seconds, str(seconds)]})
        return success({"resultType": "vector", "result": result})

    def _range(self, fields: dict[str, str]) -> httpx.Response:
        """As Prometheus does: at each step, both ends included, whatever it has of the query; no more than it allows.

        It knows the queries `q`, `timestamp(q)` and `count(q)`.
        """
        step, first, last = (float(fields[name]) for name in ("step", "start", "end"))
        count = int((last - first) / step + 1e-6) + 1
        if count > 11_000:
            error = "exceeded maximum resolution of 11,000 points per timeseries"
            return httpx.Response(400, json={"status": "error", "errorType": "bad_data", "error": error})
        outer, query = re.fullmatch(r"(?:(timestamp|count)\()?(.*?)\)?", fields["query"]).groups()  # type: ignore[union-attr]
        self.ranges.append((query, count))
        if query in self.too_much and count > self.too_much[query]:
            return httpx.Response(
                422, json={"status": "error", "error": "query processing would load too many samples"}
            )
        spans = []
        for one in self.remembers:
            begins, ends = one.start.timestamp() + self.clock_ahead, one.end.timestamp() + self.clock_ahead
            times = [at for n in range(count) if begins <= (at := round(first + n * step, 3)) < ends]
            if one.query == query and times:
                values = [[at, f"{at - one.age if outer == 'timestamp' else one.value}"] for at in times]
                labels = {name: value for name, value in one.labels.items() if name != "__name__" or not outer}
                spans.append({"metric": {} if outer == "count" else labels, "values": values})
        return success({"resultType": "matrix", "result": spans})

    def remember(self, query: str, start: datetime, end: datetime, value: float = 1.0, **labels: str) -> None:
        """A query was measured to be `value` all that time."""
        self.remembers.append(Memory(query, labels, start, end, value))

    def remember_firing(self, start: datetime, end: datetime, **labels: str) -> None:
        """An alert fired all that time."""
        every = {**labels, "__name__": "ALERTS", "alertstate": "firing"}
        self.remembers.append(Memory('ALERTS{alertstate="firing"}', every, start, end))

    def _alertmanager(self, request: httpx.Request, path: str) -> httpx.Response:
        if path == "/api/v2/status":
            moved = timedelta(seconds=self.clock_ahead)
            since = (self.alertmanager_since or self.now - timedelta(days=1)) + moved
            date = format_datetime(self.now + moved, usegmt=True)
            return httpx.Response(200, json={"uptime": since.isoformat()}, headers={"date": date})
        if path == "/api/v2/alerts":
            return httpx.Response(200, json=self.listed)
        if path.startswith("/api/v2/silence/"):
            self.silences[path.rpartition("/")[2]]["status"] = {"state": "expired"}
            return httpx.Response(200)
        if request.method == "GET":
            return httpx.Response(200, json=list(self.silences.values()))
        body = json.loads(request.content)
        if "id" not in body:
            self.made += 1
        id = body.get("id", f"silence-{self.made}")
        self.silences[id] = {**body, "id": id, "status": {"state": "active"}}
        return httpx.Response(200, json={"silenceID": id})


def success(data: object) -> httpx.Response:
    return httpx.Response(200, json={"status": "success", "data": data})
