"""The clock steps back three hours while everything runs: nothing waits for the old hour to come again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.moved import Moved
from tests.servers.process import wait_until

CONFIG = """
[site]
name = "Cooperativa Exemple"
address = "https://status.example.org"
languages = ["ca"]
refresh = "2s"

[[sources]]
id = "scripts"
kind = "push"
poll_every = "4s"
stale_after = "8s"

[[groups]]
id = "all"
name = "Tot"

[[services]]
slug = "mail"
group = "all"
name = "Correu"
alerts = [{ match = 'key="mail"', impact = "disruption" }]
evidence = { source = "scripts" }
hold_worse = "0s"
hold_better = "0s"
"""
pytestmark = pytest.mark.torture


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Moved]:
    with Moved(tmp_path, CONFIG) as running:
        yield running.started()


class Script:
    """A machine that tells of the mail."""

    def __init__(self, product: Moved) -> None:
        self.product = product
        [self.token] = re.findall(r"[A-Za-z0-9_-]{40,}", product.run("token", "create", "scripts"))

    def says(self, state: str) -> None:
        answer = httpx.post(
            f"{self.product.address}/hooks/generic/scripts",
            json={"key": "mail", "state": state},
            headers={"Authorization": f"Bearer {self.token}"},
            trust_env=False,
        )
        assert answer.status_code == 202


def made_at(product: Moved) -> datetime:
    return datetime.fromisoformat(product.status()["made_at"])


def log(product: Moved) -> str:
    return (product.home / "up.log").read_text()


def test_a_source_falls_silent_in_time_and_the_front_page_is_renewed(product: Moved) -> None:
    script = Script(product)
    script.says("down")
    product.wait_for(10, "the alert turns the page", mail="disruption")
    product.later(hours=-3)
    wait_until(lambda: made_at(product) <= product.now, 15, "the front page is renewed", product)
    before = made_at(product)
    wait_until(lambda: made_at(product) > before, 15, "and again", product)
    product.wait_for(20, "nothing is heard any more", mail="unknown")
    wait_until(
        lambda: "the clock was set back by 2:59:5" in log(product) or "by 3:00:0" in log(product), 5, "it is logged"
    )
    script.says("up")
    script.says("down")
    product.wait_for(15, "a trouble that begins before the end of the one before is no old news", mail="disruption")
    assert httpx.get(f"{product.address}/healthz", trust_env=False).json()["status"] == "ok"
    assert made_at(product) - product.now < timedelta(seconds=5)


def test_a_time_that_lies_ahead_since_before_the_start_is_mended_at_the_start(product: Moved) -> None:
    script = Script(product)
    script.says("down")
    product.wait_for(10, "the alert turns the page", mail="disruption")
    product.stop()
    product.later(hours=-3)
    product.start()
    wait_until(lambda: "hours that lay ahead are mended" in log(product), 20, "it is logged", product)
    product.wait_for(25, "nothing is heard any more", mail="unknown")
