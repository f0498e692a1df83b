"""An Alertmanager, and Grafana's of the same shape: it posts, it can be asked what goes on, and to keep silent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from talaia.signals.client import Heard, SourceClient, skew_notes
from talaia.signals.evidence import EvidenceQuery, Measured
from talaia.signals.parse import alertmanager
from talaia.signals.parse.report import Alert, Report, Silence
from talaia.signals.silences import OURS
from talaia.signals.sources.adapter import SourceAdapter


class AlertmanagerSource(SourceAdapter):
    kind = "alertmanager"
    setup = """
        # alertmanager.yml: a receiver, and a route that leads to it (contrib/alertmanager/ has all of it)
        receivers:
          - name: talaia
            webhook_configs:
              - url: {url}
                send_resolved: true
                http_config:
                  authorization:
                    type: Bearer
                    credentials_file: {file}
    """

    def poll(self, client: SourceClient, _wanted: Sequence[EvidenceQuery], now: datetime) -> Heard:
        every = {"active": "true", "silenced": "true", "inhibited": "true"}
        kept = client.alerts("/api/v2/alerts", (), alertmanager.alert, alertmanager.check_alerts, every)
        status, date = client.fetch("GET", "/api/v2/status")
        skew = (date - now).total_seconds() if date else 0.0  # to the second: so far goes a Date header
        started_at = client.parsed(lambda: alertmanager.started_at(status))
        return Heard(
            kept.alerts,
            _heartbeat(kept.alerts, now + timedelta(seconds=skew)),
            started_at - timedelta(seconds=skew) if started_at else None,
            (*kept.notes, *skew_notes(skew)),
            skew,
        )

    def read(self, body: object, _received_at: datetime) -> Report:
        return alertmanager.webhook(body)


def silences(client: SourceClient) -> tuple[Silence, ...]:
    """Alertmanager's silences that talaia made, the expired ones too. Raises Temporary or Permanent."""
    found: list[Silence] = []

    def take(value: object) -> None:
        silence = alertmanager.silence(value)
        if OURS in silence.comment:
            found.append(silence)

    client.each("/api/v2/silences", (), take, alertmanager.check_silences)
    return tuple(found)


def post_silence(client: SourceClient, body: Mapping[str, Any]) -> str:
    """Create a silence, or change the one whose `id` is given; its id. Raises Temporary or Permanent."""
    answer = client.ask("POST", "/api/v2/silences", body=body)
    return client.parsed(lambda: alertmanager.silence_id(answer))


def expire_silence(client: SourceClient, source_id: str) -> None:
    """End a silence; one that is already gone is well. Raises Temporary or Permanent."""
    client.ask("DELETE", f"/api/v2/silence/{source_id}", missing=True)


def _heartbeat(alerts: Sequence[Alert], there: datetime) -> tuple[Measured, ...]:
    """The heartbeat in Alertmanager's list, as a sample of no service: Prometheus lived when it last repeated it."""
    ages = [(there - alert.updated_at).total_seconds() for alert in alerts if alert.heartbeat and alert.updated_at]
    return (Measured("", "", 1.0, max(0.0, min(ages))),) if ages else ()
