"""Who is behind a service or a reference connection, pure: a notice about one of them can go only to these people."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from talaia.audience.diff import RecipientEntry, RecipientStatus
from talaia.audience.unicode_text import plain
from talaia.config import Audience
from talaia.events.notice_scope import NoticeScope


@dataclass(frozen=True)
class Concerned:
    """`everybody`: a service was named of which nobody has said who is behind it, so it concerns all."""

    keys: tuple[str, ...]
    everybody: bool
    unplaced: int  # people that are told, and of whom the export says no connection and no area


@dataclass(frozen=True)
class Place:
    """Where somebody must be connected, or live, to be concerned. Names in the form of plain()."""

    everybody: bool
    connections: frozenset[str]
    areas: frozenset[str]

    def holds(self, connections: Iterable[str], areas: Iterable[str]) -> bool:
        """Whether somebody with these is concerned."""
        return (
            self.everybody
            or any(plain(name) in self.connections for name in connections)
            or any(plain(name) in self.areas for name in areas)
        )


def place(audience: Audience, services: Collection[str], connections: Collection[str]) -> Place:
    """Behind these services (slugs) and reference connections (ids)."""
    theirs: set[str] = set()
    areas: set[str] = set()
    everybody = not services and not connections
    for slug in services:
        behind = [one for one in audience.behind if one.service == slug]
        everybody = everybody or not behind
        theirs.update(name for one in behind for name in one.connections)
        areas.update(name for one in behind for name in one.areas)
    for connection_id in connections:
        theirs.add(connection_id)
        behind = [one for one in audience.behind if one.connection == connection_id]
        theirs.update(name for one in behind for name in one.connections)
        areas.update(name for one in behind for name in one.areas)
    small = (frozenset(plain(name) for name in names) for names in (theirs, areas))
    return Place(everybody, *small)


def located(connections: Iterable[str], areas: Iterable[str]) -> Place:
    """At one of these connections, or in one of these areas."""
    return Place(False, *(frozenset(plain(name) for name in names) for names in (connections, areas)))


def resolved(audience: Audience, services: Collection[str], connections: Collection[str]) -> NoticeScope:
    """What `place` means, to be kept: nothing that talaia.toml says later changes it."""
    unknown = [slug for slug in services if all(one.service != slug for one in audience.behind)]
    known = [slug for slug in services if slug not in unknown]
    where = place(audience, known, connections) if known or connections else located((), ())
    everybody = bool(unknown) or not (services or connections)
    return NoticeScope(
        everybody, tuple(sorted(where.connections)), tuple(sorted(where.areas)), tuple(known), tuple(unknown)
    )


def concerned(
    ledger: Iterable[RecipientEntry], audience: Audience, services: Collection[str], connections: Collection[str]
) -> Concerned:
    """The people to tell of what touches these services (slugs) and reference connections (ids)."""
    where = place(audience, services, connections)
    keys, unplaced = [], 0
    for entry in ledger:
        if entry.standing != RecipientStatus.ON:
            continue
        unplaced += not entry.connections and not entry.areas
        if where.holds(entry.connections, entry.areas):
            keys.append(entry.key)
    return Concerned(tuple(keys), where.everybody, unplaced)
