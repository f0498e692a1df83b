"""The shipped files for the monitoring, loaded once, and Debian's programs that read them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.servers.programs import find_program

ROOT = Path(__file__).parents[2]
CONTRIB = ROOT / "contrib"
PROMETHEUS = CONTRIB / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
PROBES = sorted((PROMETHEUS / "targets" / "probes").glob("*.yml"))
TARGETS = [*PROBES, *sorted((PROMETHEUS / "targets" / "exporters").glob("*.yml"))]
ALERTMANAGER = CONTRIB / "alertmanager" / "alertmanager.yml"
BLACKBOX = CONTRIB / "blackbox" / "blackbox.yml"
DOCUMENT = ROOT / "docs" / "monitoring.md"
SHIPPED = [*RULES, *TESTS, *TARGETS, PROMETHEUS / "prometheus.yml", ALERTMANAGER, BLACKBOX]

PACKAGES = {
    "promtool": "prometheus",
    "amtool": "prometheus-alertmanager",
    "prometheus-blackbox-exporter": "prometheus-blackbox-exporter",
}


def ran(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A program of `PACKAGES` run to its end; a missing one is an AssertionError that names its package."""
    command = [find_program(program, PACKAGES[program]), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def must(program: str, *arguments: str | Path) -> str:
    """What the program said; it must end well."""
    done = ran(program, *arguments)
    assert done.returncode == 0, f"{program} {arguments}:\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def loaded(path: Path) -> Any:
    """The content of a YAML file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rules_of(document: Any) -> Iterator[dict[str, Any]]:
    """The alerting rules of a rule file."""
    for group in document["groups"]:
        yield from (rule for rule in group["rules"] if "alert" in rule)


ALERTS: dict[str, tuple[Path, dict[str, Any]]] = {
    rule["alert"]: (path, rule) for path in RULES for rule in rules_of(loaded(path))
}


def expectations() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every expectation of the shipped rule tests: at this time these alerts, with exactly these labels."""
    for path in TESTS:
        for test in loaded(path)["tests"]:
            for expected in test["alert_rule_test"]:
                yield path, expected


def target_labels() -> Iterator[dict[str, str]]:
    """The labels of every entry of the target files."""
    for path in TARGETS:
        for entry in loaded(path):
            yield entry.get("labels", {})
