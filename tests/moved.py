"""The product at an hour that a test chooses, so that the days of a plan pass in seconds.

`python -m tests.moved ARGUMENTS` is `talaia ARGUMENTS` with a clock that runs as ever, so far ahead as a file says.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.utils import timezone

from tests.product import Talaia

VARIABLE = "TALAIA_TEST_AHEAD"


class Moved(Talaia):
    """An installation whose time moves on when a test says so, in all its processes at once."""

    module = "tests.moved"

    def __init__(self, home: Path, config: str) -> None:
        super().__init__(home, config)
        self.ahead = timedelta(0)
        self.later()

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, VARIABLE: str(self.home / "ahead")}

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def later(self, **time: float) -> None:
        self.ahead += timedelta(**time)
        written = self.home / "ahead.new"
        written.write_text(str(self.ahead.total_seconds()))
        written.replace(self.home / "ahead")


def main() -> int:
    file, now = Path(os.environ[VARIABLE]), timezone.now
    timezone.now = lambda: now() + timedelta(seconds=float(file.read_text()))
    from talaia.cli import main as talaia

    return talaia()


if __name__ == "__main__":
    sys.exit(main())
