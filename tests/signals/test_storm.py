"""A mass outage is when the monitoring is loudest: what concerns a service is found whatever else fires."""

from __future__ import annotations

import json
import re
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from talaia.config import (
    AlertMatch,
    Config,
    ConnectionConfig,
    EvidenceConfig,
    Reference,
    ServiceConfig,
    SiteConfig,
    SourceConfig,
    Tables,
    Text,
)
from talaia.config.matchers import Matchers
from talaia.signals import matching
from talaia.signals.client import SourceClient, UnreadableAnswer
from talaia.signals.matching import BoundedAlerts, Concern
from talaia.signals.parse.report import Alert, MalformedBody
from talaia.signals.parse.stream import DEEPEST, LARGEST, Listed
from talaia.signals.sources.registry import poll
from tests.signals.conftest import Lab

NOW = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
NAME = Text((("", "x"),))
SLOWLY = timedelta(minutes=5)  # memory is watched, which takes its time
PROMETHEUS = SourceConfig(id="p", kind="prometheus", url="http://prometheus.example.org", timeout=SLOWLY)
ALERTMANAGER = SourceConfig(id="a", kind="alertmanager", url="http://alertmanager.example.org", timeout=SLOWLY)
DOWN, JOB = (AlertMatch(match=Matchers.from_toml(text)) for text in ('alertname="WebDown"', 'job=~"web.+"'))
WEB = ServiceConfig(
    slug="web", group="g", name=NAME, evidence=EvidenceConfig(source="p", query="up"), alerts=(DOWN, JOB)
)
LINKS = ServiceConfig(
    slug="links",
    group="g",
    name=NAME,
    evidence=EvidenceConfig(source="p", query="up"),
    reference=Reference(connections=("l1", "l2"), label="instance"),
)
CONFIG = Config(
    Tables(
        site=SiteConfig(name=NAME, address="https://status.example.org"), sources=(PROMETHEUS, ALERTMANAGER),
        services=(WEB, LINKS), connections=(ConnectionConfig(id="l1", name=NAME), ConnectionConfig(id="l2", name=NAME)),
    )
)  # fmt: skip


def loud(number: int) -> dict[str, Any]:
    """An alert that is none of the page's business, as Prometheus and as Alertmanager list it at once."""
    return {
        "labels": {"alertname": "NodeDown", "instance": f"10.0.{number // 256}.{number % 256}:9100"},
        "annotations": {"description": "The node does not answer. " * 16},
        "state": "firing",
        "activeAt": "2026-05-04T00:00:00Z",
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
        "startsAt": "2026-05-04T00:00:00Z",
    }


def ours(**labels: str) -> dict[str, Any]:
    return {**loud(0), "labels": labels}


class Storm(httpx.SyncByteStream):
    """The list of many alerts, made while it is sent; ours stand at its end."""

    def __init__(self, start: str, many: int, end: str, *last: dict[str, Any]) -> None:
        self.start, self.many, self.end, self.last = start, many, end, last

    def __iter__(self) -> Iterator[bytes]:
        yield self.start.encode()
        one = json.dumps(loud(0)).encode() + b","
        for number in range(self.many):
            yield one.replace(b"10.0.0.0:", b"10.%d.%d.1:" % divmod(number, 256))
        yield ",".join(map(json.dumps, self.last)).encode() + self.end.encode()


def prometheus(many: int, *last: dict[str, Any]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/api/v1/alerts":
                stream = Storm('{"status":"success","data":{"alerts":[', many, "]}}", *last)
                return httpx.Response(200, stream=stream)
            case "/api/v1/rules":  # one that does not know exclude_alerts
                start = '{"status":"success","data":{"groups":[{"name":"g","rules":[{"name":"NodeDown","alerts":['
                end = '],"health":"ok"},{"name":"Other","health":"err","lastError":"no"}]}]}}'
                return httpx.Response(200, stream=Storm(start, many, end, loud(0)))
        found = [{"metric": {"talaia_what": "clock"}, "value": [NOW.timestamp(), str(NOW.timestamp())]}]
        return httpx.Response(200, json={"status": "success", "data": {"resultType": "vector", "result": found}})

    return answer


def alertmanager(many: int, *last: dict[str, Any]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v2/status":
            return httpx.Response(200, json={"uptime": "2026-05-01T00:00:00Z"})
        return httpx.Response(200, stream=Storm("[", many, "]", *last))

    return answer


@pytest.mark.parametrize(("source", "answering"), [(PROMETHEUS, prometheus), (ALERTMANAGER, alertmanager)])
@pytest.mark.slow
def test_of_fifty_thousand_alerts_ours_are_found_and_memory_stays_flat(
    source: SourceConfig, answering: Callable[..., Callable[[httpx.Request], httpx.Response]]
) -> None:
    mine = [ours(alertname="WebDown"), ours(job="website"), ours(instance="l2"), ours(talaia_service="web")]
    for many, most in ((500, 20), (50_000, 10)):  # the first time, modules are loaded
        client = SourceClient(source, CONFIG, httpx.MockTransport(answering(many, *mine)))
        before = resident(anew=True)
        heard = poll(client, [], NOW)
        assert resident() - before < most, "megabytes, of more than thirty that passed"
        assert [alert.labels for alert in heard.alerts] == [one["labels"] for one in mine]
        assert [note["code"] for note in heard.notes] == (["broken_rule"] if source is PROMETHEUS else [])


def resident(anew: bool = False) -> float:
    """How many megabytes this process has had in memory at the most, or has now and begins to count from."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1000  # type: ignore[index]


def test_what_is_kept_is_bounded_and_still_says_all_that_can_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MOST", 10)
    kept = BoundedAlerts(Concern(CONFIG))
    for number in range(100):
        kept.take(Alert({"alertname": "WebDown", "instance": str(number), "talaia_impact": "degraded"}, True))
    kept.take(Alert({"talaia_service": "web", "talaia_impact": "partial"}, True))
    kept.take(Alert({"talaia_service": "web", "talaia_impact": "partial"}, True, silenced=True))
    kept.take(Alert({"instance": "l1"}, True))
    kept.take(Alert({"talaia_heartbeat": "true"}, True))
    kept.take(Alert({"talaia_service": "of another site"}, True))
    assert len(kept.alerts) == 14
    assert kept.notes == [{"code": "flood", "count": 91}]


def test_so_is_the_room_that_words_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "ROOM", 10_000)
    kept = BoundedAlerts(Concern(CONFIG))
    for number in range(100):
        kept.take(Alert({"alertname": "WebDown", "n": str(number)}, True, {"description": "x" * 5000}))
    assert len(kept.alerts) == 5
    assert all(len(alert.annotations["description"]) == 2000 for alert in kept.alerts)


PIECES = [1, 7, 65_536]


@pytest.mark.parametrize("size", PIECES)
def test_a_list_inside_an_answer_is_read_in_whatever_pieces_it_comes(size: int) -> None:
    body = json.dumps(
        {"status": "success", "data": {"alerts": [{"a": [1, {"b": None}]}, "x", 2.5, []], "more": {"n": 1}}}
    )
    listed = Listed([body[at : at + size].encode() for at in range(0, len(body), size)], ("data", "alerts"))
    assert list(listed) == [{"a": [1, {"b": None}]}, "x", 2.5, []]
    assert listed.rest == {"status": "success", "data": {"alerts": [], "more": {"n": 1}}}


def test_an_element_that_is_too_large_is_left_out_and_counted() -> None:
    body = json.dumps([{"a": "x" * LARGEST}, {"a": ["y" * 1000] * 200}, {"b": 1}]).encode()
    listed = Listed([body])
    assert (list(listed), listed.left_out) == ([{"b": 1}], 2)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"[" * 1_000_000, f"more than {DEEPEST} levels"),
        (b'[{"a":' + b"[" * 1000, f"more than {DEEPEST} levels"),
        (b'[{"alerts":' + b"[" * 1000, f"more than {DEEPEST} levels"),
        (b" " * 6_000_000, "say nothing"),
        (b'["' + b"x" * 6_000_000, "say nothing"),
        (b'{"a":["' + b'x","' * 2_000_000, "stand beside the list"),
        (b'[{"a":1}', "no JSON"),
        (b"[1]]", "no JSON"),
        (b"[1] x", "no JSON"),
        (b"<html>", "no JSON"),
        (b"", "no JSON"),
        (b'["\xff"]', "no JSON"),
        (b"[1e999]", "no JSON"),
        (b"[" + b"9" * 100_000 + b"]", "no JSON"),
        (b"[NaN]", "no JSON"),
    ],
)
@pytest.mark.slow
def test_what_is_no_list_costs_no_memory_and_is_told(body: bytes, says: str) -> None:
    pieces = [body[at : at + 65_536] for at in range(0, len(body), 65_536)]
    tracemalloc.start()
    try:
        with pytest.raises(MalformedBody, match=says):
            list(Listed(pieces, (), "alerts"))
        assert tracemalloc.get_traced_memory()[1] < 25_000_000
    finally:
        tracemalloc.stop()


def test_an_answer_without_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("talaia.signals.client.ENDLESS", 1_000_000)
    client = SourceClient(PROMETHEUS, CONFIG, httpx.MockTransport(prometheus(50_000)))
    with pytest.raises(UnreadableAnswer, match="more than 1,000,000 bytes"):
        poll(client, [], NOW)


# What is shown while a source answers and cannot be read.


class Unread(httpx.BaseTransport):
    """Prometheus answers, and every list of it is cut off; all else is as it was."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/alerts":
            return httpx.Response(200, content=b'{"status":"success","data":{"alerts":[{"labels"')
        return self.lab.monitoring._answer(request)


@pytest.mark.django_db(transaction=True)
def test_what_was_red_stays_red_while_an_answer_cannot_be_read_and_what_was_green_is_unknown(lab: Lab) -> None:
    lab.monitoring.fire(alertname="Down", talaia_service="web")
    lab.go(35)
    assert (lab.state(), lab.state("links")) == ("disruption", "operational")
    readable = lab.watch.transport
    lab.watch.close()
    lab.restart()
    lab.watch.transport = Unread(lab)
    lab.go(85)
    assert (lab.state(), lab.state("links")) == ("disruption", "operational")
    lab.go(60)
    assert (lab.state(), lab.reason()["code"]) == ("disruption", "source_unreadable")
    assert (lab.state("links"), lab.reason("links")["code"]) == ("unknown", "source_unreadable")
    lab.go(1200, every=30)
    assert (lab.state(), lab.state("links")) == ("disruption", "unknown")
    lab.monitoring.prometheus_hangs = True
    lab.watch.transport = readable
    lab.restart()
    lab.go(150)
    assert (lab.state(), lab.reason()["code"]) == ("unknown", "source_silent"), "now nothing answers"


@pytest.mark.django_db(transaction=True)
def test_a_list_that_can_be_read_again_ends_what_it_does_not_list(lab: Lab) -> None:
    lab.monitoring.fire(alertname="Down", talaia_service="web")
    lab.go(35)
    readable = lab.watch.transport
    lab.restart()
    lab.watch.transport = Unread(lab)
    lab.go(200)
    lab.monitoring.calm(alertname="Down")
    lab.watch.close()
    lab.restart()
    lab.watch.transport = readable
    lab.go(200)
    assert (lab.state(), lab.state("links")) == ("operational", "operational")
