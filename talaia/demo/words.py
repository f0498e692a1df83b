"""What the demo says in the terminal, in the language of the terminal."""

from __future__ import annotations

import gettext
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import talaia
from talaia.config import LANGUAGES


@dataclass(frozen=True)
class Scene:
    """What there is to see. `command`: how the reader would type `talaia demo`; `option`: with its port, or empty."""

    base: str
    open_incident: str
    told_incident: str
    maintenance: str
    person: str
    password: str
    command: str
    option: str = ""


def speaking(code: str) -> Callable[[str], str]:
    """`_` for a language. Without Django: `talaia demo break` runs where nothing is configured."""
    locale = Path(talaia.__file__).with_name("locale")
    return gettext.translation("django", locale, [code], fallback=True).gettext


def language(environment: Mapping[str, str]) -> str:
    """The language that the environment asks for (POSIX: LANGUAGE, LC_ALL, LC_MESSAGES, LANG), or English."""
    locale = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    if locale in ("C", "POSIX"):
        return "en"
    for wanted in [*environment.get("LANGUAGE", "").split(":"), locale]:
        code = wanted.split("_")[0].split(".")[0].split("@")[0].lower()
        if code in LANGUAGES:
            return code
    return "en"


def typed(argv: Sequence[str], folder: Path, found: str | None) -> str:
    """How the user would type this program again. `found`: what a bare `talaia` would run, from the search path."""
    program = Path(argv[0])
    if program.name == "__main__.py":
        return f"{sys.executable} -m talaia"
    if found and Path(found).resolve() == program.resolve():
        return "talaia"
    place = program if program.is_absolute() else folder / program
    return str(place.relative_to(folder)) if place.is_relative_to(folder) else str(place)


def typed_here() -> str:
    return typed(sys.argv, Path.cwd(), shutil.which("talaia"))


def welcome(scene: Scene, code: str) -> str:
    """Where to look, how to get in, what to try."""
    _ = speaking(code)
    places = [
        (_("The page"), f"{scene.base}/"),
        (_("The open incident"), f"{scene.base}/incidents/{scene.open_incident}/"),
        (_("One with its report"), f"{scene.base}/incidents/{scene.told_incident}/"),
        (_("Planned maintenance"), f"{scene.base}/maintenance/{scene.maintenance}/"),
        (_("The history"), f"{scene.base}/history/"),
        (_("For operators"), f"{scene.base}/desk/"),
        (_("User and password"), f"{scene.person}  {scene.password}"),
    ]
    wide = max(len(name) for name, _address in places)
    lines = [
        "",
        _("The story of an invented co-operative. Try everything; nothing leaves this machine."),
        "",
        *(f"  {name:<{wide}}  {address}" for name, address in places),
        "",
        _("Break something from another terminal, and the page turns within ten seconds:"),
        "",
        *(f"  {scene.command} {action}{scene.option}" for action in ("break meet", "mend meet", "list")),
        "",
        _("Ctrl-C ends it and leaves nothing behind."),
        "",
    ]
    return "\n".join(lines)


def servers(works: Mapping[str, bool], code: str) -> str:
    """A line for each server: does it work?"""
    _ = speaking(code)
    wide, said = max(map(len, works)), {True: _("works"), False: _("broken")}
    return "\n".join(f"{name:<{wide}}  {said[well]}" for name, well in works.items())
