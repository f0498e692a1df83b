"""Somebody else was in the public folder: what lies there is compared with what was written, and made anew."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone

from talaia.config import current
from talaia.outbox.models import Fact
from talaia.panel.uptime import local_day
from talaia.site.folder import Folder
from talaia.site.integrity_check import Guard, last_look, target_of
from talaia.site.targets import KINDS
from talaia.site.write import publish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def guard(public: Path) -> Guard:
    """One that has looked at all of it once."""
    from talaia.config import current

    found = Guard(current, timezone.now)
    assert found.step(timezone.now()) == 0
    return found


def contents(public: Path) -> dict[str, bytes]:
    """Every page that says no hour, with its variants."""
    found = {str(file.relative_to(public)): file.read_bytes() for file in public.rglob("*") if file.is_file()}
    return {name: body for name, body in found.items() if not name.endswith("lock")}


def names(public: Path) -> set[str]:
    return set(contents(public))


def test_what_was_published_is_as_it_was_written(public: Path, guard: Guard) -> None:
    for _ in range(3):
        assert guard.step(timezone.now()) == 0
    seen = last_look(public.parent)
    assert seen is not None
    assert (seen.damaged, seen.found_at) == (0, None)
    assert not Fact.objects.filter(kind="site.mended").exists()


def test_an_emptied_folder_is_made_anew_with_every_page(public: Path, guard: Guard) -> None:
    before = names(public)
    for found in public.iterdir():
        shutil.rmtree(found) if found.is_dir() else found.unlink()
    assert guard.step(timezone.now()) > 10
    assert names(public) == before
    assert guard.step(timezone.now()) == 0


def test_a_folder_that_is_gone_while_nobody_runs_is_made_anew_at_the_start(public: Path, guard: Guard) -> None:
    before = names(public)
    shutil.rmtree(public)
    assert Guard(guard.config, timezone.now).step(timezone.now()) > 10
    assert names(public) == before


def keep_times(file: Path, change: Callable[[Path], object]) -> None:
    found = file.stat()
    change(file)
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))


def defaced(file: Path) -> None:
    body = file.read_bytes()
    with file.open("r+b") as same:  # in place: the same inode, the same size
        same.write(b"x" * len(body))


def linked(file: Path) -> None:
    file.unlink()
    file.symlink_to("/etc/hostname")


def closed(file: Path) -> None:
    file.chmod(0)


def made_a_folder(file: Path) -> None:
    file.unlink()
    (file / "inside").mkdir(parents=True)


CHANGES: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "defaced": defaced,
    "defaced, with its times put back": lambda file: keep_times(file, defaced),
    "a link": linked,
    "a folder": made_a_folder,
}
PAGES = (
    "index.html",
    "status.json",
    "es/index.html",
    "404.html",
    "about/index.html",
    "history/index.html",
    "services/{slug}/index.html",
    "en/services/{slug}/index.html",
    "incidents/{year}-001/index.html",
    "services/links/history/index.html",
    "search/files.json",
    "search/ca/{year}.json",
)


@pytest.mark.parametrize(
    ("change", "suffix"),
    [*((change, "") for change in CHANGES), ("gone", ".br"), ("defaced, with its times put back", ".gz")],
)
def test_whatever_is_done_to_a_page_or_to_its_twin_is_undone(
    public: Path, guard: Guard, change: str, suffix: str
) -> None:
    slug = next(path.name for path in (public / "services").iterdir())
    pages = [page.format(slug=slug, year=local_day(timezone.now(), current().site.tz).year) for page in PAGES]
    before = contents(public)
    for page in pages:
        CHANGES[change](public / f"{page}{suffix}")
    while guard.after or not guard.step(timezone.now()):
        pass  # spread over time: it comes round
    assert guard.step(timezone.now()) == 0
    now = contents(public)
    assert now.keys() == before.keys()
    for page in pages:
        assert b"x" * 20 not in now[page + suffix]
        if page not in ("index.html", "es/index.html", "status.json"):
            assert Folder(public).manifest.of([page])[0].fits(Folder(public).digests(page))
    [fact] = Fact.objects.filter(kind="site.mended")
    assert fact.data["count"] == len(pages)
    seen = last_look(public.parent)
    assert seen is not None
    assert (seen.damaged, seen.found_at is not None, "…" in seen.names) == (0, True, True)


def test_a_folder_that_became_a_file_or_a_link_is_a_folder_again(public: Path, guard: Guard, tmp_path: Path) -> None:
    before = names(public)
    shutil.rmtree(public / "history")
    (public / "history").write_text("no folder")
    shutil.rmtree(public / "es")
    (tmp_path / "elsewhere").mkdir()
    (public / "es").symlink_to(tmp_path / "elsewhere")
    assert guard.step(timezone.now()) > 0
    assert names(public) == before
    assert not list((tmp_path / "elsewhere").iterdir())


def test_files_of_the_sysadmin_are_left_alone(public: Path, guard: Guard) -> None:
    (public / "robots.txt").write_text("User-agent: *\n")
    (public / "index.html").unlink()
    guard.step(timezone.now())
    assert (public / "robots.txt").read_text() == "User-agent: *\n"


def test_a_copy_that_says_the_same_is_no_damage(public: Path, guard: Guard) -> None:
    """As rsync and a backup that is put back leave it."""
    for file in list(public.rglob("*.html*")):
        body = file.read_bytes()
        file.unlink()
        file.write_bytes(body)
    guard.whole = True
    assert guard.step(timezone.now()) == 0
    assert not Fact.objects.filter(kind="site.mended").exists()


def test_a_writer_that_was_killed_is_taken_for_nobody_else(public: Path, guard: Guard) -> None:
    manifest = Folder(public).manifest
    [front] = manifest.of(["index.html"])
    manifest.note({"index.html": b"\1" * len(front.digests)})  # noted, and killed before it was put in its place
    assert guard.step(timezone.now()) == 1
    assert not Fact.objects.filter(kind="site.mended").exists()
    assert guard.step(timezone.now()) == 0


def test_a_page_behind_which_nothing_stands_is_not_asked_for_again_and_again(public: Path, guard: Guard) -> None:
    Folder(public).write({"incidents/2026-777/index.html": b"an event that was never"})
    (public / "incidents/2026-777/index.html").write_text("defaced")
    guard.whole = True
    assert guard.step(timezone.now()) == 1
    assert guard.step(timezone.now()) == 0
    assert not (public / "incidents/2026-777").exists()


def test_a_lost_or_torn_manifest_has_all_pages_made_anew(public: Path, guard: Guard) -> None:
    manifest = Folder(public).manifest
    manifest.path.unlink()
    guard.step(timezone.now())
    assert Fact.objects.filter(kind="site.changed").count() == 1
    manifest.path.write_bytes(b"no database at all" * 1000)
    with pytest.raises(OSError, match="begun anew"):
        guard.step(timezone.now())
    guard.step(timezone.now())
    assert Fact.objects.filter(kind="site.changed").count() == 2
    publish(["all"], timezone.now())
    assert guard.step(timezone.now()) == 0


def test_the_archive_is_looked_at_bit_by_bit(public: Path, guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("talaia.site.integrity_check.SLICE", 5)
    looked: list[str] = []
    folder_look = Folder.look

    def look(folder: Folder, name: str) -> tuple[str, ...]:
        looked.append(name)
        return folder_look(folder, name)

    monkeypatch.setattr(Folder, "look", look)
    rounds = []
    guard.after = ""
    for _ in range(200):
        guard.step(timezone.now())
        rounds.append(len(looked))
        looked.clear()
        if not guard.after:
            break
    tops = len(list(Folder(public).manifest.at_the_top(("static", "es", "en", "about", "es/about", "en/about"))))
    assert max(rounds) <= tops + 5
    assert len(rounds) > 3


def test_who_comes_back_again_and_again_is_told_of_once_in_ten_minutes(public: Path, guard: Guard) -> None:
    for _ in range(3):
        (public / "index.html").write_text("defaced")
        assert guard.step(timezone.now()) == 1
    assert Fact.objects.filter(kind="site.mended").count() == 1


def test_every_file_that_is_written_belongs_to_a_target(public: Path) -> None:
    for file in public.rglob("*"):
        if file.is_file() and file.suffix not in (".br", ".gz"):
            target = target_of(str(file.relative_to(public)))
            assert target.partition("/")[0] in KINDS, file


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("index.html", "front"),
        ("es/index.html", "front"),
        ("status.json", "front"),
        ("incidents/2026-001/index.html", "incident/2026-001"),
        ("es/maintenance/2026-002/index.html", "maintenance/2026-002"),
        ("services/chat/index.html", "service/chat"),
        ("en/services/chat/history/2026/index.html", "past/chat"),
        ("history/index.html", "history"),
        ("history/2026/index.html", "history/2026"),
        ("es/history/2026/05/index.html", "history/2026/05"),
        ("search/ca/2026-05.json", "search/2026"),
        ("static/style.0123456789.css", "assets"),
        ("es/404.html", "assets"),
        ("about/index.html", "assets"),
        ("what/is/this.html", "all"),
    ],
)
def test_a_file_is_made_anew_by_its_target(name: str, target: str) -> None:
    assert target_of(name) == target


def test_now_is_of_the_clock_that_is_given(public: Path, guard: Guard) -> None:
    at = datetime.fromisoformat("2030-01-01T00:00:00+00:00")
    guard.step(at)
    seen = last_look(public.parent)
    assert seen is not None
    assert seen.at == at
