"""`talaia check` reads the mirror, and writes nothing there."""

from __future__ import annotations

import pytest

from talaia.config import current
from talaia.forum.sync import MirrorSync
from talaia.outbox.errors import TemporaryError


class Mirror:
    """One that answers, or not."""

    name = "discourse"

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault

    def ask(self) -> None:
        if self.fault:
            raise self.fault


@pytest.mark.django_db
def test_a_mirror_that_answers_is_well_and_one_that_does_not_is_said() -> None:
    def said(mirror: Mirror | None) -> object:
        return list(MirrorSync(current, lambda _config: mirror).check(current(), True))  # type: ignore[arg-type, return-value]

    assert said(None) == []
    assert said(Mirror()) == [(True, "the mirror discourse answers", "")]
    assert said(Mirror(TemporaryError("it is away", "is it up?"))) == [(False, "it is away", "is it up?")]
