"""A real Mailman for all tests of this folder, and a list of its own for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from talaia.audience.mailman import apply_settings
from talaia.audience.mailman.client import MailmanClient
from talaia.config import Audience, Config
from tests.audience.ledger import CONFIG
from tests.product import ROOT
from tests.servers.mailman import PASSWORD, USER, Mailman

USUAL = (ROOT / "tests" / "talaia.toml").read_text()
NUMBERS = count(1)


@dataclass(frozen=True)
class Listed:
    """A list at Mailman, which talaia.toml names, and a client for it."""

    name: str
    core: Mailman
    config: Config
    client: MailmanClient

    @property
    def id(self) -> str:
        return self.client.list_id

    @property
    def audience(self) -> Audience:
        assert self.config.tables.audience
        return self.config.tables.audience

    def members(self) -> set[str]:
        return self.core.members(self.id)

    def setting(self, name: str) -> object:
        return self.core.ask("GET", f"lists/{self.id}/config")[name]

    def set(self, **fields: object) -> None:
        self.core.ask("PATCH", f"lists/{self.id}/config", **fields)


def written(url: str, name: str, folder: Path) -> str:
    """A talaia.toml with that list."""
    (folder / "mailman-password").write_text(PASSWORD)
    return (
        f'{USUAL}{CONFIG}\n[audience.mailman]\nlist = "{name}"\nurl = "{url}"\nusername = "{USER}"\n'
        'password_file = "mailman-password"\ntimeout = "10s"\n'
    )


@pytest.fixture(scope="session")
def core() -> Iterator[Mailman]:
    with Mailman() as running:
        yield running


@pytest.fixture
def unset(core: Mailman, tmp_path: Path, configure: Callable[[str], Config]) -> Iterator[Listed]:
    """It does not exist yet."""
    name = f"status{next(NUMBERS)}@lists.example.org"
    config = configure(written(core.url, name, tmp_path))
    assert config.tables.audience
    assert config.tables.audience.mailman
    with MailmanClient(config.tables.audience.mailman, config) as client:
        yield Listed(name, core, config, client)


@pytest.fixture
def listed(unset: Listed) -> Listed:
    """It exists and is set as it must be."""
    apply_settings.apply(unset.client, unset.config.site, apply_settings.read_settings(unset.client, unset.config.site))
    return unset
