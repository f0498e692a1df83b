"""What is said in a duplicate when it is merged, and in what it becomes part of, pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils import translation
from django.utils.translation import gettext as _


def merged_words(into: str, languages: Sequence[str], address: str) -> dict[str, str]:
    """The last entry of a duplicate, in every language, with a link to the page in that language."""
    return {
        language: _("This is the same as incident %(ref)s, where we go on writing.") % {"ref": link}
        for language, link in _links(into, languages, address)
    }


def reopening_words(ref: str, languages: Sequence[str], address: str) -> dict[str, str]:
    """The entry with which an incident that was over is opened again, as `ref` is the same, in every language."""
    return {
        language: _("This is not over: incident %(ref)s is the same. We go on writing here.") % {"ref": link}
        for language, link in _links(ref, languages, address)
    }


def _links(ref: str, languages: Sequence[str], address: str) -> Iterator[tuple[str, str]]:
    """Each language, put in force, with a link to the page of `ref` in it."""
    for place, language in enumerate(languages):
        prefix = f"/{language}" if place else ""
        with translation.override(language):
            yield language, f"[{ref}]({address.rstrip('/')}{prefix}/incidents/{ref}/)"
