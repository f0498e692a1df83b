"""GET /healthz: 200 only if database, worker and publisher are well."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import Error, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from talaia import schema
from talaia.api.answers import refusal
from talaia.api.haste import in_haste
from talaia.api.who import may_look
from talaia.config import Config, current
from talaia.outbox.models import Delivery
from talaia.outbox.worker import heartbeat_file
from talaia.site.models import Publication

PATIENCE = 2.0  # seconds for the database
WORKER_LATE = timedelta(seconds=15)  # it beats every two
CHANGE_LATE = timedelta(minutes=2)  # how long a change may take to the page
LOOK_EVERY = 1.0  # seconds: however often strangers ask, the database is asked no more than that


@dataclass(frozen=True)
class Part:
    """One thing that must be well. `age`: seconds since it last showed that it is; None when it never did."""

    name: str
    ok: bool
    age: float | None
    what: str


@dataclass(frozen=True)
class Signs:
    """What the database tells: when the folder was last written, and since when a change has been waiting for that."""

    published_at: datetime | None
    waiting_since: datetime | None


def healthz(request: HttpRequest) -> HttpResponse:
    """A word for each part; ages and reasons only for who may look (see who.py)."""
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
        self.parts: tuple[Part, ...] = ()

    def forget(self) -> None:
        """Whoever asks next gets a fresh look."""
        self.at = float("-inf")

    def look(self, config: Config, now: datetime) -> tuple[Part, ...]:
        with self.lock:
            if time.monotonic() - self.at > LOOK_EVERY:
                self.parts = look(config, now)
                self.at = time.monotonic()
            return self.parts


LATEST = Latest()


def look(config: Config, now: datetime) -> tuple[Part, ...]:
    """Look at the parts. Never raises for what is not well."""
    try:
        with in_haste(PATIENCE):
            if (found := schema.look()).kind != "ours":
                raise Error(f"{found.what}; {found.mend}")
            signs = read_signs()
    except Error as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        database, publisher = Part("database", False, None, reason), Part("publisher", False, None, "cannot be known")
    else:
        database, publisher = Part("database", True, 0.0, "reads and writes"), judge_publisher(signs, config, now)
    return database, judge_worker(beat(config.home), now), publisher


def read_signs() -> Signs:
    """Raises django.db.Error, also where the database can be read but not written."""
    with transaction.atomic():  # on SQLite this takes the lock to write
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SHOW transaction_read_only")
                if cursor.fetchone() != ("off",):
                    raise Error("it can only be read")
        published = Publication.objects.order_by("-pk").values_list("at", flat=True).first()
        waiting = Delivery.objects.filter(channel="site", state__in=[Delivery.READY, Delivery.RUNNING])
        return Signs(published, waiting.order_by("fact__at").values_list("fact__at", flat=True).first())


def beat(home: Path) -> datetime | None:
    """When a worker on this machine last showed that it lives; None: never."""
    try:
        return datetime.fromtimestamp(heartbeat_file(home).stat().st_mtime, UTC)
    except OSError:
        return None


def judge_worker(seen: datetime | None, now: datetime) -> Part:
    if seen is None:
        return Part("worker", False, None, "has not run yet; `talaia up` or `talaia work` starts it")
    age = abs((now - seen).total_seconds())  # a beat of the future is one from before the clock was set back
    return Part("worker", age <= WORKER_LATE.total_seconds(), age, f"last seen {age:.0f} s ago")


def judge_publisher(signs: Signs, config: Config, now: datetime) -> Part:
    """The front page is made anew every `[site] refresh`: three missed are a failure, and so is a change that waits."""
    if signs.published_at is None:
        return Part("publisher", False, None, "nothing has been published yet")
    age = max(0.0, (now - signs.published_at).total_seconds())
    said, ok = [f"last written {age:.0f} s ago"], True
    if timedelta(seconds=age) > 3 * config.site.refresh + timedelta(seconds=30):
        ok = False
        said.append(f"it should be every {config.site.refresh.total_seconds():.0f} s")
    if signs.waiting_since and now - signs.waiting_since > CHANGE_LATE:
        ok = False
        said.append(f"a change has been waiting for {(now - signs.waiting_since).total_seconds():.0f} s")
    return Part("publisher", ok, age, "; ".join(said))
