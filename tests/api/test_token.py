"""`talaia token`: who gets one, what is shown with it, and that it opens the door that it says."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from django.test import Client
from django.utils import timezone

from talaia.commands.shared_options import author
from talaia.config import Config
from talaia.outbox.models import Fact
from talaia.signals.models import RawWebhook, Token
from talaia.signals.tokens.actions import check_token
from tests.api.conftest import USUAL
from tests.journeys.shell import Shell

MORE = """
[[sources]]
id = "direct"
kind = "prometheus-push"

[[sources]]
id = "scripts"
kind = "push"
"""
pytestmark = pytest.mark.django_db


@pytest.fixture
def talaia(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Shell:
    folder = tmp_path_factory.mktemp("house")
    (folder / "talaia.toml").write_text(USUAL + MORE)
    monkeypatch.setenv("TALAIA_CONFIG", str(folder / "talaia.toml"))
    return Shell(capsys, monkeypatch)


def test_a_token_is_shown_once_and_only_its_digest_kept(talaia: Shell) -> None:
    said = talaia("token", "create", "alertmanager", "--quiet")
    token = said.out.strip()
    assert (said.code, said.err) == (0, "")
    assert re.fullmatch(r"[\w-]{40,}", token)
    row = Token.objects.get()
    assert token not in (row.digest, row.source)
    assert check_token("alertmanager", token, timezone.now())
    assert not check_token("scripts", token, timezone.now())
    assert token not in talaia("token", "list").out
    assert all(token not in json.dumps(fact.data) for fact in Fact.objects.all())
    talaia("token", "revoke", "alertmanager")
    assert {fact.kind: fact.by for fact in Fact.objects.all()} == dict.fromkeys(
        ("token.issued", "token.revoked"), author()
    )


@pytest.mark.parametrize(
    ("source", "path", "body"),
    [
        ("alertmanager", "/hooks/alertmanager/alertmanager", '{"version": "4", "alerts": []}'),
        ("direct", "/hooks/alertmanager/direct/api/v2/alerts", "[]"),
        ("scripts", "/hooks/generic/scripts", '{"key": "mail", "state": "down"}'),
    ],
)
def test_what_is_shown_to_paste_opens_the_hook(
    talaia: Shell, client: Client, source: str, path: str, body: str
) -> None:
    said = talaia("token", "create", source)
    assert said.code == 0
    token = said.out.splitlines()[0]
    snippet = said.out.partition("and paste:\n\n")[2]
    file = f"/etc/prometheus/talaia-{source}.token"
    assert file in snippet
    assert token not in snippet, "a configuration is read by many, the file of a token by one"
    if source == "scripts":
        assert f"https://status.example.org{path}" in snippet
    elif source == "alertmanager":
        (hook,) = yaml.safe_load(snippet)["receivers"][0]["webhook_configs"]
        assert hook["url"] == f"https://status.example.org{path}"
        assert hook["http_config"]["authorization"] == {"type": "Bearer", "credentials_file": file}
    else:
        (other,) = yaml.safe_load(snippet)["alerting"]["alertmanagers"]
        assert f"{other['path_prefix']}/api/v2/alerts" == path
        assert (other["scheme"], other["static_configs"]) == ("https", [{"targets": ["status.example.org"]}])
    answer = client.post(path, body, content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {token}")
    assert answer.status_code == 202
    assert RawWebhook.objects.get().source == source


def test_what_is_shown_to_paste_opens_the_metrics(talaia: Shell, client: Client, config: Config) -> None:
    said = talaia("token", "create", "metrics")
    (job,) = yaml.safe_load(said.out.partition("and paste:\n\n")[2])["scrape_configs"]
    assert job["authorization"]["credentials_file"] == "/etc/prometheus/talaia-metrics.token"
    token = said.out.splitlines()[0]
    answer = client.get("/metrics", REMOTE_ADDR="192.0.2.7", HTTP_AUTHORIZATION=f"Bearer {token}")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("prometheus", "is asked and never posts"),
        ("alertmanger", "there is no source 'alertmanger' in talaia.toml"),
    ],
)
def test_a_token_that_would_open_nothing_is_refused(talaia: Shell, source: str, words: str) -> None:
    said = talaia("token", "create", source)
    assert (said.code, said.out) == (1, "")
    assert words in said.err
    assert "tokens are for: alertmanager, direct, scripts, metrics" in said.err
    assert not Token.objects.exists()


def test_a_token_that_is_taken_back_opens_nothing(talaia: Shell) -> None:
    tokens = [talaia("token", "create", "scripts", "--quiet").out.strip() for _ in range(2)]
    other = talaia("token", "create", "direct", "--quiet").out.strip()
    assert "2 tokens of scripts" in talaia("token", "revoke", "scripts").out
    assert not any(check_token("scripts", token, timezone.now()) for token in tokens)
    assert check_token("direct", other, timezone.now())


def test_a_token_is_changed_without_a_gap(talaia: Shell) -> None:
    old, new = (talaia("token", "create", "scripts", "--quiet").out.strip() for _ in range(2))
    assert "1 token of scripts" in talaia("token", "revoke", "scripts", "--but-newest").out
    assert not check_token("scripts", old, timezone.now())
    assert check_token("scripts", new, timezone.now())
    said = talaia("token", "revoke", "scripts", "--but-newest")
    assert (said.code, "no older token" in said.err) == (1, True)


def test_a_source_that_left_the_configuration_can_still_be_shut_out(talaia: Shell) -> None:
    Token.objects.create(source="gone", digest="0" * 64, created_at=timezone.now())
    assert talaia("token", "revoke", "gone").code == 0
    said = talaia("token", "revoke", "gone")
    assert (said.code, "gone has no token" in said.err) == (1, True)


def test_the_list_says_since_when_and_when_last_used(talaia: Shell, client: Client) -> None:
    assert "none yet" in talaia("token", "list").out
    token = talaia("token", "create", "scripts", "--quiet").out.strip()
    assert "last used never" in talaia("token", "list").out
    assert check_token("scripts", token, timezone.now())
    assert "never" not in talaia("token", "list").out
    (listed,) = json.loads(talaia("token", "list", "--json").out)
    assert listed["source"] == "scripts"
    assert listed["last_used"]
