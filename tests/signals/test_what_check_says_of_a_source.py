"""`talaia check` asks a source, and counts what fires there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from talaia.commands import check, check_sources
from talaia.config import Config, Tables, read
from tests.signals.test_client import NOW, PROMETHEUS, SITE, asking


def fires(**labels: str) -> dict[str, Any]:
    return {"labels": labels, "annotations": {}, "state": "firing", "activeAt": "2026-05-04T08:00:00Z", "value": "1"}


HEARTBEAT = fires(alertname="Watchdog", talaia_heartbeat="true")
DOWN, SLOW = (fires(alertname=name, talaia_service="web") for name in ("WebDown", "WebSlow"))


def test_the_former_word_for_what_is_pushed_works_on_and_is_said(tmp_path: Path) -> None:
    path = tmp_path / "talaia.toml"
    sources = "".join(f'[[sources]]\nid = "{kind}"\nkind = "{kind}"\n' for kind in ("push", "webhook"))
    path.write_text(f'[site]\nname = "Exemple"\naddress = "https://status.example.org"\n{sources}')
    config = read(path, tmp_path)
    assert [source.kind for source in config.tables.sources] == ["push", "push"]
    ((well, said, mend),) = check.former_words(config)
    assert well is None and said.startswith("source webhook:") and 'kind = "push"' in mend


@pytest.mark.parametrize(
    ("alerts", "said"),
    [
        ([HEARTBEAT], "answers; 0 alerts that concern the panel fire"),
        ([HEARTBEAT, DOWN], "answers; 1 alert that concerns the panel fires"),
        ([DOWN, HEARTBEAT, SLOW], "answers; 2 alerts that concern the panel fire"),
    ],
    ids=["all-is-well", "one", "two"],
)
def test_a_heartbeat_always_fires_and_is_not_counted_among_what_does(
    alerts: list[dict[str, Any]], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        time = {"resultType": "scalar", "result": [NOW.timestamp(), str(NOW.timestamp())]}
        found = {"/api/v1/alerts": {"alerts": alerts}, "/api/v1/rules": {"groups": []}}
        asked = request.url.path.removeprefix("/sub")
        return httpx.Response(200, json={"status": "success", "data": found.get(asked, time)})

    monkeypatch.setattr(check_sources, "SourceClient", lambda source, config: asking(answer))
    config = Config(Tables(site=SITE, sources=(PROMETHEUS,)), Path("talaia.toml"))
    (well, words, _hint), *_others = check_sources.asked(PROMETHEUS, config, made=True)
    assert well and words.endswith(said)
