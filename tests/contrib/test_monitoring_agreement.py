"""The examples and docs/monitoring.md agree with one another and carry the labels that talaia relies on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from talaia import config
from tests.contrib.shipped import (
    ALERTMANAGER,
    ALERTS,
    BLACKBOX,
    CONTRIB,
    DOCUMENT,
    PROBES,
    SHIPPED,
    TARGETS,
    expectations,
    loaded,
    must,
    target_labels,
)

FOR_OPERATORS = {"CertificateExpiresSoon", "ProbeMissing", "ProbesAbsent"}
WITH_TRIAL_EQUIPMENT = {"ConnectionDown", "ConnectionLossy", "InterfaceDown"}
WITHOUT_EQUIPMENT = {"Watchdog", "ProbesAbsent", "CertificateExpiresSoon"}


def test_an_alert_as_it_leaves_prometheus_names_what_it_means_for_the_panel_or_nothing_that_talaia_reads() -> None:
    for _, expected in expectations():
        for fired in expected["exp_alerts"]:
            labels = fired["exp_labels"]
            ours = {name: value for name, value in labels.items() if name.startswith("talaia_")}
            if expected["alertname"] in FOR_OPERATORS:
                assert not ours
            elif expected["alertname"] == "Watchdog":
                assert ours == {"talaia_heartbeat": "true"}
            else:
                assert ("talaia_service" in ours) != ("talaia_connection" in ours), labels
                assert ours["talaia_impact"] in ("degraded", "partial", "disruption"), labels
            assert labels["severity"] in ("critical", "warning", "none")


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_explains_itself_and_is_not_easily_shaken(alert: str) -> None:
    _, rule = ALERTS[alert]
    assert set(rule["annotations"]) == {"summary", "description"}
    if alert not in FOR_OPERATORS | {"Watchdog"}:
        assert {"for", "keep_firing_for"} <= set(rule)


@pytest.mark.parametrize("alert", ALERTS)
def test_trial_equipment_is_passed_on_for_connections_and_left_out_everywhere_else(alert: str) -> None:
    _, rule = ALERTS[alert]
    if alert in WITH_TRIAL_EQUIPMENT:
        assert "talaia_experimental" not in rule["expr"]
        marked = [
            fired["exp_labels"].get("talaia_experimental")
            for _, expected in expectations()
            if expected["alertname"] == alert
            for fired in expected["exp_alerts"]
        ]
        assert "true" in marked
    elif alert not in WITHOUT_EQUIPMENT:
        assert 'talaia_experimental!="true"' in rule["expr"]


@pytest.fixture
def example(tmp_path: Path) -> config.Tables:
    """The talaia.toml of the document, read as talaia reads it."""
    return read_example(tmp_path, first_only=True)


def toml_blocks() -> list[str]:
    blocks = re.findall(r"^( *)```toml\n(.*?)^ *```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [re.sub(f"^{indent}", "", text, flags=re.MULTILINE) for indent, text in blocks]


def read_example(folder: Path, first_only: bool) -> config.Tables:
    blocks = toml_blocks()
    path = folder / "talaia.toml"
    path.write_text("\n".join(blocks[:1] if first_only else blocks), encoding="utf-8")
    return config.read(path).tables


def test_talaia_takes_the_configuration_in_the_document_and_its_variations(tmp_path: Path) -> None:
    assert len(toml_blocks()) == 2
    assert read_example(tmp_path, first_only=False).services[-1].slug == "shop"


def test_the_configuration_in_the_document_has_every_service_and_connection_of_the_targets(
    example: config.Tables,
) -> None:
    labels = list(target_labels())
    for_services = {one["talaia_service"] for one in labels if "talaia_service" in one}
    assert for_services == {service.slug for service in example.services if not service.reference}
    on_trial = {
        one["talaia_connection"] for one in labels if "talaia_connection" in one and "talaia_experimental" in one
    }
    counted = {one["talaia_connection"] for one in labels if "talaia_connection" in one} - on_trial
    assert on_trial == {connection.id for connection in example.connections if connection.experimental}
    [reference] = [service.reference for service in example.services if service.reference]
    assert set(reference.connections) == counted


def test_the_webhook_and_the_direct_way_end_at_a_source_of_the_document(example: config.Tables) -> None:
    [webhook] = [hook for receiver in loaded(ALERTMANAGER)["receivers"] for hook in receiver.get("webhook_configs", ())]
    assert webhook["url"] == f"{example.site.address}/hooks/alertmanager/alertmanager"
    assert webhook["send_resolved"] is True
    assert "max_alerts" not in webhook
    assert set(webhook["http_config"]["authorization"]) == {"type", "credentials_file"}
    assert {source.id: source.kind for source in example.sources} == {
        "prometheus": "prometheus",
        "alertmanager": "alertmanager",
    }


@pytest.mark.servers
def test_the_time_of_every_piece_of_evidence_can_be_asked_for(example: config.Tables, tmp_path: Path) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    queries = {service.evidence.query for service in example.services if service.evidence}
    queries |= set(re.findall(r"`(\{__name__=~[^`]*\})`", text))
    assert len(queries) == len(example.services) + 1
    rules = [
        {"record": f"age_{number}", "expr": f"time() - timestamp({query})"} for number, query in enumerate(queries)
    ]
    path = tmp_path / "ages.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "ages", "rules": rules}]}), encoding="utf-8")
    must("promtool", "check", "rules", path)
    selector = re.compile(r"[a-z_]*\{[^{}]*\}")
    assert all(selector.fullmatch(str(query)) for query in queries)


def test_the_routes_ring_soon_and_the_heartbeat_comes_each_minute() -> None:
    heartbeat, panel, operators = loaded(ALERTMANAGER)["route"]["routes"]
    assert (heartbeat["group_interval"], heartbeat["repeat_interval"]) == ("30s", "50s")
    assert (panel["group_wait"], panel["group_interval"], panel["repeat_interval"]) == ("5s", "30s", "5m")
    assert heartbeat["group_by"] == panel["group_by"] == ["..."]
    assert panel["continue"] is True
    assert operators["receiver"] == loaded(ALERTMANAGER)["route"]["receiver"]


def test_the_document_names_every_alert_and_every_file() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    missing = [alert for alert in ALERTS if f"`{alert}`" not in text]
    missing += [str(path.relative_to(CONTRIB)) for path in SHIPPED if not re.search(rf"[`/]{path.name}`", text)]
    missing += [module for module in loaded(BLACKBOX)["modules"] if f"`{module}`" not in text]
    assert not missing


def test_the_document_names_no_alert_and_no_module_that_is_not_there() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    table = [line for line in text.splitlines() if line.startswith("|")]
    words = set(re.findall(r"`([A-Z][A-Za-z]+|(?:http|tcp|dns|icmp)[a-z_0-9]*)`", "\n".join(table)))
    assert words <= set(ALERTS) | set(loaded(BLACKBOX)["modules"])


def test_every_probe_names_its_kind_its_module_and_what_it_stands_for() -> None:
    modules = loaded(BLACKBOX)["modules"]
    used = set()
    for path in PROBES:
        for entry in loaded(path):
            labels = entry["labels"]
            used.add(labels["__param_module"])
            if labels["probe"] == "connection":
                assert "talaia_connection" in labels
                assert len(entry["targets"]) == 1
            else:
                assert labels["talaia_service"]
                assert labels["talaia_impact"] in ("degraded", "partial", "disruption")
    assert used <= set(modules)
    assert set(modules) - used == {"tcp_connect"}, "modules without an example target"


def test_no_target_is_a_real_machine() -> None:
    invented = re.compile(
        r"(https://)?([a-z0-9-]+\.)*example\.org(:\d+)?(/\S*)?|(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+"
    )
    for path in TARGETS:
        for entry in loaded(path):
            assert all(invented.fullmatch(target) for target in entry["targets"]), path
