"""Who chose a service is told of it under its new name, and other systems know it by the same code."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction

from talaia.audience.mailing import mail_returns, neighbours
from talaia.audience.models import Recipient
from talaia.channels import recipients, to_list
from talaia.commands.renaming import rename
from talaia.config import Config, current
from talaia.events import actions as events
from talaia.events.models import Event
from talaia.events.timeline import IncidentState
from talaia.notices.actions import begin
from talaia.notices.models import Notice
from talaia.notices.send_batch import MailHooks, SendBatch
from talaia.notices.values import NoticeStory
from talaia.outbox import actions as outbox
from talaia.panel.state import State
from talaia.panel.statuspage_ids import code
from tests.notices.conftest import Configure, House, set_up
from tests.notices.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)
ANNA, BERNAT, CARLA = "anna@example.net", "bernat@example.net", "carla@example.net"


def renamed(house: House, configure: Configure, tmp_path: Path, more: str = "") -> Config:
    """A person writes "connexions" for "links" into talaia.toml, and says so."""
    text = (tmp_path / "talaia.toml").read_text().replace('"links"', '"connexions"')
    config = configure(text + more)
    rename(config, "links", "connexions", "carme", house.now)
    return config


def choose() -> None:
    Recipient.objects.filter(address=ANNA).update(services=["links"])
    Recipient.objects.filter(address=BERNAT).update(services=["chat"])


def opened(house: House) -> Event:
    titles, texts = {"ca": "Sense connexió"}, {"ca": "Ho mirem."}
    return events.open_incident(titles, texts, {"connexions": State.DISRUPTION}, house.now, by="anna")


def test_who_chose_it_is_told_of_it_afterwards_and_who_chose_another_is_not(
    house: House, configure: Configure, tmp_path: Path
) -> None:
    choose()
    renamed(house, configure, tmp_path)
    opened(house)
    house.work().later(minutes=2).work()
    assert sorted(house.server.to()) == [ANNA, CARLA]


def test_who_was_told_of_a_problem_before_is_told_its_end_after(
    house: House, configure: Configure, tmp_path: Path
) -> None:
    choose()
    house.open()
    house.work().later(minutes=2).work()
    assert sorted(house.server.to()) == [ANNA, CARLA]
    house.later(minutes=10)
    renamed(house, configure, tmp_path)
    events.update_incident("2026-001", IncidentState.RESOLVED, {"ca": "Fet."}, house.now, by="anna")
    house.work().later(minutes=2).work()
    assert sorted(house.server.to()) == [ANNA, ANNA, CARLA, CARLA]
    assert [(kind, state) for kind, state, _ in house.notices()] == [("problem", "sent"), ("resolved", "sent")]
    for notice in Notice.objects.all():
        assert [one.slug for one in NoticeStory.from_json(notice.story or {}).event.touched] == ["connexions"]


def test_a_sending_that_has_begun_reaches_who_chose_it(house: House, configure: Configure, tmp_path: Path) -> None:
    """The words of a sending are in its memory; whom it reaches is read on the way."""
    choose()
    house.open()
    house.work().later(minutes=2)
    notice = Notice.objects.get()
    told = begin(notice.pk, house.now)
    assert told
    renamed(house, configure, tmp_path)
    assert [one.slug for one in told.event.touched] == ["links"]
    part = SendBatch(MailHooks(recipients, mail_returns, to_list, neighbours), notice, told, current())
    assert [one.address for one in part.concerned(list(part.recipients("")))] == [ANNA, CARLA]


def test_its_code_is_the_same_before_and_after_and_no_news_of_it_is_lost(
    house: House, there: Receiver, configure: Configure, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    hook = f'\n[[webhook]]\nname = "board"\nsecret_file = "secret"\nurl = "http://127.0.0.1:{there.port}/board"\n'
    set_up(configure, house.server, hook)
    first = code("status.example.org", "service", "links")
    data = {"from": "operational", "to": "disruption", "reason": {}}
    for subject in ("service/links", "service/links", "service/connexions"):
        with transaction.atomic():
            outbox.record("service.changed", subject, house.now, data=data)
        if len(there.requests) == 1:
            renamed(house, configure, tmp_path)  # the second was told of the old name, and is delivered after it
        house.later(minutes=1).work()
    opened(house)
    house.work().later(minutes=2).work()
    told = [one.json() for one in there.requests]
    assert [one["component"]["id"] for one in told[:3]] == [first] * 3
    assert [one["component_update"]["component_id"] for one in told[:3]] == [first] * 3
    assert told[-1]["incident"]["components"][0]["id"] == first


def test_calendars_of_other_operators_know_it_by_its_first_name(
    house: House, configure: Configure, tmp_path: Path
) -> None:
    renamed(house, configure, tmp_path)
    window = (house.now + timedelta(days=3), house.now + timedelta(days=3, hours=1))
    levels = {"connexions": State.MAINTENANCE}
    event = events.plan_maintenance({"ca": "Feina"}, {"ca": "Fem feina."}, levels, window, house.now, by="anna")
    Event.objects.filter(pk=event.pk).update(notices=["24h"])
    house.work().later(days=2).work().later(minutes=2).work()
    [part] = [one for one in house.server.taken[0].mail.walk() if one.get_content_type() == "text/calendar"]
    assert "X-MAINTNOTE-OBJECT-ID:links" in part.get_content()
