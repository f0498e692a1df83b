"""The demo's own folder: a place in the temporary folder that follows from the port, and the configuration in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from string import Template

from talaia.demo.servers import HERE, Kind, ask
from talaia.errors import UserError

# Down from the beginning: what the open incident tells of, and one that shows what "experimental" means.
BROKEN = ("VexPort7", "VexFar2", "VexLab60")


def home_of(port: int) -> Path:
    """Where the demo on `port` of this user lives: other shells find it by the port alone."""
    return Path(tempfile.gettempdir()).resolve() / f"talaia-demo-{os.getuid()}-{port}"


def control_of(home: Path) -> Path:
    """The socket by which the demo's servers are broken and mended."""
    return home / "control"


@contextlib.contextmanager
def made(home: Path) -> Iterator[None]:
    """The folder, for its owner only; gone afterwards. What a killed demo left is cleared first. Raises Refused."""
    if home.exists():
        if home.is_symlink() or home.stat().st_uid != os.getuid():
            raise UserError(f"{home} is there and not ours; remove it, or choose another --port")
        with contextlib.suppress(OSError, ValueError):
            ask(control_of(home), "list")
            raise UserError(f"a demo with this port is running already ({home}); end it, or choose another --port")
        shutil.rmtree(home)
    try:
        home.mkdir(mode=0o700)
    except OSError as error:
        raise UserError(f"{home} cannot be made: {error.strerror}; set TMPDIR to a folder of yours") from None
    try:
        yield
    finally:
        # A worker that outlived its grace may still write a file while the folder goes.
        for _ in range(5):
            shutil.rmtree(home, ignore_errors=True)
            if not home.exists():
                break


def template() -> str:
    return files("talaia.demo").joinpath("demo.toml").read_text(encoding="utf-8")


def kinds() -> dict[str, Kind]:
    """The servers that the configuration wants, by the name of their check."""
    return {check["id"]: check["kind"] for check in tomllib.loads(template())["checks"]}


def configuration(host: str, port: int, ports: Mapping[str, int]) -> str:
    """talaia.toml with the addresses of this machine in it. `ports`: of the servers, by name."""
    listen = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    wanted = kinds()
    targets = {
        name: f"http://{HERE}:{number}/" if wanted[name] == "http" else f"{HERE}:{number}"
        for name, number in ports.items()
    }
    return Template(template()).substitute(targets, address=f"http://{listen}", listen=listen)
