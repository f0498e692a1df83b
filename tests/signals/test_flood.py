"""A source that says too much: what touches a service stays, the rest is counted and said, and nobody waits long."""

from __future__ import annotations

import itertools
import math
import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from talaia.api.rate_limit import Rate, RateLimiter
from talaia.config import SourceConfig, current
from talaia.outbox.batches import batches
from talaia.signals import actions
from talaia.signals.actions import rows, webhooks
from talaia.signals.client import Heard
from talaia.signals.flood import actions as flood
from talaia.signals.flood import bound
from talaia.signals.flood.bound import RankedSignal, too_many
from talaia.signals.flood.fair_queue import FairQueue
from talaia.signals.matching import Concern
from talaia.signals.models import RawWebhook, Signal, SourceState
from talaia.signals.parse.report import Alert
from tests.signals.bodies import told

NOW = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
WEB, WIKI = frozenset({("web",)}), frozenset({("wiki",)})
SOURCE = SourceConfig(id="told", kind="alertmanager")


def one(
    key: str, says: frozenset[tuple[str, ...]] = frozenset(), firing: bool = True, minutes: int = 0
) -> RankedSignal:
    return RankedSignal(key, says, firing, NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("signals", "most", "gone"),
    [
        ([one("a"), one("b")], 2, set()),
        ([one("old"), one("new", minutes=1)], 1, {"old"}),
        ([one("ours", WEB), one("new", minutes=1)], 1, {"new"}),
        ([one("over", WEB, firing=False), one("new", minutes=1)], 1, {"new"}),
        ([one("over", WEB, firing=False, minutes=9), one("fires", WEB)], 1, {"over"}),
        ([one("new", WEB, minutes=1), one("same", WEB), one("other", WIKI)], 1, {"same"}),
        ([one("over", WIKI, firing=False, minutes=2), one("fires", WEB, minutes=1), one("too", WIKI)], 1, {"over"}),
        ([one("over", WIKI, firing=False, minutes=2), one("fires", WEB)], 1, {"over"}),
    ],
    ids=[
        "enough-room",
        "new",
        "ours",
        "ours-that-ended",
        "fires",
        "says-what-nobody-says",
        "nothing-hides-a-firing-one",
        "what-has-ended-may-go-whatever-it-says",
    ],
)
def test_what_stays_when_there_is_too_much(signals: list[RankedSignal], most: int, gone: set[str]) -> None:
    for order in itertools.permutations(signals):
        assert too_many(order, most) == gone


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood, "MOST", 20)
    monkeypatch.setattr(too_many, "__defaults__", (15,))
    monkeypatch.setattr(batches, "__defaults__", (7,))


def body(*labels: dict[str, str]) -> dict[str, Any]:
    alerts = [told("firing", **each)["alerts"][0] for each in labels]
    return {"version": "4", "status": "firing", "alerts": alerts, "truncatedAlerts": 0}


def come_in(said: object, now: datetime = NOW) -> None:
    actions.store_webhook("told", said, now)
    actions.handle_webhook(RawWebhook.objects.latest("pk"), SOURCE, now, Concern(current()))


def kept() -> set[str]:
    return set(Signal.objects.values_list("labels__alertname", flat=True))


@pytest.mark.django_db
@pytest.mark.usefixtures("little_room")
def test_a_flood_leaves_what_touches_a_service_and_the_newest_and_says_so() -> None:
    come_in(body({"alertname": "Web", "talaia_service": "website"}, *({"alertname": f"Old{n}"} for n in range(15))))
    assert Signal.objects.count() == 16 and SourceState.objects.get(pk="told").notes == []
    for round in range(4):
        at = NOW + timedelta(minutes=round + 1)
        come_in(body(*({"alertname": f"New{round}-{n}"} for n in range(500))), at)
        assert Signal.objects.count() <= 20
    assert "Web" in kept() and not any(name.startswith("Old") for name in kept())
    (note,) = SourceState.objects.get(pk="told").notes
    assert note["code"] == "too_many" and note["count"] == 16 + 4 * 500 - Signal.objects.count()
    come_in(body({"alertname": "Wiki", "talaia_service": "chat"}), NOW + timedelta(minutes=9))
    assert {"Web", "Wiki"} <= kept()
    come_in(body({"alertname": "Quiet"}), NOW + timedelta(days=2))
    assert SourceState.objects.get(pk="told").notes == []


@pytest.mark.django_db
@pytest.mark.usefixtures("little_room")
def test_what_is_known_ends_however_much_else_is_said_at_once() -> None:
    come_in(body({"alertname": "Web", "talaia_service": "website"}))
    ends = told("resolved", alertname="Web", talaia_service="website")["alerts"]
    more = body(*({"alertname": f"M{n}", "talaia_service": "chat"} for n in range(100)))
    come_in({**more, "alerts": [*more["alerts"], *ends]}, NOW + timedelta(minutes=1))
    assert not Signal.objects.filter(labels__alertname="Web").exclude(state="resolved").exists()
    assert Signal.objects.filter(labels__talaia_service="chat", state="firing").exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("little_room")
@pytest.mark.parametrize("seed", range(8))
def test_however_much_is_said_the_same_is_known_of_each_service_as_without_a_bound(seed: int) -> None:
    """A sender that repeats what fires, as Alertmanager does, and tells once what is over."""
    dice, concern, fires, since = random.Random(seed), Concern(current()), set[int](), dict[int, datetime]()
    every = [
        {"alertname": f"A{n}"}
        | dice.choice([{}, {"talaia_service": "website"}, {"talaia_service": "chat"}])
        | dice.choice([{}, {"talaia_impact": "degraded"}, {"talaia_impact": "partial"}])
        for n in range(80)
    ]
    for round in range(12):
        before, fires = fires, set(dice.sample(range(80), dice.choice([0, 3, 14, 40, 80])))
        now = NOW + timedelta(minutes=round)
        since = {n: since.get(n, now) for n in fires | before}
        said = [("firing", n) for n in fires] + [("resolved", n) for n in before - fires]
        dice.shuffle(said)
        hours = [
            {"startsAt": since[n].isoformat()} | ({} if n in fires else {"endsAt": now.isoformat()}) for _, n in said
        ]
        alerts = [told(how, **every[n])["alerts"][0] | at for (how, n), at in zip(said, hours, strict=True)]
        come_in({**body(), "alerts": alerts}, now)
        since = {n: since[n] for n in fires}
        known = Signal.objects.exclude(state="resolved").values_list("labels", flat=True)
        assert {row["alertname"] for row in known} <= {f"A{n}" for n in fires}
        said_of = set().union(*(concern.about(Alert(row, True)) for row in known))
        assert said_of == set().union(*(concern.about(Alert(every[n], True)) for n in fires))
        assert Signal.objects.count() <= 20 + 7


@pytest.mark.django_db
@pytest.mark.usefixtures("little_room")
def test_what_a_person_has_silenced_does_not_stand_for_what_nobody_has() -> None:
    fields = {"source": "told", "annotations": {}, "starts_at": NOW, "via": "poll"}
    for n in range(30):
        labels, state = {"alertname": f"A{n}", "talaia_service": "website"}, "suppressed" if n else "firing"
        at = NOW + timedelta(minutes=n)
        Signal.objects.create(key=f"{n}", labels=labels, state=state, last_seen=at, **fields)
    flood.keep_to_bound("told", Concern(current()))
    assert Signal.objects.count() == 16 and "A0" in kept()


@pytest.mark.django_db
@pytest.mark.usefixtures("little_room")
def test_a_large_body_is_written_in_small_transactions_and_begun_anew_after_a_kill(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual, left = rows.apply, [2]

    def apply(*given: Any, **more: Any) -> list[Alert]:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return usual(*given, **more)

    monkeypatch.setattr(webhooks, "apply", apply)
    with pytest.raises(KeyboardInterrupt):
        come_in(body(*({"alertname": f"M{n}"} for n in range(20))))
    assert Signal.objects.count() == 14
    (again,) = RawWebhook.objects.all()
    assert again.handled_at is None
    monkeypatch.setattr(webhooks, "apply", usual)
    actions.handle_webhook(again, SOURCE, NOW, Concern(current()))
    assert Signal.objects.count() == 20 and RawWebhook.objects.get().handled_at


@pytest.mark.django_db
@pytest.mark.usefixtures("little_room")
def test_what_has_ended_long_ago_at_a_source_that_is_asked_is_bounded_too() -> None:
    source, concern = SourceConfig(id="p", kind="prometheus", url="http://p.example.org"), Concern(current())
    for round in range(30):
        at = NOW + timedelta(minutes=round)
        alerts = tuple(Alert({"alertname": f"A{round}-{n}", "talaia_service": "website"}, True) for n in range(3))
        actions.store_poll(source, Heard(alerts), at, at)
        flood.keep_to_bound("p", concern)
    assert Signal.objects.count() <= 20
    assert Signal.objects.exclude(state="resolved").count() == 3


@pytest.mark.django_db
@pytest.mark.usefixtures("little_room")
def test_of_what_is_stored_that_fires_stays_before_what_has_ended_however_new_that_is() -> None:
    concern = Concern(current())
    for firing, minutes in ((True, 0), (False, 9)):
        for n in range(10):
            Signal.objects.create(
                source="told",
                key=f"{firing}{n}",
                labels={"alertname": f"{firing}{n}"},
                annotations={},
                state=Signal.FIRING if firing else Signal.RESOLVED,
                starts_at=NOW,
                last_seen=NOW + timedelta(minutes=minutes),
            )
    assert flood.keep_to_bound("told", concern) == 0
    one_more = Signal.objects.get(key="False0")
    one_more.pk, one_more.key = None, "one more"
    one_more.save()
    assert flood.keep_to_bound("told", concern) == 6
    assert Signal.objects.filter(state=Signal.FIRING).count() == 10


@pytest.mark.django_db
@pytest.mark.usefixtures("little_room")
def test_a_source_that_floods_pushes_out_nothing_of_another_and_goes_a_little_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flood, "AT_ONCE", 7)
    fields = {"annotations": {}, "state": Signal.FIRING, "starts_at": NOW}
    for source, count, minutes in (("quiet", 20, 0), ("told", 35, 9)):
        for n in range(count):
            at = NOW + timedelta(minutes=minutes)
            Signal.objects.create(source=source, key=f"{n}", labels={"alertname": f"A{n}"}, last_seen=at, **fields)
    assert flood.keep_to_bound("quiet", Concern(current())) == 0, "what others say fills nobody's room"
    with CaptureQueriesContext(connection) as queries:
        assert flood.keep_to_bound("told", Concern(current())) == 20
    assert sum(query["sql"].startswith("DELETE") for query in queries) == 3, "seven in a transaction at most"
    assert [Signal.objects.filter(source=source).count() for source in ("quiet", "told")] == [20, 15]


@pytest.mark.django_db
@pytest.mark.usefixtures("little_room")
def test_of_one_body_all_that_is_known_is_taken_and_of_the_others_the_newest_that_fit() -> None:
    concern = Concern(current())
    alerts = {
        f"k{n}": Alert({"alertname": f"M{n}"}, True, starts_at=NOW - timedelta(minutes=n)) for n in reversed(range(30))
    }
    assert list(flood.fitting("told", alerts, concern, NOW)) == [f"k{n}" for n in reversed(range(15))]
    Signal.objects.create(
        source="told", key="k29", labels={}, annotations={}, state=Signal.FIRING, starts_at=NOW, last_seen=NOW
    )
    assert set(flood.fitting("told", alerts, concern, NOW)) == {"k29", *(f"k{n}" for n in range(15))}
    few = {key: alerts[key] for key in list(alerts)[:20]}
    assert flood.fitting("told", few, concern, NOW) == few


@pytest.mark.django_db
@pytest.mark.usefixtures("little_room")
def test_of_one_body_what_another_source_told_is_not_known_and_what_says_no_hour_is_of_now() -> None:
    alerts = {
        f"k{n}": Alert({"alertname": f"M{n}"}, True, starts_at=NOW - timedelta(minutes=n) if n < 29 else None)
        for n in range(30)
    }
    for key in alerts:
        Signal.objects.create(
            source="other", key=key, labels={}, annotations={}, state=Signal.FIRING, starts_at=NOW, last_seen=NOW
        )
    assert set(flood.fitting("told", alerts, Concern(current()), NOW)) == {"k29", *(f"k{n}" for n in range(14))}


@pytest.mark.django_db
def test_what_was_left_out_of_one_source_is_not_said_of_another() -> None:
    SourceState.objects.create(source="loud", notes=[{"code": "our_line"}, *flood.flooded("loud", 3, NOW)])
    assert [note["count"] for note in flood.flooded("loud", 4, NOW)] == [7], "other notes are none of it"
    assert flood.flooded("told", 0, NOW) == []
    assert [note["count"] for note in flood.flooded("told", 4, NOW)] == [4]


@pytest.mark.django_db
def test_that_something_was_left_out_is_said_for_a_day_after_it_was_so_last() -> None:
    assert flood.flooded("told", 0, NOW) == []
    said = flood.flooded("told", 3, NOW)
    state = SourceState.objects.create(source="told", notes=said)
    hours = [NOW + timedelta(hours=hours) for hours in (1, 23, 24)]
    assert [flood.flooded("told", 0, at) for at in hours] == [said, said, []]
    state.notes = flood.flooded("told", 4, hours[1])
    state.save()
    assert state.notes == [{"code": "too_many", "count": 7, "at": hours[1].isoformat()}]
    assert flood.flooded("told", 0, hours[2]) == state.notes


def test_a_burst_is_taken_and_then_as_much_as_the_rate_allows() -> None:
    limiter = RateLimiter((Rate(3, 1), Rate(100, 10)))
    assert [limiter.wait("a", 0.0, 1, 10) for _ in range(4)] == [0, 0, 0, 1]
    assert limiter.wait("b", 0.0, 1, 10) == 0, "another sender is not held up"
    assert limiter.wait("a", 1.0, 1, 10) == 0
    assert limiter.wait("a", 100.0, 1, 100) == 0
    assert limiter.wait("a", 100.0, 1, 50) == 5, "what is refused costs nothing"
    assert limiter.wait("a", 105.0, 1, 50) == 0
    assert limiter.wait("a", 90.0, 1, 1) > 0, "a clock that stands still lets nobody in"


@pytest.mark.parametrize("seed", range(60))
def test_after_so_many_seconds_as_are_said_it_is_taken_and_a_second_before_it_is_not(seed: int) -> None:
    """Against an account that is reckoned without rounding."""
    dice, now = random.Random(seed), Fraction(0)
    rates = tuple(Rate(dice.randint(1, 60), dice.choice([0.25, 0.5, 1, 2, 10])) for _ in range(dice.randint(1, 3)))
    limiter, accounts, at = RateLimiter(rates), {name: [Fraction(rate.burst) for rate in rates] for name in "ab"}, now
    for _ in range(60):
        now += Fraction(dice.choice([0, 0, dice.randint(0, 8), dice.randint(0, 400)]), dice.choice([1, 4, 8]))
        for account in accounts.values():
            for place, rate in enumerate(rates):
                account[place] = min(Fraction(rate.burst), account[place] + (now - at) * Fraction(rate.each_second))
        name, at = dice.choice("ab"), now
        amounts = [dice.randint(0, int(rate.burst)) for rate in rates]
        account = accounts[name]
        lacking = [(n - has) / Fraction(rate.each_second) for n, has, rate in zip(amounts, account, rates, strict=True)]
        seconds = math.ceil(max(Fraction(0), *lacking))
        assert limiter.wait(name, float(now), *amounts) == seconds
        if not seconds:
            accounts[name] = [has - n for n, has in zip(amounts, account, strict=True)]
            continue
        for wait, left in ((seconds - 1, 1), (seconds, 0)):
            later = RateLimiter(rates, spent=dict(limiter.spent))
            assert later.wait(name, float(now + wait), *amounts) == left


def taken_up(turns: FairQueue, waiting: str, most: int, costs: dict[str, float]) -> str:
    """The sources of the first `most` that are taken up of `waiting`, a letter each."""
    now, order = [0.0], ""
    for _, source in turns.of(enumerate(waiting), lambda: now[0]):
        order += source
        now[0] += costs.get(source, 1.0)
        if len(order) == most:
            break
    return order


def test_a_source_that_floods_keeps_only_itself_waiting() -> None:
    turns = FairQueue()
    assert taken_up(turns, "FFFFFFFFFFa", 11, {"F": 5.0}) == "FaFFFFFFFFF"
    assert taken_up(turns, "FFFFFFFF", 1, {"F": 5.0}) == "F"
    for _ in range(3):  # what comes meanwhile goes first, each time
        assert taken_up(turns, "FFFFFFFaF", 3, {"F": 5.0, "a": 0.01}) == "aFF"
    assert taken_up(turns, "FFab", 9, {"F": 5.0}) in ("abFF", "baFF")
    assert taken_up(turns, "Fa", 2, {}) == "Fa", "all was taken up: everybody begins anew"


@pytest.mark.parametrize(
    ("waiting", "costs", "order"),
    [
        ("FFa", {"F": 0.5}, "FaF"),  # half a second is more than nothing
        ("FFa", {"F": 0.0}, "FFa"),  # what costs nothing is taken up as it came
        ("abba", {"a": 2.0}, "abba"),
        ("aabb", {"b": 0.5}, "abba"),  # it is the time that each one took, not the hour at which it was taken up
    ],
)
def test_whoever_has_taken_the_least_time_is_next_and_of_two_alike_who_came_first(
    waiting: str, costs: dict[str, float], order: str
) -> None:
    assert taken_up(FairQueue(), waiting, 4, costs) == order


def test_the_bodies_of_one_source_are_taken_up_as_they_came() -> None:
    order = [number for number, source in FairQueue().of(enumerate("abbaabab" * 9), itertools.count().__next__)]
    for source in "ab":
        numbers = [number for number in order if ("abbaabab" * 9)[number] == source]
        assert numbers == sorted(numbers) and len(numbers) == 36


@pytest.mark.torture
@pytest.mark.django_db(transaction=True)
def test_eight_posts_of_thirty_thousand_alerts_leave_room_for_everybody_else() -> None:
    come_in(body({"alertname": "Web", "talaia_service": "website"}))
    for round in range(8):
        actions.store_webhook("told", body(*({"alertname": f"M{round}-{n}"} for n in range(30_000))), NOW)
        with CaptureQueriesContext(connection) as queries:
            actions.handle_webhook(RawWebhook.objects.latest("pk"), SOURCE, NOW, Concern(current()))
        transactions = sum(query["sql"].startswith(("BEGIN", "SAVEPOINT")) for query in queries)
        assert transactions > 10
    assert Signal.objects.count() <= bound.MOST and "Web" in kept()
    assert SourceState.objects.get(pk="told").notes[0]["count"] > 200_000
