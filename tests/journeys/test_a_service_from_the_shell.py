"""`talaia service`: what the sysadmin sees with their own eyes, said from a shell."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from talaia.config import current
from talaia.outbox.models import Fact
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.models import Service
from tests.journeys.shell import Shell

pytestmark = pytest.mark.django_db
WHY = ("--reason", "Entrem,  però a poc a poc.")


@pytest.fixture
def talaia(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Shell:
    monkeypatch.setenv("SUDO_USER", "carme")
    list_services(headings(current()), timezone.now())
    return Shell(capsys, monkeypatch)


def test_a_state_is_set_until_a_time_with_a_reason_and_taken_back(talaia: Shell) -> None:
    said = talaia("service", "set", "chat", "degraded", "--until", "2h", *WHY)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("chat: degraded by hand until 20")
    row = Service.objects.get(pk="chat")
    assert (row.override_state, row.override_by, row.override_words) == (
        "degraded",
        "carme",
        {"ca": "Entrem, però a poc a poc."},
    )
    assert row.override_until is not None
    assert timedelta(hours=1, minutes=59) < row.override_until - timezone.now() <= timedelta(hours=2, minutes=1)
    exact = f"{(timezone.now() + timedelta(days=2)).astimezone(current().site.tz):%Y-%m-%dT10:00}"
    assert talaia("service", "set", "chat", "partial", "--until", exact, "--reason", "x", "--language", "en").code == 0
    row.refresh_from_db()
    assert (row.override_state, row.override_words) == ("partial", {"en": "x"})
    assert talaia("service", "take-back", "chat").out == "chat: the monitoring speaks again\n"
    assert talaia("service", "take-back", "chat").out == "chat: nothing was set by hand\n"
    kinds = list(Fact.objects.filter(subject="service/chat").values_list("kind", flat=True))
    assert kinds == ["service.set_by_hand", "service.set_by_hand", "service.taken_back"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("set", "chat", "degraded", *WHY), 2, "--until"),
        (("set", "chat", "degraded", "--until", "2h"), 2, "--reason"),
        (("set", "chat", "maintenance", "--until", "2h", *WHY), 2, "maintenance"),
        (("set", "chat", "degraded", "--until", "2h", "--reason", " "), 1, "say why"),
        (("set", "chat", "degraded", "--until", "later", *WHY), 1, "'later' is no time"),
        (("set", "chat", "degraded", "--until", "none", *WHY), 1, "'none' is no time"),
        (("set", "chat", "degraded", "--until", "2020-01-01T10:00", *WHY), 1, "has passed"),
        (("set", "chat", "degraded", "--until", "2099-01-01T10:00", *WHY), 1, "at most 31 days"),
        (("set", "chta", "degraded", "--until", "2h", *WHY), 1, "no service “chta”"),
        (("take-back", "chta"), 1, "no service “chta”"),
    ],
)
def test_what_cannot_be_said_is_one_line(talaia: Shell, arguments: tuple[str, ...], code: int, said: str) -> None:
    answer = talaia("service", *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err
    assert code == 2 or len(answer.err.splitlines()) == 1
    assert not Fact.objects.filter(kind="service.set_by_hand").exists()
