"""A branch that stands at an older commit again (a backup, a force-push): our older words are nobody's proposal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from dulwich.objects import Commit
from dulwich.repo import Repo

from talaia.config import Config
from talaia.events.models import Update
from talaia.events.timeline import IncidentState
from talaia.forum.git import Git
from tests.forum.history import HEAD, Repository
from tests.forum.house import Office, open_one, say
from tests.product import ROOT

pytestmark = pytest.mark.django_db
USUAL = (ROOT / "tests" / "talaia.toml").read_text()


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)  # commits bear the time of the machine

    def __call__(self) -> datetime:
        return self.now


def put_back(there: Repository, commits: int, amended_by: str = "") -> None:
    """The branch as it stood so many commits ago; with `amended_by`, somebody made that commit of ours once more."""
    with Repo(str(there.path)) as repo:
        found = [entry.commit for entry in repo.get_walker([repo.refs[HEAD]])][commits]
        if amended_by:
            found = cast(Commit, found.copy())
            found.committer = f"{amended_by} <{amended_by}@example.org>".encode()
            repo.object_store.add_object(found)
        repo.refs[HEAD] = found.id


def mirrored(configure: Callable[[str], Config], home: Path) -> tuple[Repository, Clock, Office]:
    """A branch of others, and ours that writes there."""
    there, clock = Repository(home / "history.git"), Clock()
    config = configure(f'{USUAL}\n[mirror]\nkind = "git"\nrepository = "{there.path}"\n')
    assert config.tables.mirror
    mirror = Git(config.tables.mirror, config)
    return there, clock, Office(lambda: mirror, home, clock)


@pytest.mark.parametrize("commits", [1, 2])
@pytest.mark.parametrize("looked", [True, False])
@pytest.mark.parametrize("amended_by", ["", "marta"])
def test_a_branch_that_was_put_back_says_again_what_is_so(
    configure: Callable[[str], Config], tmp_path: Path, commits: int, looked: bool, amended_by: str
) -> None:
    there, clock, office = mirrored(configure, tmp_path)
    event = open_one(clock.now)
    office.catch_up()
    for text in ("Un cable tallat.", "El canviem."):
        clock.now += timedelta(minutes=10)
        say(event, clock.now, text)
        office.catch_up()
    put_back(there, commits, amended_by)
    clock.now += timedelta(hours=2)
    if looked:
        office.look()
    else:
        say(event, clock.now, "Resolt.", IncidentState.RESOLVED)
        office.catch_up()
    [name] = there.files()
    stands = office.wanted(event) in (there[name] or "")
    if amended_by:  # what of it is theirs, nobody knows
        assert office.proposal(event) is not None
    else:
        assert stands and office.proposal(event) is None


def merge_taking_theirs(there: Repository, name: str, old: str, new: str) -> None:
    """Marta corrected the file on a branch of hers, beside our last commit; where both differ she took hers."""
    with Repo(str(there.path)) as repo:
        ours = repo.refs[HEAD]
        base = cast(Commit, repo[cast(Commit, repo[ours]).parents[0]])
        repo.refs[HEAD] = base.id
    there.edit(name, old, new)
    with Repo(str(there.path)) as repo:
        hers = cast(Commit, repo[repo.refs[HEAD]])
        hers.commit_time = cast(Commit, repo[ours]).commit_time - 1
        repo.object_store.add_object(hers)
        merge = cast(Commit, hers.copy())
        merge.parents, merge.message = [hers.id, ours], b"merge main\n"
        repo.object_store.add_object(merge)
        repo.refs[HEAD] = merge.id


@pytest.mark.parametrize("looked", [True, False])
def test_what_somebody_took_of_theirs_in_a_merge_is_a_proposal_though_our_commit_is_the_newer(
    configure: Callable[[str], Config], tmp_path: Path, looked: bool
) -> None:
    there, clock, office = mirrored(configure, tmp_path)
    event = open_one(clock.now)
    office.catch_up()
    clock.now += timedelta(minutes=10)
    say(event, clock.now, "Un cable tallat.")
    office.catch_up()
    [name] = there.files()
    merge_taking_theirs(there, name, "No hi ha connexió.", "No hi ha connexió al carrer Nou.")
    clock.now += timedelta(hours=2)
    if looked:
        office.look()
    else:
        say(event, clock.now, "Resolt.", IncidentState.RESOLVED)
        office.catch_up()
    proposal = office.proposal(event)
    assert proposal is not None and "al carrer Nou" in proposal.theirs
    assert "al carrer Nou" in (there[name] or "")


def test_what_we_wrote_before_our_database_was_put_back_is_a_proposal_and_not_written_over(
    configure: Callable[[str], Config], tmp_path: Path
) -> None:
    there, clock, office = mirrored(configure, tmp_path)
    clock.now -= timedelta(hours=3)
    event = open_one(clock.now)
    office.catch_up()
    backup = office.row(event)
    clock.now += timedelta(minutes=10)
    say(event, clock.now, "Un cable tallat.")
    office.catch_up()
    backup.save()
    Update.objects.filter(event=event, number=2).delete()
    clock.now += timedelta(hours=2)
    office.look()
    [name] = there.files()
    assert office.proposal(event) is not None and "Un cable tallat." in (there[name] or "")
