"""Whatever can post JSON, and what sends Alertmanager's body without being one."""

from __future__ import annotations

from datetime import datetime

from talaia.signals.parse import alertmanager, generic
from talaia.signals.parse.report import Report
from talaia.signals.sources.adapter import SourceAdapter


class PushSource(SourceAdapter):
    kind = "push"
    setup = """
        curl -X POST {url} \\
          -H "Authorization: Bearer $(cat {file})" \\
          -d '{{"key": "mail", "state": "down"}}'
    """

    def read(self, body: object, _received_at: datetime) -> Report:
        if isinstance(body, dict) and "alerts" in body:
            return alertmanager.webhook(body)
        return generic.said(body)
