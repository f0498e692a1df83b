"""Which settings are read at the start alone, pure: what a reload changes in them waits for the next one."""

from __future__ import annotations

from typing import Any

from talaia.config.tables import Config

ONCE = (
    "site.address",
    "site.languages",
    "site.zone",
    "site.refresh",
    "web.listen",
    "web.hosts",
    "web.behind_proxy",
    "web.secret_key_file",
    "database.url",
    "database.url_file",
)


def waiting_for_a_start(started: Config, new: Config) -> str:
    """What of `new` is not in force before a restart, for the log: "[site] zone, [web] listen"; "": all is."""
    found = [name for name in ONCE if _at(started, name) != _at(new, name)]
    told = [f"[{table}] {key}" for table, _, key in (name.partition(".") for name in found)]
    if (started.tables.subscribe is None) != (new.tables.subscribe is None):
        told.append("[subscribe]")
    if (started.tables.reports is None) != (new.tables.reports is None):
        told.append("[reports]")
    return ", ".join(told)


def _at(config: Config, name: str) -> Any:
    value: Any = config.tables
    for part in name.split("."):
        value = getattr(value, part)
    return value
