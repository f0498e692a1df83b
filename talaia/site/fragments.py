"""Parts of pages that stay the same from one making of a page to the next: a row of the panel, a line of a list.

They are rendered once, so that the price of a page follows what changed in it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from django.template.loader import get_template
from django.utils.safestring import SafeString

ROOM = 10_000  # parts, of about half a kilobyte each
_kept: dict[Hashable, SafeString] = {}


def part(template: str, key: Hashable, given: Mapping[str, Any]) -> SafeString:
    """`site/<template>` with `given`; the same `key` must always mean the same `given`."""
    found = _kept.get((template, key))
    if found is None:
        found = SafeString(get_template(f"site/{template}", using="html").render(dict(given)))
        if len(_kept) >= ROOM:
            _kept.clear()
        _kept[template, key] = found
    return found
