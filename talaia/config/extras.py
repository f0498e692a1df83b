"""What talaia.toml may ask for that is installed apart: the extras of the package."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from talaia.config.tables import Config


def wanted(config: Config) -> Iterator[tuple[str, str, str]]:
    """Each extra that is asked for: where in talaia.toml, its module, and its name in `talaia[…]`."""
    given = config.tables
    if given.database.url or given.database.url_file:
        yield "[database]", "psycopg", "postgresql"
    if given.mirror and given.mirror.kind == "git":
        yield '[mirror] kind = "git"', "dulwich", "git"
    if given.chat:
        yield "[[chat]]", "apprise", "chat"


def missing(config: Config) -> dict[str, tuple[str, str]]:
    """Those that are not installed, by name: a sentence that says so, and what to do."""
    return {
        extra: (f"{where} needs {module}, which is not installed", f"pip install 'talaia[{extra}]', then restart")
        for where, module, extra in wanted(config)
        if find_spec(module) is None
    }
