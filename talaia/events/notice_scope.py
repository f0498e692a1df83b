"""For whom an event is, as it was resolved when somebody chose it, pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec


@dataclass(frozen=True)
class NoticeScope:
    """The people with one of these connections or areas (as exports name them), or everybody.

    `services`: those of which the people are in it. `unknown`: those of which nobody had said who is behind them; of
    one that is added later nobody else hears until a person says that everybody shall.
    """

    everybody: bool = False
    connections: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def grown(self, now: NoticeScope) -> NoticeScope:
        """With whoever is behind services that were added. Nobody goes out of it, and it never becomes everybody."""
        if self.everybody:
            return self
        unknown = tuple(slug for slug in _both(self.unknown, now.unknown) if slug not in self.services)
        if set(now.services) <= set(self.services):  # what talaia.toml says otherwise of them by now changes nothing
            return replace(self, unknown=unknown)
        return NoticeScope(
            False,
            _both(self.connections, now.connections),
            _both(self.areas, now.areas),
            _both(self.services, now.services),
            tuple(slug for slug in unknown if slug not in now.services),
        )

    def renamed(self, old: str, new: str) -> NoticeScope:
        """With the new name of a service in the place of its old one."""
        services, unknown = (
            tuple(dict.fromkeys(new if slug == old else slug for slug in slugs))
            for slugs in (self.services, self.unknown)
        )
        return replace(self, services=services, unknown=tuple(slug for slug in unknown if slug not in services))

    def to_json(self) -> dict[str, Any]:
        """For a JSON column."""
        told: dict[str, Any] = msgspec.to_builtins(self)
        return told

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> NoticeScope:
        return msgspec.convert(told, cls)


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))
