"""Asking Prometheus and Alertmanager: what goes out, what comes back, and every fault with a hint."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from talaia.config import Config, Site, Source, Tables, Text
from talaia.outbox.faults import Fault, Permanent, Temporary
from talaia.signals.client import Client, Unreadable
from talaia.signals.evidence import Measured, Wanted
from tests.signals.monitoring import Monitoring, success

NOW = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
PROMETHEUS = Source(id="p", kind="prometheus", url="http://anna:pw@prometheus.example.org/sub/")
ALERTMANAGER = Source(id="a", kind="alertmanager", url="http://alertmanager.example.org")
SITE = Site(name=Text((("", "x"),)), address="https://status.example.org")
Answer = Callable[[httpx.Request], httpx.Response]


def asking(answer: Answer, source: Source = PROMETHEUS, folder: Path | None = None) -> Client:
    config = Config(Tables(site=SITE, sources=(source,)), folder / "talaia.toml" if folder else None)
    return Client(source, config, httpx.MockTransport(answer))


def always(*given: Any, **named: Any) -> Answer:
    return lambda request: httpx.Response(*given, **named)


def failing(error: Exception) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    return answer


class Dripping(httpx.SyncByteStream):
    """A body that never ends."""

    def __init__(self, piece: bytes) -> None:
        self.piece = piece

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield self.piece


@pytest.mark.parametrize(
    ("answer", "kind", "said", "hint"),
    [
        (failing(httpx.ConnectError("refused")), Temporary, "does not answer: refused", "talaia check"),
        (failing(httpx.ReadTimeout("")), Temporary, "does not answer: ReadTimeout", "running"),
        (failing(httpx.InvalidURL("bad")), Temporary, "bad", "running"),
        (always(401), Permanent, "refuses us \\(401\\)", "password_file or token_file"),
        (always(403), Permanent, "refuses us", "token_file"),
        (always(404), Temporary, "answers 404 to /api/v1/alerts", "url"),
        (always(410, json="gone"), Temporary, "answers 410", "url"),
        (always(500), Temporary, "answers 500", "url"),
        (always(302, headers={"location": "https://login.example.org/"}), Permanent, "login.example.org", "url"),
        (always(200, text="<html>"), Unreadable, "no JSON", "url"),
        (always(200, text="[" * 100_000), Unreadable, "nested more than 40 levels deep", "url"),
        (always(200, json=[]), Unreadable, "Expected `object`", "kind"),
        (always(200, json={"status": "success", "data": {"alerts": 3}}), Unreadable, "data.alerts", "kind"),
        (always(400, json={"status": "error", "error": "no such thing"}), Permanent, "no such thing", "query"),
        (always(200, stream=Dripping(b" " * 1_000_000)), Unreadable, "bytes say nothing", "url"),
        (always(200, stream=Dripping(b"[" + b"1," * 500_000)), Unreadable, "stand beside the list", "url"),
    ],
)
def test_every_fault_says_what_and_what_to_do(answer: Answer, kind: type[Fault], said: str, hint: str) -> None:
    with pytest.raises(kind, match=said) as fault:
        asking(answer).poll([], NOW)
    assert hint in fault.value.hint
    assert "pw" not in str(fault.value), "a password in an address is not for a log"


def test_an_answer_that_drips_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(range(0, 10_000, 4))
    monkeypatch.setattr("talaia.signals.client.monotonic", lambda: float(next(moments)))
    with pytest.raises(Unreadable, match="takes more than 15 s"):
        asking(always(200, stream=Dripping(b" "))).poll([], NOW)


def test_credentials_are_read_anew_for_each_request_and_a_lost_file_is_a_fault_of_its_source(tmp_path: Path) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("authorization", ""))
        return httpx.Response(200, json=[])

    bearer = asking(answer, msgspec.structs.replace(ALERTMANAGER, token_file="token"), tmp_path)
    for token in ("one", "two"):
        (tmp_path / "token").write_text(f"{token}\n")
        bearer.silences()
    (tmp_path / "token").unlink()
    with pytest.raises(Permanent, match="a: a secret cannot be read"):
        bearer.silences()
    (tmp_path / "password").write_text("pw\n")
    asking(
        answer, msgspec.structs.replace(ALERTMANAGER, username="anna", password_file="password"), tmp_path
    ).silences()
    assert seen == ["Bearer one", "Bearer two", "Basic YW5uYTpwdw=="]


def test_the_path_of_the_address_is_kept() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url.path))
        return httpx.Response(500)

    with pytest.raises(Temporary):
        asking(answer).poll([], NOW)
    assert seen == ["/sub/api/v1/alerts"]


@pytest.fixture
def monitoring() -> Monitoring:
    return Monitoring(NOW)


def prometheus(monitoring: Monitoring) -> Client:
    source = msgspec.structs.replace(PROMETHEUS, url="http://prometheus.example.org")
    return Client(source, Config(Tables(site=SITE)), monitoring.transport)


def test_evidence_of_many_services_is_asked_as_one_and_each_sample_finds_its_service(monitoring: Monitoring) -> None:
    monitoring.measure("up", ({"job": "a"}, 1.0), ({"job": "b"}, 0.0), age=7)
    monitoring.measure("links", ({"link": "x"}, 1.0), ({"link": "y"}, 0.0), ({"link": "z"}, 1.0), age=3)
    trial = {"link": "w", "talaia_experimental": "true"}
    monitoring.samples["links"].append((trial, 1.0, 3))
    wanted = [Wanted("web", "up"), Wanted("links", "links", "link"), Wanted("gone", "nothing")]
    measured = prometheus(monitoring).poll(wanted, NOW).measured
    assert sorted((replace(one, age=round(one.age)) for one in measured), key=str) == [
        Measured("links", "x", 1.0, 3),
        Measured("links", "y", 0.0, 3),
        Measured("links", "z", 1.0, 3),
        Measured("web", "", 0.0, 7),  # one of its addresses fails
    ]
    assert monitoring.asked.count("/api/v1/query") == 2


def test_a_query_that_prometheus_refuses_hides_no_other(monitoring: Monitoring) -> None:
    monitoring.measure("up", ({}, 1.0))

    def answer(request: httpx.Request) -> httpx.Response:
        if b"broken" in request.content:
            return httpx.Response(400, json={"status": "error", "error": "parse error"})
        return monitoring._answer(request)

    wanted = [Wanted("web", "up"), Wanted("mail", "broken"), Wanted("chat", "up")]
    heard = asking(answer, msgspec.structs.replace(PROMETHEUS, url="http://p.example.org")).poll(wanted, NOW)
    assert [one.service for one in heard.measured] == ["web", "chat"]
    (note,) = heard.notes
    assert (note["code"], note["service"]) == ("bad_query", "mail")
    assert "parse error" in note["error"]


def test_a_prometheus_that_stops_to_answer_in_the_middle_has_not_answered(monitoring: Monitoring) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503) if request.method == "POST" else monitoring._answer(request)

    with pytest.raises(Temporary, match="503"):
        asking(answer, msgspec.structs.replace(PROMETHEUS, url="http://p.example.org")).poll([Wanted("a", "up")], NOW)


@pytest.mark.parametrize("ahead", [0, 20, 300, -300])
def test_a_clock_that_is_off_is_noted_and_ages_are_by_the_clock_of_the_source(
    monitoring: Monitoring, ahead: int
) -> None:
    monitoring.clock_ahead = ahead
    monitoring.measure("up", ({}, 1.0), age=12)
    heard = prometheus(monitoring).poll([Wanted("web", "up")], NOW)
    assert round(heard.measured[0].age) == 12
    assert heard.notes == (({"code": "skew", "seconds": ahead},) if abs(ahead) > 30 else ())
    monitoring.alertmanager_since = NOW
    started = Client(ALERTMANAGER, Config(Tables(site=SITE)), monitoring.transport).poll([], NOW)
    assert (started.started_at, started.skew) == (NOW, ahead)


def test_the_heartbeat_in_a_list_of_alertmanager_is_as_old_as_its_last_repetition(monitoring: Monitoring) -> None:
    client = Client(ALERTMANAGER, Config(Tables(site=SITE)), monitoring.transport)
    assert client.poll([], NOW).measured == ()
    monitoring.listed.append(monitoring.alert({"alertname": "Watchdog", "talaia_heartbeat": "true"}))
    monitoring.now = NOW.replace(second=40)
    assert client.poll([], monitoring.now).measured == (Measured("", "", 1.0, 40.0),)


def test_silences_are_posted_and_one_that_is_gone_already_is_well() -> None:
    posted: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            return httpx.Response(404)
        posted.append(json.loads(request.content))
        return httpx.Response(200, json={"silenceID": "s1"})

    client = asking(answer, ALERTMANAGER)
    assert client.post_silence({"comment": "x"}) == "s1"
    assert posted == [{"comment": "x"}]
    client.expire_silence("s1")


def test_the_past_is_asked_with_its_step(monitoring: Monitoring) -> None:
    fields: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        fields.append(request.content)
        return success(
            {
                "resultType": "matrix",
                "result": [{"metric": {"talaia_service": "b"}, "values": [[1.0, "1"], [16.0, "1"]]}],
            }
        )

    (span,) = asking(answer).remembered("up", NOW, NOW.replace(hour=2), NOW.replace(second=15) - NOW)
    assert (span.times, span.values) == ((1.0, 16.0), (1.0, 1.0))
    assert b"step=15.0" in fields[0]
