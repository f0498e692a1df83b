"""The 28 edge cases that were met on real servers, by their numbers: through parse, actions, rules and the watch.

Bodies in samples/ were captured from Debian's Prometheus and Alertmanager; their alerts carry `component` and `link`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from talaia.events import actions as events
from talaia.events.timeline import IncidentState, MaintenanceState
from talaia.panel.by_hand import actions as hand
from talaia.panel.models import Service
from talaia.panel.state import State
from talaia.signals import actions
from talaia.signals.evaluate import judge_all
from talaia.signals.models import RawWebhook, Signal, SourceState
from talaia.signals.parse import alertmanager, prometheus
from talaia.signals.parse.report import MalformedBody
from talaia.signals.sources.registry import read
from tests.signals.bodies import HEARTBEAT, pushed, sample, told
from tests.signals.conftest import REFERENCES, WEB, Lab

pytestmark = pytest.mark.django_db(transaction=True)
WHY = {"ca": "La sonda no arriba a la casa nova."}
HOLD = 125  # seconds: hold_better and a little


def go_down(lab: Lab) -> None:
    """The web dies: its probe fails, and then its alert fires."""
    lab.monitoring.measure(WEB, ({"talaia_service": "web"}, 0.0))
    lab.monitoring.fire(alertname="Down", talaia_service="web")
    lab.go(35)
    assert lab.state() == "disruption"


def recover(lab: Lab) -> None:
    lab.monitoring.measure(WEB, ({"talaia_service": "web"}, 1.0))
    lab.monitoring.calm(talaia_service="web")


def test_case_01_the_same_alert_twice_to_the_letter_is_one_signal_and_one_transition(lab: Lab) -> None:
    one, other = (captured["body"] for captured in sample("15"))
    assert one == other
    lab.come_in("told", one)
    seen = lab.seen("web")
    lab.come_in("told", other)
    assert Signal.objects.filter(source="told").count() == 1
    assert lab.seen("web") == seen == ["operational", "disruption"]


def test_case_02_resolved_then_a_stale_firing_then_resolved_is_no_second_incident(lab: Lab) -> None:
    go_down(lab)
    recover(lab)
    labels = {"alertname": "Down", "talaia_service": "web"}
    lab.come_in("alertmanager", told("resolved", **labels))
    lab.go(5)
    lab.come_in("alertmanager", told("firing", **labels))
    lab.go(15)
    lab.come_in("alertmanager", told("resolved", **labels))
    lab.go(HOLD)
    assert lab.seen("web") == ["operational", "disruption", "operational"]


def test_case_03_firing_again_and_again_with_the_start_of_an_episode_that_ended_is_believed(lab: Lab) -> None:
    """An Alertmanager whose Prometheus hung; one that is told once is a straggler (test_late_arrivals.py)."""
    ended, again = sample("18"), sample("19")
    starts = {json.dumps(a["labels"], sort_keys=True): a["startsAt"] for a in ended["alerts"]}
    same = [a for a in again["alerts"] if starts.get(json.dumps(a["labels"], sort_keys=True)) == a["startsAt"]]
    assert same, "the samples show the same start twice"
    lab.monitoring.now = datetime(2026, 11, 22, 6, 40, tzinfo=UTC)
    lab.come_in("told", ended)
    lab.come_in("told", again)
    firing = Signal.objects.filter(source="told", state=Signal.FIRING)
    assert firing.count() == sum(a["status"] == "firing" for a in again["alerts"]) - len(same)
    lab.go(300, every=60)
    lab.come_in("told", again)
    assert firing.count() == sum(a["status"] == "firing" for a in again["alerts"]) > 0


def test_case_04_in_a_mixed_group_the_status_of_each_alert_counts(lab: Lab) -> None:
    lab.come_in("told", sample("07"))
    states = {row.labels["link"]: row.state for row in Signal.objects.filter(source="told")}
    assert states == {"ref01": "firing", "ref02": "resolved", "ref03": "firing"}


def test_case_05_of_two_alerts_on_one_service_one_resolves_and_it_stays_down(lab: Lab) -> None:
    lab.monitoring.fire(alertname="Down", talaia_service="web")
    lab.monitoring.fire(alertname="Slow", talaia_service="web", talaia_impact="degraded")
    lab.go(35)
    assert lab.reason()["count"] == 2
    lab.monitoring.calm(alertname="Slow")
    lab.go(300)
    assert lab.state() == "disruption"
    lab.monitoring.fire(alertname="Slow", talaia_service="web", talaia_impact="degraded")
    lab.monitoring.calm(alertname="Down")
    lab.go(300)
    assert lab.state() == "degraded"


@pytest.mark.parametrize("source", ["alertmanager", "told"])
def test_case_06_resolved_that_was_never_firing_is_stored_and_turns_nothing(lab: Lab, source: str) -> None:
    body = sample("31")
    assert {alert["status"] for alert in body["alerts"]} == {"resolved"}
    before = lab.seen("web")
    lab.come_in(source, body)
    lab.go(30)
    assert lab.seen("web") == before
    assert RawWebhook.objects.exclude(handled_at=None).count() == (source == "told"), "who is asked is asked how it is"


def test_case_07_a_truncated_payload_rings_for_a_poll_that_sees_them_all(lab: Lab) -> None:
    body = sample("08")
    assert (len(body["alerts"]), body["truncatedAlerts"]) == (3, 2)
    lab.down("ref01", "ref02", "ref03", "ref04", "ref05")
    lab.monitoring.now += timedelta(seconds=2)
    polls = lab.monitoring.asked.count("/api/v1/alerts")
    lab.come_in("alertmanager", body)
    assert lab.monitoring.asked.count("/api/v1/alerts") == polls + 1
    assert lab.reason("links") == {"code": "connections_down", "down": 5, "of": 12}


def test_case_08_the_three_meanings_of_the_end() -> None:
    (zero,) = read("alertmanager", sample("01"), datetime.now(UTC)).alerts
    assert (zero.firing, zero.ends_at) == (True, None)
    (ended,) = [a for a in read("alertmanager", sample("07"), datetime.now(UTC)).alerts if not a.firing]
    assert ended.ends_at is not None
    body = sample("60")
    received = datetime.fromisoformat(body[0]["startsAt"])
    (direct,) = prometheus.push(body, received).alerts
    assert direct.firing
    assert direct.ends_at is not None
    assert direct.ends_at > received
    assert not prometheus.push(body, received + timedelta(minutes=5)).alerts[0].firing


def test_case_09_silenced_after_it_was_told_and_recovered_in_silence_is_green_by_the_next_poll(lab: Lab) -> None:
    go_down(lab)
    lab.monitoring.silence(talaia_service="web")
    lab.go(35)
    assert lab.state() == "disruption"
    assert lab.reason()["silenced"] is True
    recover(lab)  # and no webhook will ever tell
    lab.go(HOLD + 35)
    assert lab.state() == "operational"


def test_case_10_a_member_that_vanishes_from_the_group_because_it_is_silenced_is_not_recovered(lab: Lab) -> None:
    lab.down("ref01", "ref02", "ref03")
    lab.go(35)
    assert lab.reason("links")["down"] == 3
    lab.monitoring.silence(link="ref02")
    lab.come_in("alertmanager", sample("23"))
    lab.go(HOLD + 35)
    assert lab.reason("links") == {"code": "connections_down", "down": 3, "of": 12}


def test_case_11_an_alertmanager_that_restarted_and_lists_nothing_yet_resolves_nothing(lab: Lab) -> None:
    lab.monitoring.fire(alertname="OnlyHere", talaia_service="wiki")
    lab.monitoring.firing.clear()  # another Prometheus, that only Alertmanager hears
    lab.come_in("told", told("resolved", alertname="Other", talaia_service="nobody"))
    lab.go(35)
    assert lab.state("wiki") == "disruption"
    listed, lab.monitoring.listed = lab.monitoring.listed, []
    lab.monitoring.alertmanager_since = lab.now
    lab.go(60)
    assert lab.state("wiki") == "disruption"
    lab.monitoring.listed = listed
    lab.go(100)
    assert "operational" not in lab.seen("wiki")[lab.seen("wiki").index("disruption") :]


def test_case_12_an_exporter_that_dies_while_its_target_is_down_is_unknown_and_never_operational(lab: Lab) -> None:
    go_down(lab)
    lab.monitoring.samples[WEB] = []
    lab.monitoring.calm(talaia_service="web")
    lab.come_in("alertmanager", sample("16"))
    lab.go(60)
    assert (lab.state(), lab.reason()["code"]) == ("unknown", "not_measured")
    lab.monitoring.measure(WEB, ({"talaia_service": "web"}, 0.0))  # back; the alert is pending again
    lab.go(60)
    assert (lab.state(), lab.reason()["code"]) == ("unknown", "failing_pending")
    lab.monitoring.fire(alertname="Down", talaia_service="web")
    lab.go(35)
    assert lab.state() == "disruption"
    assert lab.seen() == ["operational", "disruption", "unknown", "disruption"]


def test_case_13_a_prometheus_that_hangs_is_unknown_before_its_alerts_run_out(lab: Lab) -> None:
    go_down(lab)
    lab.monitoring.prometheus_hangs = True
    lab.go(100)
    assert (lab.state(), lab.reason()["code"]) == ("unknown", "source_silent")
    lab.monitoring.listed.clear()
    lab.come_in("alertmanager", sample("18"))
    lab.go(200)
    assert lab.seen() == ["operational", "disruption", "unknown"]


def test_case_14_a_heartbeat_that_still_comes_does_not_speak_for_a_prometheus_that_is_dead(lab: Lab) -> None:
    lab.monitoring.prometheus_hangs = True
    for _ in range(4):
        lab.go(30)
        lab.come_in("alertmanager", told("firing", **HEARTBEAT))
    assert lab.state() == "unknown"
    assert read("alertmanager", sample("12"), lab.now).alerts[0].labels["alertname"] == "Watchdog"


def test_case_15_with_alertmanager_down_the_states_go_on(lab: Lab) -> None:
    lab.monitoring.alertmanager_down = True
    lab.go(200)
    assert lab.state() == "operational"
    assert SourceState.objects.get(pk="alertmanager").silent
    go_down(lab)
    recover(lab)
    lab.monitoring.listed.clear()
    lab.go(HOLD + 40)
    assert lab.seen() == ["operational", "disruption", "operational"]


def test_case_15_what_alertmanager_said_before_it_went_down_holds_no_recovery_back_but_its_silences_stay(
    lab: Lab,
) -> None:
    go_down(lab)
    lab.down("ref01", "ref02", "ref03", "ref04")
    for name in ("ref01", "ref02", "ref03", "ref04"):
        lab.monitoring.silence(link=name)
    lab.go(35)
    known = {"code": "connections_down", "down": 4, "of": 12, "silenced": True}
    assert lab.reason("links") == known
    lab.monitoring.alertmanager_down = True
    recover(lab)  # Prometheus sees it; Alertmanager's word of the outage is the last that it gave
    lab.go(HOLD + 40)
    assert lab.state() == "operational"
    assert lab.reason("links") == known
    lab.step()
    judged = next(one for one in judge_all(lab.config, lab.now) if one.row.slug == "links")
    assert any("alertmanager is silent: silences are taken" in step for step in judged.judgement.steps)


def test_case_16_after_ten_minutes_of_our_own_absence_the_first_poll_is_right_and_the_history_is_filled(
    lab: Lab,
) -> None:
    left = lab.now
    lab.restart()
    lab.monitoring.now += timedelta(minutes=10)
    began = left + timedelta(minutes=3)
    lab.monitoring.remember(WEB, left, lab.now, talaia_service="web")
    lab.monitoring.remember_firing(began, began + timedelta(minutes=3), talaia_service="web")  # wholly in our absence
    lab.step()
    assert lab.state() == "operational"
    lab.go(10)
    assert lab.seen() == ["operational", "disruption", "operational"]
    turned = Service.objects.get(pk="web").transitions.get(to_state="disruption")
    assert abs(turned.at - began) <= timedelta(seconds=30)


def test_case_16_the_bodies_that_come_in_after_our_absence_leave_what_the_first_poll_says(lab: Lab) -> None:
    left = lab.now
    lab.monitoring.now += timedelta(minutes=10)
    lab.monitoring.remember(WEB, left, lab.now + timedelta(hours=1), talaia_service="web")
    for span in prometheus.matrix(sample("26")):
        fired = lab.now - timedelta(seconds=400)
        lab.monitoring.remember_firing(fired, fired + timedelta(minutes=1), **{**span.labels, "component": "website"})
    for captured in sample("30"):
        actions.store_webhook("alertmanager", captured["body"], lab.now)
    go_down(lab)
    assert lab.seen() == ["operational", "disruption", "operational", "disruption"]
    recover(lab)
    lab.go(HOLD + 35)
    assert lab.state() == "operational"


def test_case_17_experimental_links_turn_nothing_and_a_link_relabelled_while_down_leaves_at_once(lab: Lab) -> None:
    for name in ("exp01", "exp02"):
        lab.monitoring.fire(alertname="LinkDown", link=name, role="experimental")
    lab.go(60)
    assert lab.seen("links") == ["operational"]
    lab.down("ref01")
    lab.go(35)
    assert lab.reason("links")["down"] == 1
    # Relabelled: the old alert is gone, a new one fires under a name that is not on the list, and it is measured so.
    lab.monitoring.calm(link="ref01")
    lab.monitoring.fire(alertname="LinkDown", link="exp03", role="experimental")
    del lab.links["ref01"]
    lab.go(HOLD + 40)
    assert lab.state("links") == "operational"
    assert lab.reason("links") == {"code": "partly_measured", "measured": 11, "of": 12}


@pytest.mark.parametrize(
    ("down", "silenced", "state"),
    [
        (0, 0, "operational"),
        (1, 0, "degraded"),
        (2, 0, "degraded"),
        (3, 0, "partial"),  # exactly 25 %
        (7, 0, "partial"),
        (8, 0, "disruption"),
        (12, 0, "disruption"),
        (1, 4, "partial"),  # that somebody knows of four of them makes them no better
        (4, 4, "disruption"),
        (0, 12, "disruption"),
    ],
)
def test_case_18_the_thresholds_are_exact(lab: Lab, down: int, silenced: int, state: str) -> None:
    lab.down(*REFERENCES[: down + silenced])
    for name in REFERENCES[down : down + silenced]:
        lab.monitoring.silence(link=name)
    lab.go(60)
    assert lab.state("links") == state


@pytest.mark.parametrize(
    ("missing", "down", "state", "code"),
    [
        (5, 0, "operational", "partly_measured"),
        (6, 0, "operational", "partly_measured"),
        (7, 0, "unknown", "too_few_measured"),
        (12, 6, "disruption", "connections_down"),  # what fires is measured
    ],
)
def test_case_19_what_is_not_measured_does_not_count_and_too_little_is_unknown(
    lab: Lab, missing: int, down: int, state: str, code: str
) -> None:
    lab.down(*REFERENCES[:down])
    for name in REFERENCES[12 - missing :]:
        lab.links.pop(name)
    lab.go(60)
    assert (lab.state("links"), lab.reason("links")["code"]) == (state, code)


def test_case_20_a_link_that_is_down_by_two_rules_and_two_replicas_is_one_link(lab: Lab) -> None:
    lab.down("ref01")
    lab.monitoring.fire(alertname="LinkLoss", link="ref01")
    lab.monitoring.fire(alertname="LinkDown", link="ref01", replica="b")
    lab.go(60)
    assert lab.reason("links") == {"code": "connections_down", "down": 1, "of": 12}
    assert Signal.objects.filter(source="prometheus", state=Signal.FIRING).count() == 2


def test_case_21_four_flaps_in_eighty_seconds_are_one_fall_and_one_recovery(lab: Lab) -> None:
    for _ in range(4):  # 14 s down and 6 s up, each end told by a bell that has us ask
        for seconds, value in ((14, 0.0), (6, 1.0)):
            lab.monitoring.measure(WEB, ({"talaia_service": "web"}, value))
            if value:
                lab.monitoring.calm(talaia_service="web")
            else:
                lab.monitoring.fire(alertname="Down", talaia_service="web")
            lab.come_in("alertmanager", told("resolved" if value else "firing", alertname="Down", talaia_service="web"))
            lab.go(seconds, every=2)
    assert lab.seen() == ["operational", "disruption"]
    lab.go(HOLD + 40)
    assert lab.seen() == ["operational", "disruption", "operational"]


def test_case_22_a_decommissioned_link_is_not_measured_until_it_leaves_the_list(lab: Lab) -> None:
    body = sample("25")
    assert {alert["status"] for alert in body["alerts"]} == {"resolved"}
    lab.links.pop("ref12")
    lab.come_in("alertmanager", body)
    lab.go(35)
    assert lab.reason("links") == {"code": "partly_measured", "measured": 11, "of": 12}


def test_case_23_a_renamed_rule_with_both_names_alive_is_no_double_incident(lab: Lab) -> None:
    go_down(lab)
    lab.monitoring.fire(alertname="DownRenamed", talaia_service="web")
    lab.go(180)
    lab.monitoring.calm(alertname="Down")
    lab.go(60)
    assert lab.seen() == ["operational", "disruption"]


def test_case_24_a_restart_of_ours_in_an_outage_keeps_state_and_hold_and_nothing_is_green_before_a_poll(
    lab: Lab,
) -> None:
    go_down(lab)
    recover(lab)
    lab.go(65)  # half of the hold
    waiting = Service.objects.get(pk="web").candidate_since
    assert waiting is not None
    lab.restart()
    lab.monitoring.prometheus_hangs = True
    lab.go(20)
    assert lab.state() == "disruption"
    assert Service.objects.get(pk="web").candidate_since == waiting
    lab.monitoring.prometheus_hangs = False
    lab.go(70)
    assert lab.seen() == ["operational", "disruption", "operational"]


def test_case_25_a_silence_that_alertmanager_lost_is_made_again_once_and_the_maintenance_stays_shown(lab: Lab) -> None:
    window = (lab.now, lab.now + timedelta(hours=2))
    event = events.plan_maintenance(
        {"ca": "Canvi de disc"}, {"ca": "Canviem un disc."}, {"web": State.DISRUPTION}, window, lab.now, silence=True
    )
    events.update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, lab.now)
    lab.go(35)
    assert (lab.state(), lab.monitoring.made) == ("maintenance", 2)
    assert [silence["matchers"] for silence in lab.monitoring.silences.values()] == [
        [{"name": "talaia_service", "value": "web", "isRegex": False, "isEqual": True}],
        [{"name": "component", "value": "web|matrix|website", "isRegex": True, "isEqual": True}],
    ]
    lab.monitoring.silences.clear()  # kill -9
    lab.go(120)
    assert (lab.state(), lab.monitoring.made, len(lab.monitoring.silences)) == ("maintenance", 4, 2)
    events.update_maintenance(event.ref, MaintenanceState.COMPLETED, {"ca": "Fet."}, lab.now)
    lab.go(35)
    assert [s["status"]["state"] for s in lab.monitoring.silences.values()] == ["expired"] * 2
    assert lab.state() == "operational"


def test_case_26_what_was_set_by_hand_holds_until_its_end_and_is_not_undone_by_a_recovery(lab: Lab) -> None:
    go_down(lab)
    hand.set_by_hand("web", State.PARTIAL, (until := lab.now + timedelta(minutes=10)), WHY, "anna", lab.now)
    lab.go(10)
    assert (lab.state(), lab.reason()) == ("partial", {"code": "by_hand", "words": WHY})
    recover(lab)
    lab.go(HOLD + 60)
    assert lab.state() == "partial"
    lab.go(500, every=7)
    assert lab.state() == "operational"
    row = Service.objects.get(pk="web")
    assert (row.since, row.override_state, row.override_until, row.override_words) == (until, "", None, {})
    incident = events.open_incident({"ca": "x"}, {"ca": "y"}, {"web": State.DEGRADED}, lab.now)
    lab.go(10)
    assert lab.state() == "degraded"
    events.update_incident(incident.ref, IncidentState.RESOLVED, {"ca": "z"}, lab.now)
    lab.go(10)
    assert lab.state() == "operational"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"version": "5", "alerts": []}, "version"),
        ({"version": "4"}, "alerts"),
        ({"version": "4", "alerts": [{"status": "firing"}]}, "labels"),
        ({"version": "4", "alerts": [{"status": "on fire", "labels": {}}]}, "status"),
        ([], "object"),
    ],
)
def test_case_27_a_body_of_another_shape_is_refused_with_its_place(body: object, place: str) -> None:
    with pytest.raises(MalformedBody, match=place):
        alertmanager.webhook(body)


def test_case_27_unknown_keys_and_ten_thousand_alerts_are_taken(lab: Lab) -> None:
    body = told("firing", alertname="Down", talaia_service="web")
    body |= {"notification_reason": "x", "routeLabels": {}}
    extra = [{**body["alerts"][0], "labels": {"alertname": "Other", "n": str(n)}} for n in range(9_999)]
    body["alerts"] += extra
    lab.come_in("told", body)
    assert Signal.objects.filter(source="told").count() == 10_000
    lab.go(10)
    assert lab.state() == "disruption"


def test_case_24_a_source_that_speaks_once_a_day_is_not_forgotten_over_a_restart(lab: Lab) -> None:
    lab.come_in("told", told("firing", **HEARTBEAT))
    lab.monitoring.now += timedelta(minutes=55)  # of an hour
    lab.restart()
    lab.go(60)
    assert lab.state("wiki") == "operational"
    lab.restart()
    lab.go(300)
    assert (lab.state("wiki"), lab.reason("wiki")["code"]) == ("unknown", "source_silent")


@pytest.mark.parametrize("ahead", [300.0, -300.0])
def test_case_28_a_clock_five_minutes_off_changes_no_state_and_operators_are_told(lab: Lab, ahead: float) -> None:
    lab.monitoring.clock_ahead = ahead
    lab.go(120)
    assert lab.state() == "operational"
    assert {"code": "skew", "seconds": int(ahead)} in lab.notes("prometheus")


@pytest.mark.parametrize(("age", "state"), [(300.0, "unknown"), (-300.0, "operational")])
def test_case_28_a_sample_five_minutes_old_proves_nothing_and_one_from_the_future_is_warned_of(
    lab: Lab, age: float, state: str
) -> None:
    lab.monitoring.measure(WEB, ({"talaia_service": "web"}, 1.0), age=age)
    lab.go(60)
    assert lab.state() == state
    future = [note for note in lab.notes("prometheus") if note["code"] == "future_sample"]
    assert bool(future) is (age < 0)


@pytest.mark.parametrize("ahead", [300.0, -300.0])
def test_case_28_the_start_of_an_alertmanager_is_told_by_its_own_clock(lab: Lab, ahead: float) -> None:
    lab.monitoring.clock_ahead = ahead
    lab.come_in("told", told("firing", **HEARTBEAT))
    lab.monitoring.listed.append(lab.monitoring.alert({"alertname": "OnlyHere", "talaia_service": "wiki"}))
    lab.go(35)
    assert lab.state("wiki") == "disruption"
    listed, lab.monitoring.listed = lab.monitoring.listed, []
    lab.monitoring.alertmanager_since = lab.now
    lab.go(60)
    assert lab.state("wiki") == "disruption"  # just restarted, whatever its clock says
    lab.monitoring.listed = listed
    lab.go(100)
    lab.monitoring.listed = []
    lab.go(HOLD + 35)
    assert lab.seen("wiki").count("disruption") == 1
    assert lab.state("wiki") == "operational"


def test_what_prometheus_itself_sends_turns_its_service_and_back(lab: Lab) -> None:
    lab.come_in("direct", pushed("firing", lab.now, alertname="Down", talaia_service="radio"))
    assert lab.state("radio") == "disruption"
    lab.come_in("direct", pushed("resolved", lab.now, alertname="Down", talaia_service="radio"))
    lab.go(HOLD)
    assert (lab.state("radio"), lab.reason("radio")["code"]) == ("operational", "unconfirmed")


def test_what_prometheus_sent_and_does_not_repeat_runs_out(lab: Lab) -> None:
    lab.come_in("direct", pushed("firing", lab.now, alertname="Down", talaia_service="radio"))
    for _ in range(3):  # others are repeated, so the source is not silent
        lab.go(60)
        lab.come_in("direct", pushed("firing", lab.now, **HEARTBEAT))
    assert lab.state("radio") == "disruption"
    for _ in range(4):
        lab.go(60)
        lab.come_in("direct", pushed("firing", lab.now, **HEARTBEAT))
    assert lab.state("radio") == "operational"


@pytest.mark.parametrize(("source", "slug"), [("told", "wiki"), ("direct", "radio")])
def test_a_heartbeat_that_ends_is_no_sign_of_life(lab: Lab, source: str, slug: str) -> None:
    alive = pushed("firing", lab.now, **HEARTBEAT) if source == "direct" else told("firing", **HEARTBEAT)
    lab.come_in(source, alive)
    assert lab.state(slug) == "operational"
    heard = SourceState.objects.get(pk=source).heard_at
    lab.go(30)
    ended = pushed("resolved", lab.now, **HEARTBEAT) if source == "direct" else told("resolved", **HEARTBEAT)
    lab.come_in(source, ended)
    assert SourceState.objects.get(pk=source).heard_at == heard
    assert not RawWebhook.objects.filter(body=alive).exists(), "heartbeats are not kept"


def test_a_resolved_that_was_only_told_holds_up_what_is_and_makes_nothing_worse(lab: Lab) -> None:
    lab.come_in("told", told("firing", alertname="Slow", talaia_service="wiki", talaia_impact="degraded"))
    lab.come_in("told", told("resolved", alertname="Down", talaia_service="wiki"))
    lab.go(20)
    assert lab.state("wiki") == "degraded"


def test_what_a_source_that_is_never_asked_calls_resolved_is_believed_after_five_minutes(lab: Lab) -> None:
    lab.come_in("told", told("firing", alertname="Down", talaia_service="wiki"))
    lab.go(5)
    assert lab.state("wiki") == "disruption"
    lab.come_in("told", told("resolved", alertname="Down", talaia_service="wiki"))
    for minutes in range(1, 9):  # its heartbeat keeps it from being silent
        lab.go(60)
        assert minutes > 4 or lab.state("wiki") == "disruption"
        lab.come_in("told", told("firing", **HEARTBEAT))
    assert (lab.state("wiki"), lab.reason("wiki")["code"]) == ("operational", "unconfirmed")


def test_the_generic_hook_turns_its_service(lab: Lab) -> None:
    lab.come_in("zabbix", {"key": "mail", "state": "degraded"})
    lab.go(5)
    assert lab.state("mail") == "degraded"
    lab.come_in("zabbix", {"key": "mail", "state": "ok"})
    lab.go(HOLD)
    assert lab.state("mail") == "operational"
