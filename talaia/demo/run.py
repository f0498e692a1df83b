"""The demo once its configuration is in force: the database, the story, a first look at the servers, and then `up`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.management import call_command
from django.utils import timezone

from talaia.config import Config, current
from talaia.demo.seed import seed
from talaia.demo.words import Scene, welcome
from talaia.desk.actions import add
from talaia.server.listening import claim_port
from talaia.server.process import up
from talaia.signals.watch import SignalWatch
from talaia.site.write import publish

PERSON = "operadora"
OPEN, TOLD, PLANNED = "wind-at-the-port", "fibre-cut", "new-batteries"
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that looks like another
LOOK = timedelta(seconds=2)


def play(
    config: Config, host: str, port: int, command: tuple[str, str], language: str, say: Callable[[str], None]
) -> None:
    """Until SIGTERM, SIGINT or SIGHUP. `command`: the two parts of Scene.command and .option. Raises Refused."""
    claim_port(host, port)
    call_command("migrate", verbosity=0, interactive=False)
    now = timezone.now()
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))
    add(PERSON, "", password, now)
    refs = seed(config, now, PERSON)
    run_checks_twice(now)
    # What is pointed to stands from the first answer on; `up` makes every other page in its first seconds.
    events = (f"incident/{refs[OPEN]}", f"incident/{refs[TOLD]}", f"maintenance/{refs[PLANNED]}")
    publish(("assets", "front", "history", *events), now)
    scene = Scene(
        base=config.site.address,
        open_incident=refs[OPEN],
        told_incident=refs[TOLD],
        maintenance=refs[PLANNED],
        person=PERSON,
        password=password,
        command=command[0],
        option=command[1],
    )
    up(config, host, port, on_ready=lambda: say(welcome(scene, language)), reloads=False)


def run_checks_twice(now: datetime) -> None:
    """Two rounds of the checks, as one failure is none yet: the page begins with what is measured."""
    watch = SignalWatch(current, timezone.now)
    try:
        for back in (2, 1):
            watch.step(now - back * LOOK)
    finally:
        watch.close()
