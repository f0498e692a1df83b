"""Who may hang on: how many in all and of one place, how much is kept for them, and who goes when it is too much."""

from __future__ import annotations

import logging
import random
import resource
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from talaia.config import Config
from talaia.log_counter import LogCounter
from talaia.server import admission
from talaia.server.admission import Admission, Bounds, bounds, counted_for, place_of, raise_limit
from tests.api.conftest import USUAL

BUSY = float("inf")


@dataclass(eq=False)
class Someone:
    since: float = 0.0
    place: str = ""
    dropped: bool = field(default=False)

    def idle_since(self) -> float:
        return self.since

    def drop(self) -> None:
        assert not self.dropped
        self.dropped = True


def hall(connections: int = 4, each: int = 2, kept: int = 1000) -> Admission:
    return Admission(Bounds(connections, each, kept, 16))


@pytest.mark.parametrize(
    ("descriptors", "connections"),
    [(256, 160), (1024, 640), (4096, 3072), (16384, 10_000), (1 << 20, 10_000)],
)
def test_the_web_server_leaves_descriptors_for_the_worker(descriptors: int, connections: int) -> None:
    found = bounds(descriptors)
    assert found.connections == connections
    left = descriptors - found.connections - found.backlog
    assert left >= min(admission.RESERVE, descriptors // 4)


def test_when_there_are_too_many_the_idlest_goes_first() -> None:
    inside = hall()
    some = [Someone(since) for since in (3.0, 1.0, 2.0, BUSY)]
    for one in some:
        inside.enter(one)
    inside.enter(Someone(4.0))
    assert [one.dropped for one in some] == [False, True, False, False]
    inside.enter(Someone(5.0))
    assert [one.dropped for one in some] == [False, True, True, False]


def test_where_all_are_being_answered_the_newest_is_not_let_in() -> None:
    inside = hall()
    some = [Someone(BUSY) for _ in range(4)]
    for one in some:
        inside.enter(one)
    newest = Someone(9.0)
    inside.enter(newest)
    assert newest.dropped and not any(one.dropped for one in some)


def test_of_one_place_only_so_many_stay_and_others_do_not_pay_for_it() -> None:
    inside = hall(connections=100)
    other = Someone(0.0, "192.0.2.1")
    mine = [Someone(float(since), "192.0.2.2") for since in range(1, 5)]
    for one in (other, *mine):
        inside.enter(one)
    assert not other.dropped
    assert [one.dropped for one in mine] == [True, True, False, False]
    for one in (other, *mine):
        inside.leave(one)
        inside.leave(one)  # those who were sent away leave once more, when they are gone
    assert not inside.guests and not inside.places


@pytest.mark.parametrize(("guests", "gone"), [(4, 1), (62, 1), (63, 2), (127, 3), (255, 5)])
def test_of_many_a_part_goes_at_once_and_who_comes_stays(guests: int, gone: int) -> None:
    inside = hall(connections=guests)
    some = [Someone(float(since)) for since in range(guests)]
    newest = Someone(float(guests))
    for one in (*some, newest):
        inside.enter(one)
    assert [one.dropped for one in some] == [True] * gone + [False] * (guests - gone)
    assert not newest.dropped


def test_what_is_kept_is_bounded_and_who_began_first_pays() -> None:
    inside = hall(connections=100)
    first, second, served, third = (Someone(since) for since in (1.0, 2.0, BUSY, 3.0))
    for one in (first, second, served, third):
        inside.enter(one)
    for one, size in ((first, 400), (served, 200), (second, 300), (third, 50)):
        inside.keep(one, size)
    assert not first.dropped
    inside.keep(third, 200)
    assert [one.dropped for one in (first, second, served, third)] == [True, False, False, False]
    assert inside.kept == 700
    inside.keep(second, 0)
    for one in (second, served, third):
        inside.leave(one)
    assert inside.kept == 0 and not inside.holding


def test_what_is_kept_may_come_up_to_the_bound() -> None:
    inside, only = hall(), Someone(1.0)
    inside.enter(only)
    inside.keep(only, 1000)
    assert not only.dropped
    inside.keep(only, 1001)
    assert (only.dropped, inside.kept) == (True, 0)


@pytest.mark.parametrize(
    ("address", "behind_proxy", "place"),
    [
        ("192.0.2.7", False, "192.0.2.7"),
        ("192.0.2.7", True, ""),
        ("127.0.0.1", False, ""),
        ("::ffff:127.0.0.1", False, ""),
        ("::ffff:192.0.2.7", False, "192.0.2.7"),
        ("2001:db8:1:2:3::4", False, "2001:db8:1:2::/64"),
        ("", False, ""),
    ],
)
def test_whom_a_connection_counts_for(address: str, behind_proxy: bool, place: str) -> None:
    assert counted_for(address, behind_proxy) == place


@pytest.mark.parametrize(
    ("proxy", "client", "told", "place"),
    [
        (False, ("192.0.2.7", 50_000), [], "192.0.2.7"),
        (False, ("192.0.2.7", 50_000), [b"192.0.2.8"], "192.0.2.7"),  # anybody can say so
        (False, None, [], ""),
        (True, ("192.0.2.7", 50_000), [], ""),
        (True, ("127.0.0.1", 50_000), [b"192.0.2.8"], "192.0.2.8"),
        # The proxy adds whom it sees at the end of what it was told; what stands before, anybody can say.
        (True, ("127.0.0.1", 50_000), [b"192.0.2.1, 192.0.2.8"], "192.0.2.8"),
        (True, ("127.0.0.1", 50_000), [b"192.0.2.1", b"192.0.2.8"], "192.0.2.8"),
        (True, ("127.0.0.1", 50_000), [b"127.0.0.1"], ""),
    ],
)
def test_behind_a_proxy_a_request_counts_for_whom_the_proxy_names_last_and_else_for_who_is_there(
    configure: Callable[[str], Config],
    proxy: bool,
    client: tuple[str, int] | None,
    told: list[bytes],
    place: str,
) -> None:
    configure(f"{USUAL}\n[web]\nbehind_proxy = {str(proxy).lower()}\n")
    headers = [(b"host", b"status.example.org"), *((b"x-forwarded-for", one) for one in told)]
    assert place_of({"client": client, "headers": headers}) == place


def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
        assert raise_limit() == (1 << 20 if before[1] == resource.RLIM_INFINITY else before[1])
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_where_the_limit_may_not_be_raised_there_are_as_many_descriptors_as_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object) -> None:
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (512, 4096))
    monkeypatch.setattr(resource, "setrlimit", refused)
    assert raise_limit() == 512
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert raise_limit() == 1 << 20


def test_however_many_are_sent_away_the_log_has_a_line_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    inside = hall(connections=2)
    with caplog.at_level(logging.WARNING, "talaia.server.admission"):
        for since in range(200):
            inside.enter(Someone(float(since)))
    assert [record.getMessage() for record in caplog.records] == ["1 connections closed: there were 2"]


def test_a_tally_says_the_first_at_once_and_the_others_together() -> None:
    said: list[int] = []
    times = iter((0.0, 1.0, 2.0, 59.0, 61.0, 62.0))
    tally = LogCounter(said.append, lambda: next(times))
    for _ in range(6):
        tally.add()
    assert said == [1, 4]


def test_thousands_who_keep_a_little_go_at_once_for_one_who_brings_much() -> None:
    inside = hall(connections=10_000, kept=24_000)
    little = [Someone(float(since)) for since in range(5000)]
    for one in little:
        inside.enter(one)
        inside.keep(one, 4)
    much = Someone(BUSY)
    inside.enter(much)
    inside.keep(much, 24_000)
    assert all(one.dropped for one in little) and not much.dropped
    assert inside.kept == 24_000 and inside.guests == {much}


def test_what_comes_of_one_who_was_sent_away_counts_for_nobody() -> None:
    inside = hall(connections=1)
    first, second = Someone(1.0), Someone(2.0)
    inside.enter(first)
    inside.enter(second)
    inside.keep(first, 500)  # between its end and the news of it
    inside.leave(first)
    assert first.dropped and inside.kept == 0 and not inside.holding


@pytest.mark.parametrize("seed", range(150))
def test_whoever_comes_asks_and_goes_those_go_first_whom_the_rules_name(seed: int) -> None:
    """Against a plain list of all who are there. Who is sent away twice fails in `drop`."""
    dice = random.Random(seed)
    limits = Bounds(dice.choice([3, 20, 90]), dice.choice([1, 4, 30]), 100, 16)
    inside, there, holds, ghosts = Admission(limits), list[Someone](), dict[Someone, int](), list[Someone]()

    def go(among: list[Someone]) -> None:
        for one in among:
            there.remove(one)
            holds.pop(one, None)
            ghosts.append(one)

    for step in range(200):
        what, one = dice.random(), dice.choice([*there, *ghosts]) if there else None
        if what < 0.5 or one is None:
            one = Someone(dice.choice([float(step)] * 9 + [BUSY]), dice.choice(["", "a", "b"]))
            there.append(one)
            inside.enter(one)
            for most, place in ((limits.each, one.place or None), (limits.connections, None)):
                among = [other for other in there if place in (None, other.place)]
                if len(among) > most and (place or most == limits.connections):
                    idle = sorted((other for other in among if other.since != BUSY), key=lambda other: other.since)
                    found = idle[: 1 + len(among) // admission.BATCH]
                    go([other for other in found if other is not one] or found or [one])
        elif what < 0.65:
            one.since = dice.choice([float(step), BUSY])
        elif what < 0.72:
            inside.leave(one)
            if one in there:
                there.remove(one)
                holds.pop(one, None)
        else:
            size = dice.randint(0, 60)
            inside.keep(one, size)
            if one in there:
                holds[one] = size
                holds = {other: kept for other, kept in holds.items() if kept}
                if sum(holds.values()) > limits.kept:
                    for other in [other for other in holds if other.since != BUSY]:
                        if sum(holds.values()) > 0.9 * limits.kept:
                            go([other])
        assert inside.guests == set(there) and inside.kept == sum(holds.values())
        assert all(other.dropped for other in ghosts) and not any(other.dropped for other in there)
