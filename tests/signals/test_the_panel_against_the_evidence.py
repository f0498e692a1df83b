"""What people say beside what is measured: no maintenance, no silence and no word that has run out hides it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from talaia.config import Config
from talaia.errors import UserError
from talaia.events import actions as events
from talaia.events.timeline import IncidentState, MaintenanceState
from talaia.outbox.models import Fact
from talaia.panel import actions as panel
from talaia.panel.by_hand import actions as hand
from talaia.panel.models import Day, Service, Transition
from talaia.panel.rollup import due_days
from talaia.panel.state import State
from talaia.site import snapshot
from tests.signals.conftest import CONFIG, WEB, Lab

pytestmark = pytest.mark.django_db(transaction=True)
WHY = {"ca": "Ho hem vist amb els nostres ulls.", "en": "We have seen it with our own eyes."}
MADRID = ZoneInfo("Europe/Madrid")


def go_down(lab: Lab) -> None:
    lab.monitoring.measure(WEB, ({"talaia_service": "web"}, 0.0))
    lab.monitoring.fire(alertname="Down", component="web")


def recover(lab: Lab) -> None:
    lab.monitoring.measure(WEB, ({"talaia_service": "web"}, 1.0))
    lab.monitoring.calm(component="web")


def begin_work(lab: Lab, level: State, *, silence: bool = False) -> str:
    window = (lab.now + timedelta(seconds=1), lab.now + timedelta(hours=20))
    words = {"ca": "Canvi de disc"}
    event = events.plan_maintenance(words, words, {"web": level}, window, lab.now, by="anna", silence=silence)
    lab.go(5)
    events.update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, words, lab.now, by="anna")
    lab.go(5)
    return event.ref


def complete(lab: Lab, ref: str) -> None:
    events.update_maintenance(ref, MaintenanceState.COMPLETED, {"ca": "Fet."}, lab.now, by="anna")
    lab.go(5)


def seconds(lab: Lab) -> dict[str, int]:
    """How the days so far are counted, once they are over."""
    for due in due_days(lab.now + timedelta(days=1), MADRID):
        panel.roll_up(due.slug, due.day, due.seconds, lab.now)
    total: dict[str, int] = {}
    for day in Day.objects.filter(service="web"):
        for state, value in day.seconds.items():
            total[state] = total.get(state, 0) + value
    return total


@pytest.mark.parametrize("silence", [False, True], ids=["heard", "silenced by our own maintenance"])
@pytest.mark.parametrize("level", [State.OPERATIONAL, State.DEGRADED, State.PARTIAL])
def test_an_outage_that_is_worse_than_announced_is_shown_and_counts_as_what_it_is(
    lab: Lab, level: State, silence: bool
) -> None:
    ref = begin_work(lab, level, silence=silence)
    assert lab.state() == "maintenance"
    go_down(lab)
    if silence:
        lab.go(35)
        lab.monitoring.silence(component="web")
    lab.go(3 * 3600, every=60)
    reason = lab.reason()
    assert (lab.state(), reason["code"]) == ("disruption", "alert")
    assert reason["also"] == {"code": "beyond_maintenance", "ref": ref}
    assert reason.get("silenced", False) is silence
    recover(lab)
    lab.go(200)
    assert lab.state() == "maintenance"
    complete(lab, ref)
    assert lab.state() == "operational"
    assert abs(seconds(lab)["disruption"] - 3 * 3600) < 300


@pytest.mark.parametrize("level", [State.DISRUPTION, State.MAINTENANCE])
def test_a_stop_that_was_announced_is_maintenance_and_leaves_no_red_behind_when_it_is_over(
    lab: Lab, level: State
) -> None:
    ref = begin_work(lab, level)
    for _ in range(3):  # it is restarted, and restarted again
        go_down(lab)
        lab.go(120)
        recover(lab)
        lab.go(35)
    assert (lab.state(), lab.reason()) == ("maintenance", {"code": "maintenance", "ref": ref})
    complete(lab, ref)
    lab.go(300)
    assert lab.seen() == ["operational", "maintenance", "operational"]
    assert "disruption" not in seconds(lab)


def test_what_still_fails_when_the_work_is_said_to_be_over_is_trouble_from_that_moment_on(lab: Lab) -> None:
    ref = begin_work(lab, State.DISRUPTION, silence=True)
    go_down(lab)
    lab.go(60)
    lab.monitoring.silence(component="web")
    lab.go(60)
    assert lab.state() == "maintenance"
    complete(lab, ref)
    assert lab.state() == "disruption"


def test_while_the_monitoring_is_silent_the_work_that_was_announced_is_what_is_known(lab: Lab) -> None:
    begin_work(lab, State.DEGRADED)
    lab.monitoring.prometheus_hangs = True
    lab.go(300)
    assert lab.state() == "maintenance"


def test_the_pager_is_silenced_in_the_middle_of_an_outage_and_the_page_says_no_more_than_that_somebody_knows(
    lab: Lab,
) -> None:
    go_down(lab)
    lab.down("ref01", "ref02", "ref03")
    lab.go(60)
    before = {slug: (lab.state(slug), lab.reason(slug)) for slug in ("web", "links")}
    lab.monitoring.silence(component="web")
    for name in ("ref01", "ref02", "ref03"):
        lab.monitoring.silence(link=name)
    lab.go(3600, every=30)
    for slug, (state, reason) in before.items():
        assert (lab.state(slug), lab.reason(slug)) == (state, {**reason, "silenced": True})
    assert lab.seen() == ["operational", "disruption"]
    assert "maintenance" not in seconds(lab)


def test_two_of_three_works_at_once_announce_what_the_heaviest_of_them_announces(lab: Lab) -> None:
    begin_work(lab, State.OPERATIONAL)
    ref = begin_work(lab, State.PARTIAL)
    begin_work(lab, State.DEGRADED)
    go_down(lab)
    lab.go(60)
    assert lab.reason()["also"] == {"code": "beyond_maintenance", "ref": ref}


def test_sixty_seconds_down_and_a_hundred_and_fifty_up_ten_times_is_two_troubles_and_says_since_when(lab: Lab) -> None:
    began = None
    for _ in range(10):
        go_down(lab)
        lab.go(60)
        began = began or Transition.objects.filter(service="web", to_state="disruption").earliest("at").at
        recover(lab)
        lab.go(150)
    assert began is not None
    assert len(lab.seen()) - 1 <= 4  # the first one is that it was seen at all
    assert (lab.state(), lab.reason()) == ("disruption", {"code": "unstable", "since": began.isoformat()})
    lab.go(10 * 60)
    assert (lab.state(), lab.reason()) == ("operational", {})


def test_how_soon_trouble_is_the_same_again_is_said_for_all_and_for_each(
    lab: Lab, configure: Callable[[str], Config]
) -> None:
    text = CONFIG.replace("[[groups]]", '[panel]\nunstable_within = "0s"\n\n[[groups]]', 1)
    text = text.replace('slug = "mail"', 'slug = "mail"\nunstable_within = "1h"')
    config = configure(text)
    found = {service.slug: config.unstable_within(service) for service in config.tables.services}
    assert (found["web"], found["mail"]) == (timedelta(0), timedelta(hours=1))
    for _ in range(3):
        go_down(lab)
        lab.go(60)
        recover(lab)
        lab.go(160)
    assert lab.seen() == ["operational", *["disruption", "operational"] * 3]


def test_a_restart_of_ours_forgets_no_unrest(lab: Lab) -> None:
    for _ in range(2):
        go_down(lab)
        lab.go(60)
        recover(lab)
        lab.go(160)
    lab.restart()
    lab.go(200)
    assert (lab.state(), lab.reason()["code"]) == ("disruption", "unstable")
    lab.go(300)
    assert lab.state() == "operational"


def test_what_was_set_by_hand_ends_at_its_very_hour_though_nobody_looked_then(lab: Lab) -> None:
    go_down(lab)
    lab.go(60)
    until = lab.now + timedelta(minutes=30)
    hand.set_by_hand("web", State.OPERATIONAL, until, WHY, "anna", lab.now)
    lab.go(5)
    assert (lab.state(), lab.reason()) == ("operational", {"code": "by_hand", "words": WHY})
    for due in due_days(lab.now + timedelta(days=1), MADRID):  # stored before its end was written down
        panel.roll_up(due.slug, due.day, due.seconds, lab.now)
    lab.go(1795, every=5)
    lab.monitoring.now += timedelta(seconds=107)  # a slow machine
    lab.step()
    last = Transition.objects.filter(service="web").latest("id")
    assert (last.from_state, last.to_state, last.at) == ("operational", "disruption", until)
    row = Service.objects.get(pk="web")
    assert (row.override_state, row.override_until, row.override_by, row.override_words) == ("", None, "", {})
    assert not Day.objects.filter(service="web", day__gte=until.date()).exists()
    (ended,) = Fact.objects.filter(kind="service.hand_ended")
    assert ended.data == {"state": "operational", "until": until.isoformat()}
    lab.go(60)
    assert Fact.objects.filter(kind="service.hand_ended").count() == 1


def test_a_word_that_runs_out_without_a_change_of_state_ends_too(lab: Lab) -> None:
    hand.set_by_hand("web", State.OPERATIONAL, lab.now + timedelta(minutes=1), WHY, "anna", lab.now)
    lab.go(70)
    assert (lab.seen(), lab.reason()) == (["operational"], {})
    assert Service.objects.get(pk="web").override_state == ""


def test_what_was_set_by_hand_is_taken_back_at_once_and_twice_is_once(lab: Lab) -> None:
    until = lab.now + timedelta(hours=2)
    for _ in range(2):
        hand.set_by_hand("web", State.PARTIAL, until, WHY, "anna", lab.now)
    lab.go(5)
    assert lab.state() == "partial"
    assert [hand.take_back("web", "bernat", lab.now) for _ in range(2)] == [True, False]
    lab.go(5)
    assert (lab.state(), lab.reason()) == ("operational", {})
    kinds = ["service.set_by_hand", "service.taken_back"]
    assert list(Fact.objects.filter(kind__in=kinds).values_list("kind", "by")) == [
        ("service.set_by_hand", "anna"),
        ("service.taken_back", "bernat"),
    ]


@pytest.mark.parametrize(
    ("slug", "state", "hours", "why", "said"),
    [
        ("web", State.MAINTENANCE, 1, WHY, "plan it"),
        ("web", State.PARTIAL, 0, WHY, "has passed"),
        ("web", State.PARTIAL, -1, WHY, "has passed"),
        ("web", State.PARTIAL, 24 * 31 + 1, WHY, "at most 31 days"),
        ("web", State.PARTIAL, 1, {}, "say why"),
        ("web", State.PARTIAL, 1, {"ca": " "}, "say why"),
        ("web", State.PARTIAL, 1, {"ca": "una\nlínia"}, "one line"),
        ("web", State.PARTIAL, 1, {"ca": "\u202eabc"}, "one line"),
        ("web", State.PARTIAL, 1, {"ca": "x" * 141}, "at most 140"),
        ("wbe", State.PARTIAL, 1, WHY, "no service “wbe”"),
    ],
)
def test_a_word_by_hand_has_an_end_and_a_reason_and_is_no_maintenance(
    lab: Lab, slug: str, state: State, hours: int, why: dict[str, str], said: str
) -> None:
    with translation.override("en"), pytest.raises(UserError, match=said):
        hand.set_by_hand(slug, state, lab.now + timedelta(hours=hours), why, "anna", lab.now)
    assert not Fact.objects.filter(kind="service.set_by_hand").exists()
    assert not Service.objects.exclude(override_state="").exists()


def test_an_incident_that_says_less_than_what_is_seen_stands_beside_it(lab: Lab) -> None:
    event = events.open_incident({"ca": "Lent"}, {"ca": "Hi som."}, {"web": State.DEGRADED}, lab.now, by="anna")
    go_down(lab)
    lab.go(60)
    assert (lab.state(), lab.reason()["also"]) == ("disruption", {"code": "incident", "ref": event.ref})
    assert snapshot.front(datetime.now(UTC)).services[0].also_path == f"/incidents/{event.ref}/"
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, lab.now, by="anna")
    lab.go(5)
    assert "also" not in lab.reason()
