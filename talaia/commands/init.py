"""`talaia init`: a configuration to begin with, and the state folder around it."""

from __future__ import annotations

import argparse
import os
import shlex
from importlib.resources import files
from pathlib import Path

from talaia.demo.words import typed_here
from talaia.errors import UserError
from talaia.file_modes import make_private

HELP = "Write a commented talaia.toml that runs as it is."


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", default=".", metavar="FOLDER", help="where (default: here)")


def run(options: argparse.Namespace) -> int:
    folder = Path(options.folder)
    state = Path(os.environ.get("TALAIA_HOME") or folder)
    file = write(folder, state)
    talaia = typed_here()
    if file.parent.resolve() != Path.cwd():
        talaia += f" --config {shlex.quote(str(file))}"
    if os.environ.get("TALAIA_HOME"):  # whoever follows the hints as another account has it not in their environment
        talaia = f"TALAIA_HOME={shlex.quote(str(state.resolve()))} {talaia}"
    print(f"{file} is written, and runs as it is. The state will be in {state.resolve()}.\n")
    print(f"  {talaia} check           is all well? (again after every change)")
    print(f"  {talaia} user add NAME   lets a person use the desk")
    print(f"  {talaia} up              the page, the desk and everything behind them")
    return 0


def write(folder: Path, state: Path) -> Path:
    """Write talaia.toml into `folder`; both folders are made where they are not there. Never writes over anything.

    Raises Refused.
    """
    file = folder / "talaia.toml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        make_private(state)
        with file.open("xb") as out:
            out.write(files("talaia.config").joinpath("example.toml").read_bytes())
    except FileExistsError as error:
        what = "is there already" if error.filename == str(file) else "is no folder"
        raise UserError(f"{error.filename} {what}; talaia init writes over nothing") from None
    except OSError as error:
        raise UserError(f"{error.filename or folder} cannot be written: {error.strerror}") from None
    return file
