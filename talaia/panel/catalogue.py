"""talaia.toml's groups and services as the rows of the panel, pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from talaia.config import Config, Text


@dataclass(frozen=True)
class CatalogueService:
    """A service as talaia.toml lists it. `names`: words by language, "" for all."""

    slug: str
    names: Mapping[str, str]
    descriptions: Mapping[str, str]


@dataclass(frozen=True)
class Heading:
    """A group of the panel with its services, in the order in which they are shown."""

    slug: str
    names: Mapping[str, str]
    services: tuple[CatalogueService, ...]


def headings(config: Config) -> list[Heading]:
    """The panel as the configuration lists it; a group without services is left out."""
    found = []
    for group in config.tables.groups:
        entries = tuple(
            CatalogueService(service.slug, words(service.name), words(service.description))
            for service in config.tables.services
            if service.group == group.id
        )
        if entries:
            found.append(Heading(group.id, words(group.name), entries))
    return found


def words(text: Text | None) -> dict[str, str]:
    return dict(text.words) if text else {}
