"""What all tests share: the order (torture last), the run on PostgreSQL, and a configuration that is put back."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from talaia import config as configuration
from talaia.config import Config
from talaia.log.episodes import EPISODES
from talaia.log.rate_limit import Bounded

# A gate that throws dice stops the wrong change: the suite makes up the same inputs each time. To look for new faults,
# TALAIA_EXPLORE=1 (and --hypothesis-seed=N for the same dice again).
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", derandomize=False, deadline=None)
hypothesis.settings.load_profile("explore" if os.environ.get("TALAIA_EXPLORE") else "fixed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only-database", action="store_true", help="only the tests that touch the database")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--only-database"):
        chosen = [item for item in items if item.get_closest_marker("django_db")]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen
    items.sort(key=lambda item: ("torture" in item.keywords, "servers" in item.keywords, "browser" in item.keywords))


@pytest.fixture(autouse=True)
def _same_configuration() -> Iterator[None]:
    """A test may put another configuration in force; the next one finds the usual."""
    before = configuration.current()
    yield
    configuration._current = before


@pytest.fixture(autouse=True)
def _same_process() -> Iterator[None]:
    """What the command line does to its process, it would else do to all tests after it: the umask, and the log."""
    umask = os.umask(0o022)
    os.umask(umask)
    yield
    os.umask(umask)
    logging.root.handlers[:] = [one for one in logging.root.handlers if not isinstance(one, Bounded)]


@pytest.fixture(autouse=True)
def _nothing_lasts() -> Iterator[None]:
    """What one test saw begin is not what the next one meets for the first time."""
    yield
    EPISODES.open.clear()


@pytest.fixture
def configure(tmp_path: Path) -> Callable[[str], Config]:
    """Put the configuration written in a text in force."""

    def put(text: str) -> Config:
        path = tmp_path / "talaia.toml"
        path.write_text(text)
        config = configuration.read(path, tmp_path)
        configuration._current = config
        return config

    return put
