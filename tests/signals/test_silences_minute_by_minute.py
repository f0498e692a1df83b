"""What an Alertmanager keeps quiet, minute by minute, in made-up maintenance: exactly its services, exactly then."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from talaia.config import AlertMatch, Reference, ServiceConfig
from talaia.config.matchers import Matcher, Matchers
from talaia.signals.parse.report import Silence
from talaia.signals.silences import SilenceChange, SilenceWindow, changes
from tests.signals.test_silences import SITE, USUAL

BEGIN = datetime(2026, 5, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OPS = {(False, True): "=", (False, False): "!=", (True, True): "=~", (True, False): "!~"}
SERVICES = (
    ServiceConfig(slug="web", **USUAL, alerts=(AlertMatch(match=Matchers.from_toml('job=~"web.*", env!="test"')),)),
    ServiceConfig(slug="chat", **USUAL),
    ServiceConfig(slug="links", **USUAL, reference=Reference(connections=("a.b", "c-1", "Gràcia x"))),
)
ABOUT: Mapping[str, list[dict[str, str]]] = {
    "web": [{"talaia_service": "web"}, {"job": "web1", "env": "real"}],
    "chat": [{"talaia_service": "chat"}],
    "links": [{"talaia_service": "links"}, {"talaia_connection": "a.b"}, {"talaia_connection": "Gràcia x"}],
}
OF_OTHERS = ({"talaia_service": "mail"}, {"talaia_connection": "axb"}, {"job": "web1", "env": "test"}, {"job": "w"})


class Alertmanager:
    """As its documents have it: it takes no start that has passed, and changes a silence under its id."""

    def __init__(self) -> None:
        self.silences: dict[str, Silence] = {}
        self.foreign = Silence(
            "f", (Matcher("job", "=", "x"),), BEGIN, BEGIN + 999 * MINUTE, "by hand [talaia x]", True
        )

    def listed(self, now: datetime) -> list[Silence]:
        return [*(replace(one, active=one.ends_at > now) for one in self.silences.values()), self.foreign]

    def take(self, change: SilenceChange, now: datetime) -> None:
        if change.body is None:
            self.silences[change.expire] = replace(self.silences[change.expire], ends_at=now)
            return
        body = change.body
        matchers = tuple(Matcher(m["name"], OPS[m["isRegex"], m["isEqual"]], m["value"]) for m in body["matchers"])
        start, end = datetime.fromisoformat(body["startsAt"]), datetime.fromisoformat(body["endsAt"])
        assert end > now
        known = self.silences.get(body["id"]) if "id" in body else None
        begun = known.starts_at if known and known.starts_at <= now else max(start, now)
        name = known.id if known else f"s{len(self.silences)}"
        self.silences[name] = Silence(name, matchers, begun, end, str(body["comment"]), True)

    def is_quiet(self, labels: Mapping[str, str], now: datetime) -> bool:
        active = (one for one in self.silences.values() if one.starts_at <= now < one.ends_at)
        return any(all(matcher.accepts(labels) for matcher in one.matchers) for one in active)


@pytest.mark.parametrize("seed", range(60))
def test_an_alert_is_quiet_while_its_service_is_worked_on_and_at_no_other_minute(seed: int) -> None:
    dice = random.Random(seed)
    start = dice.randrange(15, 40)
    end, step = start + dice.choice([5, 20, 60]), dice.choice([1, 1, 2, 5])  # a look each `step` minutes
    by_hand = dice.random() < 0.5  # a person says that it is over
    begins = start - dice.choice([0, 0, 5])
    over = end + dice.choice([-4, 0, 30, 90]) if by_hand else end
    touched = tuple(dice.sample([*ABOUT], dice.randrange(1, 4)))
    there = Alertmanager()
    for minute in range(end + 110):
        now, look = BEGIN + minute * MINUTE, minute // step * step
        if minute == look:
            window = SilenceWindow(
                "2026-001", BEGIN + start * MINUTE, BEGIN + end * MINUTE, touched, begins <= minute < over, by_hand
            )
            asked = [window] if minute < over else []
            for change in changes(asked, SERVICES, there.listed(now), SITE, now):
                there.take(change, now)
            assert not changes(asked, SERVICES, there.listed(now), SITE, now), "a second look finds nothing to do"
        lasts = (minute >= start or look >= begins) and look < over and (minute < end or by_hand)
        for slug, alerts in ABOUT.items():
            for labels in alerts:
                assert there.is_quiet(labels, now) is (slug in touched and lasts), (minute, labels)
        assert not any(there.is_quiet(labels, now) for labels in OF_OTHERS)
