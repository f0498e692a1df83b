"""The parts of a Markdown text that have an address of their own: headings and list items. Pure.

The grammar stands here, so that whoever names the parts (anchors.py) and whoever shows them (site/markdown.py) count
alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt

# Longer texts are shown as they were written: nobody writes them by hand, and parsing must have an end.
LONGEST = 60_000
# Further parts have no address: what is compared at each edit must have an end too.
MOST = 400
WORDS = 200  # characters of a part that are kept to know it again


@dataclass(frozen=True)
class MarkdownBlock:
    """`kind`: `h2` for a heading of that level, `i1` for an item of a list in no other list."""

    kind: str
    text: str

    @property
    def is_heading(self) -> bool:
        return self.kind.startswith("h")


def grammar() -> MarkdownIt:
    """The Markdown that is written here: CommonMark without HTML, with tables and struck words."""
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@lru_cache(maxsize=2048)
def blocks(text: str) -> tuple[MarkdownBlock, ...]:
    """Headings and list items in the order in which they stand; the text of an item is what stands directly in it."""
    if len(text) > LONGEST:
        return ()
    kinds: list[str] = []
    words: list[list[str]] = []
    around: list[int] = []  # the items that are open
    heading = False
    for token in PARSER.parse(text):
        match token.type:
            case "heading_open":
                kinds.append(token.tag)
                words.append([])
                heading = True
            case "heading_close":
                heading = False
            case "list_item_open":
                around.append(len(kinds))
                kinds.append(f"i{len(around)}")
                words.append([])
            case "list_item_close":
                around.pop()
            case "inline" if heading:
                words[-1].append(token.content)
            case "inline" if around:
                words[around[-1]].append(token.content)
    found = (
        MarkdownBlock(kind, " ".join(" ".join(part).split())[:WORDS]) for kind, part in zip(kinds, words, strict=True)
    )
    return tuple(found)[:MOST]


PARSER = grammar()
