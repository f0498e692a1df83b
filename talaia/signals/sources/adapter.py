"""What a kind of source must have. A class that lacks some of it fails when it is made, not when it is first needed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from talaia.config.source_kinds import KINDS, SourceKind
from talaia.signals.client import Heard, SourceClient
from talaia.signals.evidence import EvidenceQuery
from talaia.signals.parse.report import Report


class SourceAdapter:
    """One kind of source; `kind` is its name in talaia.toml.

    `setup`: what a sysadmin pastes into the other side, where it posts; in it stand {url}, {scheme}, {host}, {prefix}
    and {file}, which has the token.
    """

    kind: ClassVar[str]
    setup: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        row = KINDS[cls.kind]
        needed = {"poll": row.asked, "read": bool(row.hooks), "setup": bool(row.hooks)}
        for name, is_needed in needed.items():
            if is_needed != (name in vars(cls)):
                said = "is missing" if is_needed else "is nothing that its row in config/source_kinds.py has"
                raise TypeError(f"{cls.__name__}: {name} {said}")

    @property
    def row(self) -> SourceKind:
        return KINDS[self.kind]

    def poll(self, client: SourceClient, wanted: Sequence[EvidenceQuery], now: datetime, /) -> Heard:
        """Everything that the source knows, complete. Raises Temporary or Permanent."""
        raise NotImplementedError

    def read(self, body: object, received_at: datetime, /) -> Report:
        """What a posted body (JSON values) says. Raises MalformedBody with the place in it."""
        raise NotImplementedError
