"""/healthz: 200 only if database, worker and publisher are well. It tells no more than that to strangers."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from talaia.api.haste import in_haste
from talaia.config import Config, current
from talaia.outbox.worker import heartbeat_file
from talaia.site.models import Publication

LIVELY = 15.0  # seconds: the worker gives a sign every two


def healthz(request: HttpRequest) -> HttpResponse:
    del request
    config = current()
    parts: dict[str, Callable[[Config], bool]] = {"database": _database, "worker": _worker, "publisher": _publisher}
    found = {name: _well(look, config) for name, look in parts.items()}
    words = {name: "ok" if well else "failed" for name, well in found.items()}
    return JsonResponse(words, status=200 if all(found.values()) else 503, headers={"Cache-Control": "no-store"})


def _well(look: Callable[[Config], bool], config: Config) -> bool:
    try:
        with in_haste():
            return look(config)
    except (DatabaseError, OSError):
        return False


def _database(config: Config) -> bool:
    del config
    Publication.objects.exists()
    return True


def heartbeat_age(config: Config) -> float | None:
    """Seconds since the worker's last sign of life; None: never."""
    try:
        return time.time() - heartbeat_file(config.home).stat().st_mtime
    except FileNotFoundError:
        return None


def _worker(config: Config) -> bool:
    age = heartbeat_age(config)
    return age is not None and age < LIVELY


def _publisher(config: Config) -> bool:
    newest = Publication.objects.order_by("-id").first()
    limit = max(3 * config.site.refresh, timedelta(minutes=3))
    return newest is not None and timezone.now() - newest.at < limit
