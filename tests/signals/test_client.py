"""Asking Prometheus and Alertmanager: what goes out, what comes back, and every fault with a hint."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from talaia.config import Config, SiteConfig, SourceConfig, Tables, Text
from talaia.outbox.errors import OutsideError, PermanentError, TemporaryError
from talaia.signals.client import SourceClient, UnreadableAnswer
from talaia.signals.evidence import EvidenceQuery, Measured
from talaia.signals.silences import OURS
from talaia.signals.sources.alertmanager import expire_silence, post_silence, silences
from talaia.signals.sources.prometheus import remembered
from talaia.signals.sources.registry import poll
from tests.servers.process import wait_until
from tests.servers.targets import Target
from tests.signals.faulty import Drip, Says, Silent
from tests.signals.monitoring import Monitoring, success

NOW = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
PROMETHEUS = SourceConfig(id="p", kind="prometheus", url="http://anna:pw@prometheus.example.org/sub/")
ALERTMANAGER = SourceConfig(id="a", kind="alertmanager", url="http://alertmanager.example.org")
SITE = SiteConfig(name=Text((("", "x"),)), address="https://status.example.org")
Answer = Callable[[httpx.Request], httpx.Response]


def asking(answer: Answer, source: SourceConfig = PROMETHEUS, folder: Path | None = None) -> SourceClient:
    config = Config(Tables(site=SITE, sources=(source,)), folder / "talaia.toml" if folder else None)
    return SourceClient(source, config, httpx.MockTransport(answer))


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
        (failing(httpx.ConnectError("refused")), TemporaryError, "does not answer: refused", "talaia check"),
        (failing(httpx.ReadTimeout("")), TemporaryError, "does not answer: ReadTimeout", "running"),
        (failing(httpx.InvalidURL("bad")), TemporaryError, "bad", "running"),
        (always(401), PermanentError, "refuses us \\(401\\)", "password_file or token_file"),
        (always(403), PermanentError, "refuses us", "token_file"),
        (always(404), TemporaryError, "answers 404 to /api/v1/alerts", "url"),
        (always(410, json="gone"), TemporaryError, "answers 410", "url"),
        (always(500), TemporaryError, "answers 500", "url"),
        (always(302, headers={"location": "https://login.example.org/"}), PermanentError, "login.example.org", "url"),
        (always(200, text="<html>"), UnreadableAnswer, "no JSON", "url"),
        (always(200, text="[" * 100_000), UnreadableAnswer, "nested more than 40 levels deep", "url"),
        (always(200, json=[]), UnreadableAnswer, "Expected `object`", "kind"),
        (always(200, json={"status": "success", "data": {"alerts": 3}}), UnreadableAnswer, "data.alerts", "kind"),
        (always(400, json={"status": "error", "error": "no such thing"}), PermanentError, "no such thing", "query"),
        (always(200, stream=Dripping(b" " * 1_000_000)), UnreadableAnswer, "bytes say nothing", "url"),
        (always(200, stream=Dripping(b"[" + b"1," * 500_000)), UnreadableAnswer, "stand beside the list", "url"),
    ],
)
def test_every_fault_says_what_and_what_to_do(answer: Answer, kind: type[OutsideError], said: str, hint: str) -> None:
    with pytest.raises(kind, match=said) as fault:
        poll(asking(answer), [], NOW)
    assert hint in fault.value.hint
    assert "pw" not in str(fault.value), "a password in an address is not for a log"


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
HALF = b'{"status": "success", "data": {"alerts": [{"labels": {"alertname": "Down"}, "state": "firing"},'
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


OPEN: list[SourceClient] = []


@pytest.fixture(autouse=True)
def closed_in_the_end() -> Iterator[None]:
    """What keeps its connections is closed: else another test is told of a socket that nobody has."""
    yield
    while OPEN:
        OPEN.pop().close()


def of(target: Target, **more: Any) -> SourceClient:
    """A client of a server that is really asked."""
    source = msgspec.structs.replace(PROMETHEUS, url=f"http://{target.address}", **more)
    OPEN.append(SourceClient(source, Config(Tables(site=SITE))))
    return OPEN[-1]


@pytest.mark.parametrize(
    "target",
    [
        Says(HEAD + b"Content-Length: 9999\r\n\r\n" + HALF),
        Says(HEAD + b"Content-Length: 9999\r\n\r\n" + HALF, stalls=True),
        Says(HEAD + b"Content-Length: 9999\r\n\r\n"),
        Says(CHUNKED + b"%x\r\n%s\r\n" % (len(HALF), HALF)),
        Says(CHUNKED + b"%x\r\n%s\r\n0\r\n\r\n" % (len(HALF), HALF)),
        Says(CHUNKED + b"zz\r\nxx"),
        Says(HEAD + b"\r\n" + HALF),
        Says(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n" + b"x" * 20),
        Says(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(HALF * 1000)[:-20]),
    ],
)
def test_who_says_200_and_then_half_an_answer_lives_but_cannot_be_read(target: Says) -> None:
    with target, pytest.raises(UnreadableAnswer, match="/api/v1/alerts") as fault:
        poll(of(target, timeout=timedelta(seconds=0.3)), [], NOW)
    assert fault.value.hint


@pytest.mark.parametrize(
    "target",
    [
        Says(b""),
        Says(b"hello"),
        Says(HEAD),
        Says(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 99\r\n\r\nhalf a page"),
        Silent(),
    ],
)
def test_who_says_nothing_that_promises_an_answer_does_not_answer(target: Target) -> None:
    with target, pytest.raises(TemporaryError) as fault:
        poll(of(target, timeout=timedelta(seconds=0.3)), [], NOW)
    assert not isinstance(fault.value, UnreadableAnswer)


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (Drip(HEAD + b"X-A: "), TemporaryError),
        (Drip(CONTINUE, CONTINUE), TemporaryError),
        (Drip(CHUNKED, b"0"), UnreadableAnswer),
        (Drip(CHUNKED, b"1\r\n \r\n"), UnreadableAnswer),
        (Drip(HEAD + b"\r\n[", b" "), UnreadableAnswer),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.slow
def test_an_answer_that_drips_ends(target: Drip, kind: type[OutsideError], listed: bool) -> None:
    client, begun = of(target, timeout=timedelta(seconds=0.3)), time.monotonic()
    with target, pytest.raises(kind, match=r"it takes more than 0\.9 s") as fault:
        poll(client, [], NOW) if listed else client.ask("GET", "/api/v1/query", {"query": "time()"})
    assert type(fault.value) is kind
    assert time.monotonic() - begun < 3


def test_a_client_that_is_closed_asks_no_more_and_ends_what_it_asked() -> None:
    with Silent() as target, ThreadPoolExecutor() as pool:
        client = of(target, timeout=timedelta(seconds=60))
        asked = pool.submit(poll, client, [], NOW)
        wait_until(lambda: bool(target._open), 5, "it is asked")
        client.close()
        with pytest.raises(TemporaryError, match="called off"):
            asked.result(2)
        with pytest.raises(TemporaryError, match="asked no more"):
            poll(client, [], NOW)


@pytest.mark.parametrize("time_", ["+Inf", "-Inf", "NaN", "1e300", "-1e300"])
def test_a_sample_of_no_time_is_not_measured_and_hides_no_other(monitoring: Monitoring, time_: str) -> None:
    monitoring.measure("up", ({}, 1.0), age=7)
    monitoring.measure("odd", ({"job": "a"}, 1.0), ({"job": "b"}, 1.0), age=7)

    def answer(request: httpx.Request) -> httpx.Response:
        told = monitoring.transport.handle_request(request)
        if "talaia_query" not in request.content.decode():
            return told
        body = json.loads(told.read())
        for one in body["data"]["result"]:
            labels = one["metric"]
            if labels.get("job") == "a" and labels["talaia_what"] == "time":
                one["value"][1] = time_
        return httpx.Response(200, json=body)

    heard = poll(
        asking(answer, msgspec.structs.replace(PROMETHEUS, url="http://prometheus.example.org")),
        [EvidenceQuery("odd", "odd"), EvidenceQuery("web", "up")],
        NOW,
    )
    assert [(one.service, one.connection, round(one.age)) for one in heard.measured] == [("web", "", 7)]
    assert {"code": "no_time", "service": "odd"} in heard.notes


def test_credentials_are_read_anew_for_each_request_and_a_lost_file_is_a_fault_of_its_source(tmp_path: Path) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("authorization", ""))
        return httpx.Response(200, json=[])

    bearer = asking(answer, msgspec.structs.replace(ALERTMANAGER, token_file="token"), tmp_path)
    for token in ("one", "two"):
        (tmp_path / "token").write_text(f"{token}\n")
        silences(bearer)
    (tmp_path / "token").unlink()
    with pytest.raises(PermanentError, match="a: a secret cannot be read"):
        silences(bearer)
    (tmp_path / "password").write_text("pw\n")
    silences(asking(answer, msgspec.structs.replace(ALERTMANAGER, username="anna", password_file="password"), tmp_path))
    assert seen == ["Bearer one", "Bearer two", "Basic YW5uYTpwdw=="]


def test_the_path_of_the_address_is_kept() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url.path))
        return httpx.Response(500)

    with pytest.raises(TemporaryError):
        poll(asking(answer), [], NOW)
    assert seen == ["/sub/api/v1/alerts"]


@pytest.fixture
def monitoring() -> Monitoring:
    return Monitoring(NOW)


def prometheus(monitoring: Monitoring) -> SourceClient:
    source = msgspec.structs.replace(PROMETHEUS, url="http://prometheus.example.org")
    return SourceClient(source, Config(Tables(site=SITE)), monitoring.transport)


def test_evidence_of_many_services_is_asked_as_one_and_each_sample_finds_its_service(monitoring: Monitoring) -> None:
    monitoring.measure("up", ({"job": "a"}, 1.0), ({"job": "b"}, 0.0), age=7)
    monitoring.measure("links", ({"link": "x"}, 1.0), ({"link": "y"}, 0.0), ({"link": "z"}, 1.0), age=3)
    trial = {"link": "w", "talaia_experimental": "true"}
    monitoring.samples["links"].append((trial, 1.0, 3))
    wanted = [EvidenceQuery("web", "up"), EvidenceQuery("links", "links", "link"), EvidenceQuery("gone", "nothing")]
    measured = poll(prometheus(monitoring), wanted, NOW).measured
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

    wanted = [EvidenceQuery("web", "up"), EvidenceQuery("mail", "broken"), EvidenceQuery("chat", "up")]
    heard = poll(asking(answer, msgspec.structs.replace(PROMETHEUS, url="http://p.example.org")), wanted, NOW)
    assert [one.service for one in heard.measured] == ["web", "chat"]
    (note,) = heard.notes
    assert (note["code"], note["service"]) == ("bad_query", "mail")
    assert "parse error" in note["error"]


def test_a_prometheus_that_stops_to_answer_in_the_middle_has_not_answered(monitoring: Monitoring) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503) if request.method == "POST" else monitoring._answer(request)

    with pytest.raises(TemporaryError, match="503"):
        poll(
            asking(answer, msgspec.structs.replace(PROMETHEUS, url="http://p.example.org")),
            [EvidenceQuery("a", "up")],
            NOW,
        )


@pytest.mark.parametrize("ahead", [0, 20, 300, -300])
def test_a_clock_that_is_off_is_noted_and_ages_are_by_the_clock_of_the_source(
    monitoring: Monitoring, ahead: int
) -> None:
    monitoring.clock_ahead = ahead
    monitoring.measure("up", ({}, 1.0), age=12)
    heard = poll(prometheus(monitoring), [EvidenceQuery("web", "up")], NOW)
    assert round(heard.measured[0].age) == 12
    assert heard.notes == (({"code": "skew", "seconds": ahead},) if abs(ahead) > 30 else ())
    repeated = (NOW + timedelta(seconds=ahead - 12)).isoformat()  # by their clock
    watchdog = monitoring.alert({"alertname": "Watchdog", "talaia_heartbeat": "true"})
    monitoring.listed.append(watchdog | {"updatedAt": repeated})
    monitoring.alertmanager_since = NOW
    started = poll(SourceClient(ALERTMANAGER, Config(Tables(site=SITE)), monitoring.transport), [], NOW)
    assert (started.started_at, started.skew) == (NOW, ahead)
    assert [one.age for one in started.measured] == [12.0]


def test_the_heartbeat_in_a_list_of_alertmanager_is_as_old_as_its_last_repetition(monitoring: Monitoring) -> None:
    client = SourceClient(ALERTMANAGER, Config(Tables(site=SITE)), monitoring.transport)
    assert poll(client, [], NOW).measured == ()
    monitoring.listed.append(monitoring.alert({"alertname": "Watchdog", "talaia_heartbeat": "true"}))
    monitoring.now = NOW.replace(second=40)
    assert poll(client, [], monitoring.now).measured == (Measured("", "", 1.0, 40.0),)
    monitoring.now = NOW.replace(second=50)
    monitoring.listed.append(
        monitoring.alert({"alertname": "Down", "talaia_service": "web"})
    )  # another one says nothing of it
    assert poll(client, [], monitoring.now).measured == (Measured("", "", 1.0, 50.0),)
    monitoring.listed.append(monitoring.alert({"alertname": "Watchdog", "talaia_heartbeat": "true", "b": "c"}))
    monitoring.now = NOW.replace(second=55)
    assert poll(client, [], monitoring.now).measured == (Measured("", "", 1.0, 5.0),), "of two the younger counts"


def test_silences_are_posted_and_one_that_is_gone_already_is_well() -> None:
    posted: list[Any] = []
    ended: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            ended.append(request.url.path)
            return httpx.Response(404)
        posted.append(json.loads(request.content))
        return httpx.Response(200, json={"silenceID": "s1"})

    client = asking(answer, ALERTMANAGER)
    assert post_silence(client, {"comment": "x"}) == "s1"
    assert posted == [{"comment": "x"}]
    expire_silence(client, "s1")
    assert ended == ["/api/v2/silence/s1"]


def test_only_the_silences_that_are_ours_are_touched() -> None:
    found = {
        "matchers": [{"name": "link", "value": "a", "isRegex": False, "isEqual": True}],
        "startsAt": "2026-05-04T01:00:00Z",
        "endsAt": "2026-05-04T02:00:00Z",
        "status": {"state": "active"},
    }
    both = [found | {"id": "s1", "comment": f"{OURS} x"}, found | {"id": "s2", "comment": "of a person"}]
    assert [one.id for one in silences(asking(always(200, json=both), ALERTMANAGER))] == ["s1"]


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

    (span,) = remembered(asking(answer), "up", NOW, NOW.replace(hour=2), NOW.replace(second=15) - NOW)
    assert (span.times, span.values) == ((1.0, 16.0), (1.0, 1.0))
    assert b"step=15.0" in fields[0]
    assert f"start={NOW.timestamp():.3f}&end={NOW.replace(hour=2).timestamp():.3f}".encode() in fields[0]


def test_of_the_past_alerts_that_concern_nothing_of_ours_are_left_out_and_another_shape_is_unreadable() -> None:
    series = [{"metric": {"__name__": name, "job": "x"}, "values": [[1.0, "1"]]} for name in ("ALERTS", "up")]
    step = NOW.replace(second=15) - NOW

    def spans(shape: str) -> list[str]:
        client = asking(lambda _: success({"resultType": shape, "result": series}))
        return [span.labels["__name__"] for span in remembered(client, "up", NOW, NOW, step)]

    assert spans("matrix") == ["up"]
    with pytest.raises(UnreadableAnswer):
        spans("vector")
