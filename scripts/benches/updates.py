"""Run as a program in an installation's environment: seconds that each of N updates takes until all its files stand."""

from __future__ import annotations

import json
import sys
import time

from talaia.cli import set_up

set_up()

from django.utils import timezone  # noqa: E402

from talaia.channels import channels  # noqa: E402
from talaia.config import current  # noqa: E402
from talaia.events import actions  # noqa: E402
from talaia.events.timeline import IncidentState  # noqa: E402
from talaia.outbox.worker import Worker  # noqa: E402
from talaia.panel.state import State  # noqa: E402
from talaia.reactions import consequences  # noqa: E402
from talaia.server.startup import prepare  # noqa: E402

worker = Worker(current().home, channels(current()), consequences, timezone.now)


def settle() -> None:
    """Do all that follows, until nothing is left to do."""
    worker.spread()
    while sum(worker.deliver_due(channel) for channel in worker.channels):
        worker.spread()


prepare(current())  # as `talaia up` does at its start: the whole site is ordered, and need not be again
settle()
event = actions.open_incident({"ca": "Tall de prova"}, {"ca": "Ho mirem."}, {"s000": State.PARTIAL}, timezone.now())
settle()
times = []
for n in range(int(sys.argv[1])):
    begun = time.perf_counter()
    actions.update_incident(event.ref, IncidentState.IDENTIFIED, {"ca": f"Hi treballem, pas {n}."}, timezone.now())
    settle()
    times.append(time.perf_counter() - begun)
actions.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Resolt."}, timezone.now())
settle()
print(json.dumps(times))
