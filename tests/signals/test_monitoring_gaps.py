"""Time that nobody watched is unknown, but for what people have said; what Prometheus remembers of it is filled in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import wait
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import OperationalError

from talaia import config as configuration
from talaia.config import Config
from talaia.events import actions as events
from talaia.events.timeline import IncidentState, MaintenanceState
from talaia.outbox.models import Fact
from talaia.panel.actions import backfill, roll_up
from talaia.panel.by_hand.actions import set_by_hand
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.models import Day, Service, Transition, Watched
from talaia.panel.monitoring_gaps import BEAT, RESTART
from talaia.panel.rollup import due_days
from talaia.panel.state import State
from talaia.server.scheduler import Clock
from talaia.signals import backfill_runs
from talaia.signals import watch as watch_module
from talaia.signals.monitoring_gaps import mark_unwatched
from talaia.signals.watch import SignalWatch
from talaia.site import snapshot
from talaia.site.figures import figures
from talaia.site.write import house
from tests.signals.bodies import told
from tests.signals.conftest import CONFIG, LINKS, REFERENCES, WEB, Lab
from tests.signals.test_edge_cases import go_down, recover
from tests.signals.test_watch import Probes, checked, rounds

__all__ = ["checked"]
pytestmark = pytest.mark.django_db(transaction=True)
ZONE = ZoneInfo("Europe/Madrid")
EVERY = ("web", "links", "wiki", "mail", "radio")


def away(lab: Lab, **length: float) -> tuple[datetime, datetime]:
    """talaia does not run for so long; from when until when."""
    left = lab.now
    lab.monitoring.now += timedelta(**length)
    lab.restart()
    return left, lab.now


def back(lab: Lab) -> None:
    """It runs again, and has had the time to look twice."""
    lab.step()
    lab.go(10)


def spans(slug: str = "web") -> list[tuple[str, datetime]]:
    """What was shown since when, where it changed."""
    found: list[tuple[str, datetime]] = []
    for row in Transition.objects.filter(service=slug).order_by("at", "pk"):
        if not found or found[-1][0] != row.to_state:
            found.append((row.to_state, row.at))
    return found


def states(slug: str = "web") -> list[str]:
    return [state for state, _ in spans(slug)]


def stored(slug: str = "web") -> list[dict[str, int]]:
    return [dict(row.seconds) for row in Day.objects.filter(service=slug).order_by("day")]


def test_days_in_which_talaia_was_off_are_unknown_and_say_why(lab: Lab) -> None:
    lab.go(60)
    left, _ = away(lab, days=5)
    mark_unwatched(lab.now)  # as at every start
    for slug in ("web", "links"):
        row = Service.objects.get(pk=slug)
        assert (row.state, row.reason["code"], row.since) == ("unknown", "not_running", left), slug
    back(lab)
    assert states() == states("links") == ["operational", "unknown", "operational"]
    Clock(lambda: lab.config, lambda: lab.now).step(lab.now)
    assert stored()[1:] == [{"unknown": 86_400}] * 4
    assert stored()[0] == {"unknown": 86_400 - 60, "operational": 60}
    for slug in EVERY:
        assert set().union(*stored(slug)) <= {"unknown", "operational"}
        assert stored(slug)[1:] == [{"unknown": 86_400}] * 4, slug


def test_the_pages_and_figures_of_such_days_say_that_there_is_no_data(lab: Lab) -> None:
    lab.go(3_600 * 2, every=60)
    away(lab, days=5)
    back(lab)
    page = snapshot.service("web", lab.now, ZONE)
    assert page is not None
    week = figures(page, house(lab.config))[0]
    assert week.share == 1.0
    assert week.without_data >= 6 * 86_400
    front = {service.slug: service for service in snapshot.front(lab.now).services}
    assert front["web"].state is State.OPERATIONAL


def test_built_in_checks_know_nothing_of_the_time_in_which_they_were_not_run(
    checked: tuple[Probes, SignalWatch],
) -> None:
    probes, eye = checked
    assert rounds(probes, eye, 3) == ("operational", None)
    left = probes.now
    probes.now += timedelta(days=5)
    again = SignalWatch(configuration.current, lambda: probes.now)
    try:
        assert rounds(probes, again, 3) == ("operational", None)
    finally:
        again.close()
    (first, unknown, after) = spans("site")
    assert (first[0], unknown[0], after[0]) == ("operational", "unknown", "operational")
    assert timedelta(0) <= left - unknown[1] <= BEAT
    assert after[1] - left >= timedelta(days=5)


def test_trouble_that_was_well_meanwhile_and_comes_back_soon_after_an_absence_is_the_same_trouble(lab: Lab) -> None:
    lab.go(60)
    go_down(lab)
    lab.go(60)
    since = Service.objects.get(pk="web").since
    recover(lab)
    away(lab, minutes=6)
    back(lab)
    assert lab.state() == "operational"
    go_down(lab)
    lab.go(30)
    assert (lab.state(), lab.reason()["unstable_since"]) == ("disruption", since.isoformat())


@pytest.mark.parametrize("seconds", [30, RESTART.total_seconds()])
def test_a_restart_is_no_absence(lab: Lab, seconds: float) -> None:
    lab.go(60)
    away(lab, seconds=seconds)
    back(lab)
    assert states() == states("links") == ["operational"]


def test_killed_at_any_moment_less_than_a_minute_is_taken_for_unwatched(lab: Lab) -> None:
    for _ in range(40):
        lab.go(17)
        at = Watched.objects.get().at
        assert timedelta(0) <= lab.now - at <= BEAT
    left = lab.now
    away(lab, hours=2)
    back(lab)
    assert timedelta(0) <= left - spans()[1][1] <= BEAT


def test_what_changed_just_before_the_end_is_not_taken_back(lab: Lab) -> None:
    lab.go(70)
    lab.monitoring.fire(alertname="Down", talaia_service="web")
    lab.monitoring.measure(WEB, ({"talaia_service": "web"}, 0.0))
    lab.go(35)
    turned = spans()[-1]
    assert turned[0] == "disruption"
    away(lab, hours=2)
    back(lab)
    assert states() == ["operational", "disruption", "unknown", "disruption"]
    assert spans()[2][1] >= turned[1]


def test_marking_it_twice_or_after_a_kill_changes_nothing(lab: Lab) -> None:
    lab.go(60)
    away(lab, hours=2)
    for _ in range(3):
        mark_unwatched(lab.now)
        lab.monitoring.now += timedelta(minutes=5)
    assert Fact.objects.filter(kind="service.unwatched").count() == 2
    assert lab.reason("wiki")["code"] == "never_measured", "it was unknown before, for its own reason"
    back(lab)
    assert states() == ["operational", "unknown", "operational"]


def test_while_the_database_is_away_nobody_watches_though_talaia_runs(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.go(60)
    left = lab.now

    def gone(*_: object, **__: object) -> None:
        raise OperationalError("the database is away")

    with monkeypatch.context() as patch:
        for name in ("judge_all", "mark_unwatched", "last_watched"):
            patch.setattr(watch_module, name, gone)
        for _ in range(10):
            lab.monitoring.now += timedelta(minutes=1)
            with pytest.raises(OperationalError):
                lab.watch.step(lab.now)
    lab.go(5)
    assert states() == ["operational", "unknown", "operational"]
    assert abs(spans()[1][1] - left) <= BEAT
    assert spans()[2][1] - left > timedelta(minutes=10)


def test_a_watch_that_hangs_is_noticed_by_the_clock(lab: Lab) -> None:
    lab.go(60)
    clock = Clock(lambda: lab.config, lambda: lab.now)
    clock.step(lab.now)
    assert lab.state() == "operational"
    left = lab.now
    for _ in range(5):
        lab.monitoring.now += timedelta(minutes=1)
        clock.step(lab.now)
    assert (lab.state(), lab.reason()["code"]) == ("unknown", "not_running")
    assert Service.objects.get(pk="web").since == left
    lab.go(5)
    assert lab.state() == "operational"


def test_days_that_were_stored_before_anybody_noticed_are_stored_anew(lab: Lab) -> None:
    lab.go(60)
    away(lab, days=3)
    config = lab.config.site.tz
    for one in due_days(lab.now, config):  # as if the clock had come before
        roll_up(one.slug, one.day, one.seconds, lab.now)
    assert {"operational": 86_400} in stored()
    back(lab)
    Clock(lambda: lab.config, lambda: lab.now).step(lab.now)
    assert {"operational": 86_400} not in stored()


# What people have said


def test_an_open_incident_stands_while_nobody_watches_and_what_the_signals_added_is_unknown(lab: Lab) -> None:
    events.open_incident({"ca": "Tall"}, {"ca": "Hi som."}, {"web": State.PARTIAL}, lab.now)
    lab.monitoring.fire(alertname="Down", talaia_service="web")
    lab.monitoring.measure(WEB, ({"talaia_service": "web"}, 0.0))
    lab.go(40)
    assert lab.state() == "disruption"
    left, _ = away(lab, hours=6)
    mark_unwatched(lab.now)
    assert (lab.state(), lab.reason()) == ("partial", {"code": "incident", "ref": "2026-001"})
    assert Service.objects.get(pk="web").since <= left
    assert lab.state("links") == "unknown"
    back(lab)
    assert states()[-2:] == ["partial", "disruption"]


def test_what_was_set_by_hand_stands_until_it_runs_out(lab: Lab) -> None:
    lab.go(60)
    until = lab.now + timedelta(hours=3)
    set_by_hand("web", State.DEGRADED, until, {"ca": "Ho mirem."}, "anna", lab.now)
    set_by_hand("links", State.DEGRADED, lab.now + timedelta(days=9), {"ca": "Ho mirem."}, "anna", lab.now)
    lab.go(10)
    away(lab, hours=8)
    back(lab)
    assert states() == ["operational", "degraded", "unknown", "operational"]
    assert spans()[2][1] == until
    assert states("links") == ["operational", "degraded"]


@pytest.mark.parametrize("ends_itself", [True, False])
def test_maintenance_in_progress_stands_as_long_as_was_said(lab: Lab, ends_itself: bool) -> None:
    lab.go(60)
    window = (lab.now, lab.now + timedelta(hours=2))
    planned = events.plan_maintenance(
        {"ca": "Canvi"}, {"ca": "Canvi"}, {"web": State.DISRUPTION}, window, lab.now, ends_itself=ends_itself
    )
    events.update_maintenance(planned.ref, MaintenanceState.IN_PROGRESS, {"ca": "Comencem"}, lab.now)
    lab.go(10)
    assert lab.state() == "maintenance"
    away(lab, hours=8)
    Clock(lambda: lab.config, lambda: lab.now).step(lab.now)
    back(lab)
    if ends_itself:
        assert states() == ["operational", "maintenance", "unknown", "operational"]
        assert spans()[2][1] == window[1]
    else:
        assert states() == ["operational", "maintenance"]


def test_work_that_begins_with_our_return_was_not_in_progress_before(lab: Lab) -> None:
    lab.go(60)
    window = (lab.now + timedelta(hours=1), lab.now + timedelta(hours=9))
    events.plan_maintenance({"ca": "Canvi"}, {"ca": "Canvi"}, {"web": State.DISRUPTION}, window, lab.now)
    left, returned = away(lab, hours=8)
    Clock(lambda: lab.config, lambda: lab.now).step(lab.now)
    back(lab)
    assert states() == ["operational", "unknown", "maintenance"]
    assert abs(spans()[1][1] - left) <= BEAT
    assert spans()[2][1] >= returned


def test_a_service_that_left_talaia_toml_while_talaia_was_off_was_unwatched_until_then(
    lab: Lab, configure: Callable[[str], Config]
) -> None:
    lab.go(60)
    away(lab, days=5)
    mark_unwatched(lab.now)
    lab.config = configure(CONFIG.replace('slug = "wiki"', 'slug = "viqui"'))
    list_services(headings(lab.config), lab.now)
    back(lab)
    Clock(lambda: lab.config, lambda: lab.now).step(lab.now)
    assert all("operational" not in seconds for seconds in stored("wiki")[1:])


def test_an_incident_of_a_service_that_left_counts_nothing_for_it_whenever_it_is_resolved(
    lab: Lab, configure: Callable[[str], Config]
) -> None:
    incident = events.open_incident({"ca": "x"}, {"ca": "y"}, {"web": State.DISRUPTION}, lab.now, by="anna")
    lab.go(3_600, every=60)
    assert lab.state() == "disruption"
    lab.config = configure(CONFIG.replace('slug = "web"\ngroup', 'slug = "webs"\ngroup'))
    list_services(headings(lab.config), lab.now)
    gone_at = lab.now
    lab.go(3_600 * 30, every=170)
    events.update_incident(incident.ref, IncidentState.RESOLVED, {"ca": "Fet."}, lab.now, by="anna")
    lab.go(3_600 * 30, every=170)
    page = snapshot.service("web", lab.now, ZONE)
    assert page is not None
    assert page.today is None
    assert page.service.retired_at == gone_at
    assert page.days[-1].day == gone_at.astimezone(ZONE).date()
    Clock(lambda: lab.config, lambda: lab.now).step(lab.now)
    assert len(stored()) == 1
    assert 3_500 <= stored()[0]["disruption"] <= 3_600


# The clock


def test_a_clock_that_is_behind_for_a_moment_forgets_nothing_of_when_we_watched(lab: Lab) -> None:
    lab.go(60)
    left = Watched.objects.get().at
    away(lab, hours=-5)
    lab.go(120)
    assert Watched.objects.get().at == left
    lab.monitoring.now = left + timedelta(hours=3)  # the network has told the time
    lab.go(10)
    assert states() == ["operational", "unknown", "operational"]
    assert spans()[1][1] == left


def test_a_clock_that_was_wrong_ahead_is_given_up_after_a_while(lab: Lab) -> None:
    lab.go(60)
    lab.monitoring.now -= timedelta(days=200)
    lab.go(660, every=30)
    assert timedelta(0) <= lab.now - Watched.objects.get().at <= BEAT


# What Prometheus remembers


def well(lab: Lab, start: datetime, end: datetime) -> None:
    """All was measured all that time, and well."""
    lab.monitoring.remember(WEB, start, end, talaia_service="web")
    for name in REFERENCES:
        lab.monitoring.remember(LINKS, start, end, link=name)


def test_what_prometheus_measured_meanwhile_is_filled_in_and_marked(lab: Lab) -> None:
    lab.come_in("told", told("resolved", alertname="Down", talaia_service="wiki"))
    lab.go(60)
    left, returned = away(lab, days=5)
    well(lab, left - timedelta(days=1), returned + timedelta(hours=1))
    outage = (left + timedelta(days=2), left + timedelta(days=2, hours=3))
    lab.monitoring.remember_firing(*outage, alertname="Down", component="web")
    back(lab)
    assert states() == ["operational", "disruption", "operational"]
    assert abs(spans()[1][1] - outage[0]) <= timedelta(seconds=30)
    assert timedelta(minutes=2) <= spans()[2][1] - outage[1] <= timedelta(minutes=3)
    assert states("links") == ["operational"]
    assert states("wiki") == ["operational", "unknown"], "its source remembers nothing"
    Clock(lambda: lab.config, lambda: lab.now).step(lab.now)
    days = list(Day.objects.filter(service="web").order_by("day"))
    assert [day.filled for day in days][1:] == [86_400] * 4
    assert sum(day.seconds.get("disruption", 0) for day in days) == pytest.approx(3 * 3600 + 120, abs=60)
    assert all("unknown" not in day.seconds for day in days[1:])
    page = snapshot.service("web", lab.now, ZONE)
    assert page is not None
    assert sum(day.filled for day in page.days) == pytest.approx(5 * 86_400, abs=90)


def test_where_prometheus_was_off_too_the_time_stays_unknown(lab: Lab) -> None:
    """The power was cut in the whole house: nothing fired, as nothing looked."""
    lab.go(60)
    left, returned = away(lab, days=2)
    well(lab, left, left + timedelta(hours=2))
    well(lab, returned - timedelta(hours=2), returned)
    back(lab)
    assert states() == ["operational", "unknown", "operational"]
    dark = spans()[2][1] - spans()[1][1]
    assert abs(dark - timedelta(hours=44)) <= timedelta(minutes=5)
    reason = Transition.objects.get(service="web", to_state="unknown").reason
    assert (reason["code"], reason["asked"]) == ("not_running", True)


@pytest.mark.parametrize("days", [40, 300])
def test_it_is_filled_in_as_far_back_as_prometheus_reaches(lab: Lab, days: int) -> None:
    lab.go(60)
    _, returned = away(lab, days=days)
    well(lab, returned - timedelta(days=15), returned)
    outage = returned - timedelta(days=12)
    lab.monitoring.remember_firing(outage, outage + timedelta(hours=2), alertname="Down", component="web")
    back(lab)
    assert states() == ["operational", "unknown", "operational", "disruption", "operational"]
    assert abs(spans()[2][1] - (returned - timedelta(days=15))) <= timedelta(minutes=5)
    assert abs(spans()[3][1] - outage) <= timedelta(minutes=5)
    assert max(count for _, count in lab.monitoring.ranges) <= 2_000
    assert len(lab.monitoring.ranges) < 150


def test_a_prometheus_that_comes_up_after_us_is_asked_then(lab: Lab) -> None:
    lab.go(60)
    left, returned = away(lab, hours=5)
    well(lab, left - timedelta(hours=1), returned)
    lab.monitoring.prometheus_hangs = True
    lab.go(600, every=20)
    assert lab.state() == "unknown"
    lab.monitoring.prometheus_hangs = False
    lab.go(400, every=20)
    assert states() == ["operational", "unknown", "operational"]
    assert abs(spans()[1][1] - returned) <= timedelta(seconds=30), "it was measured until then, and not after"


def test_a_prometheus_that_does_not_answer_the_long_question_is_asked_again(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.go(60)
    left, returned = away(lab, hours=5)
    well(lab, left - timedelta(hours=1), returned + timedelta(hours=1))
    usual = lab.monitoring._range
    monkeypatch.setattr(lab.monitoring, "_range", lambda fields: (_ for _ in ()).throw(OSError("gone")))
    back(lab)
    assert states() == ["operational", "unknown", "operational"]
    monkeypatch.setattr(lab.monitoring, "_range", usual)
    lab.go(320, every=20)
    assert states() == ["operational"]


@pytest.mark.parametrize(("most", "found"), [(300, ["operational"]), (5, ["operational", "unknown", "operational"])])
def test_what_is_too_much_at_once_is_asked_for_in_smaller_portions(lab: Lab, most: int, found: list[str]) -> None:
    lab.go(60)
    left, returned = away(lab, hours=20)
    well(lab, left - timedelta(hours=1), returned + timedelta(hours=1))
    lab.monitoring.too_much = {WEB: most}
    back(lab)
    assert states() == found
    assert states("links") == ["operational"], "one query that is refused hides no other"


def test_an_outage_that_began_in_our_absence_and_goes_on_is_told_since_its_beginning(lab: Lab) -> None:
    lab.go(60)
    left, returned = away(lab, minutes=10)
    began = left + timedelta(minutes=5)
    well(lab, left - timedelta(hours=1), returned + timedelta(hours=1))
    lab.monitoring.remember_firing(began, returned + timedelta(hours=1), alertname="Down", talaia_service="web")
    lab.monitoring.measure(WEB, ({"talaia_service": "web"}, 0.0))
    lab.monitoring.fire(alertname="Down", talaia_service="web")
    back(lab)
    assert states() == ["operational", "disruption"]
    assert abs(Service.objects.get(pk="web").since - began) <= timedelta(seconds=15)


def test_killed_while_it_fills_the_history_it_tells_nothing_twice(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.go(60)
    left, returned = away(lab, minutes=20)
    well(lab, left - timedelta(hours=1), returned + timedelta(hours=1))
    began = left + timedelta(minutes=5)
    lab.monitoring.remember_firing(began, began + timedelta(minutes=3), alertname="Down", talaia_service="web")
    usual, calls = backfill, []

    def killed(*given: object) -> None:
        usual(*given)  # type: ignore[arg-type]
        calls.append(given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(backfill_runs, "backfill", killed)
        with pytest.raises(KeyboardInterrupt):
            back(lab)
    assert len(calls) == 1
    rows = Transition.objects.count()
    for _ in range(2):
        lab.restart()
        back(lab)
    assert states() == ["operational", "disruption", "operational"]
    assert Fact.objects.filter(kind="service.backfilled").count() == 2  # web and links, each once
    assert Transition.objects.count() <= rows + 1


def test_two_absences_with_a_short_return_between_are_both_filled_in(lab: Lab) -> None:
    lab.go(60)
    start = lab.now
    well(lab, start - timedelta(hours=1), start + timedelta(days=3))
    lab.monitoring.prometheus_hangs = True
    away(lab, hours=3)
    lab.go(10)
    lab.monitoring.prometheus_hangs = False
    away(lab, hours=4)
    back(lab)
    lab.go(310, every=20)
    assert states() == ["operational"]


def test_a_service_whose_alerts_come_from_elsewhere_too_is_not_filled_in(
    lab: Lab, configure: Callable[[str], Config]
) -> None:
    elsewhere = CONFIG.replace(
        """match = 'component=~"web|matrix|website"' }""",
        """match = 'component=~"web|matrix|website"', source = "alertmanager" }""",
    )
    assert elsewhere != CONFIG
    lab.config = configure(elsewhere)
    lab.go(60)
    left, returned = away(lab, hours=5)
    well(lab, left - timedelta(hours=1), returned + timedelta(hours=1))
    back(lab)
    assert states() == ["operational", "unknown", "operational"]
    assert states("links") == ["operational"]


def test_to_stop_it_waits_for_one_question_at_most(lab: Lab) -> None:
    lab.go(60)
    left, returned = away(lab, days=60)
    well(lab, left - timedelta(hours=1), returned + timedelta(hours=1))
    asked, going = threading.Event(), threading.Event()
    usual = lab.monitoring._range

    def slow(fields: dict[str, str]) -> object:
        asked.set()
        going.wait(10)
        return usual(fields)

    lab.monitoring._range = slow  # type: ignore[method-assign,assignment]
    lab.watch.ask(lab.now)
    wait(set(lab.watch.polls))
    lab.watch.collect(lab.now)
    assert asked.wait(5)
    before = len(lab.monitoring.ranges)
    lab.watch.stopping.set()
    going.set()
    lab.watch.close()
    assert len(lab.monitoring.ranges) == before + 1
