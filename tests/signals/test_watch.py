"""The watch itself: nothing that breaks outside or inside stops it, it wakes at once, and a restart tells no lies."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from talaia import config as configuration
from talaia.config import CheckConfig, Config
from talaia.events import actions as events
from talaia.events.timeline import MaintenanceState
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.models import Service, Transition
from talaia.panel.state import State
from talaia.signals import actions, check_runs, evaluate, watch
from talaia.signals.check_outcome import CheckOutcome
from talaia.signals.models import CheckFinding, Evidence, RawWebhook, Signal, SourceState
from talaia.signals.watch import SignalWatch
from tests.signals.bodies import told
from tests.signals.conftest import CONFIG, REFERENCES, WEB, Lab

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)


@contextmanager
def running(watch: SignalWatch) -> Iterator[threading.Thread]:
    """The loop, in a thread as in production."""
    stop = threading.Event()
    thread = threading.Thread(target=watch.run, args=[stop])
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        actions.WAKE.set()
        thread.join(10)
        assert not thread.is_alive()


def within(seconds: float, met: Callable[[], bool]) -> float:
    """How long it took until `met`."""
    begun = time.monotonic()
    while not met():
        assert time.monotonic() - begun < seconds, "in vain"
        time.sleep(0.005)
    return time.monotonic() - begun


def now_in(lab: Lab, transport: httpx.BaseTransport | None = None) -> SignalWatch:
    """A watch whose clock goes on by itself from the lab's time."""
    begun, at = time.monotonic(), lab.now
    lab.watch.close()

    def clock() -> datetime:
        lab.monitoring.now = at + timedelta(seconds=time.monotonic() - begun)
        return lab.monitoring.now

    lab.watch = SignalWatch(configuration.current, clock, transport or lab.monitoring.transport)
    return lab.watch


def test_what_comes_in_turns_its_service_at_once(lab: Lab) -> None:
    with running(now_in(lab)):
        within(5, lambda: bool(lab.watch.met))
        actions.store_webhook("told", told("firing", alertname="Down", talaia_service="wiki"), lab.now)
        assert within(5, lambda: lab.state("wiki") == "disruption") < 0.5


def test_what_another_process_stored_is_noticed_without_a_bell(lab: Lab) -> None:
    with running(now_in(lab)):
        within(5, lambda: bool(lab.watch.met))
        body = told("firing", alertname="Down", talaia_service="wiki")
        RawWebhook.objects.create(source="told", received_at=lab.now, body=body)
        within(3, lambda: lab.state("wiki") == "disruption")


def test_what_people_declare_colours_the_panel_without_waiting_for_the_next_judging(lab: Lab) -> None:
    with running(now_in(lab)):
        within(5, lambda: bool(lab.watch.met))
        events.open_incident({"ca": "Tall"}, {"ca": "Hi som."}, {"web": State.PARTIAL}, lab.now)
        assert within(5, lambda: lab.state() == "partial") < 3


def test_a_restart_shows_nothing_before_the_first_answers_however_slow(lab: Lab) -> None:
    lab.monitoring.now += timedelta(minutes=2.9)
    slow = threading.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        slow.wait(10)
        return lab.monitoring._answer(request)

    rows = Transition.objects.count()
    with running(now_in(lab, httpx.MockTransport(answer))):
        time.sleep(1)
        assert not lab.watch.met
        assert Transition.objects.count() == rows, "all sources are three minutes old, and yet nothing is unknown"
        slow.set()
        within(5, lambda: bool(lab.watch.met))
        within(5, lambda: lab.watch.judged_at is not None)
    assert Transition.objects.filter(service__in=["web", "links"]).values("service").distinct().count() == 2
    assert lab.seen() == lab.seen("links") == ["operational"]


def test_after_a_restart_an_answer_that_does_not_come_makes_unknown(lab: Lab) -> None:
    lab.monitoring.now += timedelta(minutes=2.9)
    lab.restart()
    lab.monitoring.prometheus_hangs = True
    lab.step()
    assert (lab.state(), lab.reason()["code"]) == ("unknown", "source_silent")
    said = SourceState.objects.get(pk="prometheus").error
    assert "; is it running, and may" in said and ". is" not in said, "what is wrong and what to do are one sentence"


def test_a_source_that_fails_in_a_way_nobody_thought_of_stops_no_other(lab: Lab) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host.startswith("alertmanager"):
            raise RuntimeError("never seen before")
        return lab.monitoring._answer(request)

    lab.watch.close()
    lab.watch = SignalWatch(configuration.current, lambda: lab.now, httpx.MockTransport(answer))
    lab.monitoring.fire(alertname="Down", talaia_service="web")
    lab.go(35)
    assert lab.state() == "disruption"
    assert "never seen before" in SourceState.objects.get(pk="alertmanager").error


def test_a_source_that_is_away_is_a_line_when_it_begins_and_one_when_it_is_over(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    away = [True]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host.startswith("alertmanager") and away:
            raise httpx.ConnectError("refused")
        return lab.monitoring._answer(request)

    caplog.set_level("INFO", "talaia.signals.watch")
    lab.watch.close()
    lab.watch = SignalWatch(configuration.current, lambda: lab.now, httpx.MockTransport(answer))
    lab.go(300)
    assert ["alertmanager" in record.getMessage() for record in caplog.records] == [True]
    assert caplog.records[0].exc_info is None
    caplog.clear()
    away.clear()
    lab.go(60)
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("source alertmanager answers again (after ")


def test_a_secret_that_is_gone_stops_its_own_source_only(
    configure: Callable[[str], Config], tmp_path: Path, lab: Lab
) -> None:
    (tmp_path / "token").write_text("t")
    url = 'url = "http://alertmanager.example.org"'
    text = CONFIG.replace(url, url + '\ntoken_file = "token"')
    lab.config = configure(text)
    lab.go(35)
    (tmp_path / "token").unlink()
    lab.monitoring.fire(alertname="Down", talaia_service="web")
    lab.go(100)
    assert lab.state() == "disruption"
    assert "secret cannot be read" in SourceState.objects.get(pk="alertmanager").error


def test_a_body_that_breaks_us_is_set_aside_and_the_next_is_taken(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = actions.handle_webhook

    def handle(intake: RawWebhook, *given: object) -> None:
        if intake.body == {"breaks": "us"}:
            raise ZeroDivisionError("a fault of ours")
        usual(intake, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(actions, "handle_webhook", handle)
    actions.store_webhook("told", {"breaks": "us"}, lab.now)
    actions.store_webhook("told", told("firing", alertname="Down", talaia_service="wiki"), lab.now)
    lab.step()
    assert lab.state("wiki") == "disruption"
    assert "a fault of ours" in RawWebhook.objects.get(body={"breaks": "us"}).error


def test_a_database_that_is_away_for_a_moment_loses_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    usual, left = actions.handle_webhook, [2]

    def handle(*given: object) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise OperationalError("database is locked")
        usual(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(actions, "handle_webhook", handle)
    actions.store_webhook("told", told("firing", alertname="Down", talaia_service="wiki"), lab.now)
    with running(now_in(lab)):
        within(15, lambda: lab.state("wiki") == "disruption")
    assert left[0] < 0
    assert not RawWebhook.objects.exclude(error="").exists()


def test_a_clock_that_is_set_back_stops_nothing(lab: Lab) -> None:
    lab.monitoring.now -= timedelta(hours=1)
    lab.monitoring.fire(alertname="Down", talaia_service="web")
    lab.go(10)
    assert lab.state() == "disruption"
    assert SourceState.objects.get(pk="prometheus").heard_at == lab.now - timedelta(seconds=5)


def test_a_bell_has_every_source_asked_but_not_more_than_once_a_second(lab: Lab) -> None:
    for source in ("alertmanager", "told"):
        before = lab.monitoring.asked.count("/api/v1/alerts")
        lab.monitoring.now += timedelta(seconds=2)
        for _ in range(5):
            lab.come_in(source, told("firing", alertname="Down", talaia_service="web"))
            lab.monitoring.now += timedelta(seconds=0.1)
        assert lab.monitoring.asked.count("/api/v1/alerts") == before + 1
        lab.go(1)
        assert lab.monitoring.asked.count("/api/v1/alerts") == before + 2  # for those that rang meanwhile
        lab.go(10)
        assert lab.monitoring.asked.count("/api/v1/alerts") == before + 2


def test_another_configuration_is_in_force_with_the_next_round(lab: Lab, configure: Callable[[str], Config]) -> None:
    lab.monitoring.fire(alertname="Burst", job="web")
    lab.go(35)
    assert lab.state() == "operational"
    lab.config = configure(CONFIG.replace('component=~"web|matrix|website"', 'job="web"'))
    lab.go(5)
    assert lab.state() == "disruption"
    elsewhere = CONFIG.replace("http://prometheus.example.org", "http://other.example.org")
    lab.config = configure(elsewhere)
    lab.go(5)
    assert lab.watch.clients["prometheus"].http.base_url.host == "other.example.org"


def test_samples_that_come_once_a_minute_do_not_flicker(lab: Lab) -> None:
    """A scrape each 60 s, asked each 30 s: just before an answer the last sample is 90 s old, and still the last."""
    for age in (1, 31, 59, 29, 59.9, 29.9) * 3:
        lab.monitoring.measure(WEB, ({"talaia_service": "web"}, 1.0), age=age)
        lab.go(30)
    assert lab.seen() == ["operational"]


def test_a_round_in_which_nothing_changed_asks_and_writes_little(lab: Lab) -> None:
    lab.monitoring.now += timedelta(seconds=31)
    with CaptureQueriesContext(connection) as queries:
        lab.step()
    words = ("INSERT", "UPDATE", "DELETE")
    written = [query["sql"].split('"')[1] for query in queries if query["sql"].startswith(words)]
    assert written == ["talaia_sourcestate", "talaia_sourcestate"]
    assert len(queries) < 40
    with CaptureQueriesContext(connection) as queries:
        lab.monitoring.now += timedelta(seconds=0.5)
        lab.step()
    assert len(queries) <= 3, "what is looked at twice a second"


def test_of_all_that_a_monitoring_system_has_only_what_is_ours_is_kept(lab: Lab) -> None:
    for n in range(20):
        lab.monitoring.fire(alertname="DiskFull", instance=f"host-{n}.internal")
    lab.monitoring.fire(alertname="LinkDown", link="exp01", role="experimental")
    lab.monitoring.fire(alertname="LinkDown", talaia_connection="exp02", talaia_experimental="true")
    lab.monitoring.fire(alertname="Slow", component="matrix")
    lab.monitoring.fire(alertname="Old", talaia_service="not-listed")
    lab.go(35)
    kept = Signal.objects.filter(source="prometheus").order_by("pk").values_list("labels__alertname", flat=True)
    assert list(kept) == ["LinkDown", "Slow", "Old"]


def test_a_maintenance_that_asked_for_none_asks_alertmanager_nothing(lab: Lab) -> None:
    window = (lab.now, lab.now + timedelta(hours=1))
    event = events.plan_maintenance({"ca": "Feina"}, {"ca": "Fem feina."}, {"web": State.DISRUPTION}, window, lab.now)
    events.update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, lab.now)
    lab.go(35)
    assert lab.state() == "maintenance"
    assert "/api/v2/silences" not in lab.monitoring.asked


def test_a_silence_that_alertmanager_refuses_is_told_to_operators_and_stops_no_other(lab: Lab) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and b"talaia_service" in request.content and request.url.path == "/api/v2/silences":
            return httpx.Response(400, json="at least one matcher must not match the empty string")
        return lab.monitoring._answer(request)

    lab.watch.close()
    lab.watch = SignalWatch(configuration.current, lambda: lab.now, httpx.MockTransport(answer))
    window = (lab.now, lab.now + timedelta(hours=1))
    events.plan_maintenance({"ca": "F"}, {"ca": "F."}, {"web": State.DISRUPTION}, window, lab.now, silence=True)
    lab.go(5)
    assert [silence["matchers"][0]["name"] for silence in lab.monitoring.silences.values()] == ["component"]
    assert SourceState.objects.get(pk="alertmanager").error.startswith("silences: ")


CHECKED = """
[site]
name = "x"
address = "https://status.example.org"
[[groups]]
id = "all"
name = "Tot"
[[services]]
slug = "site"
group = "all"
name = "Web"
[[checks]]
id = "front"
kind = "http"
target = "http://127.0.0.1/"
service = "site"
[[checks]]
id = "login"
kind = "http"
target = "http://127.0.0.1/login"
service = "site"
impact = "partial"
"""


class Probes:
    """What the checks find, by their ids."""

    def __init__(self) -> None:
        self.now = NOW
        self.found = {"front": (True, False), "login": (True, False)}

    def probe(self, check: CheckConfig, config: Config) -> CheckOutcome:
        ok, slow = self.found[check.id]
        return CheckOutcome(check.id, ok, slow, False, 0.1, "host-7.internal", self.now)


@pytest.fixture
def checked(
    configure: Callable[[str], Config], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Probes, SignalWatch]]:
    config, probes = configure(CHECKED), Probes()
    monkeypatch.setattr(check_runs, "probe", probes.probe)
    list_services(headings(config), NOW)
    eye = SignalWatch(configuration.current, lambda: probes.now)
    yield probes, eye
    eye.close()


def rounds(probes: Probes, eye: SignalWatch, count: int) -> tuple[str, object]:
    """Let so many rounds of 30 s pass."""
    for _ in range(count * 6):
        probes.now += timedelta(seconds=5)
        eye.step(probes.now)
    row = Service.objects.get(pk="site")
    return row.state, row.reason.get("what", row.reason.get("code"))


def test_checks_alone_carry_a_service(checked: tuple[Probes, SignalWatch]) -> None:
    probes, eye = checked
    assert rounds(probes, eye, 1) == ("operational", None)
    probes.found["login"] = (False, False)
    assert rounds(probes, eye, 1) == ("operational", None), "one failure is none"
    assert rounds(probes, eye, 1) == ("partial", "down")
    probes.found["front"] = (True, True)
    assert rounds(probes, eye, 2) == ("partial", "down")
    probes.found["login"] = (True, False)
    assert rounds(probes, eye, 6) == ("degraded", "slow")
    probes.found["front"] = (True, False)
    assert rounds(probes, eye, 6) == ("operational", None)
    assert "host-7" not in str(list(Transition.objects.values_list("reason", flat=True)))


def test_a_restart_in_the_trouble_of_a_check_keeps_it(checked: tuple[Probes, SignalWatch]) -> None:
    probes, eye = checked
    probes.found["front"] = (False, False)
    rounds(probes, eye, 3)
    again = SignalWatch(configuration.current, lambda: probes.now)
    try:
        assert rounds(probes, again, 1) == ("disruption", "down")
        assert Signal.objects.filter(state="firing").count() == 1
    finally:
        again.close()


def test_checks_that_are_no_longer_run_are_unknown(checked: tuple[Probes, SignalWatch]) -> None:
    probes, eye = checked
    rounds(probes, eye, 1)
    Evidence.objects.update(read_at=probes.now - timedelta(minutes=5))
    eye.judge(configuration.current(), probes.now)
    row = Service.objects.get(pk="site")
    assert (row.state, row.reason["code"]) == ("unknown", "not_measured")
    SourceState.objects.update(heard_at=probes.now - timedelta(minutes=5))
    eye.judge(configuration.current(), probes.now)
    assert Service.objects.get(pk="site").reason["code"] == "source_silent"


def test_a_check_that_leaves_talaia_toml_takes_its_trouble_with_it(
    checked: tuple[Probes, SignalWatch], configure: Callable[[str], Config]
) -> None:
    probes, eye = checked
    probes.found["login"] = (False, False)
    assert rounds(probes, eye, 3) == ("partial", "down")
    configure(CHECKED[: CHECKED.rindex("[[checks]]")])
    assert rounds(probes, eye, 6) == ("operational", None)


CUT = (
    CHECKED.replace("http://127.0.0.1", "http://192.0.2.1")
    + """
[[services]]
slug = "mail"
group = "all"
name = "Correu"
[[checks]]
id = "mail"
kind = "tcp"
target = "192.0.2.2:25"
service = "mail"
[[checks]]
id = "far"
kind = "ping"
target = "192.0.2.3"
canary = true
"""
)


def test_when_all_fails_with_the_canary_it_is_our_line_and_no_service_is_red(
    configure: Callable[[str], Config], checked: tuple[Probes, SignalWatch]
) -> None:
    probes, eye = checked
    list_services(headings(configure(CUT)), NOW)
    probes.found |= {"mail": (True, False), "far": (True, False)}
    assert rounds(probes, eye, 1) == ("operational", None)
    probes.found |= dict.fromkeys(probes.found, (False, False))
    assert rounds(probes, eye, 6) == ("unknown", "our_line")
    seen = Transition.objects.filter(from_state__gt="").values_list("to_state", flat=True)
    assert not {"disruption", "partial"} & set(seen)
    (line,) = (note for note in SourceState.objects.get(pk="checks").notes if note["code"] == "our_line")
    assert line["canary"] == "far"
    probes.found["far"] = (True, False)
    assert rounds(probes, eye, 3) == ("disruption", "down"), "the line is back, and they do not answer"
    probes.found |= {"front": (True, False), "login": (True, False), "mail": (True, False)}
    assert rounds(probes, eye, 6) == ("operational", None)


def test_one_service_that_fails_with_the_canary_is_red_when_the_others_are_well(
    configure: Callable[[str], Config], checked: tuple[Probes, SignalWatch]
) -> None:
    probes, eye = checked
    list_services(headings(configure(CUT)), NOW)
    probes.found |= {"mail": (True, False), "far": (False, False), "front": (False, False)}
    assert rounds(probes, eye, 4) == ("disruption", "down")


def test_what_a_check_finds_is_kept_with_its_beginning_and_written_when_it_changes(
    checked: tuple[Probes, SignalWatch], caplog: pytest.LogCaptureFixture
) -> None:
    probes, eye = checked
    rounds(probes, eye, 2)
    began = CheckFinding.objects.get(pk="login").since
    probes.found["login"] = (False, False)
    caplog.clear()
    with caplog.at_level("INFO", "talaia.signals.check_findings"):
        rounds(probes, eye, 4)
    row = CheckFinding.objects.get(pk="login")
    assert (row.kind, row.what) == ("failing", "host-7.internal")
    assert began < row.since < row.at
    assert [record.getMessage() for record in caplog.records] == ["check login fails: host-7.internal"]
    again = SignalWatch(configuration.current, lambda: probes.now)
    try:
        caplog.clear()
        rounds(probes, again, 2)
        assert CheckFinding.objects.get(pk="login").since == row.since, "a restart is no beginning"
        assert caplog.records == []
    finally:
        again.close()


@contextmanager
def broken(monkeypatch: pytest.MonkeyPatch, module: object, name: str, at: Callable[..., bool]) -> Iterator[None]:
    """A fault of ours in `module.name` for what `at` is true of."""
    real = getattr(module, name)

    def fails(*given: object, **named: object) -> object:
        if at(*given):
            raise ZeroDivisionError
        return real(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(module, name, fails)
        yield


def test_a_service_that_cannot_be_judged_is_unknown_and_keeps_no_other_from_being_judged(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    with broken(monkeypatch, evaluate, "judge", lambda listed, *_: listed.slug == "web"):
        lab.down(*REFERENCES)
        lab.go(180)
        assert (lab.state("web"), lab.reason("web")["code"]) == ("unknown", "not_running")
        assert lab.state("links") == "disruption"
    lab.go(180)
    assert lab.state("web") == "operational"


def test_a_service_that_cannot_be_stored_keeps_no_other_from_being_stored(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.come_in("told", told("firing", alertname="Down", talaia_service="web"))
    with broken(monkeypatch, watch, "judge_service", lambda slug, *_: slug == "web"):
        lab.down(*REFERENCES)
        lab.go(180)
        assert lab.state("links") == "disruption"


def test_an_answer_that_cannot_be_stored_is_a_fault_of_its_source_alone(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    with broken(monkeypatch, actions, "store_poll", lambda source, *_: source.kind == "prometheus"):
        lab.come_in("told", told("firing", alertname="Down", talaia_service="wiki"))
        lab.go(60)
        assert lab.state("wiki") == "disruption"
        assert "ZeroDivisionError" in SourceState.objects.get(pk="prometheus").error
    lab.go(60)
    assert not SourceState.objects.get(pk="prometheus").error


def test_an_alert_turns_the_page_while_another_source_floods_us(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """One body takes longer than a round may: what another source says does not wait for all those before it."""
    monkeypatch.setattr(watch, "TAKING_IN", 0.0)
    handled: list[str] = []
    take_up = actions.handle_webhook

    def counted(intake: RawWebhook, *given: Any, **named: Any) -> None:
        handled.append(intake.source)
        take_up(intake, *given, **named)

    monkeypatch.setattr(actions, "handle_webhook", counted)
    for _ in range(300):
        actions.store_webhook("flood", [], lab.now)
    lab.watch.take_in(configuration.current(), lab.now)
    actions.store_webhook("told", [], lab.now)
    lab.watch.take_in(configuration.current(), lab.now)
    assert handled == ["flood", "told"]
