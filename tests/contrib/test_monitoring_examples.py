"""contrib/{prometheus,alertmanager,blackbox}: Debian's programs accept the files, and the rules do what they say."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contrib.shipped import (
    ALERTMANAGER,
    ALERTS,
    BLACKBOX,
    PROMETHEUS,
    RULES,
    TESTS,
    expectations,
    loaded,
    must,
    ran,
    rules_of,
)


@pytest.mark.servers
def test_prometheus_takes_its_configuration_with_all_rules() -> None:
    said = must("promtool", "check", "config", PROMETHEUS / "prometheus.yml")
    assert f"{len(RULES)} rule files found" in said
    assert "WARNING" not in said


@pytest.mark.servers
def test_prometheus_takes_the_rules_beside_its_configuration_where_cdist_puts_them(tmp_path: Path) -> None:
    shutil.copy(PROMETHEUS / "prometheus.yml", tmp_path)
    for rule_file in RULES:
        shutil.copy(rule_file, tmp_path)
    assert f"{len(RULES)} rule files found" in must("promtool", "check", "config", tmp_path / "prometheus.yml")


@pytest.mark.servers
def test_prometheus_can_post_to_talaia_when_the_block_for_it_is_uncommented(tmp_path: Path) -> None:
    text = (PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8")
    path = tmp_path / "prometheus.yml"
    path.write_text(re.sub(r"^( *)#direct ", r"\1", text, flags=re.MULTILINE), encoding="utf-8")
    must("promtool", "check", "config", path)
    direct = loaded(path)["alerting"]["alertmanagers"][1]
    assert direct["path_prefix"] == "/hooks/alertmanager/prometheus-push"
    assert set(direct["authorization"]) == {"credentials_file"}


@pytest.mark.servers
@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_prometheus_takes_every_rule_file_without_a_remark(path: Path) -> None:
    must("promtool", "check", "rules", "--lint=all", "--lint-fatal", path)


@pytest.mark.servers
@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_the_rules_fire_and_recover_as_their_tests_say(path: Path) -> None:
    must("promtool", "test", "rules", path)


@pytest.mark.servers
def test_alertmanager_takes_its_configuration() -> None:
    assert "SUCCESS" in must("amtool", "check-config", ALERTMANAGER)


@pytest.mark.servers
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("alertname=WebDown talaia_service=website talaia_impact=disruption", "talaia,operators"),
        ("alertname=ConnectionDown talaia_connection=harbour talaia_impact=disruption", "talaia,operators"),
        (
            "alertname=ConnectionDown talaia_connection=trial talaia_impact=disruption talaia_experimental=true",
            "talaia",
        ),
        ("alertname=Watchdog severity=none talaia_heartbeat=true", "talaia"),
        ("alertname=ProbeMissing severity=critical job=blackbox", "operators"),
        ("alertname=CertificateExpiresSoon severity=warning", "operators"),
        ("alertname=DiskFull severity=warning", "operators"),
    ],
)
def test_alertmanager_tells_talaia_what_concerns_it_and_the_operators_all_but_trials(
    labels: str, receivers: str
) -> None:
    said = must("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels.split())
    assert said.splitlines()[0] == receivers


@pytest.mark.servers
def test_the_blackbox_exporter_takes_its_modules() -> None:
    must("prometheus-blackbox-exporter", "--config.check", f"--config.file={BLACKBOX}")


Change = Callable[[dict[str, Any]], object]


def changes(rule: dict[str, Any]) -> Iterator[tuple[str, Change]]:
    """Faults that somebody could make in a rule; each must be noticed by a shipped test."""
    for key in ("for", "keep_firing_for"):
        if key in rule:
            yield f"without {key}", lambda it, key=key: it.pop(key)  # type: ignore[misc]
    for label in rule["labels"]:
        yield f"without its label {label}", lambda it, label=label: it["labels"].pop(label)  # type: ignore[misc]
    if ', talaia_experimental!="true"' in rule["expr"]:
        yield (
            "with trial equipment",
            lambda it: it.update(expr=it["expr"].replace(', talaia_experimental!="true"', "")),
        )
    if "vector" not in rule["expr"]:
        yield "that never fires", lambda it: it.update(expr=f"({it['expr']}) and on () vector(0) == 1")


@pytest.mark.servers
@pytest.mark.parametrize("alert", ALERTS)
def test_a_fault_in_a_rule_is_noticed_by_its_tests(alert: str, tmp_path: Path) -> None:
    path, rule = ALERTS[alert]
    test = loaded(next(test for test, expected in expectations() if expected["alertname"] == alert))
    for case in test["tests"]:
        case["alert_rule_test"] = [one for one in case["alert_rule_test"] if one["alertname"] == alert]
        case.pop("promql_expr_test", None)
    test["tests"] = [case for case in test["tests"] if case["alert_rule_test"]]
    test["rule_files"] = ["rules.yml"]
    (tmp_path / "test.yml").write_text(yaml.safe_dump(test), encoding="utf-8")
    for what, change in changes(rule):
        document = deepcopy(loaded(path))
        change(next(one for one in rules_of(document) if one["alert"] == alert))
        (tmp_path / "rules.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
        done = ran("promtool", "test", "rules", tmp_path / "test.yml")
        assert done.returncode == 1, f"{alert} {what} passes its tests:\n{done.stdout}{done.stderr}"
        assert alert in done.stdout + done.stderr


def test_every_alert_has_a_moment_when_it_fires_and_one_when_it_does_not() -> None:
    fires = {expected["alertname"] for _, expected in expectations() if expected["exp_alerts"]}
    quiet = {expected["alertname"] for _, expected in expectations() if not expected["exp_alerts"]}
    assert fires == set(ALERTS)
    assert quiet == set(ALERTS) - {"Watchdog"}
