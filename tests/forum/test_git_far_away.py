"""The mirror in a git repository on another machine: over https as a forge has it, and over ssh; with its faults."""

from __future__ import annotations

import gc
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from talaia.config import Config, MirrorConfig, SiteConfig, Tables, Text
from talaia.forum.git import Git
from talaia.forum.post import document
from talaia.outbox.errors import PermanentError, TemporaryError
from tests.forum.history import Repository
from tests.forum.stories import HOUSE, STORY, WORK
from tests.forum.test_git import FILE, stands
from tests.servers.git_https import PASSWORD, USER, GitHttps
from tests.servers.sshd import Sshd

pytestmark = pytest.mark.servers
DOCUMENT = document(STORY, HOUSE)


def mirrored(home: Path, **given: object) -> Git:
    mirror = MirrorConfig(kind="git", timeout=timedelta(seconds=2), **given)  # type: ignore[arg-type]
    site = SiteConfig(name=Text((("", "Exemple"),)), address="https://status.example.org")
    return Git(mirror, Config(Tables(site=site, mirror=mirror), home / "talaia.toml", home))


def whole_life(git: Git, there: Repository) -> None:
    git.ask()
    made = stands(git.make(DOCUMENT))
    assert git.find(DOCUMENT.key) == made
    changed = replace(DOCUMENT, text=f"{DOCUMENT.text}\n\nMés.")
    stands(git.change(changed, made, "talaia: 2026-014, resolt"))
    there.edit(FILE, "carrer Major", "carrer Gran", by="Marta Puig")
    found, editor = git.read(made.place)  # type: ignore[misc]
    assert (found.text.count("carrer Gran"), editor) == (1, "Marta Puig")
    stands(git.make(document(WORK, HOUSE)))
    assert there.files() == [FILE, "maintenance-2026-003.md"]


@pytest.fixture
def over_https(tmp_path: Path) -> Iterator[GitHttps]:
    with GitHttps(tmp_path) as server:
        yield server


def test_over_https_with_a_token_and_an_authority_of_ones_own(over_https: GitHttps, tmp_path: Path) -> None:
    there = Repository(tmp_path / "history.git")
    with_password(tmp_path, PASSWORD)
    whole_life(mirrored(tmp_path, **trusted(over_https, "history.git")), there)


def test_over_https_each_refusal_says_what_to_mend(over_https: GitHttps, tmp_path: Path) -> None:
    Repository(tmp_path / "history.git")
    with_password(tmp_path, PASSWORD)
    with pytest.raises(TemporaryError, match="certificate verify failed") as distrust:
        mirrored(tmp_path, **{**trusted(over_https, "history.git"), "ca_file": None}).find(DOCUMENT.key)
    assert "ca_file" in distrust.value.hint
    with pytest.raises(PermanentError, match="no git repository"):
        mirrored(tmp_path, **trusted(over_https, "nowhere.git")).find(DOCUMENT.key)
    with pytest.raises(TemporaryError, match="503"):
        mirrored(tmp_path, **trusted(over_https, "broken/history.git")).find(DOCUMENT.key)
    with pytest.raises(PermanentError, match="403") as closed:
        mirrored(tmp_path, **trusted(over_https, "closed/history.git")).find(DOCUMENT.key)
    assert "user and key_file" in closed.value.hint
    with pytest.raises(PermanentError, match="key_file of"):
        mirrored(tmp_path, **{**trusted(over_https, "history.git"), "key_file": "nowhere"}).find(DOCUMENT.key)
    with_password(tmp_path, "wrong")
    with pytest.raises(PermanentError, match="does not let us in") as stranger:
        mirrored(tmp_path, **trusted(over_https, "history.git")).find(DOCUMENT.key)
    assert "user and key_file" in stranger.value.hint
    del distrust, closed, stranger
    gc.collect()  # a connection that is left open would be said here: warnings are errors


def test_over_https_a_server_that_says_nothing_is_left_in_time(over_https: GitHttps, tmp_path: Path) -> None:
    with_password(tmp_path, PASSWORD)
    with socket.create_server(("127.0.0.1", over_https.silent)):
        begun = time.monotonic()
        with pytest.raises(TemporaryError, match="does not answer"):
            mirrored(tmp_path, **trusted(over_https, "silent/history.git")).find(DOCUMENT.key)
        assert time.monotonic() - begun < 10
    with pytest.raises(TemporaryError, match="does not answer"):
        mirrored(tmp_path, repository="https://127.0.0.1:9/history.git", key_file="token").find(DOCUMENT.key)


def test_over_ssh_with_a_key(tmp_path: Path) -> None:
    there, known = Repository(tmp_path / "history.git"), tmp_path / "known_hosts"
    with Sshd() as server:
        keys = {"key_file": str(server.key), "known_hosts_file": str(known)}
        git = mirrored(tmp_path, repository=server.address_of(there.path), **keys)
        with pytest.raises(TemporaryError, match="Host key verification failed") as unknown:
            git.find(DOCUMENT.key)
        assert "ssh-keyscan" in unknown.value.hint
        known.write_text(server.host_line)
        whole_life(git, there)
        with pytest.raises(TemporaryError, match="does not appear to be a git repository") as nowhere:
            mirrored(tmp_path, repository=server.address_of(tmp_path), **keys).find(DOCUMENT.key)
        assert nowhere.value.hint == "look at repository in [mirror]"
        (server.folder / "allowed").write_text("")
        with pytest.raises(TemporaryError, match="Permission denied") as stranger:
            git.find(DOCUMENT.key)
        assert "user and key_file" in stranger.value.hint
        server.freeze()
        try:
            begun = time.monotonic()
            with pytest.raises(TemporaryError, match="does not answer"):
                git.find(DOCUMENT.key)
            assert time.monotonic() - begun < 10
        finally:
            server.thaw()


def with_password(home: Path, word: str) -> None:
    (home / "token").write_text(f"{word}\n")
    (home / "token").chmod(0o600)


def trusted(server: GitHttps, path: str) -> dict[str, object]:
    return {
        "repository": server.address_of(path),
        "user": USER,
        "key_file": "token",
        "ca_file": str(server.certificate.certificate),
    }
