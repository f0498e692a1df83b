"""What is said in a duplicate when it is merged, pure."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import translation
from django.utils.translation import gettext as _


def merged_words(into: str, languages: Sequence[str], address: str) -> dict[str, str]:
    """The last entry of a duplicate, in every language, with a link to the page in that language."""
    found = {}
    for place, language in enumerate(languages):
        prefix = f"/{language}" if place else ""
        link = f"[{into}]({address.rstrip('/')}{prefix}/incidents/{into}/)"
        with translation.override(language):
            found[language] = _("This is the same as incident %(ref)s, where we go on writing.") % {"ref": link}
    return found
