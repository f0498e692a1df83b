"""/metrics for Prometheus: read from the rows when asked. Nothing in it tells of a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

import talaia
from talaia.api.answers import bearer, refusal
from talaia.api.health import heartbeat_age
from talaia.config import current
from talaia.outbox.models import Delivery
from talaia.panel.models import Service
from talaia.panel.state import State
from talaia.signals.actions import check_token
from talaia.signals.models import Intake, SourceState
from talaia.site.models import Publication

LOOPBACK = ("127.0.0.1", "::1")


def metrics(request: HttpRequest) -> HttpResponse:
    """For who asks from this machine itself, or has a token of the source "metrics"."""
    now = timezone.now()
    direct = not current().web.behind_proxy and request.META.get("REMOTE_ADDR") in LOOPBACK
    if not direct and not check_token("metrics", bearer(request), now):
        return refusal(401, "a valid bearer token is needed", "talaia token create metrics", WWW_Authenticate="Bearer")
    registry = CollectorRegistry()
    registry.register(Rows(now))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Rows(Collector):
    """What the rows say at `now`."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        yield _one("talaia_build_info", "Version and database.", 1.0, version=talaia.__version__, database=_engine())
        states = GaugeMetricFamily(
            "talaia_service_state", "1 for the state that is shown.", labels=["service", "state"]
        )
        for slug, shown in Service.objects.filter(retired_at=None).values_list("slug", "state"):
            for state in State:
                states.add_metric([slug, state.value], float(state == shown))
        yield states
        yield from self._sources()
        yield _one("talaia_intake_waiting", "Bodies that came in and were not taken up yet.", self._waiting())
        yield from self._deliveries()
        newest = Publication.objects.order_by("-id").first()
        if newest:
            age = (self.now - newest.at).total_seconds()
            yield _one("talaia_publication_age_seconds", "Since the public folder was last written.", age)
            yield _one("talaia_publication_seconds", "How long that took.", newest.seconds)
        if (age_of_worker := heartbeat_age(current())) is not None:
            yield _one("talaia_worker_age_seconds", "Since the worker's last sign of life.", age_of_worker)

    def _sources(self) -> Iterator[Metric]:
        heard = GaugeMetricFamily("talaia_source_heard_age_seconds", "Since it was last heard.", labels=["source"])
        silent = GaugeMetricFamily("talaia_source_silent", "1 while it is not heard.", labels=["source"])
        for state in SourceState.objects.all():
            if state.heard_at:
                heard.add_metric([state.source], (self.now - state.heard_at).total_seconds())
            silent.add_metric([state.source], float(state.silent))
        yield heard
        yield silent

    def _waiting(self) -> float:
        return float(Intake.objects.filter(handled_at=None).count())

    def _deliveries(self) -> Iterator[Metric]:
        counted = GaugeMetricFamily("talaia_deliveries", "Not done yet.", labels=["channel", "state"])
        oldest = GaugeMetricFamily("talaia_delivery_late_seconds", "How late the latest is.", labels=["channel"])
        rows = Delivery.objects.exclude(state=Delivery.DONE).values("channel", "state")
        for row in rows.annotate(count=Count("id"), due=Min("due")).order_by("channel", "state"):
            counted.add_metric([row["channel"], row["state"]], float(row["count"]))
            if row["state"] == Delivery.READY:
                oldest.add_metric([row["channel"]], max(0.0, (self.now - row["due"]).total_seconds()))
        yield counted
        yield oldest


def _one(name: str, help: str, value: float, **labels: str) -> Metric:
    found = GaugeMetricFamily(name, help, labels=list(labels))
    found.add_metric(list(labels.values()), value)
    return found


def _engine() -> str:
    return str(settings.DATABASES["default"]["ENGINE"]).rpartition(".")[2]
