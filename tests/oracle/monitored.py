"""What a House's monitoring answers: a Prometheus, an Alertmanager, and the targets of the built-in checks.

They answer as the real ones do (`tests.signals.monitoring`), of a world that happenings change. Prometheus remembers
nothing of the past, as the reckoning does not fill in what nobody watched. While Prometheus does not answer well it
tells Alertmanager nothing either, which goes on listing what it had been told.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from talaia.config import CheckConfig
from talaia.signals.probes.answer import ProbeAnswer as Answered
from tests.oracle.happenings import Answer, Ends, Fires, Happening, LateNews, Reading, Sample, Silenced, SourceTurns
from tests.oracle.history import SmallHouse
from tests.oracle.installation import query
from tests.signals.monitoring import Monitoring, success

VALUES = {Reading.GOOD: 1.0, Reading.BAD: 0.0}


@dataclass
class Series:
    """One series of evidence, or one target of a check. `gone_at`: since when its sample gets old."""

    value: Reading = Reading.GOOD
    gone_at: int | None = None


@dataclass
class World:
    """All that is measured. `now` moves with the clock of the House."""

    house: SmallHouse
    now: int
    slugs: Mapping[str, str]
    """How each service is called today."""
    answers: dict[str, Answer] = field(default_factory=dict)
    series: dict[tuple[str, str | None], Series] = field(default_factory=dict)
    alerts: dict[str, dict[str, str]] = field(default_factory=dict)
    """Labels by the key of the history, also of those that have ended."""
    silenced: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.servers = Servers(moment(self.now), world=self)
        for service in self.house.services:
            for connection in service.reference.connections if service.reference else (None,):
                self.series[service.key, connection] = Series()

    def pass_to(self, at: int) -> None:
        self.now, self.servers.now = at, moment(at)

    def happen(self, what: Happening) -> object | None:
        """Make it so. Returns the body of a webhook, where one is sent."""
        match what:
            case Sample():
                one = self.series[what.service, what.connection]
                if what.reading is Reading.GONE:
                    one.gone_at = what.at if one.gone_at is None else one.gone_at
                else:
                    one.value, one.gone_at = what.reading, None
            case Fires():
                labels = {
                    "alertname": what.alert,
                    "talaia_service": self.slugs[what.service],
                    "talaia_impact": str(what.impact),
                }
                if what.connection is not None:
                    labels = {"alertname": what.alert, "talaia_connection": what.connection}
                self.alerts[what.alert] = labels
                self.servers.began[what.alert] = moment(what.at)
                self.servers.firing.append(labels)
            case Ends():
                self.servers.firing = [one for one in self.servers.firing if one["alertname"] != what.alert]
            case Silenced():
                self.silenced.add(what.alert)
            case SourceTurns():
                self.answers[what.source] = what.answer
            case LateNews():
                return self._webhook(what.alert)
            case _:
                pass
        return None

    def rename(self, service: str, slug: str) -> None:
        """The rules in Prometheus say so too, from the same moment on."""
        for labels in self.servers.firing:
            if labels.get("talaia_service") == self.slugs[service]:
                labels["talaia_service"] = slug

    def _relay(self) -> None:
        """Prometheus tells Alertmanager what fires."""
        if self.answers.get("prometheus", Answer.WELL) is Answer.WELL:
            self.servers.listed = [self.servers.alert(labels) for labels in self.servers.firing]
        for alert in self.silenced:
            self.servers.silence(alertname=alert)

    def measure(self) -> None:
        """Put the samples where they are asked for, and have Alertmanager told."""
        self._relay()
        for service in self.house.services:
            if service.source == "prometheus":
                self.servers.samples[query(service.key)] = [
                    (
                        {"talaia_connection": connection} if connection else {},
                        VALUES[one.value],
                        float(self.now - one.gone_at) if one.gone_at is not None else 0.0,
                    )
                    for (key, connection), one in self.series.items()
                    if key == service.key
                ]

    async def look(self, check: CheckConfig) -> Answered:
        """What a tcp check meets."""
        one = self.series[check.id, None]
        if one.gone_at is not None:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        if one.value is Reading.BAD:
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        return Answered(0.01, "accepts connections")

    def _webhook(self, alert: str) -> object:
        told = {
            "status": "firing",
            "labels": {**self.alerts[alert], "cluster": "lab"},
            "annotations": {},
            "startsAt": self.servers.began[alert].isoformat(),
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "",
            "fingerprint": "f",
        }
        return {
            "version": "4",
            "groupKey": "{}",
            "truncatedAlerts": 0,
            "status": "firing",
            "receiver": "talaia",
            "groupLabels": {},
            "commonLabels": {},
            "commonAnnotations": {},
            "externalURL": "http://alertmanager.example.org",
            "alerts": [told],
        }


@dataclass
class Servers(Monitoring):
    """The two servers, which may be silent or answer what cannot be read. Alerts keep the time at which they began."""

    began: dict[str, datetime] = field(default_factory=dict)
    world: World | None = None

    def alert(self, labels: dict[str, str]) -> dict[str, Any]:
        return {**super().alert(labels), "startsAt": self.began[labels["alertname"]].isoformat()}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        assert self.world is not None
        name = "prometheus" if request.url.path.startswith("/api/v1/") else "alertmanager"
        match self.world.answers.get(name, Answer.WELL):
            case Answer.SILENT:
                raise httpx.ConnectError("Connection refused", request=request)
            case Answer.UNREADABLE:
                return httpx.Response(200, text="<!doctype html><title>Sign in</title>")
        self.asked.clear()
        for listed in self.listed:  # Prometheus repeats what fires
            listed["updatedAt"] = self.now.isoformat()
        return super()._answer(request)

    def _prometheus(self, path: str, fields: dict[str, str]) -> httpx.Response:
        if path == "/api/v1/alerts":
            return success(
                {
                    "alerts": [
                        {
                            "labels": labels,
                            "annotations": {},
                            "state": "firing",
                            "activeAt": self.began[labels["alertname"]].isoformat(),
                            "value": "1",
                        }
                        for labels in self.firing
                    ]
                }
            )
        return super()._prometheus(path, fields)


def moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)
