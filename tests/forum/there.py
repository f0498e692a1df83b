"""A forum's double with our client before it: one clock for both, and waits that pass by themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from talaia.config import Config, MirrorConfig, SiteConfig, Tables, Text
from talaia.forum.backend import Document, MirroredDocument
from talaia.forum.discourse.topics import Discourse as Ours
from tests.servers.discourse import Discourse

TEXT = "Des de les 4.05 no hi ha servei al Centre.\n\n## Cronologia\n\nLa fibra es va tallar al carrer Major."
BEGAN = datetime(2026, 10, 3, 4, 5, tzinfo=UTC)


def document(
    key: str = "incident/2026-014",
    title: str = "[2026-014] Tall de fibra al Centre",
    text: str = TEXT,
    tags: tuple[str, ...] = ("incident", "investigating"),
    closed: bool = False,
    began: datetime = BEGAN,
) -> Document:
    return Document(key, title, text, tags, closed, began)


@dataclass
class Pair:
    """The double, and what talaia asks it with."""

    double: Discourse
    folder: Path
    waited: list[float] = field(default_factory=list)
    opened: list[Ours] = field(default_factory=list)

    def ours(self, address: str = "", **settings: object) -> Ours:
        """Our side, newly begun as after a restart."""
        (self.folder / "key").write_text("k" * 64 + "\n")
        given: dict[str, object] = {"key_file": "key", "user": "talaia", "category": 5} | settings
        mirror = MirrorConfig(kind="discourse", address=address or self.double.address, **given)  # type: ignore[arg-type]
        site = SiteConfig(name=Text((("", "Exemple"),)), address="https://status.example.org")
        config = Config(Tables(site=site, mirror=mirror), self.folder / "talaia.toml", self.folder)
        self.opened.append(Ours(mirror, config, self.double.clock, self.pause))
        return self.opened[-1]

    def close(self) -> None:
        for one in self.opened:
            one.close()

    def pause(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.double.clock.forward(seconds)


def stands(found: object) -> MirroredDocument:
    """What must be a Standing."""
    assert isinstance(found, MirroredDocument), found
    return found
