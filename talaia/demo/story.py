"""What is told: incidents and maintenance of an invented co-operative, from `told/*.toml`, relative to a moment. Pure.

The same `now` always gives the same story. The texts are in those files; how they are read is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from importlib.resources import files
from typing import Literal
from zoneinfo import ZoneInfo

from talaia.config.tables import ConfigTable, Impact, Text
from talaia.config.toml import Mistake, TomlReader, tables


class TaleWords(ConfigTable, frozen=True, kw_only=True):
    """An entry of a timeline, `after` the event began, or so long `before` (the announcement of a maintenance)."""

    state: str
    texts: Text
    after: timedelta = timedelta(0)
    before: timedelta = timedelta(0)


class Tale(ConfigTable, frozen=True, kw_only=True):
    """A file of `told/`. It began so long `ago` (or is so far `ahead`); with `at`, that is a number of days."""

    titles: Text
    impacts: dict[str, Impact]
    updates: tuple[TaleWords, ...]
    kind: Literal["incident", "maintenance"] = "incident"
    ago: timedelta = timedelta(0)
    ahead: timedelta = timedelta(0)
    at: str | None = None  # local time
    lasts: timedelta | None = None  # the window of a maintenance
    promised: timedelta | None = None  # from now: when an open incident is spoken of again
    analyses: Text | None = None
    causes: Text | None = None  # one line, said with its last entry
    part_of: str | None = None  # the tale of which it turned out to be a part


@dataclass(frozen=True)
class TaleEntry:
    at: datetime
    state: str
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Happening:
    """A tale at its place in time. `ended` is None while it is open, or still to come."""

    name: str
    kind: str
    titles: Mapping[str, str]
    impacts: Mapping[str, str]
    began: datetime
    ended: datetime | None
    window: tuple[datetime, datetime] | None
    entries: tuple[TaleEntry, ...]
    analyses: Mapping[str, str]
    promised: datetime | None
    causes: Mapping[str, str]
    part_of: str | None
    analysed: datetime


ENDS = ("resolved", "completed")
REPORT = timedelta(days=2)  # from the end of an incident to its analysis


def story(now: datetime, zone: ZoneInfo) -> tuple[Happening, ...]:
    """Everything that is told, in the order in which it was first written down. Raises ValueError for a bad file."""
    found = [placed(name, tale, now, zone) for name, tale in tales().items()]
    return tuple(sorted(found, key=lambda happening: happening.entries[0].at))


def tales() -> dict[str, Tale]:
    """The files of `told/` by name."""
    found = {}
    for file in sorted(files("talaia.demo").joinpath("told").iterdir(), key=lambda file: file.name):
        text = file.read_text(encoding="utf-8")
        raw, reader = tables(text), TomlReader(text)
        tale = None if isinstance(raw, Mistake) else reader.struct(Tale, raw, ())
        if tale is None:
            raise ValueError(f"{file.name}: {raw if isinstance(raw, Mistake) else reader.mistakes[0]}")
        found[file.name.removesuffix(".toml")] = tale
    return found


def placed(name: str, tale: Tale, now: datetime, zone: ZoneInfo) -> Happening:
    """A tale at the times that it has when it is told at `now`."""
    began = (now - tale.ago + tale.ahead).replace(second=0, microsecond=0)
    if tale.at:
        day = began.astimezone(zone).date()
        began = datetime.combine(day, time.fromisoformat(tale.at), zone).astimezone(UTC)
    entries = tuple(
        TaleEntry(began + words.after - words.before, words.state, dict(words.texts.words)) for words in tale.updates
    )
    return Happening(
        name=name,
        kind=tale.kind,
        titles=dict(tale.titles.words),
        impacts=tale.impacts,
        began=began,
        ended=entries[-1].at if entries[-1].state in ENDS else None,
        window=(began, began + tale.lasts) if tale.lasts else None,
        entries=entries,
        analyses=dict(tale.analyses.words) if tale.analyses else {},
        promised=(now + tale.promised).replace(second=0, microsecond=0) if tale.promised else None,
        causes=dict(tale.causes.words) if tale.causes else {},
        part_of=tale.part_of,
        analysed=min(entries[-1].at + REPORT, now),
    )
