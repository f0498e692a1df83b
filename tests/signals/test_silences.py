"""Which silences maintenance asks for, against those that are there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from talaia.config import AlertMatch, EvidenceConfig, Reference, ServiceConfig, Text
from talaia.config.matchers import Matcher, Matchers
from talaia.signals.parse.report import Silence
from talaia.signals.silences import SilenceChange, SilenceWindow, alerts_of, changes

NOW = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SITE = "https://status.example.org"
USUAL: dict[str, Any] = {"group": "g", "name": Text((("", "x"),)), "evidence": EvidenceConfig(source="p", query="up")}
WEB = ServiceConfig(slug="web", **USUAL)
WINDOW = SilenceWindow("2026-001", NOW, NOW + HOUR, ("web",))


def made(change: SilenceChange, number: int = 1) -> Silence:
    """The silence as Alertmanager lists it afterwards; it takes no start that has passed."""
    assert change.body is not None
    body = change.body
    ops = {(False, True): "=", (False, False): "!=", (True, True): "=~", (True, False): "!~"}
    matchers = tuple(Matcher(m["name"], ops[m["isRegex"], m["isEqual"]], m["value"]) for m in body["matchers"])
    start, end = datetime.fromisoformat(body["startsAt"]), datetime.fromisoformat(body["endsAt"])
    return Silence(str(body.get("id", f"s{number}")), matchers, max(start, NOW), end, str(body["comment"]), True)


def test_a_window_that_runs_has_its_silence_and_a_second_look_finds_nothing_to_do() -> None:
    (change,) = changes([WINDOW], [WEB], [], SITE, NOW)
    assert change.body is not None
    assert change.body["endsAt"] == (NOW + HOUR).isoformat()
    assert change.body["matchers"] == [{"name": "talaia_service", "value": "web", "isRegex": False, "isEqual": True}]
    silence = made(change)
    assert changes([WINDOW], [WEB], [silence], SITE, NOW) == []
    assert changes([replace(WINDOW, begun=True)], [WEB], [silence], SITE, NOW + timedelta(minutes=5)) == []


def test_it_stands_a_little_before_its_window_and_begins_with_it() -> None:
    later = replace(WINDOW, starts_at=NOW + timedelta(minutes=9))
    (change,) = changes([later], [WEB], [], SITE, NOW)
    assert change.body is not None
    assert change.body["startsAt"] == later.starts_at.isoformat()
    assert changes([replace(later, starts_at=NOW + timedelta(minutes=11))], [WEB], [], SITE, NOW) == []


def test_work_that_began_before_its_window_is_silenced_from_its_beginning() -> None:
    early = replace(WINDOW, starts_at=NOW + HOUR / 2, begun=True)
    (change,) = changes([early], [WEB], [], SITE, NOW)
    assert change.body is not None
    assert change.body["startsAt"] == NOW.isoformat()
    pending = made(
        changes([replace(early, begun=False, starts_at=NOW + timedelta(minutes=9))], [WEB], [], SITE, NOW)[0]
    )
    (sooner,) = changes([early], [WEB], [pending], SITE, NOW)
    assert sooner.body is not None
    assert (sooner.body["id"], sooner.body["startsAt"]) == (pending.id, NOW.isoformat())


def test_a_window_that_is_longer_now_has_its_silence_prolonged() -> None:
    silence = made(changes([WINDOW], [WEB], [], SITE, NOW)[0])
    (change,) = changes([replace(WINDOW, ends_at=NOW + 2 * HOUR)], [WEB], [silence], SITE, NOW)
    assert change.body is not None
    assert (change.body["id"], change.body["endsAt"]) == (silence.id, (NOW + 2 * HOUR).isoformat())


def test_work_that_a_person_ends_stays_silent_beyond_its_window_and_not_far_beyond_it() -> None:
    working = replace(WINDOW, begun=True, open_ended=True)
    silence = made(changes([working], [WEB], [], SITE, NOW)[0])
    assert silence.ends_at == WINDOW.ends_at
    calm = WINDOW.ends_at - timedelta(minutes=11)
    assert changes([working], [WEB], [silence], SITE, calm) == []
    now, posts = WINDOW.ends_at - timedelta(minutes=15), 0
    while now < WINDOW.ends_at + 2 * HOUR:  # looked at every half minute, two hours longer than planned
        for change in changes([working], [WEB], [silence], SITE, now):
            assert change.body is not None and change.body["id"] == silence.id
            silence, posts = made(change), posts + 1
        assert now < silence.ends_at <= now + timedelta(minutes=31)
        now += timedelta(seconds=30)
    assert posts == 7  # one in twenty minutes
    assert changes([], [WEB], [silence], SITE, now) == [SilenceChange(expire=silence.id)]
    assert changes([replace(working, begun=False)], [WEB], [], SITE, now) == []  # nobody came: nothing is silenced


def test_what_is_over_or_called_off_ends_and_of_two_of_the_same_one_does() -> None:
    silence = made(changes([WINDOW], [WEB], [], SITE, NOW)[0])
    assert changes([], [WEB], [silence], SITE, NOW) == [SilenceChange(expire=silence.id)]
    assert changes([WINDOW], [WEB], [silence], SITE, NOW + HOUR) == [SilenceChange(expire=silence.id)]
    twin = replace(silence, id="twin")
    assert changes([WINDOW], [WEB], [silence, twin], SITE, NOW) == [SilenceChange(expire="twin")]


def test_silences_of_people_and_of_other_sites_are_left_alone() -> None:
    silence = made(changes([WINDOW], [WEB], [], SITE, NOW)[0])
    by_hand = replace(silence, id="hand", comment="Anna is at it")
    elsewhere = replace(silence, id="else", comment=silence.comment.replace("status.", "other."))
    gone = replace(silence, id="gone", active=False)
    assert changes([], [WEB], [by_hand, elsewhere, gone], SITE, NOW) == []
    assert len(changes([WINDOW], [WEB], [by_hand, elsewhere, gone], SITE, NOW)) == 1


def test_every_way_in_which_an_alert_can_concern_a_service_is_silenced() -> None:
    def match(text: str) -> AlertMatch:
        return AlertMatch(match=Matchers.from_toml(text))

    links = ServiceConfig(
        slug="links",
        reference=Reference(connections=("ref-1", "ref2"), label="link"),
        alerts=(match('alertname="LinkDown", job!="lab"'), match('job=~".*"')),
        **USUAL,
    )
    assert alerts_of(links) == [
        (Matcher("talaia_service", "=", "links"),),
        (Matcher("link", "=~", r"ref\-1|ref2"),),
        (Matcher("alertname", "=", "LinkDown"), Matcher("job", "!=", "lab")),
    ]  # the last would silence everything, and Alertmanager refuses it
    found = changes([replace(WINDOW, services=("links", "not-listed"))], [links], [], SITE, NOW)
    assert len(found) == 3
    silences = [made(change, number) for number, change in enumerate(found)]
    assert changes([replace(WINDOW, services=("links",))], [links], silences, SITE, NOW) == []
    fewer = ServiceConfig(slug="links", alerts=links.alerts[:1], **USUAL)
    again = changes([replace(WINDOW, services=("links",))], [fewer], silences, SITE, NOW)
    # The second is posted anew with other matchers (Alertmanager ends the old one itself), the third is not needed.
    assert [(change.body or {}).get("id") or change.expire for change in again] == ["s1", "s2"]
    assert again[1].body is None
