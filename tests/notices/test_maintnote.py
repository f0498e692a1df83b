"""The calendar part as carriers' programs read it: circuit-maintenance-parser finds in the mail what we told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from talaia.notices.policy import Window, revision
from talaia.notices.samples import LATER, STORIES, WINDOW
from talaia.notices.values import Kind
from tests.notices.letters import bytes_of
from tests.servers import maintnote

# The life of one maintenance: sequence, status, impact.
END = STORIES["end"].event.ended_at or LATER[1]
LIFE = {
    "advance": (0, "CONFIRMED", "OUTAGE"),
    "reminder": (0, "CONFIRMED", "OUTAGE"),
    "changed": (1, "CONFIRMED", "OUTAGE"),
    "start": (0, "IN-PROCESS", "OUTAGE"),
    "end": (1, "COMPLETED", "NO-IMPACT"),
    "cancelled": (1, "CANCELLED", "OUTAGE"),
}


@pytest.mark.parametrize(
    ("windows", "kind", "sequence"),
    [
        ([WINDOW], Kind.ADVANCE, 0),
        ([WINDOW, WINDOW, WINDOW], Kind.START, 0),
        ([WINDOW, (WINDOW[0], WINDOW[1] + timedelta(seconds=9))], Kind.END, 0),  # the same to the minute
        ([WINDOW, LATER], Kind.CHANGED, 1),
        ([WINDOW, LATER, LATER], Kind.REMINDER, 1),
        ([WINDOW, LATER, WINDOW], Kind.CHANGED, 2),
        ([WINDOW, LATER], Kind.UPDATE, 1),  # it was made longer while it went on
        ([WINDOW, LATER, LATER], Kind.CANCELLED, 2),
    ],
)
def test_each_other_window_has_the_next_number(windows: list[Window], kind: Kind, sequence: int) -> None:
    assert revision(windows, kind) == sequence


@pytest.mark.servers
@pytest.mark.parametrize("language", ["ca", "list"])
def test_the_parser_finds_what_we_told(language: str, tmp_path: Path) -> None:
    mails = [bytes_of(STORIES[name], language) for name in LIFE]
    for name, found in zip(LIFE, maintnote.read(mails, tmp_path), strict=True):
        sequence, status, impact = LIFE[name]
        window = STORIES[name].event.hours
        assert window is not None
        assert window == {"changed": LATER, "end": (WINDOW[0], END)}.get(name, WINDOW)
        assert found == {
            "id": "maintenance-2026-003",
            "provider": "status.example.org",
            "account": "members",
            "uid": "maintenance-2026-003@status.example.org",
            "sequence": sequence,
            "status": status,
            "start": int(window[0].timestamp()),
            "end": int(window[1].timestamp()),
            "summary": "Canvi del router del Port",
            "organizer": "mailto:estat@example.org",
            "circuits": {"links": impact},
        }
