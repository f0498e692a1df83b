"""Run as a program: writes facts through the actions until its standard input closes, then tells what it wrote."""

from __future__ import annotations

import json
import random
import select
import sys
from datetime import timedelta

from talaia.cli import set_up

set_up()

from django.db import OperationalError  # noqa: E402
from django.utils import timezone  # noqa: E402

from talaia.events import actions  # noqa: E402
from talaia.events.timeline import IncidentState  # noqa: E402
from talaia.panel.state import State  # noqa: E402

chance = random.Random(7)
written: dict[str, list[str]] = {}
slugs = ["chat", "video", "website", "links"]


def one_more() -> None:
    """Open an incident, or go on with one; remembered only once it is committed."""
    now = timezone.now()
    refs = list(written)
    if len(refs) < 3 or (chance.random() < 0.1 and len(refs) < 40):
        words = f"first words {chance.random()}"
        event = actions.open_incident(
            {"ca": f"Prova {len(refs)}"},
            {"ca": words},
            {chance.choice(slugs): State.PARTIAL},
            now,
            next_update_at=now + timedelta(hours=1),
        )
        written[event.ref] = [words]
    else:
        ref = chance.choice(refs)
        words = f"more words {chance.random()}"
        state = chance.choice([IncidentState.IDENTIFIED, IncidentState.MONITORING, IncidentState.RESOLVED])
        actions.update_incident(ref, state, {"ca": words}, now)
        written[ref].append(words)


while not select.select([sys.stdin], [], [], 0.05)[0]:
    try:
        one_more()
    except OperationalError:
        continue  # not committed, so not promised
sys.stdout.write(json.dumps(written))
