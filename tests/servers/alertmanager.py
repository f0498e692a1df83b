"""A real Alertmanager, alone (no cluster), that posts to webhooks."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.servers.server import Hook, HttpServer


class Alertmanager(HttpServer):
    """Quick by default: a group is told after 0.2 s and its changes after 1 s, every alert being a group of its own."""

    program = "prometheus-alertmanager"
    package = "prometheus-alertmanager"

    def __init__(
        self,
        webhooks: Sequence[Hook] = (),
        *,
        group_by: Sequence[str] = ("...",),
        group_wait: str = "200ms",
        group_interval: str = "1s",
        repeat_interval: str = "1h",
        routes: Sequence[Mapping[str, Any]] = (),
        receivers: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Everything goes to `webhooks` (the receiver "webhooks"). `routes` come before that, to `receivers`; both as
        Alertmanager's own configuration has them."""
        super().__init__()
        self.webhooks = list(webhooks)
        self._route = {
            "receiver": "webhooks",
            "group_by": list(group_by),
            "group_wait": group_wait,
            "group_interval": group_interval,
            "repeat_interval": repeat_interval,
            "routes": list(routes),
        }
        self._receivers = list(receivers)

    def prepare(self) -> None:
        """Write the configuration; JSON is YAML too."""
        hooks = [
            {"url": hook.url, "send_resolved": True, "http_config": hook.authorization()} for hook in self.webhooks
        ]
        configuration = {
            "route": self._route,
            "receivers": [{"name": "webhooks", "webhook_configs": hooks}, *self._receivers],
        }
        (self.folder / "alertmanager.yml").write_text(json.dumps(configuration, indent=1))

    def arguments(self) -> list[str]:
        """The command line after the program's name."""
        return [
            f"--config.file={self.folder}/alertmanager.yml",
            f"--storage.path={self.folder}/data",
            f"--web.listen-address={self.address}",
            "--cluster.listen-address=",
        ]

    @property
    def hook(self) -> Hook:
        """What Prometheus is told to find it."""
        return Hook(self.url)

    def reload(self) -> None:
        """Write the configuration again (say, after a change of `webhooks`) and have it read."""
        self.prepare()
        self.ask("POST", "/-/reload")

    def alerts(self, **filters: str) -> list[dict[str, Any]]:
        """/api/v2/alerts; empty for up to a minute after a restart. `filters`: active="false", silenced="false"."""
        found: list[dict[str, Any]] = self.ask("GET", "/api/v2/alerts", filters)
        return found

    def post_alerts(self, *alerts: Mapping[str, Any]) -> None:
        """Hand alerts in as a Prometheus does: labels, annotations, startsAt, endsAt."""
        self.ask("POST", "/api/v2/alerts", body=list(alerts))

    def silence(self, labels: Mapping[str, str], minutes: float = 60, comment: str = "a test") -> str:
        """Silence from now on what has all these labels; returns the silence's id."""
        now = datetime.now(UTC)
        body = {
            "matchers": [{"name": k, "value": v, "isRegex": False, "isEqual": True} for k, v in labels.items()],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(minutes=minutes)).isoformat(),
            "createdBy": "a test",
            "comment": comment,
        }
        return str(self.ask("POST", "/api/v2/silences", body=body)["silenceID"])

    def unsilence(self, silence: str) -> None:
        """End a silence now; it stays in the list as expired."""
        self.ask("DELETE", f"/api/v2/silence/{silence}")

    def silences(self, state: str = "active") -> list[dict[str, Any]]:
        """The silences in this state: active, pending or expired."""
        found: list[dict[str, Any]] = self.ask("GET", "/api/v2/silences")
        return [silence for silence in found if silence["status"]["state"] == state]
