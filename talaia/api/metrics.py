"""GET /metrics: the state of the panel and of ourselves for Prometheus. Nothing in it is about people."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import Error
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from talaia import __version__
from talaia.api.counters import REGISTRY
from talaia.api.db_timeout import statement_timeout
from talaia.api.health import judge_beat
from talaia.api.json_responses import refusal
from talaia.api.metrics_access import METRICS, may_look
from talaia.audience.models import ExportCheck
from talaia.config import Config, current
from talaia.outbox import heartbeats
from talaia.outbox.disk_reserve import room
from talaia.outbox.models import Delivery
from talaia.panel.models import Service
from talaia.panel.state import State
from talaia.reports.counts import last_hour
from talaia.signals.inputs import CHECKS
from talaia.signals.models import RawWebhook, SourceState
from talaia.signals.monitoring_gaps import last_watched
from talaia.site.models import Publication

PATIENCE = 2.0  # seconds for the database


@csrf_exempt  # it changes nothing; a form is told so in one line, as any other method
def metrics(request: HttpRequest) -> HttpResponse:
    """For this machine, and for who has the token "metrics"."""
    if request.method not in ("GET", "HEAD"):
        return refusal(405, f"{request.method} does nothing here", "use GET", Allow="GET, HEAD")
    config, now = current(), timezone.now()
    try:
        allowed = may_look(request, config, now)
    except Error:
        return refusal(503, "the database does not answer", "ask from the machine itself; try again", Retry_After="5")
    if not allowed:
        hint = f"send `Authorization: Bearer TOKEN`; `talaia token create {METRICS}` makes one"
        return refusal(401, "the metrics are not for everybody", hint, WWW_Authenticate="Bearer")
    once = CollectorRegistry()
    once.register(TalaiaCollector(config, now))
    text = generate_latest(once) + generate_latest(REGISTRY)
    return HttpResponse(text, content_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"})


class TalaiaCollector(Collector):
    """What is known at `now`. Without its database it still tells that, and whether the worker lives."""

    def __init__(self, config: Config, now: datetime) -> None:
        self.config, self.now = config, now

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        yield gauge("talaia_build_info", "Always 1; the label tells the version.", [({"version": __version__}, 1)])
        seen = {part: heartbeats.seen(self.config.home, part) for part in heartbeats.PARTS}
        yield gauge(
            "talaia_worker_heartbeat_age_seconds",
            "Since the worker last showed that it lives; +Inf: never.",
            [({}, self.since(seen["worker"]))],
        )
        alive = {"web": True, **{part: judge_beat(part, at, self.now).ok for part, at in seen.items()}}
        yield gauge("talaia_alive", "Whether a part runs.", [({"part": part}, int(ok)) for part, ok in alive.items()])
        yield from self.disk()
        try:
            with statement_timeout(PATIENCE):
                found = [
                    *self.panel(),
                    *self.reports(),
                    *self.watching(),
                    *self.sources(),
                    *self.outbox(),
                    *self.publications(),
                    *self.mailing_list(),
                ]
        except Error:
            found = []
        yield gauge("talaia_database_up", "Whether the database answers.", [({}, int(bool(found)))])
        yield from found

    def disk(self) -> Iterator[Metric]:
        if (left := room(self.config.home)) is None:
            return
        yield gauge("talaia_disk_free_bytes", "Room that is left where the state is kept.", [({}, left.free)])
        text = "Room that is held in reserve for the news; 0: it is in use, or there is none for it."
        yield gauge("talaia_disk_reserve_bytes", text, [({}, left.reserve)])

    def panel(self) -> Iterator[Metric]:
        rows = Service.objects.filter(retired_at=None).order_by("position").values_list("slug", "group_id", "state")
        yield gauge(
            "talaia_service_state",
            "1 for the state that a service is shown in, 0 for the others.",
            [
                ({"service": slug, "group": group, "state": state.value}, int(state == shown))
                for slug, group, shown in rows
                for state in State
            ],
        )

    def reports(self) -> Iterator[Metric]:
        """Only where visitors may say so; from how many places, of whom nothing is told."""
        if self.config.tables.reports is None:
            return
        counts = last_hour(self.now)
        slugs = Service.objects.filter(retired_at=None).order_by("position").values_list("slug", flat=True)
        yield gauge(
            "talaia_reports_last_hour",
            "From how many places visitors said within the last hour that a service fails for them.",
            [({"service": slug}, counts[slug].total if slug in counts else 0) for slug in slugs],
        )

    def watching(self) -> Iterator[Metric]:
        """Written once a minute; beyond three every service becomes unknown."""
        text = "Since it was last noted that every service had been judged; +Inf: never."
        yield gauge("talaia_watched_seconds", text, [({}, self.since(last_watched()))])

    def sources(self) -> Iterator[Metric]:
        states = SourceState.objects.in_bulk()
        ids = [source.id for source in self.config.tables.sources] + ([CHECKS] if self.config.tables.checks else [])
        heard = {source_id: states[source_id].heard_at if source_id in states else None for source_id in ids}
        yield gauge(
            "talaia_source_heard_seconds",
            "Since a source was last heard; +Inf: never.",
            [({"source": source_id}, self.since(at)) for source_id, at in heard.items()],
        )
        yield gauge(
            "talaia_source_silent",
            "1 for a source that has been noted as silent.",
            [({"source": source_id}, int(source_id in states and states[source_id].silent)) for source_id in ids],
        )
        yield gauge(
            "talaia_source_stale_after_seconds",
            "After how long without a word the services of a source become unknown.",
            [({"source": source.id}, source.stale_after.total_seconds()) for source in self.config.tables.sources],
        )
        waiting = RawWebhook.objects.filter(handled_at=None).aggregate(count=Count("pk"), oldest=Min("received_at"))
        yield gauge("talaia_intake_waiting", "Bodies that came in and are not yet handled.", [({}, waiting["count"])])
        age = self.since(waiting["oldest"]) if waiting["oldest"] else 0.0
        yield gauge("talaia_intake_oldest_seconds", "Since the oldest of them came in; 0: there is none.", [({}, age)])

    def outbox(self) -> Iterator[Metric]:
        """Deliveries that are done are not counted: their number only says how long they are kept."""
        waiting = Delivery.objects.filter(state__in=[Delivery.READY, Delivery.RUNNING])
        parked = Delivery.objects.filter(state=Delivery.PARKED)
        counts = [
            ({"channel": row["channel"], "state": row["state"]}, row["count"])
            for rows in (waiting, parked)
            for row in rows.values("channel", "state").annotate(count=Count("pk")).order_by("channel", "state")
        ]
        yield gauge("talaia_deliveries", "Deliveries that are not done: ready, running, parked.", counts)
        due = waiting.filter(due__lte=self.now).values("channel").annotate(oldest=Min("due")).order_by("channel")
        yield gauge(
            "talaia_delivery_oldest_due_seconds",
            "Since the oldest delivery that is due has been so; none where nothing is due.",
            [({"channel": row["channel"]}, self.since(row["oldest"])) for row in due],
        )

    def publications(self) -> Iterator[Metric]:
        last = Publication.objects.order_by("-pk").first()
        age, seconds = (self.since(last.at), last.seconds) if last else (math.inf, math.nan)
        yield gauge("talaia_publication_age_seconds", "Since the folder was last written; +Inf: never.", [({}, age)])
        yield gauge("talaia_publication_seconds", "How long the last writing took.", [({}, seconds)])

    def mailing_list(self) -> Iterator[Metric]:
        """Only where a Mailman keeps the list."""
        audience = self.config.tables.audience
        if audience is None or audience.mailman is None:
            return
        look = ExportCheck.objects.filter(export=audience.mailman.list).first()
        yield gauge(
            "talaia_list_troubled",
            "1 where the list server does not answer, or mail is stuck in its queues.",
            [({}, int(bool(look and look.error)))],
        )
        age = self.since(look.looked_at if look else None)
        yield gauge("talaia_list_looked_seconds", "Since the list server was last looked at; +Inf: never.", [({}, age)])

    def since(self, at: datetime | None) -> float:
        return max(0.0, (self.now - at).total_seconds()) if at else math.inf


def gauge(name: str, text: str, samples: Iterable[tuple[dict[str, str], float]]) -> GaugeMetricFamily:
    """A metric of one value for each set of labels."""
    family = GaugeMetricFamily(name, text)
    for labels, value in samples:
        family.add_sample(name, labels, value)
    return family
