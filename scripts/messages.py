"""Translations without GNU gettext: Babel extracts, updates, compiles; Django's `templatize` reads the templates."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from talaia.config.languages import LANGUAGES

ROOT = Path(__file__).parent.parent
LOCALE = ROOT / "talaia" / "locale"
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "_": None,
}


def extract_django(fileobj: Any, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Any]:
    """Babel extractor for Django templates: templatize() turns tags into Python calls that Babel can read."""
    source = templatize(fileobj.read().decode())
    yield from extract_python(BytesIO(source.encode()), keywords, comment_tags, options)


METHODS = [
    ("**.html", extract_django),
    ("**/templates/**.txt", extract_django),
    ("**.py", "python"),
]


def template() -> Catalog:
    """Every text of the product, with the files it stands in (no line numbers: they would change with each edit)."""
    catalog = Catalog(project="talaia", charset="utf-8", fuzzy=False)
    found = extract_from_dir(str(ROOT / "talaia"), METHODS, keywords=KEYWORDS, comment_tags=("Translators:",))
    for filename, _line, message, comments, context in sorted(found, key=lambda row: (row[0], row[1])):
        catalog.add(message, None, [(f"talaia/{filename}", None)], auto_comments=comments, context=context)  # type: ignore[list-item]
    return catalog


def po_path(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language, project="talaia", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def english(message: Message) -> None:
    """English is its own translation: the texts in the code are the English texts."""
    if not message.string or not any(message.string):
        message.string = message.id


def update() -> None:
    current = template()
    for language in LANGUAGES:
        catalog = read(language)
        # A sentence that was changed keeps its translation, marked as one to look at again.
        catalog.update(current, no_fuzzy_matching=language == "en", update_creation_date=False)
        catalog.obsolete.clear()
        if language == "en":
            for message in catalog:
                if message.id:
                    english(message)
        path = po_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalog, width=110, sort_output=False, omit_header=False, include_lineno=False)


def compile_all() -> None:
    for language in LANGUAGES:
        source = po_path(language)
        target = source.with_suffix(".mo")
        if not source.exists() or (target.exists() and target.stat().st_mtime >= source.stat().st_mtime):
            continue
        with target.open("wb") as file:
            write_mo(file, read(language))


def mistakes() -> list[str]:
    """What is missing, unsure, left over or has lost a placeholder, one line each."""
    current, lines = template(), []
    for language in LANGUAGES:
        catalog = read(language)
        for message in current:
            if not message.id:
                continue
            mine = catalog.get(message.id, message.context)
            name = f"{language}: {message.id!r}"
            strings = (
                [mine.string] if mine and isinstance(mine.string, str) else list(mine.string or ()) if mine else []
            )
            if mine is None or not strings or not all(strings):
                lines.append(f"{name} has no translation")
            elif mine.fuzzy:
                lines.append(f"{name} is marked fuzzy")
            else:
                lines.extend(f"{name}: {error}" for error in mine.check(catalog))
        known = {(m.id if isinstance(m.id, str) else tuple(m.id), m.context) for m in current}
        for message in catalog:
            if (
                message.id
                and (message.id if isinstance(message.id, str) else tuple(message.id), message.context) not in known
            ):
                lines.append(f"{language}: {message.id!r} is no longer used")
    return lines


def main(argv: list[str]) -> int:
    match argv:
        case ["update"]:
            update()
            compile_all()
        case ["compile"]:
            compile_all()
        case ["check"]:
            found = mistakes()
            print("\n".join(found) or "translations: ca, es and en are whole")
            return 1 if found else 0
        case _:
            print("scripts/messages update|compile|check", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
