"""`talaia check` and /healthz are asked about the same machine, and must not say the opposite of each other."""

from __future__ import annotations

import pytest

from talaia.api.health import judge_disk
from talaia.commands import check
from talaia.config import Config
from talaia.outbox.disk_reserve import Room
from tests.api.locked import held

GB = 1_000_000_000


@pytest.mark.django_db(transaction=True)
def test_a_database_that_can_be_read_and_takes_nothing_is_no_well_one(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "PATIENCE", 0.05)
    made, [(well, _what, _mend)] = check.database(offline=False)
    assert (made, well) == (True, True)
    with held("talaia_writetest"):
        made, [(well, what, mend)] = check.database(offline=False)
        assert (made, well, "another program keeps it" in mend) == (False, False, True), what
        _made, [(well, _what, _mend)] = check.database(offline=True)
        assert well is None, "before the start it is no failure: the finished pages are served"


@pytest.mark.parametrize("free", [0, 1_000_000, 20_000_000, 100_000_000, 40 * GB])
@pytest.mark.parametrize("reserve", [0, 16_000_000])
def test_check_fails_for_the_disk_exactly_where_healthz_does(
    config: Config, free: int, reserve: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = Room(free, 50 * GB, reserve)
    monkeypatch.setattr(check, "room", lambda home: left)
    failed = any(well is False for well, what, _mend in check.folder(config) if "on the disk" in what)
    assert failed is not judge_disk(left).ok
