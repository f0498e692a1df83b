"""GET /healthz: 200 only if database, disk, worker, watch, clock, publisher and public folder are well."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import Error, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from talaia import schema
from talaia.api.db_timeout import statement_timeout
from talaia.api.json_responses import refusal
from talaia.api.metrics_access import may_look
from talaia.config import Config, current
from talaia.outbox import heartbeats
from talaia.outbox.actions import write_test
from talaia.outbox.disk_reserve import Room, room
from talaia.outbox.failure_kinds import HINTS, in_one_line, trouble
from talaia.outbox.models import Delivery
from talaia.outbox.monotonic import StableValue
from talaia.site.integrity_check import IntegrityReport, last_look
from talaia.site.lateness import change_is_late, renewal_is_late
from talaia.site.models import Publication

PATIENCE = 2.0  # seconds for the database
LOOK_EVERY = 1.0  # seconds: however often strangers ask, the database is asked no more than that


@dataclass(frozen=True)
class HealthPart:
    """One thing that must be well. `age`: seconds since it last showed that it is; None when it never did."""

    name: str
    ok: bool
    age: float | None
    what: str


@dataclass(frozen=True)
class HealthSigns:
    """What the database tells: when the folder was last written, and since when a change has been waiting for that."""

    published_at: datetime | None
    waiting_since: datetime | None


@csrf_exempt  # it changes nothing; a form is told so in one line, as any other method
def healthz(request: HttpRequest) -> HttpResponse:
    """A word for each part; ages and reasons only for who may look (see metrics_access.py)."""
    if request.method not in ("GET", "HEAD"):
        return refusal(405, f"{request.method} does nothing here", "use GET", Allow="GET, HEAD")
    config, now = current(), timezone.now()
    parts = LATEST.look(config, now)
    well = all(part.ok for part in parts)
    said: dict[str, object] = {"status": word(well), **{part.name: word(part.ok) for part in parts}}
    try:
        trusted = may_look(request, config, now)
    except Error:
        trusted = False
    if trusted:
        said["details"] = {part.name: {"age_seconds": part.age, "what": part.what} for part in parts}
    return JsonResponse(said, status=200 if well else 503, headers={"Cache-Control": "no-store"})


def word(ok: bool) -> str:
    return "ok" if ok else "failed"


class Latest:
    """The last look, shared by all who ask within LOOK_EVERY."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.at = float("-inf")
        self.parts: tuple[HealthPart, ...] = ()
        self.published, self.waiting = StableValue(), StableValue()

    def forget(self) -> None:
        """Whoever asks next gets a fresh look."""
        self.at = float("-inf")

    def look(self, config: Config, now: datetime) -> tuple[HealthPart, ...]:
        with self.lock:
            if time.monotonic() - self.at > LOOK_EVERY:
                self.parts = health_parts(config, now, self.by_now)
                self.at = time.monotonic()
            return self.parts

    def by_now(self, signs: HealthSigns, now: datetime) -> HealthSigns:
        """The signs by the clock as it is: what lies ahead of now has stood for as long as it has been seen."""

        def mended(at: datetime | None, standing: StableValue) -> datetime | None:
            seconds = standing.seconds(at)
            return at if at is None or at <= now else now - timedelta(seconds=seconds)

        return HealthSigns(mended(signs.published_at, self.published), mended(signs.waiting_since, self.waiting))


LATEST = Latest()


def health_parts(
    config: Config, now: datetime, by_now: Callable[[HealthSigns, datetime], HealthSigns]
) -> tuple[HealthPart, ...]:
    """Look at the parts. Never raises for what is not well."""
    left = room(config.home)
    try:
        with statement_timeout(PATIENCE):
            if (found := schema.inspect_schema()).kind != "ours":
                raise Error(f"{found.what}; {found.mend}")
            signs = by_now(read_signs(), now)
            write_test(now)
    except Error as error:
        kind = trouble(error, 0 if left and left.is_full else None)
        reason = in_one_line(error) + (f"; {HINTS[kind]}" if kind else "")
        database, publisher = (
            HealthPart("database", False, None, reason),
            HealthPart("publisher", False, None, "cannot be known"),
        )
    else:
        database, publisher = HealthPart("database", True, 0.0, "reads and writes"), judge_publisher(signs, config, now)
    lives = (judge_beat(part, heartbeats.seen(config.home, part), now) for part in heartbeats.PARTS)
    return database, judge_disk(left), *lives, publisher, judge_folder(last_look(config.home), now)


def read_signs() -> HealthSigns:
    """Raises django.db.Error, also where the database can be read but not written."""
    with transaction.atomic():  # on SQLite this takes the lock to write
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SHOW transaction_read_only")
                if cursor.fetchone() != ("off",):
                    raise Error("it can only be read")
        published = Publication.objects.order_by("-pk").values_list("at", flat=True).first()
        waiting = Delivery.objects.filter(channel="site", state__in=[Delivery.READY, Delivery.RUNNING])
        return HealthSigns(published, waiting.order_by("fact__at").values_list("fact__at", flat=True).first())


def judge_beat(part: str, seen: datetime | None, now: datetime) -> HealthPart:
    """Whether a part of the worker's process lives, and its rounds succeed."""
    if seen is None:
        return HealthPart(part, False, None, "has not run yet; `talaia up` or `talaia work` starts it")
    age = abs((now - seen).total_seconds())  # a beat of the future is one from before the clock was set back
    well = age <= heartbeats.LATE.total_seconds()
    return HealthPart(
        part, well, age, f"its last round succeeded {age:.0f} s ago" + ("" if well else "; its log says why")
    )


def judge_disk(left: Room | None) -> HealthPart:
    """Not well from the moment on in which the reserve is in use: before that nothing has failed yet."""
    if left is None:
        return HealthPart("disk", False, None, "how much room is left cannot be known")
    said = f"{left.free / 1e6:,.0f} MB are left, {left.reserve / 1e6:,.0f} MB more are held in reserve"
    if left.is_ill:
        return HealthPart("disk", False, None, f"{said}: make room on the disk")
    return HealthPart("disk", True, None, said)


def judge_folder(seen: IntegrityReport | None, now: datetime) -> HealthPart:
    """Whether the public folder is as it was written. Nobody looks where only `talaia publish` writes it."""
    if seen is None:
        return HealthPart("folder", True, None, "nobody has looked yet whether it is as it was written")
    age = max(0.0, (now - seen.at).total_seconds())
    said = f"as it was written, when last looked at {age:.0f} s ago"
    if seen.damaged:
        said = f"{seen.damaged} files are not as they were written, and are made anew: {seen.names}"
    elif seen.found_at:
        said += f"; somebody else had changed {seen.names} until {seen.found_at:%Y-%m-%d %H:%M:%S} UTC"
    return HealthPart("folder", not seen.damaged, age, said)


def judge_publisher(signs: HealthSigns, config: Config, now: datetime) -> HealthPart:
    """The front page is made anew every `[site] refresh`: three missed are a failure, and so is a change that waits."""
    if signs.published_at is None:
        return HealthPart("publisher", False, None, "nothing has been published yet")
    age = max(0.0, (now - signs.published_at).total_seconds())
    said, ok = [f"last written {age:.0f} s ago"], True
    if renewal_is_late(signs.published_at, config.site.refresh, now):
        ok = False
        said.append(f"it should be every {config.site.refresh.total_seconds():.0f} s")
    if signs.waiting_since and change_is_late(signs.waiting_since, now):
        ok = False
        said.append(f"a change has been waiting for {(now - signs.waiting_since).total_seconds():.0f} s")
    return HealthPart("publisher", ok, age, "; ".join(said))
