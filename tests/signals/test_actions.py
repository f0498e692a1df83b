"""What is written of what is heard: as little as possible, nothing twice, and nothing lost on the way."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from talaia.config import CheckConfig, Config, SiteConfig, SourceConfig, Tables, Text
from talaia.outbox.models import Fact
from talaia.signals import actions
from talaia.signals.check_outcome import CheckOutcome, Streak
from talaia.signals.check_streaks import ProbedCheck
from talaia.signals.client import Heard
from talaia.signals.evidence import Measured
from talaia.signals.inputs import CHECKS
from talaia.signals.matching import Concern
from talaia.signals.models import Evidence, PollRequest, RawWebhook, Signal, SourceState, Token
from talaia.signals.parse.report import Alert
from talaia.signals.tokens import actions as tokens
from tests.signals.bodies import HEARTBEAT, pushed, told

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
PROMETHEUS = SourceConfig(id="p", kind="prometheus", url="http://p.example.org")
ALERTMANAGER = SourceConfig(id="a", kind="alertmanager", url="http://a.example.org")
TOLD = SourceConfig(id="told", kind="alertmanager")
PUSH = SourceConfig(id="push", kind="prometheus-push")


def writes(queries: Iterable[dict[str, Any]]) -> list[str]:
    words = ("INSERT", "UPDATE", "DELETE")
    return [query["sql"] for query in queries if query["sql"].startswith(words)]


def come_in(source: SourceConfig, body: object, now: datetime = NOW) -> None:
    actions.store_webhook(source.id, body, now)
    actions.handle_webhook(RawWebhook.objects.latest("pk"), source, now)


def heard(*names: str, **fields: Any) -> Heard:
    return Heard(tuple(Alert({"alertname": name}, True, {"value": "1"}) for name in names), **fields)


def states(source: SourceConfig) -> dict[str, str]:
    return {row.labels["alertname"]: row.state for row in Signal.objects.filter(source=source.id)}


def test_a_poll_that_brings_nothing_new_writes_one_row() -> None:
    answer = heard("Down", "Slow", measured=(Measured("web", "", 1.0, 3.0), Measured("links", "a", 0.0, 3.0)))
    actions.store_poll(PROMETHEUS, answer, NOW, NOW)
    later = NOW + 30 * SECOND
    with CaptureQueriesContext(
        connection,
    ) as queries:
        older = heard("Down", "Slow", measured=(Measured("web", "", 1.0, 14.0), Measured("links", "a", 0.0, 14.0)))
        actions.store_poll(PROMETHEUS, older, later, later)
    assert len(writes(queries)) == 1
    assert SourceState.objects.get(pk="p").heard_at == later


def test_a_full_answer_replaces_and_what_comes_back_fires_again() -> None:
    actions.store_poll(PROMETHEUS, heard("Down", "Slow"), NOW, NOW)
    actions.store_poll(PROMETHEUS, heard("Slow"), NOW + MINUTE, NOW + MINUTE)
    assert states(PROMETHEUS) == {"Down": "resolved", "Slow": "firing"}
    assert Signal.objects.get(labels={"alertname": "Down"}).ends_at == NOW + MINUTE
    actions.store_poll(PROMETHEUS, heard("Down", "Slow"), NOW + 2 * MINUTE, NOW + 2 * MINUTE)
    assert states(PROMETHEUS) == {"Down": "firing", "Slow": "firing"}


def test_samples_that_are_too_old_or_no_longer_there_are_none() -> None:
    samples = (Measured("web", "", 1.0, 90.0), Measured("wiki", "", 1.0, 90.5), Measured("mail", "", 1.0, 1.0))
    actions.store_poll(PROMETHEUS, heard(measured=samples), NOW, NOW)
    assert set(Evidence.objects.values_list("service", flat=True)) == {"web", "mail"}
    actions.store_poll(PROMETHEUS, heard(measured=samples[:1]), NOW, NOW)
    assert set(Evidence.objects.values_list("service", flat=True)) == {"web"}


def test_what_rings_while_we_ask_is_not_ended_by_the_answer_to_that_question() -> None:
    asked_at = NOW
    come_in(ALERTMANAGER, told("firing", alertname="Down"), NOW + SECOND)
    actions.store_poll(ALERTMANAGER, heard(), asked_at, NOW + 2 * SECOND)
    assert states(ALERTMANAGER) == {"Down": "firing"}
    actions.store_poll(ALERTMANAGER, heard(), NOW + 3 * SECOND, NOW + 4 * SECOND)
    assert states(ALERTMANAGER) == {"Down": "resolved"}


@pytest.mark.parametrize(
    ("since_start", "over_in_prometheus", "state"),
    [(60, False, "firing"), (123, False, "firing"), (125, False, "resolved"), (60, True, "resolved")],
)
def test_an_alertmanager_that_has_just_started_ends_nothing_but_what_prometheus_ended(
    since_start: int, over_in_prometheus: bool, state: str
) -> None:
    actions.store_poll(ALERTMANAGER, heard("Down"), NOW, NOW)
    actions.store_poll(PROMETHEUS, heard("Down"), NOW, NOW)
    if over_in_prometheus:
        actions.store_poll(PROMETHEUS, heard(), NOW + SECOND, NOW + SECOND)
    restarted = heard(started_at=NOW + MINUTE - since_start * SECOND)
    actions.store_poll(ALERTMANAGER, restarted, NOW + MINUTE, NOW + MINUTE)
    assert states(ALERTMANAGER) == {"Down": state}


def test_a_source_that_is_asked_only_rings_when_it_says_resolved() -> None:
    come_in(ALERTMANAGER, told("firing", alertname="Down"))
    come_in(ALERTMANAGER, told("resolved", alertname="Down"))
    assert states(ALERTMANAGER) == {"Down": "firing"}
    assert PollRequest.objects.filter(source="a", rung_at=NOW).exists()
    assert not SourceState.objects.filter(pk="a").exists(), "only an answer is a sign of life"
    come_in(TOLD, told("firing", alertname="Down"))
    come_in(TOLD, told("resolved", alertname="Down"))
    assert states(TOLD) == {"Down": "resolved"}
    assert SourceState.objects.get(pk="told").heard_at == NOW


def test_resolved_that_is_told_again_is_no_news() -> None:
    come_in(TOLD, told("firing", alertname="Down"))
    come_in(TOLD, told("resolved", alertname="Down"))
    come_in(TOLD, told("resolved", alertname="Down"), NOW + 4 * MINUTE)
    assert Signal.objects.get().last_seen == NOW, "or its hold would never end"


def test_heartbeats_keep_a_source_alive_and_fill_no_table() -> None:
    come_in(TOLD, told("firing", **HEARTBEAT))
    come_in(PUSH, pushed("firing", NOW, **HEARTBEAT))
    assert not RawWebhook.objects.exists()
    assert not Signal.objects.exists()
    assert set(SourceState.objects.values_list("source", "heard_at")) == {("told", NOW), ("push", NOW)}
    come_in(PUSH, pushed("resolved", NOW, **HEARTBEAT), NOW + MINUTE)
    state = SourceState.objects.get(pk="push")
    assert state.heard_at == NOW
    assert state.notes == [{"code": "skew", "seconds": -300}]
    assert RawWebhook.objects.count() == 1


def test_a_push_that_is_repeated_for_a_month_costs_no_row_and_what_changed_is_kept_alone() -> None:
    """Prometheus repeats all that is active each 75 s, with the numbers of now in its words."""
    everybody = [
        *(pushed("firing", NOW, alertname=f"Host{n}")[0] for n in range(50)),
        pushed("firing", NOW, alertname="WebDown", talaia_service="web")[0],
    ]

    concern = Concern(Config(Tables(site=SiteConfig(name=Text((("", "x"),)), address="https://status.example.org"))))

    def repeated(at: datetime, *bodies: dict[str, Any]) -> None:
        until = (at + 4 * MINUTE).isoformat()
        body = [{**one, "annotations": {"description": f"at {at:%H:%M}"}, "endsAt": until} for one in bodies]
        actions.store_webhook("push", body, at)
        actions.handle_webhook(RawWebhook.objects.latest("pk"), PUSH, at, concern)

    for number in range(100):
        repeated(NOW + number * 75 * SECOND, *everybody)
    (kept,) = RawWebhook.objects.all()
    assert [one["labels"]["alertname"] for one in kept.body] == ["WebDown"]
    assert Signal.objects.count() == 1, "what concerns nothing of ours and is repeated is not kept"
    assert SourceState.objects.get().heard_at == NOW + 99 * 75 * SECOND
    repeated(NOW + 200 * MINUTE, pushed("firing", NOW, alertname="ChatDown", talaia_service="chat")[0], *everybody)
    assert [one["labels"]["alertname"] for one in RawWebhook.objects.latest("pk").body] == ["ChatDown"]
    actions.store_webhook(
        "push", pushed("resolved", NOW, alertname="WebDown", talaia_service="web"), NOW + 201 * MINUTE
    )
    actions.handle_webhook(RawWebhook.objects.latest("pk"), PUSH, NOW + 201 * MINUTE, concern)
    assert RawWebhook.objects.count() == 3


@pytest.mark.parametrize("source", [TOLD, ALERTMANAGER, SourceConfig(id="h", kind="push")])
def test_a_webhook_that_repeats_itself_costs_no_row_either(source: SourceConfig) -> None:
    body: object = {"key": "web", "state": "down"} if source.kind == "push" else told("firing", alertname="Down")
    for number in range(20):
        come_in(source, body, NOW + number * 5 * MINUTE)
    assert RawWebhook.objects.count() == Signal.objects.count() == 1


def test_a_body_that_cannot_be_read_is_kept_with_what_is_wrong() -> None:
    come_in(TOLD, {"version": "5", "alerts": []})
    assert "version" in RawWebhook.objects.get().error
    actions.handle_webhook(RawWebhook.objects.create(source="gone", received_at=NOW, body=[]), None, NOW)
    assert "no longer in talaia.toml" in RawWebhook.objects.latest("pk").error


def test_what_prometheus_repeats_is_written_again_only_when_its_end_has_moved_enough() -> None:
    come_in(PUSH, pushed("firing", NOW, alertname="Down"))
    first = Signal.objects.get()
    come_in(
        PUSH, [{**pushed("firing", NOW, alertname="Down")[0], "endsAt": (NOW + 5 * MINUTE).isoformat()}], NOW + MINUTE
    )
    assert Signal.objects.get().ends_at == first.ends_at
    body = pushed("firing", NOW + 2 * MINUTE, alertname="Down")
    come_in(PUSH, body, NOW + 2 * MINUTE)
    assert Signal.objects.get().ends_at == NOW + 6 * MINUTE


def check(**fields: Any) -> CheckConfig:
    return CheckConfig(**{"id": "web", "kind": "http", "target": "http://127.0.0.1", "service": "web", **fields})


def outcome(ok: bool = True, slow: bool = False, what: str = "200 in 0.1 s", at: datetime = NOW) -> CheckOutcome:
    return CheckOutcome("web", ok, slow, False, 0.1, what, at)


def look(streak: Streak, found: CheckOutcome, now: datetime, one: CheckConfig | None = None) -> int:
    """Store the outcome of one round; how many rows were written."""
    one = one or check()
    with CaptureQueriesContext(connection) as queries:
        measured = [Measured(one.service or "", one.connection or "", float(found.ok), 0.0)]
        looked = ProbedCheck(one, found, streak, found.at, turned=False)
        actions.store_outcomes([looked], measured, (), [], 30 * SECOND, now)
    return len(writes(queries))


def test_a_check_that_is_well_writes_now_and_then_that_it_is() -> None:
    look(Streak(), outcome(), NOW)
    assert look(Streak(), outcome(what="200 in 0.2 s"), NOW + 20 * SECOND) == 0
    assert look(Streak(), outcome(what="200 in 0.3 s"), NOW + 30 * SECOND) == 2
    assert Evidence.objects.get().read_at == SourceState.objects.get(pk=CHECKS).heard_at == NOW + 30 * SECOND
    assert not Signal.objects.exists()


def test_a_check_in_trouble_is_a_signal_that_keeps_its_beginning_until_it_is_well() -> None:
    look(Streak(1), outcome(False, what="refused"), NOW)
    assert not Signal.objects.exists()
    assert Evidence.objects.get().value == 0.0
    look(Streak(2, trouble="down"), outcome(False, what="refused", at=NOW + MINUTE), NOW + MINUTE)
    look(Streak(3, trouble="down"), outcome(False, what="timed out", at=NOW + 2 * MINUTE), NOW + 2 * MINUTE)
    row = Signal.objects.get()
    assert (row.state, row.starts_at, row.last_seen) == ("firing", NOW + MINUTE, NOW + MINUTE)
    assert row.annotations == {"talaia_impact": "disruption", "what": "down"}
    look(Streak(0, 1, "slow"), outcome(slow=True, what="200 in 9 s"), NOW + 3 * MINUTE)
    row.refresh_from_db()
    assert (row.annotations["talaia_impact"], row.annotations["what"]) == ("degraded", "slow")
    look(Streak(), outcome(), NOW + 4 * MINUTE)
    row.refresh_from_db()
    assert (row.state, Signal.objects.count()) == ("resolved", 1)


def test_a_check_that_left_or_turned_to_another_service_takes_its_signal_with_it() -> None:
    one, other = check(), check(id="link", service="links", connection="ref1")
    look(Streak(2, trouble="down"), outcome(False), NOW, one)
    look(Streak(2, trouble="down"), outcome(False), NOW, other)
    actions.forget_checks([one, other], NOW)
    assert Signal.objects.filter(state="firing").count() == 2
    actions.forget_checks([check(service="wiki"), other], NOW)
    assert [row.labels["check"] for row in Signal.objects.filter(state="firing")] == ["link"]


def test_a_source_going_silent_is_one_fact_and_so_is_its_return() -> None:
    actions.store_poll(PROMETHEUS, heard(), NOW, NOW)
    for silent in (True, True, False, False):
        actions.note_silence("p", silent, NOW)
    assert list(Fact.objects.order_by("pk").values_list("kind", "subject")) == [
        ("source.silent", "source/p"),
        ("source.heard", "source/p"),
    ]


def test_a_failure_leaves_what_was_heard_and_is_written_once_for_a_while() -> None:
    actions.store_poll(PROMETHEUS, heard("Down"), NOW, NOW)
    actions.source_failed("p", "refused", NOW + MINUTE)
    actions.source_failed("p", "refused", NOW + MINUTE + SECOND)
    state = SourceState.objects.get(pk="p")
    assert (state.heard_at, state.tried_at, state.error) == (NOW, NOW + MINUTE, "refused")
    assert states(PROMETHEUS) == {"Down": "firing"}
    actions.store_poll(PROMETHEUS, heard("Down"), NOW + 2 * MINUTE, NOW + 2 * MINUTE)
    assert SourceState.objects.get(pk="p").error == ""


def test_a_token_lets_in_its_own_source_only_and_is_kept_as_a_digest() -> None:
    secret = tokens.issue_token("told", NOW)
    assert tokens.check_token("told", secret, NOW)
    assert not tokens.check_token("push", secret, NOW)
    assert not tokens.check_token("told", secret + "x", NOW)
    assert not tokens.check_token("told", "", NOW)
    assert not tokens.check_token("told", "\ud800", NOW), "whatever stands in a header"
    assert secret not in str(Token.objects.values_list())
    assert tokens.revoke_tokens("told", NOW) == 1
    assert not tokens.check_token("told", secret, NOW)


def test_the_time_of_a_tokens_last_use_is_not_written_with_every_body() -> None:
    secret = tokens.issue_token("told", NOW)
    tokens.check_token("told", secret, NOW)
    with CaptureQueriesContext(connection) as queries:
        tokens.check_token("told", secret, NOW + 59 * MINUTE)
    assert writes(queries) == []


def test_what_is_thirty_days_old_is_forgotten_and_what_nobody_repeats_has_ended() -> None:
    come_in(TOLD, told("resolved", alertname="Old"), NOW)
    come_in(TOLD, told("firing", alertname="Fires"), NOW)
    come_in(PUSH, pushed("firing", NOW, alertname="NotRepeated"), NOW)
    late = NOW + timedelta(days=30, seconds=1)
    actions.store_webhook("told", told("firing", alertname="Waits"), NOW)
    actions.purge(late)
    assert states(TOLD) == {"Fires": "firing"}
    assert states(PUSH) == {"NotRepeated": "resolved"}
    assert RawWebhook.objects.filter(handled_at=None).count() == RawWebhook.objects.count() == 1
