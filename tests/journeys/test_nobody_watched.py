"""talaia is killed, comes back days later, loses a service and gets it back; what visitors read of it afterwards."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.moved import Moved
from tests.servers.process import wait_until
from tests.servers.targets import TcpTarget

pytestmark = pytest.mark.servers

CONFIG = """
[site]
name = "Cooperativa Exemple"
address = "https://status.example.org"
languages = ["en", "ca"]
zone = "Europe/Madrid"

[[groups]]
id = "web"
name = "Web"

[[services]]
slug = "mail"
group = "web"
name = "Mail"
"""
OTHER = """
[[services]]
slug = "chat"
group = "web"
name = "Chat"
kept_by_hand = true
"""
CHECK = """
[[checks]]
id = "mail"
kind = "tcp"
service = "mail"
target = "{address}"
every = "10s"
failures = 1
"""


def words(talaia: Moved, path: str) -> str:
    body = talaia.file(path).partition("<body>")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", body).replace("\xa0", " ").split())


def history(talaia: Moved, slug: str) -> list[tuple[str, datetime]]:
    """The states that a service has gone through, from the database."""
    query = "select to_state, at from talaia_transition where service_id=? order by at, id"
    with sqlite3.connect(talaia.home / "talaia.db") as database:
        rows = database.execute(query, [slug]).fetchall()
    return [(state, datetime.fromisoformat(at).replace(tzinfo=UTC)) for state, at in rows]


def days(talaia: Moved, slug: str) -> dict[str, dict[str, int]]:
    query = "select day, seconds from talaia_day where service_id=? order by day"
    with sqlite3.connect(talaia.home / "talaia.db") as database:
        return {day: json.loads(seconds) for day, seconds in database.execute(query, [slug])}


def test_killed_and_started_again_five_days_later_the_days_between_have_no_data(tmp_path: Path) -> None:
    with TcpTarget() as target:
        check = CHECK.format(address=target.address)
        with Moved(tmp_path, CONFIG + OTHER + check) as talaia:
            talaia.started().wait_for(30, "all is well", mail="operational", chat="operational")
            killed = talaia.now
            talaia.kill9()
            talaia.later(days=5)
            talaia.start()
            talaia.wait_for(40, "it runs again", mail="operational", chat="operational")
            for slug in ("mail", "chat"):
                wait_until(lambda slug=slug: len(history(talaia, slug)) >= 3, 30, "what nobody watched", talaia)  # type: ignore[misc]
                states = history(talaia, slug)[-3:]
                assert [state for state, _ in states] == ["operational", "unknown", "operational"], slug
                assert timedelta(0) <= killed - states[1][1] <= timedelta(seconds=62), slug
                assert states[2][1] - killed >= timedelta(days=5), slug
            wait_until(lambda: len(days(talaia, "mail")) >= 5, 90, "the days are stored", talaia)
            whole = list(days(talaia, "mail").values())[1:]
            assert whole == [{"unknown": sum(day.values())} for day in whole]
            page = "services/mail/index.html"
            wait_until(lambda: "No data" in words(talaia, page), 30, "its page", talaia)
            assert "100%" not in words(talaia, page).replace("100% of the measured time", "")

            # It leaves talaia.toml; three days later it is back.
            (tmp_path / "talaia.toml").write_text(
                CONFIG.replace("mail", "post") + OTHER + check.replace("mail", "post")
            )
            assert talaia.stop() == 0
            talaia.start()
            wait_until(lambda: set(talaia.states()) == {"post", "chat"}, 40, "it has left", talaia)
            wait_until(lambda: "No longer on the panel." in words(talaia, page), 30, "its page says so", talaia)
            assert "today" not in words(talaia, page).lower()
            assert talaia.stop() == 0
            talaia.later(days=3)
            (tmp_path / "talaia.toml").write_text(CONFIG + OTHER + check)
            talaia.start()
            talaia.wait_for(40, "it is back", mail="operational")
            wait_until(lambda: "Not on the panel" in words(talaia, page), 30, "the days between", talaia)
