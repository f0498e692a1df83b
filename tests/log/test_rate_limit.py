"""Whatever happens how often: of one kind there are some lines in a minute, and the number of the others."""

from __future__ import annotations

import io
import logging
import re

import pytest
from django.core.exceptions import DisallowedHost
from django.db import OperationalError
from django.test import Client

from talaia.log import rate_limit
from talaia.log.formatters import Plain


class Written:
    """A handler with a clock that is set, and what it has written."""

    def __init__(self) -> None:
        self.now = 0.0
        self.handler = rate_limit.Bounded(lambda: self.now)
        self.handler.setFormatter(Plain())
        self.stream = io.StringIO()
        self.handler.setStream(self.stream)

    def lines(self) -> list[str]:
        told = self.stream.getvalue().splitlines()
        self.stream.truncate(0)
        self.stream.seek(0)
        return [re.sub(r"^\S+ ", "", line) for line in told]

    def say(self, name: str, message: str, *given: object, error: Exception | None = None, level: int = 30) -> None:
        exc_info = (type(error), error, error.__traceback__) if error else None
        self.handler.handle(logging.LogRecord(name, level, "", 1, message, given, exc_info))


@pytest.fixture
def written() -> Written:
    return Written()


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_a_flood_of_foreign_hosts_costs_three_short_lines_a_minute(written: Written) -> None:
    for second in range(120):
        written.now = float(second)
        for n in range(100):
            error = raised(DisallowedHost(f"Invalid HTTP_HOST header: 'x{second}-{n}.example'. You may need to …"))
            written.say("django.security.DisallowedHost", str(error), error=error, level=40)
    written.now = 200.0
    written.say("talaia.server.process", "another line")
    told = written.lines()
    assert len(told) == 3 + 1 + 3 + 1 + 1
    assert all(line.startswith("WARNING django.security.DisallowedHost: ") for line in told[:-1])
    assert told[3].endswith("(and 5,996 more like it before)")


def test_a_fault_of_ours_that_comes_with_every_request_has_its_traceback_three_times(written: Written) -> None:
    for n in range(50):
        written.say(
            "django.request", "%s: %s", "Internal Server Error", f"/desk/{n}", error=raised(KeyError(n)), level=40
        )
    told = "\n".join(written.lines())
    assert told.count("(most recent call last)") == 3
    written.handler.close()
    assert "(and 46 more like it before)" in written.lines()[0]


def test_what_a_stranger_is_refused_is_said_without_a_traceback_and_what_is_ours_with_it(written: Written) -> None:
    for name, level, shown in [
        ("django.request", logging.WARNING, False),  # such as 403, whatever brought it about
        ("django.request", logging.ERROR, True),
        ("talaia.server.process", logging.WARNING, True),
    ]:
        written.say(name, "no", error=raised(KeyError("a")), level=level)
        assert ("(most recent call last)" in "\n".join(written.lines())) is shown, (name, level)


def test_the_line_that_counts_the_others_has_no_traceback_of_its_own(written: Written) -> None:
    for n in range(rate_limit.MOST + 2):
        written.say("talaia.server.process", "line", error=raised(KeyError(n)), level=logging.ERROR)
    assert "\n".join(written.lines()).count("(most recent call last)") == rate_limit.MOST
    written.now = rate_limit.MINUTE
    written.say("talaia.x", "another")
    assert written.lines() == [
        "ERROR talaia.server.process: line (and 1 more like it before)",
        "WARNING talaia.x: another",
    ]


def test_a_database_that_is_away_is_said_without_a_traceback(written: Written) -> None:
    fault = raised(OperationalError("connection failed: refused\nIs the server running?"))
    written.say("django.request", "%s: %s", "Internal Server Error", "/desk/", error=fault, level=40)
    said = "Internal Server Error: /desk/: the database does not answer: connection failed: refused"
    assert written.lines() == [f"ERROR django.request: {said}"]


def test_other_lines_are_as_they_come_up_to_a_bound(written: Written) -> None:
    for n in range(30):
        written.say("talaia.x", "line %s", n)
        written.say("talaia.y", "another")
    told = written.lines()
    assert told.count("WARNING talaia.y: another") == rate_limit.MOST
    assert "WARNING talaia.x: line 0" in told and len(told) == 2 * rate_limit.MOST


def test_kinds_without_number_take_no_room_without_number(written: Written) -> None:
    for n in range(3 * rate_limit.KINDS):
        written.say("talaia.x", f"kind {n}")
    assert len(written.handler.windows) <= rate_limit.KINDS + 1


@pytest.mark.django_db
def test_a_foreign_host_is_one_line_and_no_traceback(written: Written, client: Client) -> None:
    root = logging.getLogger()
    root.addHandler(written.handler)
    try:
        for _ in range(10):
            assert client.get("/desk/login", headers={"Host": "evil.example"}).status_code == 400
    finally:
        root.removeHandler(written.handler)
    told = written.lines()
    assert len(told) == 3
    assert all(len(line) < 300 and "evil.example" in line for line in told)
