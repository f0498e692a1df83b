"""The story in the database: as if it had happened, and nothing left to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from talaia.config import Config
from talaia.demo import folder
from talaia.demo.seed import seed
from talaia.events.models import Event, Update
from talaia.outbox.models import Delivery, Fact
from talaia.panel.models import Day, Service
from talaia.panel.rollup import due_days


@pytest.mark.django_db
def test_a_year_is_written_and_nothing_is_left_to_do(configure: Callable[[str], Config]) -> None:
    config = configure(folder.configuration("127.0.0.1", 8000, dict.fromkeys(folder.kinds(), 9)))
    now = timezone.now()
    refs = seed(config, now, "operadora")

    assert Event.objects.count() == len(refs) >= 27
    assert Event.objects.filter(kind=Event.INCIDENT, ended_at=None).count() == 1
    assert not Update.objects.filter(at__gt=now).exists()
    assert set(Update.objects.values_list("by", flat=True)) == {"operadora"}
    # Its past has had its consequences: nobody is told of it again.
    assert not Fact.objects.filter(spread=False).exists()
    assert not Delivery.objects.exists()
    assert due_days(now, config.site.tz) == []
    yesterday = now.astimezone(config.site.tz).date() - timedelta(days=1)
    assert Day.objects.filter(day=yesterday).count() == Service.objects.count() == 12
    states = dict(Service.objects.values_list("slug", "state"))
    assert states.pop("links") == "degraded"
    assert set(states.values()) == {"operational"}


@pytest.mark.django_db
def test_references_follow_the_order_in_which_things_were_first_told(configure: Callable[[str], Config]) -> None:
    config = configure(folder.configuration("127.0.0.1", 8000, dict.fromkeys(folder.kinds(), 9)))
    seed(config, timezone.now(), "operadora")
    for kind in (Event.INCIDENT, Event.MAINTENANCE):
        events = Event.objects.filter(kind=kind).order_by("year", "number")
        started = [event.started_at for event in events]
        assert started == sorted(started)
