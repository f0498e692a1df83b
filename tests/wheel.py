"""The wheel as it is built, installed alone with what it requires and nothing else, outside of the checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.product import ROOT

BUILT_FROM = ("talaia", "docs", "hatch_build.py", "pyproject.toml", "README.md", "LICENSE")


def build(folder: Path) -> Path:
    """The wheel, made from a copy: what stands in the checkout is others' to read meanwhile."""
    source = folder / "source"
    source.mkdir()
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
        else:
            shutil.copy2(ROOT / name, source / name)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def required(name: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """The distributions that one needs, and those that they need, by the names under which they are installed here."""
    found: set[str] = set()
    waiting = [(name, extras)]
    seen = set(waiting)
    while waiting:
        one, with_extras = waiting.pop()
        for text in distribution(one).requires or ():
            needed = Requirement(text)
            wanted = (
                [""] if not needed.marker else [e for e in ("", *with_extras) if needed.marker.evaluate({"extra": e})]
            )
            if needed.marker and not wanted:
                continue
            found.add(canonicalize_name(needed.name))
            nxt = (needed.name, frozenset(needed.extras))
            if nxt not in seen:
                seen.add(nxt)
                waiting.append(nxt)
    return found


EACH = """
import json, os, sys, tempfile
import allauth, django.core.management, httpx, talaia.cli
told, runs, reader = [], json.loads(sys.argv[1]), sys.argv[2] == "True"
for arguments in runs:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        if (pid := os.fork()) == 0:
            if reader:
                os.dup2(out.fileno(), 1)
            else:
                nobody, ours = os.pipe()
                os.dup2(ours, 1)
                os.close(nobody), os.close(ours)
            os.dup2(err.fileno(), 2)
            sys.argv = ["talaia", *arguments]
            sys.exit(talaia.cli.main())
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        told.append([code, *(os.pread(file.fileno(), 100_000, 0).decode() for file in (out, err))])
print(json.dumps(told))
"""


class Alone:
    """An environment with the wheel and what it requires."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "environment"
        venv.create(self.folder, with_pip=False, symlinks=True)
        self.python = self.folder / "bin" / "python"
        wheel = build(folder)
        pip = [sys.executable, "-m", "pip", "--python", str(self.python)]
        subprocess.run([*pip, "install", "--no-deps", "--no-index", "-q", str(wheel)], check=True, capture_output=True)
        (packages,) = self.folder.glob("lib/python*/site-packages")
        for name in sorted(required("talaia")):
            self.take(name, packages)

    def take(self, name: str, packages: Path) -> None:
        """Have a distribution that is installed here be installed there, too: the very files."""
        try:
            files = distribution(name).files or ()
        except PackageNotFoundError:
            raise AssertionError(f"{name} is required, and not among the locked requirements") from None
        for top in {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}:
            place, there = Path(str(distribution(name).locate_file(top))), packages / top
            if not there.exists():
                there.symlink_to(place)
            elif place.is_dir() and not there.samefile(place):  # a folder that several share
                raise AssertionError(f"{name} shares {top} with another")

    def run(self, *arguments: str, folder: Path, home: Path | None = None) -> subprocess.CompletedProcess[str]:
        """`talaia ARGUMENTS` in a folder, with nothing of ours in the environment."""
        return subprocess.run(
            self.command(*arguments),
            cwd=folder,
            env=self.environment(home),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def each(self, runs: list[list[str]], folder: Path, reader: bool = True) -> list[tuple[int, str, str]]:
        """Each of several runs: exit code, output and errors. Without `reader` nobody reads the output.

        One process begins and forks for each: Python and Django begin but once.
        """
        done = subprocess.run(
            [str(self.python), "-c", EACH, json.dumps(runs), str(reader)],
            cwd=folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return [(code, out, err) for code, out, err in json.loads(done.stdout)]

    def command(self, *arguments: str) -> list[str]:
        return [str(self.folder / "bin" / "talaia"), *arguments]

    def environment(self, home: Path | None = None) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TALAIA_", "PYTHON"))}
        return {**kept, **({"TALAIA_HOME": str(home)} if home else {})}
