"""Signs of life: as often as they are read, and of no harm where the disk takes none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from talaia.outbox.heartbeats import EVERY, Heartbeat, seen

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)


def test_a_sign_is_written_at_most_as_often_as_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = [100.0]
    monkeypatch.setattr("talaia.outbox.heartbeats.time", SimpleNamespace(monotonic=lambda: at[0]))
    beat, shown = Heartbeat("watch"), []
    for step in range(5):
        beat.show(tmp_path / "new" / "home", NOW + timedelta(seconds=step))
        shown.append(seen(tmp_path / "new" / "home", "watch"))
        at[0] += EVERY / 2
    assert shown == [NOW + timedelta(seconds=step) for step in (0, 0, 2, 2, 4)]


def test_a_disk_that_takes_no_sign_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("no folder")
    Heartbeat("watch").show(tmp_path, NOW)
    assert seen(tmp_path, "watch") is None
