"""From rows to files: what `publish` writes, what it leaves alone, and what it does when the disk says no."""

from __future__ import annotations

import errno
import gzip
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import brotli
import pytest

from talaia.config import Config, current
from talaia.events import actions as events
from talaia.events.timeline import IncidentState, MaintenanceState
from talaia.outbox.errors import PermanentError, TemporaryError
from talaia.panel.actions import judge_service
from talaia.panel.catalogue import headings
from talaia.panel.holds import Computed
from talaia.panel.listing.actions import list_services
from talaia.panel.shown import ShownState
from talaia.panel.state import Reason, State
from talaia.site import snapshot
from talaia.site.folder import STAMP, Folder
from talaia.site.models import Publication
from talaia.site.write import publish

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
pytestmark = pytest.mark.django_db
Configure = Callable[[str], Config]
TOML = (Path(__file__).parents[1] / "talaia.toml").read_text()


@pytest.fixture
def public(configure: Configure) -> Path:
    """A house of its own with the usual panel, all of it operational."""
    config = configure(TOML)
    list_services(headings(config), NOW - timedelta(days=3))
    for service in config.tables.services:
        show(service.slug, State.OPERATIONAL, NOW - timedelta(days=2))
    return config.home / "public"


def show(slug: str, state: State, at: datetime, code: str = "") -> None:
    judge_service(slug, Computed(state, Reason(code)), ShownState(state, Reason(code)), at)


def page(public: Path, path: str) -> str:
    return (public / path.lstrip("/") / "index.html").read_text()


def stamps(public: Path) -> dict[str, int]:
    return {str(file.relative_to(public)): file.stat().st_mtime_ns for file in public.rglob("*") if file.is_file()}


def open_cut(**given: Any) -> str:
    titles, texts = {"ca": "Tall de fibra"}, {"ca": "Ho mirem."}
    return events.open_incident(titles, texts, {"links": State.DISRUPTION}, NOW, **given).ref


def test_all_makes_a_page_for_everything_in_every_language(public: Path) -> None:
    ref = open_cut()
    publish(["all"], NOW)
    for language in ("", "/es", "/en"):
        for path in ("/", f"/incidents/{ref}/", "/history/", "/history/2026/", "/services/links/"):
            assert (public / f"{language}{path}index.html".lstrip("/")).exists(), language + path
        assert (public / f"{language}/404.html".lstrip("/")).exists()
    assert json.loads((public / "status.json").read_text())["open"][0]["ref"] == ref
    assert (public / "favicon.svg").exists()


def test_what_a_page_points_to_is_there(public: Path) -> None:
    open_cut()
    publish(["all"], NOW)
    for file in public.rglob("*.html"):
        for address in set(re.findall(r'(?:href|src)="(/[^"#?]*)', file.read_text())):
            place = public / (address.lstrip("/") + ("index.html" if address.endswith("/") else ""))
            assert place.exists(), f"{file.relative_to(public)} points to {address}"


def test_each_file_has_its_compressed_variants_and_they_say_the_same(public: Path) -> None:
    publish(["all"], NOW)
    files = [file for file in public.rglob("*") if file.is_file() and file.suffix not in (".br", ".gz")]
    assert files
    for file in files:
        squeezed = [file.with_name(file.name + suffix) for suffix in (".br", ".gz")]
        assert brotli.decompress(squeezed[0].read_bytes()) == file.read_bytes()
        assert gzip.decompress(squeezed[1].read_bytes()) == file.read_bytes()
        assert {variant.stat().st_mtime_ns for variant in squeezed} == {file.stat().st_mtime_ns}


def test_publishing_again_writes_nothing(public: Path) -> None:
    open_cut()
    publish(["all"], NOW)
    before = stamps(public)
    publish(["all"], NOW)
    assert stamps(public) == before
    assert Publication.objects.order_by("-pk")[0].written == 0


def test_an_update_touches_its_own_pages_only(public: Path) -> None:
    other = open_cut()
    ref = open_cut()
    publish(["all"], NOW)
    before = stamps(public)
    events.update_incident(ref, IncidentState.IDENTIFIED, {"ca": "És un cable."}, NOW + timedelta(minutes=5))
    publish(["front", f"incident/{ref}", "history/2026", "service/links"], NOW + timedelta(minutes=5))
    changed = {name for name, stamp in stamps(public).items() if before.get(name) != stamp}
    assert f"incidents/{ref}/index.html" in changed
    assert "És un cable" in page(public, "/")
    assert not [name for name in changed if other in name or "404" in name or "static" in name or "chat" in name]


def test_the_page_of_an_incident_keeps_the_address_of_each_entry(public: Path) -> None:
    ref = open_cut()
    for minutes, text in ((5, "Dos."), (9, "Tres.")):
        at = NOW + timedelta(minutes=minutes)
        events.update_incident(ref, IncidentState.IDENTIFIED, {"ca": text}, at)
    publish([f"incident/{ref}"], NOW + timedelta(hours=1))
    words = page(public, f"/incidents/{ref}/")
    assert [words.index(f'id="u{n}"') for n in (1, 2, 3)] == sorted(words.index(f'id="u{n}"') for n in (1, 2, 3))


def test_a_text_that_is_not_there_in_a_language_is_shown_in_its_own_and_says_so(public: Path) -> None:
    ref = open_cut()
    publish(["front", f"incident/{ref}"], NOW)
    english = page(public, f"/en/incidents/{ref}/")
    assert '<span lang="ca">Tall de fibra</span> <small class="in">(in Catalan)</small>' in english
    assert '<div class="text" lang="ca">' in english
    assert "(in Catalan)" not in page(public, f"/incidents/{ref}/")


def test_a_reader_never_sees_a_torn_page(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is read, whenever, is one whole version; between two renames as well."""
    ref = open_cut()
    publish(["all"], NOW)
    whole = {file.read_bytes() for file in public.rglob("index.html")}
    seen: list[bytes] = []
    rename = Path.replace

    def look_and_rename(self: Path, target: Path) -> Path:
        seen.extend(file.read_bytes() for file in public.rglob("index.html"))
        seen.extend(brotli.decompress(file.read_bytes()) for file in public.rglob("index.html.br"))
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", look_and_rename)
    events.update_incident(ref, IncidentState.MONITORING, {"ca": "Empalmat."}, NOW + timedelta(minutes=9))
    publish(["front", f"incident/{ref}"], NOW + timedelta(minutes=9))
    whole |= {file.read_bytes() for file in public.rglob("index.html")}
    assert len(seen) > 50
    assert all(version in whole for version in seen)


def test_a_full_disk_changes_nothing_and_says_what_to_do(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(["all"], NOW)
    before = stamps(public)
    written = Path.write_bytes
    room = [3]

    def full(self: Path, data: bytes) -> int:
        room[0] -= 1
        if room[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        return written(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    ref = open_cut()
    with pytest.raises(TemporaryError) as fault:
        publish(["front", f"incident/{ref}"], NOW)
    assert str(public) in fault.value.hint
    assert "make room" in fault.value.hint
    assert "No space left" in str(fault.value)
    assert stamps(public) == before  # no page changed, no draft left


def test_a_folder_of_somebody_else_is_named(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, data: bytes) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "write_bytes", refuse)  # (root, who runs this in CI, may write everywhere)
    with pytest.raises(TemporaryError) as fault:
        publish(["front"], NOW)
    assert "account that runs talaia" in fault.value.hint
    assert str(public) in fault.value.hint


def test_a_file_where_the_folder_should_be_is_a_fault_not_a_crash(public: Path) -> None:
    public.parent.mkdir(exist_ok=True)
    public.write_text("")
    with pytest.raises(TemporaryError):
        publish(["front"], NOW)


def test_what_a_killed_writer_left_aside_goes_though_no_page_has_to_be_written(public: Path) -> None:
    """The page may be right as it stands: what was to be written is over before anybody comes to write it."""
    publish(["all"], NOW)
    before = stamps(public)
    for part in ("front", "services", "events"):
        aside = public / f".{part}.drafts"
        aside.mkdir(exist_ok=True)
        (aside / "0").write_text("half a pa")
    publish(["front"], NOW)
    assert sorted(path.parent.name for path in public.glob(".*/*")) == [".events.drafts", ".services.drafts"]
    publish(["all"], NOW)
    assert stamps(public) == before


def test_a_variant_that_was_not_renamed_is_mended(public: Path) -> None:
    publish(["all"], NOW)
    variant = public / "index.html.br"
    variant.write_bytes(b"of an older page")
    publish(["front"], NOW)
    assert brotli.decompress(variant.read_bytes()) == (public / "index.html").read_bytes()


def test_pages_that_nothing_stands_behind_go_away_and_what_is_not_ours_stays(public: Path) -> None:
    publish(["all"], NOW)
    stale = Folder(public)
    stale.write({"incidents/2020-001/index.html": b"old", "es/services/gone/index.html": b"old", "robots.txt": b"mine"})
    publish(["all"], NOW)
    assert not (public / "incidents").exists()
    assert not (public / "es/services/gone").exists()
    assert (public / "robots.txt").read_bytes() == b"mine"


def test_a_language_that_left_the_configuration_takes_its_pages_along(public: Path, configure: Configure) -> None:
    publish(["all"], NOW)
    configure(TOML.replace('languages = ["ca", "es", "en"]', 'languages = ["es", "ca"]'))
    publish(["all"], NOW)
    assert 'lang="es"' in page(public, "/")
    assert (public / "ca/index.html").exists()
    assert not (public / "en").exists()
    assert not (public / "es").exists()


def test_a_target_that_cannot_be_is_permanent(public: Path) -> None:
    for target in ("weather", "incident", "front/now"):
        with pytest.raises(PermanentError):
            publish([target], NOW)


def test_an_event_that_is_no_more_takes_its_page_along(public: Path) -> None:
    Folder(public).write({"incidents/2026-777/index.html": b"x", "es/incidents/2026-777/index.html": b"x"})
    publish(["incident/2026-777"], NOW)
    assert not (public / "incidents").exists()
    assert not (public / "es/incidents").exists()


def test_a_year_with_many_events_has_a_page_for_each_month(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "YEAR_PAGE", 3)
    refs = []
    for number in range(5):
        at = datetime(2026, number % 3 + 1, 5, tzinfo=UTC)
        event = events.open_incident({"ca": f"Cas {number}"}, {"ca": "Text."}, {}, NOW, started_at=at)
        refs.append(event.ref)
    publish(["all"], NOW)
    assert 'href="/history/2026/03/"' in page(public, "/history/2026/")
    assert "Cas 0" in page(public, "/history/2026/01/")
    before = stamps(public)
    events.edit_event("incident", refs[0], NOW, titles={"ca": "Un altre nom"})
    publish([f"incident/{refs[0]}", "history/2026"], NOW)
    changed = {name.split("/index")[0] for name, stamp in stamps(public).items() if before.get(name) != stamp}
    assert {name for name in changed if name.startswith("history")} == {"history/2026/01"}
    assert "Un altre nom" in page(public, "/history/2026/01/")


def test_maintenance_that_is_still_to_come_is_announced_and_not_yet_history(public: Path) -> None:
    start = NOW + timedelta(days=3)
    window = (start, start + timedelta(hours=2))
    event = events.plan_maintenance({"ca": "Bateries"}, {"ca": "Text."}, {"links": State.PARTIAL}, window, NOW)
    publish(["all"], NOW)
    assert "Bateries" in page(public, "/")
    assert "Bateries" not in page(public, "/history/")
    events.update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, start)
    publish(["front", f"maintenance/{event.ref}", "history/2026", "service/links"], start)
    assert "Bateries" in page(public, "/history/2026/")
    assert "Bateries" in page(public, "/services/links/")


def test_a_service_that_left_keeps_its_page_and_leaves_the_panel(public: Path, configure: Configure) -> None:
    start = TOML.index('[[services]]\nslug = "video"')
    end = TOML.index("[[services]]", start + 1)
    config = configure(TOML[:start] + TOML[end:])
    list_services(headings(config), NOW)
    publish(["all"], NOW)
    assert "/services/video/" not in page(public, "/")
    assert "Ja no és al panell" in page(public, "/services/video/")


def test_a_service_page_says_the_same_until_something_happens(public: Path) -> None:
    show("chat", State.DISRUPTION, NOW - timedelta(hours=30))
    show("chat", State.OPERATIONAL, NOW - timedelta(hours=29))
    publish(["service/chat"], NOW)
    before = page(public, "/services/chat/")
    publish(["service/chat"], NOW + timedelta(hours=5))
    later = page(public, "/services/chat/")
    assert STAMP.sub(b"", later.encode()) == STAMP.sub(b"", before.encode()) and later != before  # but for its age
    assert "1\xa0h" in before


def test_the_cost_of_the_front_does_not_follow_the_archive(
    public: Path, django_assert_num_queries: Callable[..., Any]
) -> None:
    for _ in range(12):
        events.update_incident(open_cut(), IncidentState.RESOLVED, {"ca": "Fet."}, NOW)
    open_cut()
    with django_assert_num_queries(5):
        value = snapshot.front(NOW)
    assert len(value.resolved) == snapshot.LATEST_RESOLVED


def test_the_front_has_the_latest_entries_of_a_long_incident(public: Path) -> None:
    ref = open_cut()
    for number in range(2, 81):
        at = NOW + timedelta(minutes=number)
        events.update_incident(ref, IncidentState.IDENTIFIED, {"ca": f"Entrada {number}."}, at)
    publish(["front"], NOW + timedelta(hours=2))
    words = page(public, "/")
    assert words.index("Entrada 80.") < words.index("Entrada 77.")
    assert "Entrada 76." not in words
    assert "76 entrades anteriors" in words


def test_publications_are_noted_and_old_ones_forgotten(public: Path) -> None:
    for minute in range(3):
        publish(["front"], NOW + timedelta(minutes=minute))
    last = Publication.objects.latest("pk")
    assert last.at == NOW + timedelta(minutes=2)
    assert last.written >= 3
    assert current().home == public.parent
