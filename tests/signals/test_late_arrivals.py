"""News that arrives after what it was overtaken by turns nothing; a question to the source itself does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talaia.config import SourceConfig
from talaia.signals.late_arrivals import REPEATED, TOLERANCE, KnownAlert, old_news, one_word_each, unlisted
from talaia.signals.models import Signal
from talaia.signals.parse.report import Alert
from tests.signals.bodies import pushed, told
from tests.signals.conftest import Lab
from tests.signals.test_actions import come_in

NOW = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return NOW + minutes * MINUTE


OVER = KnownAlert(False, at(0), at(5))
ON = KnownAlert(True, at(10))


@pytest.mark.parametrize(
    ("what", "firing", "starts", "ends", "known", "old"),
    [
        ("it began before its end", True, at(0), None, OVER, True),
        ("it began just before its end", True, at(4.9), None, OVER, True),
        ("it began when the other ended", True, at(5), None, OVER, False),
        ("it began after that", True, at(6), None, OVER, False),
        ("nobody says when it began", True, None, None, OVER, False),
        ("it is pushed, and was sent before the end", True, at(0), at(9), OVER, True),
        ("it is pushed, and may have been sent just before the end", True, at(0), at(10), OVER, True),
        ("it is pushed, and can only have been sent after the end", True, at(0), at(12), OVER, False),
        ("it fires, and fired before", True, at(10), None, ON, False),
        ("it fires, since later", True, at(12), None, ON, False),
        ("it is of an outage before this one", True, at(2), None, ON, True),
        ("another of a pair saw it earlier, and it goes on", True, at(2), at(20), ON, False),
        ("it goes on for longer than was known", True, at(2), at(20), KnownAlert(True, at(10), at(15)), False),
        ("it goes on for no longer than was known", True, at(2), at(15), KnownAlert(True, at(10), at(15)), True),
        ("the end of this outage", False, at(10), at(15), ON, False),
        ("the end of the one before", False, at(0), at(5), ON, True),
        ("an end without an hour", False, None, None, ON, False),
        ("the end of what is over", False, at(0), at(5), OVER, False),
    ],
)  # fmt: skip
def test_what_is_old_news(
    what: str, firing: bool, starts: datetime | None, ends: datetime | None, known: KnownAlert, old: bool
) -> None:
    assert old_news(Alert({}, firing, {}, starts, ends), known) is old, what


@pytest.mark.parametrize(
    ("firing", "starts", "ends", "known", "from_when"),
    [
        (False, None, 0, ON, at(10)),  # an end, of what began at ten
        (True, 0, None, OVER, at(5)),  # a beginning, of what ended at five
        (True, 0, None, ON, at(10)),
    ],
)
def test_two_clocks_may_differ_by_the_tolerance_and_not_by_more(
    firing: bool, starts: int | None, ends: int | None, known: KnownAlert, from_when: datetime
) -> None:
    for early, old in ((0, False), (30, False), (31, True)):
        moment = from_when - timedelta(seconds=early)
        told = Alert({}, firing, {}, None if starts is None else moment, None if ends is None else moment)
        assert old_news(told, known, TOLERANCE) is old, early
        assert old_news(told, known) is (early > 0), early
    assert (timedelta(seconds=30), timedelta(minutes=4)) == (TOLERANCE, REPEATED)


@pytest.mark.parametrize("firing", [True, False])
@pytest.mark.parametrize(("later", "counts"), [(-1, "first"), (0, "second"), (1, "second")])
def test_of_two_words_of_one_body_that_of_the_later_hour_counts_and_of_one_hour_the_last(
    firing: bool, later: int, counts: str
) -> None:
    first, second = (
        Alert({"alertname": "Web"}, firing, {"summary": words}, at(hour), None if firing else at(hour))
        for words, hour in (("first", 1), ("second", 1 + later))
    )
    found = one_word_each([first, second], lambda labels: labels["alertname"], at(9), timedelta(hours=1))
    assert found["Web"].annotations["summary"] == counts


WEBHOOK = SourceConfig(id="h", kind="push")
TOLD = SourceConfig(id="told", kind="alertmanager")
ASKED = SourceConfig(id="a", kind="alertmanager", url="http://a.example.org")
PUSH = SourceConfig(id="push", kind="prometheus-push")


def said(state: str, minutes: float | None = None, **more: Any) -> dict[str, Any]:
    return {"key": "web", "state": state} | ({"at": at(minutes).isoformat()} if minutes is not None else {}) | more


def firing() -> list[str]:
    return sorted(Signal.objects.exclude(state=Signal.RESOLVED).values_list("source", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("bodies", "fires"),
    [
        ([said("down", 0), said("up", 5), said("down", 0)], False),
        ([said("up", 5), said("down", 0)], False),
        ([said("down", 0), said("up", 5), said("down", 0), said("down", 1), said("down", 0)], False),
        ([said("down", 0), said("up", 5), said("down", 7)], True),
        ([said("down", 0), said("up", 5), said("down")], True),
        ([said("down", 10), said("up", 5)], True),
        ([said("down", 0), said("down", 12), said("up", 5)], True),  # the end in between came last
        ([said("down", 0), said("down", 12), said("up", 5), said("up", 15)], False),
        ([said("down", 12), said("down", 0), said("up", 5)], True),
        ([said("down", 0), said("down", 12), said("down", 0), said("up", 5)], True),
        ([said("down", 10), said("up", 5), said("up", 15)], False),
        ([said("up", 5), said("up", 15), said("down", 10)], False),  # the latest end counts
        ([said("up", 15), said("up", 5), said("down", 10)], False),
        ([said("up", 60 * 24 * 365), said("down", 25)], True),  # nobody knows an end that is still to come
        ([said("up"), said("down", 19.8)], True),  # by another clock than ours
    ],
)
def test_a_generic_sender_that_queues_and_retries(bodies: list[dict[str, Any]], fires: bool) -> None:
    for body in bodies:
        come_in(WEBHOOK, body, at(20))
    assert bool(firing()) is fires


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("bodies", "fires"),
    [
        ([[said("down", 0), said("up", 5)]], False),
        ([[said("up", 5), said("down", 0)]], False),
        ([[said("down", 0), said("up", 5), said("down", 7)]], True),
        ([[said("down", 7), said("up", 5), said("down", 0)]], True),
        ([[said("down"), said("up")]], False),
        ([[said("up"), said("down")]], True),
        ([said("down", 0), [said("up", 5), said("down", 0)]], False),
        ([said("down", 0), said("up", 5), [said("down", 0), said("up", 5)]], False),
        ([[said("down", 0), said("disruption", 2), said("degraded", 1)]], True),
        ([[said("up", 15), said("up", 5), said("down", 10)]], False),
        ([[said("down", 0), said("down", 12), said("up", 5)]], True),
        ([[said("down", 12), said("down", 0), said("up", 5)]], True),
        ([[said("up", 5)], [said("down", 6), said("up", 8), said("down", 6)]], False),
    ],
)
def test_what_was_queued_and_is_posted_at_once_counts_as_if_it_came_one_by_one(bodies: list[Any], fires: bool) -> None:
    for body in bodies:
        come_in(WEBHOOK, body, at(20))
    assert bool(firing()) is fires


@pytest.mark.django_db
@pytest.mark.parametrize(
    "zero", ["0001-01-01T00:00:00Z", "1970-01-01T00:00:07Z", "1970-01-01T01:00:00+01:00", "1980-01-06T00:00:00Z"]
)
def test_a_clock_that_nobody_has_set_yet_says_nothing_of_when(zero: str) -> None:
    """A router without a battery begins its day in 1970."""
    come_in(WEBHOOK, said("down", 0), at(1))
    come_in(WEBHOOK, said("up") | {"at": zero}, at(2))
    assert not firing()
    come_in(WEBHOOK, said("down") | {"at": zero}, at(3))
    assert firing() == ["h"]
    assert Signal.objects.get().starts_at == at(3)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, database=None, derandomize=True)
@given(
    news=st.lists(st.tuples(st.sampled_from(["down", "up"]), st.none() | st.integers(0, 25)), min_size=2, max_size=5)
)
def test_whatever_is_queued_says_at_once_what_it_says_one_by_one(news: list[tuple[str, int | None]]) -> None:
    Signal.objects.all().delete()
    for state, minute in news:
        come_in(WEBHOOK, said(state, minute), at(20))
    one_by_one = firing()
    Signal.objects.all().delete()
    come_in(WEBHOOK, [said(state, minute) for state, minute in news], at(20))
    assert firing() == one_by_one


@pytest.mark.django_db
@pytest.mark.parametrize("source", ["generic", "alertmanager"])
def test_in_whatever_order_it_comes_the_latest_is_so(source: str) -> None:
    """Also where some of it comes twice."""
    wrong = []
    history = [("down", 0), ("up", 5), ("down", 10), ("up", 15)]
    for length in (2, 3, 4):
        for order in permutations(history[:length]):
            Signal.objects.all().delete()
            for state, minute in (*order, order[0]):
                if source == "generic":
                    come_in(WEBHOOK, said(state, minute), at(20))
                else:
                    body = alert_of(minute) if state == "down" else alert_of(minute - 5, minute)
                    come_in(TOLD, body, at(20))
            if bool(firing()) is not (length == 3):
                wrong.append(order)
    assert wrong == []


@pytest.mark.django_db
def test_a_queue_of_prometheus_that_holds_a_beginning_and_its_end_is_over() -> None:
    begun = pushed("firing", NOW, alertname="Down")
    over = [{**begun[0], "endsAt": at(2).isoformat()}]
    come_in(PUSH, [*begun, *over], at(2.1))
    assert not firing()
    come_in(
        TOLD,
        {
            **told("firing", alertname="A"),
            "alerts": [told(one, alertname="A")["alerts"][0] for one in ("firing", "resolved")],
        },
        at(2),
    )
    assert not firing()


def alert_of(starts: float, ends: float | None = None) -> dict[str, Any]:
    """A webhook of an Alertmanager about one alert, whose hours are given."""
    body = told("firing" if ends is None else "resolved", alertname="Down")
    times = {"startsAt": at(starts).isoformat()} | ({} if ends is None else {"endsAt": at(ends).isoformat()})
    return {**body, "alerts": [{**body["alerts"][0], **times}]}


@pytest.mark.django_db
def test_an_end_that_comes_after_the_next_beginning_does_not_end_it() -> None:
    """Each notification is tried again on its own: that of the end came after that of the next outage."""
    for minute, body in enumerate((alert_of(0), alert_of(12), alert_of(0, 5))):
        come_in(TOLD, body, at(13 + minute))
    assert firing() == ["told"]
    assert Signal.objects.get().starts_at == at(0), "when it was first told to fire stays"
    come_in(TOLD, alert_of(12, 18), at(18))
    assert not firing()


@pytest.mark.django_db
def test_of_two_replicas_in_one_body_the_one_that_fires_counts() -> None:
    both = [told("firing", alertname="A", replica="1"), told("resolved", alertname="A", replica="2")]
    for bodies in (both, both[::-1]):
        come_in(TOLD, {**both[0], "alerts": [body["alerts"][0] for body in bodies]}, NOW)
        assert firing() == ["told"]


@pytest.mark.django_db
def test_a_beginning_that_is_still_to_come_has_begun_now_and_its_end_counts() -> None:
    """The sender's clock was hours ahead, or called its local time UTC; then somebody set it right."""
    come_in(WEBHOOK, said("down", 600), at(20))
    assert Signal.objects.get().starts_at == at(20)
    come_in(WEBHOOK, said("up", 25), at(25))
    assert not firing()


@pytest.mark.django_db
def test_an_impact_that_was_overtaken_does_not_come_back() -> None:
    for body in (said("disruption", 10), said("degraded", 2)):
        come_in(WEBHOOK, body, at(20))
    assert Signal.objects.get().annotations == {"talaia_impact": "disruption"}
    come_in(WEBHOOK, said("degraded", 12), at(21))
    assert Signal.objects.get().annotations == {"talaia_impact": "degraded"}


@pytest.mark.django_db
def test_one_straggler_of_an_alertmanager_that_is_never_asked_is_dropped_and_what_it_says_again_is_believed() -> None:
    """An Alertmanager whose Prometheus hung says "resolved", and then, again and again, that it fires as before."""
    come_in(TOLD, told("firing", alertname="Down"), NOW)
    come_in(TOLD, told("resolved", alertname="Down"), at(1))
    for _ in range(3):  # and its twin, and its retry
        come_in(TOLD, told("firing", alertname="Down"), at(2))
    assert not firing()
    come_in(TOLD, told("firing", alertname="Down"), at(7))
    assert firing() == ["told"]
    come_in(TOLD, told("resolved", alertname="Down"), at(8))
    come_in(TOLD, told("firing", alertname="Down"), at(20))
    assert not firing(), "the doubt begins anew"


@pytest.mark.django_db
def test_what_prometheus_pushes_itself_heals_with_its_next_repetition() -> None:
    """After a restart it takes an alert for the same as before: since when it fires tells nothing."""
    first = pushed("firing", NOW, alertname="Down")
    come_in(PUSH, first, NOW)
    come_in(PUSH, [{**first[0], "endsAt": at(2).isoformat()}], at(2.1))
    come_in(PUSH, first, at(2.2))
    assert not firing()
    come_in(PUSH, [{**first[0], "endsAt": at(8).isoformat()}], at(4))
    assert firing() == ["push"]


@pytest.mark.django_db(transaction=True)
def test_a_poll_has_the_last_word(lab: Lab) -> None:
    labels = {"alertname": "Down", "talaia_service": "web"}
    lab.monitoring.fire(**labels)
    lab.go(35)
    lab.monitoring.calm(**labels)
    lab.go(300)
    assert lab.state() == "operational"
    body = told("firing", **labels)
    lab.come_in("alertmanager", body)
    assert lab.state() == "operational", "it is of the outage before"
    lab.monitoring.fire(**labels)
    lab.monitoring.now += timedelta(seconds=2)
    lab.come_in("alertmanager", body)
    assert lab.state() == "disruption", "and yet the source says that it fires now"


@pytest.mark.parametrize(
    ("starts", "answered", "started", "expected"),
    [
        (1, 2, None, True),
        (1, 2, -60, True),
        (2, 2, None, False),
        (3, 2, None, False),
        (None, 2, None, False),
        (1, None, None, False),
        (1, 2, 0, False),  # it runs for two minutes: Prometheus may not have told it yet
        (1, 13 / 6, 0, True),  # for twice as long as it waits until it tells again
        (1, 3, 0, True),
    ],
)
def test_what_an_asked_source_should_have_listed_and_did_not(
    starts: float | None, answered: float | None, started: float | None, expected: bool
) -> None:
    moments = [None if minutes is None else at(minutes) for minutes in (starts, answered, started)]
    alert = Alert({"alertname": "Down"}, True, starts_at=moments[0])
    assert unlisted(alert, moments[1], moments[2], timedelta(seconds=65)) is expected


@pytest.mark.django_db(transaction=True)
def test_what_a_hook_tells_of_a_time_in_which_we_were_away_waits_for_the_answer_of_its_source(lab: Lab) -> None:
    labels = {"alertname": "Down", "talaia_service": "web"}
    lab.go(300)
    began = lab.monitoring.now - timedelta(minutes=2)  # and it has ended since
    body = told("firing", **labels)
    body["alerts"][0]["startsAt"] = began.isoformat()
    lab.come_in("alertmanager", body)
    assert lab.state() == "operational"
    body["alerts"][0]["startsAt"] = lab.monitoring.now.isoformat()
    lab.come_in("alertmanager", body)
    assert lab.state() == "disruption", "what is new is believed at once"


@pytest.mark.django_db
@pytest.mark.parametrize("ahead", [0, 1, 4])
@pytest.mark.parametrize("order", [["down", "up", "down"], ["up", "down"]])
def test_a_clock_that_goes_ahead_turns_nothing_red_for_ever_when_its_down_comes_after_its_up(
    ahead: int, order: list[str]
) -> None:
    """What was not answered is posted again: the outage was from 18 to 19 by our clock."""
    words = {"down": said("down", 18 + ahead), "up": said("up", 19 + ahead)}
    for minutes, word in zip((18, 19, 19.5)[-len(order) :], order, strict=True):
        come_in(WEBHOOK, words[word], at(minutes))
    assert not firing()
    come_in(WEBHOOK, said("down", 25 + ahead), at(25))
    assert firing(), "the next outage counts"
