"""A configuration with a source for each door, and posting to them as machines do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.test import Client
from django.utils import timezone

from talaia.signals.tokens.actions import issue_token

SAMPLES = Path(__file__).parents[1] / "signals" / "samples"
CONFIG = """
[site]
name = "Cooperativa Exemple"
address = "https://status.example.org"

[[sources]]
id = "prometheus"
kind = "prometheus"
url = "http://127.0.0.1:9"

[[sources]]
id = "am"
kind = "alertmanager"

[[sources]]
id = "direct"
kind = "prometheus-push"

[[sources]]
id = "scripts"
kind = "push"
"""
DOORS = {
    "am": "/hooks/alertmanager/am",
    "direct": "/hooks/alertmanager/direct/api/v2/alerts",
    "scripts": "/hooks/generic/scripts",
}
WEBHOOK: dict[str, Any] = {"version": "4", "alerts": [{"status": "firing", "labels": {"alertname": "Down"}}]}
GOOD: dict[str, Any] = {
    "am": WEBHOOK,
    "direct": [{"labels": {"alertname": "Down"}}],
    "scripts": {"key": "mail", "state": "down"},
}


class Sender:
    """A machine with the token of one source."""

    def __init__(self, source: str) -> None:
        self.source, self.token, self.client = source, issue_token(source, timezone.now()), Client()

    def post(self, body: object, path: str = "", **headers: str) -> tuple[int, dict[str, Any]]:
        """Post `body` (bytes, or values sent as JSON): the status and the JSON of the answer."""
        answer = self.answer(body, path, **headers)
        return answer.status_code, answer.json()

    def answer(self, body: object, path: str = "", **headers: str) -> Any:
        """The whole answer."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", **headers}
        path = path or DOORS[self.source]
        return self.client.post(path, raw, content_type="application/json", headers=headers)
