"""A real Prometheus: jobs with targets that change while it runs, rules, alertmanagers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.servers.server import Hook, HttpServer


@dataclass(frozen=True)
class Targets:
    """Addresses that share labels. Scraped directly: "host:port"; through a prober: what the module takes (a URL)."""

    addresses: Sequence[str]
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """A scrape job. With `prober` (host:port of a blackbox exporter) its targets are probed with `module`."""

    name: str
    prober: str = ""
    module: str = "http_2xx"

    def configuration(self, targets_file: Path) -> dict[str, Any]:
        """One entry of scrape_configs; `instance` is the target itself also when it is probed."""
        job: dict[str, Any] = {
            "job_name": self.name,
            "file_sd_configs": [{"files": [str(targets_file)], "refresh_interval": "1s"}],
        }
        if self.prober:
            job |= {
                "metrics_path": "/probe",
                "params": {"module": [self.module]},
                "relabel_configs": [
                    {"source_labels": ["__address__"], "target_label": "__param_target"},
                    {"source_labels": ["__address__"], "target_label": "instance"},
                    {"target_label": "__address__", "replacement": self.prober},
                ],
            }
        return job


class Prometheus(HttpServer):
    """Quick by default: a target that falls is known after one to two seconds."""

    program = "prometheus"
    package = "prometheus"

    def __init__(
        self,
        jobs: Sequence[Job] = (),
        rules: str | Path | Sequence[Path] = (),
        alertmanagers: Sequence[Hook] = (),
        *,
        scrape: str = "1s",
        evaluate: str = "1s",
        resend: str = "1m",
        external_labels: Mapping[str, str] | None = None,
    ) -> None:
        """`rules`: the text of one rule file, or paths of files. `resend`: an alert that still fires is posted again
        after it; Alertmanager lets an alert run out after four times that (or four evaluations, if longer)."""
        super().__init__()
        self.jobs = list(jobs)
        self.alertmanagers = list(alertmanagers)
        self._rules = rules
        self._global = {
            "scrape_interval": scrape,
            "scrape_timeout": scrape,
            "evaluation_interval": evaluate,
            "external_labels": dict(external_labels or {}),
        }
        self._resend = resend
        (self.folder / "targets").mkdir()
        for job in self.jobs:
            self.set_targets(job.name)

    def prepare(self) -> None:
        """Write the configuration; JSON is YAML too."""
        rules = self._rules
        if isinstance(rules, str):
            path = self.folder / "rules.yml"
            path.write_text(rules)
            rules = path
        files = [rules] if isinstance(rules, Path) else rules
        configuration = {
            "global": self._global,
            "rule_files": [str(path.resolve(strict=True)) for path in files],
            "alerting": {"alertmanagers": [_alertmanager(hook) for hook in self.alertmanagers]},
            "scrape_configs": [job.configuration(self._targets_file(job.name)) for job in self.jobs],
        }
        (self.folder / "prometheus.yml").write_text(json.dumps(configuration, indent=1))

    def arguments(self) -> list[str]:
        """The command line after the program's name."""
        return [
            f"--config.file={self.folder}/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/data",
            f"--web.listen-address={self.address}",
            "--web.enable-lifecycle",
            f"--rules.alert.resend-delay={self._resend}",
        ]

    def set_targets(self, job: str, *groups: Targets) -> None:
        """What `job` watches from now on. Prometheus sees it by itself and acts within about 5 s (its own limit)."""
        path = self._targets_file(job)
        listed = [{"targets": list(group.addresses), "labels": dict(group.labels)} for group in groups]
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(listed))
        draft.replace(path)

    def _targets_file(self, job: str) -> Path:
        assert job in {known.name for known in self.jobs}, f"no job {job!r}"
        return self.folder / "targets" / f"{job}.json"

    def set_rules(self, rules: str | Path | Sequence[Path]) -> None:
        """Other rules from now on, by a reload."""
        self._rules = rules
        self.reload()

    def reload(self) -> None:
        """Write the configuration again and have it read; a mistake in it is an AssertionError with the log's words."""
        self.prepare()
        self.ask("POST", "/-/reload")

    def alerts(self) -> list[dict[str, Any]]:
        """/api/v1/alerts: pending and firing ones."""
        found: list[dict[str, Any]] = self.ask("GET", "/api/v1/alerts")["data"]["alerts"]
        return found

    def firing(self, **labels: str) -> list[dict[str, str]]:
        """The labels of the firing alerts that have at least these."""
        found = [alert["labels"] for alert in self.alerts() if alert["state"] == "firing"]
        return [alert for alert in found if labels.items() <= alert.items()]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The result of an instant query."""
        data = self.ask("GET", "/api/v1/query", {"query": expression})["data"]
        found: list[dict[str, Any]] = data["result"]
        return found


def _alertmanager(hook: Hook) -> dict[str, Any]:
    where = urlsplit(hook.url)
    return {
        "scheme": where.scheme,
        "path_prefix": where.path or "/",
        "static_configs": [{"targets": [where.netloc]}],
        **hook.authorization(),
    }
