"""A source whose certificate the house signed itself, and servers of Prometheus' API that are no Prometheus."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from talaia.config import Config, SourceConfig, Tables
from talaia.config import tls_trust as trusting
from talaia.outbox.errors import PermanentError, TemporaryError
from talaia.signals.client import SourceClient
from talaia.signals.parse.report import Silence
from talaia.signals.sources.alertmanager import silences as silences_at
from talaia.signals.sources.registry import poll
from tests.servers.tls import TlsTarget
from tests.signals.test_client import ALERTMANAGER, NOW, PROMETHEUS, SITE, asking


def silences(source: SourceConfig, folder: Path) -> tuple[Silence, ...]:
    with closing(SourceClient(source, Config(Tables(site=SITE, sources=(source,)), folder / "talaia.toml"))) as client:
        return silences_at(client)


def test_a_source_with_an_authority_of_its_own_answers_when_that_is_named(tmp_path: Path) -> None:
    with TlsTarget(body="[]") as target:
        plain = msgspec.structs.replace(ALERTMANAGER, url=target.url.rstrip("/"))
        with pytest.raises(TemporaryError, match="CERTIFICATE_VERIFY_FAILED") as distrust:
            silences(plain, tmp_path)
        assert "ca_file" in distrust.value.hint
        (tmp_path / "ca.pem").write_bytes(target.certificate.certificate.read_bytes())
        named = msgspec.structs.replace(plain, ca_file="ca.pem")
        assert silences(named, tmp_path) == ()


def test_what_is_installed_on_the_machine_is_believed_as_curl_believes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TlsTarget(body="[]") as target:
        monkeypatch.setenv("SSL_CERT_FILE", str(target.certificate.certificate))
        trusting._system.cache_clear()
        try:
            assert silences(msgspec.structs.replace(ALERTMANAGER, url=target.url.rstrip("/")), tmp_path) == ()
        finally:
            trusting._system.cache_clear()


def test_an_authority_that_cannot_be_used_is_a_fault_of_its_source_alone(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    source = msgspec.structs.replace(ALERTMANAGER, url="https://a.example.org", ca_file="ca.pem")
    with pytest.raises(PermanentError, match="ca_file cannot be used") as fault:
        silences(source, tmp_path)
    assert "ca_file" in fault.value.hint


SECONDS = NOW.timestamp()


@pytest.mark.parametrize(
    "data",
    [
        {"resultType": "scalar", "result": [SECONDS, str(SECONDS)]},
        {"resultType": "vector", "result": [{"metric": {}, "value": [SECONDS, str(SECONDS)]}]},
        {"resultType": "vector", "result": [{"metric": {}, "value": [SECONDS, SECONDS]}]},
        {"resultType": "matrix", "result": [{"metric": {}, "values": [[0, "0"], [SECONDS, str(SECONDS)]]}]},
    ],
)
@pytest.mark.parametrize("nothing", [[], None])
def test_the_time_is_read_however_a_server_of_the_api_says_it(data: dict[str, Any], nothing: object) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        found = {"/api/v1/alerts": {"alerts": nothing}, "/api/v1/rules": {"groups": nothing}}
        asked = request.url.path.removeprefix("/sub")
        return httpx.Response(200, json={"status": "success", "data": found.get(asked, data)})

    heard = poll(asking(answer), [], NOW)
    assert (heard.alerts, heard.notes, heard.skew) == ((), (), 0.0)


@pytest.mark.parametrize(
    "data",
    [
        {"resultType": "vector", "result": []},
        {"resultType": "scalar", "result": [SECONDS, "NaN"]},
        {"resultType": "matrix", "result": [{"metric": {}, "values": []}]},
        {"resultType": "string", "result": [SECONDS, "now"]},
    ],
)
def test_a_time_that_is_none_is_a_fault(data: dict[str, Any]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        found: dict[str, object] = {"/api/v1/alerts": {"alerts": []}, "/api/v1/rules": {"groups": []}}
        asked = request.url.path.removeprefix("/sub")
        return httpx.Response(200, json={"status": "success", "data": found.get(asked, data)})

    with pytest.raises(TemporaryError):
        poll(asking(answer, PROMETHEUS), [], NOW)
