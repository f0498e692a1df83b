"""Nobody else on the machine reads the state, whatever the umask was, and everybody the public folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from talaia.config import Config
from talaia.file_modes import loose_public, loose_state, make_private, make_public, mend, passable, readable_by_others
from tests.product import ROOT, Talaia

CONFIG = (ROOT / "tests" / "talaia.toml").read_text()


@contextmanager
def umask(value: int) -> Iterator[None]:
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def modes(top: Path, *, beside: tuple[str, ...] = ()) -> dict[str, int]:
    """Each file and folder in it, by its path, without those `beside`."""
    found = [path for path in sorted(top.rglob("*")) if path.relative_to(top).parts[0] not in beside]
    seen = {}
    for path in found:
        with suppress(FileNotFoundError):  # a page is just being made, in a folder that has gone since
            seen[str(path.relative_to(top))] = mode(path)
    return seen


@pytest.mark.torture
@pytest.mark.parametrize("loosely", ["fresh", "too loose"])
def test_the_state_is_for_us_alone_and_the_page_for_everybody(tmp_path: Path, loosely: str) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    if loosely == "too loose":  # as it was made by a version before, with umask 0000
        (home / "run").mkdir()
        (home / "public" / "es").mkdir(parents=True)
        for name in ("secret-key", "run/worker", "public/es/index.html"):
            (home / name).write_text("a key that was readable by all")
            (home / name).chmod(0o666)
        for folder in (home, home / "run", home / "public", home / "public" / "es"):
            folder.chmod(0o777)
    product = Talaia(home, CONFIG)
    if loosely == "too loose":
        said = product.run("check", "--offline")
        assert "look  not for talaia alone" in said and f"{home / 'secret-key'} (0666)" in said, said
        assert "`talaia up` mends it at its start" in said
    with umask(0), product:
        product.started()
        found = modes(home, beside=("public", "talaia.toml", "up.log"))
        public = modes(home / "public")
        assert f"ok    {home} is for talaia alone" in product.run("check", "--offline")
    private = {name: 0o700 if (home / name).is_dir() else 0o600 for name in found if (home / name).exists()}
    assert {name: found[name] for name in private} == private
    assert {
        "talaia.db",
        "talaia.db-wal",
        "talaia.db-shm",
        "secret-key",
        "machine-id",
        "run",
        "run/worker",
    } <= found.keys()
    assert mode(home) & 0o066 == 0
    assert mode(home / "public") == 0o755
    for name, there in public.items():
        if not name.startswith("."):
            assert there == (0o755 if (home / "public" / name).is_dir() else 0o644), name


def test_init_makes_a_state_folder_for_us_alone_and_a_configuration_that_the_service_may_read(tmp_path: Path) -> None:
    from talaia.commands.init import write

    with umask(0o022):
        file = write(tmp_path / "etc", tmp_path / "state")
    assert (mode(file), mode(tmp_path / "etc"), mode(tmp_path / "state")) == (0o644, 0o755, 0o700)


@pytest.mark.parametrize(
    ("before", "behind_proxy", "after"),
    [
        (0o755, False, 0o711),
        (0o700, False, 0o700),
        (0o700, True, 0o711),
        (0o750, False, 0o710),  # a group that was let through by hand
        (0o777, True, 0o711),
    ],
)
def test_the_state_folder_is_listed_by_nobody_and_may_be_passed_through(
    before: int, behind_proxy: bool, after: int
) -> None:
    assert passable(before, behind_proxy) == after


def test_what_is_not_ours_in_the_folder_is_left_as_it_is(tmp_path: Path) -> None:
    for name in ("talaia.toml", "notes.txt", "secrets/mail"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)
    (tmp_path / "talaia.db").touch()
    (tmp_path / "talaia.db").chmod(0o664)
    (tmp_path / "secret-key").symlink_to(tmp_path / "notes.txt")
    assert list(mend(loose_state(tmp_path, behind_proxy=False))) == []
    assert [mode(tmp_path / name) for name in ("talaia.toml", "notes.txt", "secrets/mail")] == [0o644] * 3
    assert mode(tmp_path / "talaia.db") == 0o600


def test_a_folder_that_belongs_to_nobody_alone_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    assert list(loose_state(tmp_path, behind_proxy=True)) == []


def test_whatever_is_made_for_readers_can_be_read_and_the_rest_not(tmp_path: Path) -> None:
    with umask(0o077):
        make_public(tmp_path / "public" / "es" / "2026", tmp_path / "public")
        make_private(tmp_path / "home" / "run")
    assert [mode(tmp_path / name) for name in ("public", "public/es", "public/es/2026")] == [0o755] * 3
    assert mode(tmp_path / "home" / "run") == 0o700
    (tmp_path / "public" / "es").chmod(0o700)
    assert [one.path.name for one in loose_public(tmp_path / "public")] == ["es"]


def test_a_secret_and_an_export_that_everybody_can_read_are_told(
    tmp_path: Path, configure: Callable[[str], Config]
) -> None:
    from talaia.commands.check import readers

    (tmp_path / "exports").mkdir()
    (tmp_path / "exports").chmod(0o755)
    for name in ("password", "exports/members.csv"):
        (tmp_path / name).write_text("a word that nobody knows")
        (tmp_path / name).chmod(0o644)
    config = configure(
        '[site]\nname = "x"\naddress = "https://status.example.org"\n'
        '[mail]\nsender = "estat@example.org"\nusername = "talaia"\npassword_file = "password"\n'
        '[audience]\nexport = "exports"\neverybody = true\n[audience.columns]\naddress = "Correu"\n'
    )

    def told() -> set[str]:
        return {what for well, what, _ in readers(config) if what.startswith("everybody")}

    assert told() == {f"everybody on this machine can read {tmp_path / name}" for name in ("password", "exports")}
    (tmp_path / "password").chmod(0o640)
    (tmp_path / "exports").chmod(0o750)
    assert told() == set()
    assert not readable_by_others(tmp_path / "not there")


def test_an_export_that_is_not_there_is_said(configure: Callable[[str], Config], tmp_path: Path) -> None:
    from talaia.commands.check import readers

    config = configure(
        '[site]\nname = "x"\naddress = "https://status.example.org"\n[mail]\nsender = "estat@example.org"\n'
        '[audience]\nexport = "exports"\neverybody = true\n[audience.columns]\naddress = "Correu"\n'
    )
    missing = f"there is no export at {tmp_path / 'exports'}"
    assert missing in [what for _, what, _ in readers(config)]
    (tmp_path / "exports").mkdir(mode=0o750)
    assert missing not in [what for _, what, _ in readers(config)]
