"""The mirror in a git repository: a real bare one, with others who push to it meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from talaia.config import Config, MirrorConfig, SiteConfig, Tables, Text
from talaia.forum.backend import Document, EditedElsewhere, Gone, MirroredDocument
from talaia.forum.front_matter import read
from talaia.forum.git import FetchedHead, Git
from talaia.forum.post import document
from talaia.outbox.errors import PermanentError, TemporaryError
from tests.forum.history import Repository
from tests.forum.stories import HOUSE, STORY, WORK

DOCUMENT = document(STORY, HOUSE)
FILE = "incident-2026-014.md"


@pytest.fixture
def there(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "history.git")


@pytest.fixture
def git(there: Repository, tmp_path: Path) -> Git:
    return ours(tmp_path, str(there.path))


def ours(home: Path, repository: str) -> Git:
    mirror = MirrorConfig(kind="git", repository=repository, address="https://git.example.org/coop/history")
    site = SiteConfig(name=Text((("", "Exemple"),)), address="https://status.example.org")
    return Git(mirror, Config(Tables(site=site, mirror=mirror), home / "talaia.toml", home))


def stands(found: object) -> MirroredDocument:
    assert isinstance(found, MirroredDocument), found
    return found


def test_an_event_is_a_file_that_cstate_and_hugo_read(git: Git, there: Repository) -> None:
    made = stands(git.make(DOCUMENT))
    file = there[FILE]
    assert file == (
        "---\n"
        'title: "[2026-10-03] Tall de fibra a Sants (2026-014)"\n'
        'date: "2026-10-03T04:12:00+02:00"\n'
        "resolved: true\n"
        'resolvedWhen: "2026-10-03T06:12:00+02:00"\n'
        'severity: "disrupted"\n'
        'affected: ["Connexions", "Web"]\n'
        'section: "issue"\n'
        'tags: ["incidència", "resolta"]\n'
        "---\n\n" + DOCUMENT.text + "\n"
    )
    assert made.address == f"https://git.example.org/coop/history/content/issues/{FILE}"
    assert git.find(DOCUMENT.key) == made
    assert git.find("incident/2026-099") is None


def test_making_it_again_adopts_what_is_there(git: Git, there: Repository, tmp_path: Path) -> None:
    git.make(DOCUMENT)
    there.edit(FILE, "carrer Major", "carrer Gran")
    again = stands(ours(tmp_path / "other", str(there.path)).make(DOCUMENT))
    assert "carrer Gran" in again.text
    assert there.files() == [FILE]


def test_a_change_is_one_commit_and_none_when_nothing_differs(git: Git, there: Repository) -> None:
    made = stands(git.make(DOCUMENT))
    changed = replace(DOCUMENT, text=f"{DOCUMENT.text}\n\nMés.")
    now = stands(git.change(changed, made, "talaia: 2026-014, resolt"))
    assert there.commits()[0] == ("talaia", "talaia: 2026-014, resolt")
    assert stands(git.change(changed, now, "again")) == now
    assert len(there.commits()) == 2


def test_what_somebody_else_wrote_is_told_and_not_written_over(git: Git, there: Repository) -> None:
    made = stands(git.make(DOCUMENT))
    there.edit(FILE, "carrer Major", "carrer Gran", by="Marta Puig")
    found = git.change(replace(DOCUMENT, text="altra cosa"), made, "why")
    assert isinstance(found, EditedElsewhere)
    assert found.editor == "Marta Puig"
    assert "carrer Gran" in found.standing.text
    assert "carrer Gran" in (there[FILE] or "")
    assert git.read(made.place) == (found.standing, "Marta Puig")
    assert [one.place for one in git.recent(datetime(2020, 1, 1, tzinfo=UTC))] == [made.place]


def test_a_file_that_was_taken_out_needs_a_person(git: Git, there: Repository) -> None:
    made = stands(git.make(DOCUMENT))
    there.write(FILE, None)
    found = git.change(DOCUMENT, made, "why")
    assert isinstance(found, Gone)
    assert "marta" in found.why
    assert isinstance(git.read(made.place), Gone)


def test_whoever_is_quicker_is_fetched_and_nothing_of_theirs_is_lost(
    git: Git, there: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    push, quicker = git._push, ["a", "b"]

    def overtaken(head: FetchedHead, path: str, document: Document, why: str) -> bool:
        if quicker:
            there.write(f"{quicker.pop()}.md", "d’algú altre")
        return push(head, path, document, why)

    monkeypatch.setattr(git, "_push", overtaken)
    stands(git.make(DOCUMENT))
    assert there.files() == ["a.md", "b.md", FILE]


def test_the_clone_may_be_thrown_away_and_what_a_kill_left_is_no_hindrance(git: Git, there: Repository) -> None:
    made = stands(git.make(DOCUMENT))
    (git.clone / "refs" / "heads" / "main.lock").write_text("")
    git.make(document(WORK, HOUSE))
    for file in sorted(git.clone.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    assert git.find(DOCUMENT.key) == made
    assert there.files() == [FILE, "maintenance-2026-003.md"]


@pytest.mark.parametrize(
    "file", ["", "---\ntitle: x\n", "---\n---\n", "no front matter", "---\ntitle: 'it''s'\n---\na\n"]
)
def test_a_file_that_people_wrote_otherwise_is_read_all_the_same(file: str) -> None:
    title, text, _tags, closed = read(file)
    assert not closed
    assert "---\n\n" not in text
    assert title in ("", "x", "it's")


def test_what_is_no_repository_is_told_with_what_to_mend(tmp_path: Path) -> None:
    with pytest.raises(PermanentError) as fault:
        ours(tmp_path, str(tmp_path / "nowhere")).find(DOCUMENT.key)
    assert fault.value.hint == "look at repository in [mirror]"
    with pytest.raises(TemporaryError):
        ours(tmp_path, "git://127.0.0.1:9/history.git").find(DOCUMENT.key)


def test_a_path_beside_the_configuration_and_one_with_file_before_it_are_the_same(
    there: Repository, tmp_path: Path
) -> None:
    for number, where in enumerate(["history.git", f"file://{there.path}"]):
        found: Callable[[Document], object] = ours(tmp_path, where).make
        found(replace(DOCUMENT, key=f"incident/2026-00{number}"))
    assert len(there.files()) == 2


def test_it_is_asked_without_a_trace_here_or_there(git: Git, there: Repository, tmp_path: Path) -> None:
    """`talaia check` may be run by another account, to which a clone that it made would belong."""
    before = sorted(tmp_path.rglob("*"))
    git.ask()
    assert sorted(tmp_path.rglob("*")) == before
    with pytest.raises(PermanentError, match="is no git repository"):
        ours(tmp_path, str(tmp_path / "nowhere.git")).ask()
