"""The arrows of DESIGN §3: a folder imports only what stands before it, pure files touch nothing, one app has all."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).parents[2] / "talaia"

# Low to high. What stands on one step does not know the others of that step.
STEPS = [
    {"config", "errors", "log_counter", "forwarded", "regular_file"},
    {"log", "file_modes", "retention", "localization"},
    {"outbox", "schema", "terminal"},
    {"panel"},
    {"events"},
    {"signals"},
    {"notices", "audience", "forum", "site", "reports"},
    {"desk", "api"},
    {"reactions", "channels"},
    {"server"},
    {"demo"},
    {"commands"},
    {"cli"},
]
HEIGHT = {name: height for height, names in enumerate(STEPS) for name in names}
# Django's own files: they list things and are imported by nobody of ours but Django.
DJANGO = {"settings", "urls", "models", "apps", "migrations", "__init__", "__main__", "checks"}

PURE = [
    "panel/state.py",
    "panel/holds.py",
    "panel/shown.py",
    "panel/words.py",
    "panel/override.py",
    "panel/uptime.py",
    "panel/catalogue.py",
    "events/timeline.py",
    "events/merging.py",
    "events/published.py",
    "events/windows.py",
    "events/window_schedule.py",
    "events/notice_plan.py",
    "signals/inputs.py",
    "signals/matching.py",
    "signals/rules.py",
    "signals/reference.py",
    "signals/replay.py",
    "signals/silences.py",
    "signals/check_outcome.py",
    "signals/parse/alertmanager.py",
    "signals/parse/prometheus.py",
    "signals/parse/generic.py",
    "signals/parse/stream.py",
    "signals/late_arrivals.py",
    "signals/unknown_labels.py",
    "config/sanitize.py",
    "log/redact.py",
    "audience/address.py",
    "audience/reading/table.py",
    "audience/reading/delimited.py",
    "audience/reading/spreadsheets.py",
    "audience/reading/json_records.py",
    "audience/roster.py",
    "audience/row_cells.py",
    "audience/diff.py",
    "audience/guard.py",
    "audience/segments.py",
    "audience/serialize.py",
    "audience/reconcile.py",
    "audience/words.py",
    "audience/formatting.py",
    "audience/mailman/posting_states.py",
    "audience/mailman/expected_settings.py",
    "site/pages.py",
    "reports/place_hash.py",
    "localization/dates.py",
    "localization/texts.py",
    "site/markdown.py",
    "desk/front/dashboard.py",
    "desk/corrections/word_diff.py",
    "desk/text_templates/text_templates.py",
    "desk/suggestions/suggest.py",
    "site/window_change_text.py",
    "forum/backend.py",
    "forum/escape.py",
    "forum/post.py",
    "forum/merge.py",
    "forum/proposals.py",
    "forum/topic_parser.py",
    "forum/front_matter.py",
    "forum/discourse/rate_limit.py",
    "forum/discourse/names.py",
    "forum/discourse/responses.py",
    "forum/discourse/webhook.py",
    "panel/statuspage_ids.py",
    "notices/replies/read.py",
    "notices/replies/write.py",
    "notices/chat/write.py",
    "notices/webhooks/body.py",
    "notices/webhooks/sign.py",
]
EFFECTS = (
    "django.db",
    "django.conf",
    "django.core",
    "django.http",
    "django.utils.timezone",
    "os",
    "random",
    "time",
    "socket",
    "subprocess",
    "threading",
    "httpx",
)
# Who may write: actions.py (or the files of a folder of that name), Django's migrations, and the demo, which tells a
# past that never was.
WRITES = {"create", "bulk_create", "bulk_update", "update_or_create", "get_or_create", "save", "delete"}


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file the import stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by full name"
            assert node.module
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def place(module: str) -> str | None:
    """`talaia.panel.state` → `panel`; None for what is not ours."""
    parts = module.split(".")
    return parts[1] if parts[0] == "talaia" and len(parts) > 1 else None


def files() -> list[Path]:
    return [path for path in sorted(ROOT.rglob("*.py")) if "migrations" not in path.parts]


def home(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_what_stands_before_it(path: Path) -> None:
    here = home(path)
    if here in DJANGO:
        return
    assert here in HEIGHT, f"{path}: give {here!r} a step"
    for module in imports(path):
        there = place(module)
        if there in HEIGHT and there != here:
            assert HEIGHT[there] < HEIGHT[here], f"{path} must not import {module}"


@pytest.mark.parametrize("name", PURE)
def test_a_pure_file_touches_nothing(name: str) -> None:
    path = ROOT / name
    touched = [m for m in imports(path) if m in EFFECTS or m.startswith(tuple(f"{e}." for e in EFFECTS))]
    touched += [m for m in imports(path) if m.endswith((".models", ".actions"))]
    assert not touched
    assert ".now(" not in path.read_text()


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_actions_write_rows(path: Path) -> None:
    if path.name == "actions.py" or path.parent.name == "actions" or home(path) == "demo":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            on_rows = "objects" in ast.unparse(node.func.value)
            assert not (on_rows and node.func.attr in WRITES | {"update"}), f"{path}:{node.lineno} writes a row"


def test_no_folder_is_an_app_of_its_own() -> None:
    ours = [app.name for app in apps.get_app_configs() if app.name.startswith("talaia")]
    assert ours == ["talaia"]  # a second one would relabel, and so drop, its tables


def test_no_file_is_named_after_a_technique_and_none_is_too_long() -> None:
    forbidden = {"utils", "util", "helpers", "helper", "common", "core", "services", "managers", "misc"}
    for path in files():
        assert not forbidden & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}, path
        assert len(path.read_text().splitlines()) <= 300, path


def test_whether_an_event_may_be_known_outside_is_said_in_one_place() -> None:
    """Who tells it (pages, mails, posts, silences) asks `events.reading.public`; the desk shows what waits."""
    for path in files():
        if home(path) in {"site", "notices", "forum", "audience", "signals", "api", "reactions", "channels"}:
            assert "awaits_approval" not in path.read_text(), path
