"""How often the forum is asked, how long we wait, and what our texts are there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from talaia.forum.discourse.names import (
    external_id,
    key_of,
    numbers,
    same_title,
    spelled,
    tags_after,
    topic_in,
    version,
)
from talaia.forum.discourse.rate_limit import LONGEST, READ_ONLY, UNSAID, Bucket, told_to_wait
from talaia.forum.discourse.responses import DiscourseResponse, permitted, understood
from talaia.outbox.errors import PermanentError, TemporaryError

NOW = datetime(2026, 10, 3, 9, tzinfo=UTC)


def test_a_few_calls_go_at_once_and_the_next_ones_as_often_as_the_rate_says() -> None:
    bucket, now, waits = Bucket(20), NOW, []
    for _ in range(8):
        bucket, wait = bucket.take(now)
        now += wait
        waits.append(wait.total_seconds())
    assert waits == [0, 0, 0, 0, 0, 3, 3, 3]


def test_after_a_rest_a_few_go_at_once_again_and_no_more_than_those() -> None:
    bucket = Bucket(20)
    for _ in range(5):
        bucket, _ = bucket.take(NOW)
    waits, later = [], NOW + timedelta(hours=1)
    for _ in range(6):
        bucket, wait = bucket.take(later)
        waits.append(wait.total_seconds())
    assert waits == [0, 0, 0, 0, 0, 3]


@pytest.mark.parametrize("rate", [1, 7, 20, 60])
def test_in_no_minute_are_there_more_calls_than_the_rate_and_a_burst(rate: int) -> None:
    bucket, now, times = Bucket(rate), NOW, []
    for _ in range(300):
        bucket, wait = bucket.take(now)
        now += wait
        times.append(now)
    for n, first in enumerate(times):
        assert sum(first <= at < first + timedelta(minutes=1) for at in times[n:]) <= rate + 5


@pytest.mark.parametrize(
    ("header", "extras", "text", "seconds"),
    [
        ("17", None, "", 18),
        ("", {"wait_seconds": 42}, "", 43),
        ("", {"wait_seconds": "42"}, "", 43),
        ("", None, "Slow down. Please retry again in 9 seconds. Error code: ip_10_secs_limit.", 10),
        ("", {"wait_seconds": None}, "", UNSAID.total_seconds()),
        ("soon", [], "", UNSAID.total_seconds()),
        ("-5", None, "", UNSAID.total_seconds()),
        ("nan", None, "", UNSAID.total_seconds()),
        ("86400", None, "", LONGEST.total_seconds()),
        ("9" * 400, None, "", UNSAID.total_seconds()),
    ],
)
def test_a_wait_is_read_wherever_it_stands_and_has_an_end(
    header: str, extras: object, text: str, seconds: float
) -> None:
    assert told_to_wait(header, extras, text).total_seconds() == seconds


# What a later or a doubtful answer is: status, content, what is raised, words of it.
LATER = [
    (429, b'{"errors":["x"],"error_type":"rate_limit","extras":{"wait_seconds":30}}', 31.0),
    (429, b"Slow down, you're making too many requests. Please retry again in 9 seconds.", 10.0),
    (503, b'{"errors":["x"],"error_type":"read_only"}', READ_ONLY.total_seconds()),
    (503, b"<html>upgrading</html>", None),
    (502, b"<html>", None),
    (500, b"", None),
    (408, b"", None),
    (200, b"<html>a login page</html>", None),
    (200, b'{"id": 1, "raw": "cut o', None),
]


@pytest.mark.parametrize(("status", "content", "after"), LATER)
def test_what_is_neither_yes_nor_no_is_asked_again(status: int, content: bytes, after: float | None) -> None:
    with pytest.raises(TemporaryError) as fault:
        understood("forum", status, content, {})
    assert (fault.value.after.total_seconds() if fault.value.after else None) == after
    assert fault.value.hint


@pytest.mark.parametrize("status", [200, 301, 400, 403, 404, 409, 410, 422])
def test_a_yes_and_a_no_are_answers_with_the_forums_own_words(status: int) -> None:
    answer = understood(
        "forum", status, '{"errors":["El títol és curt"],"error_type":"x"}'.encode(), {"location": "/a"}
    )
    assert (answer.status, answer.errors, answer.kind, answer.location) == (status, "El títol és curt", "x", "/a")


@pytest.mark.parametrize("body", [None, [], {"errors": "x"}, {"errors": []}, "text"])
def test_a_no_without_words_says_its_number(body: object) -> None:
    assert DiscourseResponse(422, body).errors == "answer 422"


@pytest.mark.parametrize("status", [400, 401, 403])
def test_what_we_may_not_names_the_scope_and_the_place(status: int) -> None:
    with pytest.raises(PermanentError) as fault:
        permitted("forum", DiscourseResponse(status, None), "open a topic", "topics: write")
    assert "open a topic" in str(fault.value)
    assert status == 400 or "topics: write" in fault.value.hint
    permitted("forum", DiscourseResponse(422, None), "open a topic", "topics: write")


@pytest.mark.parametrize("key", ["incident/2026-014", "maintenance/2026-1003"])
def test_a_key_is_found_in_its_external_id(key: str) -> None:
    assert key_of(external_id(key)) == key


@pytest.mark.parametrize(
    "external", ["", "talaia-check-1", "incident-2026-014", "talaia-incident-", "talaia-incident-é"]
)
def test_what_is_not_ours_has_no_key(external: str) -> None:
    assert key_of(external) == ""


@pytest.mark.parametrize(
    ("path", "topic"),
    [
        ("/t/tall-de-fibra/371.json", 371),
        ("/t/371.json", 371),
        ("/t/371", 371),
        ("/t/tall/371/2", 371),
        ("/t/371-sense-numero", None),
        ("/login", None),
        ("", None),
    ],
)
def test_a_topic_is_found_in_its_address(path: str, topic: int | None) -> None:
    assert topic_in(path) == topic


def test_a_text_is_spelled_as_the_forum_keeps_it() -> None:
    assert spelled("a\u00a0b\u202fc\u200bd\u2060\n\te \u2003\n\n") == "a b c\u200bd\u2060\n\te"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("[2026-014] Tall de fibra", "[2026-014] Tall  de fibra", True),
        ("tall de fibra!!!", "Tall de fibra!", True),
        ("Què passa ???", "Què passa?", True),
        ("Tall de fibra.", "Tall de fibra", True),
        ("Tall de fibra", "Tall de Fibra", False),
        ("Tall de fibra", "Tall de fibra a Ponent", False),
    ],
)
def test_titles_that_the_forum_made_prettier_are_the_same(one: str, other: str, same: bool) -> None:
    assert same_title(one, other) is same
    assert same_title(other, one) is same


def test_tags_of_people_stay_and_ours_are_replaced() -> None:
    assert tags_after(
        ["incident", "investigating", "ponent"], ["incident", "investigating"], ["incident", "resolved"]
    ) == (
        "incident",
        "resolved",
        "ponent",
    )
    assert tags_after([], [], []) == ()


def test_a_version_changes_with_the_text_and_with_the_number() -> None:
    assert len({version(1, "a"), version(1, "b"), version(2, "a")}) == 3


@pytest.mark.parametrize(
    ("text", "read"), [("3.5.2", (3, 5, 2)), ("2026.1.0-latest", (2026, 1, 0)), ("2.9.0.beta3", (2, 9, 0)), ("", ())]
)
def test_a_version_is_read_as_numbers(text: str, read: tuple[int, ...]) -> None:
    assert numbers(text) == read
