from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from talaia import schema
from talaia.api import rate_limit
from talaia.api.health import LATEST
from talaia.config import Config
from talaia.outbox import heartbeats

USUAL = (Path(__file__).parents[1] / "talaia.toml").read_text()


@pytest.fixture
def config(configure: Callable[[str], Config]) -> Config:
    """The usual configuration, with a home of this test's own."""
    return configure(USUAL)


@pytest.fixture(autouse=True)
def _a_fresh_look() -> Iterator[None]:
    schema.known()  # read once in a process: it is no part of what a look may take
    LATEST.forget()
    rate_limit.HOOKS.spent.clear()
    yield
    LATEST.forget()


@pytest.fixture
def worker_beat(config: Config) -> Callable[[datetime], None]:
    """Let each part of the worker's process have shown a sign of life at that moment."""

    def beat(at: datetime) -> None:
        for part in heartbeats.PARTS:
            heartbeats.Heartbeat(part).show(config.home, at)

    return beat
