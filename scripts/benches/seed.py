"""Run as a program in an installation's environment: writes past incidents, three a day, straight into the rows."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import timedelta

from talaia.cli import set_up

set_up()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from talaia.config import current  # noqa: E402
from talaia.events.models import Event, Impact, Update  # noqa: E402
from talaia.panel.actions import list_services  # noqa: E402
from talaia.panel.catalogue import headings  # noqa: E402

WORDS = {"ca": "Hem vist que una part de la xarxa no respon. **Hi treballem.**"}

call_command("migrate", verbosity=0)
now = timezone.now()
list_services(headings(current()), now)
slugs = [service.slug for service in current().tables.services]
numbers: Counter[int] = Counter()
events, impacts, updates = [], [], []
for n in range(int(sys.argv[1])):
    at = now - timedelta(hours=8 * (n + 1))
    numbers[at.year] += 1
    events.append(
        Event(
            kind=Event.INCIDENT,
            year=at.year,
            number=numbers[at.year],
            language="ca",
            titles={"ca": f"Tall {n} a la zona nord"},
            state="resolved",
            started_at=at,
            ended_at=at + timedelta(hours=2),
        )
    )
with transaction.atomic():
    for n, event in enumerate(Event.objects.bulk_create(events, batch_size=500)):
        impacts.append(Impact(event=event, service_id=slugs[n % len(slugs)], state="partial"))
        for number, state in enumerate(("investigating", "identified", "resolved"), 1):
            at = event.started_at + timedelta(minutes=30 * number)
            updates.append(Update(event=event, number=number, state=state, at=at, language="ca", texts=WORDS))
    Update.objects.bulk_create(updates, batch_size=500)
    Impact.objects.bulk_create(impacts, batch_size=500)
