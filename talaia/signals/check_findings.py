"""What the built-in checks find, told to operators: in the log, in the shell, at the desk. Never in public."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from talaia.config import CheckConfig, Config
from talaia.signals.check_streaks import Finds, ProbedCheck
from talaia.signals.models import CheckFinding

log = logging.getLogger(__name__)

IN_WORDS = {"well": "is well", "slow": "answers slowly", "failing": "fails", "blind": "could not look"}


@dataclass(frozen=True)
class Finding:
    """A check of talaia.toml, and what it found last: its `kind` (""; it has not looked yet), since when, in words."""

    check: CheckConfig
    kind: str = ""
    what: str = ""
    since: datetime | None = None
    at: datetime | None = None

    def __str__(self) -> str:
        """A line in English: `check website (http https://…): fails since 2026-05-04 01:00:00 UTC: status 404 …`."""
        check = f"check {self.check.id} ({self.check.kind} {self.check.shown})"
        if self.since is None or self.at is None:
            return f"{check}: has not looked yet"
        since = f"{IN_WORDS.get(self.kind, self.kind)} since {self.since:%Y-%m-%d %H:%M:%S} UTC"
        return f"{check}: {since}, looked at {self.at:%H:%M:%S}: {self.what}"

    def as_data(self) -> dict[str, Any]:
        return {
            "check": self.check.id,
            "kind": self.check.kind,
            "target": self.check.shown,
            "connection": self.check.connection,
            "canary": self.check.canary,
            "finds": self.kind or None,
            "what": self.what,
            "since": self.since.isoformat() if self.since else None,
            "at": self.at.isoformat() if self.at else None,
        }


def read_findings(config: Config, service: str | None = None, kinds: Collection[str] = ()) -> list[Finding]:
    """Of every check, or those of a service and the canaries; with `kinds` only what is of these."""
    rows = CheckFinding.objects.in_bulk() if config.tables.checks else {}
    found = []
    for check in config.tables.checks:
        if service is None or check.service == service or check.canary:
            row = rows.get(check.id)
            one = Finding(check, row.kind, row.what, row.since, row.at) if row else Finding(check)
            if not kinds or one.kind in kinds:
                found.append(one)
    return found


def known_findings() -> dict[str, Finds]:
    """What is stored, for the watch that begins."""
    return {row.check_id: (row.kind, row.since, row.what) for row in CheckFinding.objects.all()}


def known_sights() -> dict[str, datetime]:
    """When each check could look last, as far as it is stored: a restart makes nothing fresh that was red long ago."""
    return {row.check_id: row.since if row.kind == "blind" else row.at for row in CheckFinding.objects.all()}


def tell(looked: ProbedCheck) -> None:
    """Into the log: when a check begins to find something else, or the same for another reason."""
    if not looked.turned:
        return
    kind, what = looked.outcome.kind, looked.outcome.what
    level = logging.INFO if kind == "well" else logging.WARNING
    log.log(level, "check %s %s: %s", looked.check.id, IN_WORDS[kind], what)
