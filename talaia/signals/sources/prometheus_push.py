"""A Prometheus that has talaia as one of its Alertmanagers, and posts to it all that fires."""

from __future__ import annotations

from datetime import datetime

from talaia.signals.parse import prometheus
from talaia.signals.parse.report import Report
from talaia.signals.sources.adapter import SourceAdapter


class PrometheusPushSource(SourceAdapter):
    kind = "prometheus-push"
    setup = """
        # prometheus.yml: talaia as one more Alertmanager
        alerting:
          alertmanagers:
            - scheme: {scheme}
              path_prefix: {prefix}
              authorization:
                type: Bearer
                credentials_file: {file}
              static_configs:
                - targets: ["{host}"]
    """

    def read(self, body: object, received_at: datetime) -> Report:
        return prometheus.push(body, received_at)
