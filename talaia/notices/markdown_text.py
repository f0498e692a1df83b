"""The Markdown of an entry as clean plain text, and as the little HTML that every mail program shows. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

WIDTH = 72
LONGEST = 60_000  # characters; longer texts are shown as they were written
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u0085\u2028\u2029]")
ADDRESS = re.compile(r"(https?://[^\s<>\"]+[^\s<>\".,;:!?)])")
PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
CLEANER = nh3.Cleaner(
    tags={"p", "br", "ul", "ol", "li", "em", "strong", "s", "a", "code", "pre", "blockquote", "hr", "h3", "h4"}
    | {"table", "thead", "tbody", "tr", "th", "td"},
    attributes={"a": {"href"}, "ol": {"start"}},
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel=None,
    generic_attribute_prefixes=set(),
)


def one_line(text: str) -> str:
    """For a header: no line ends, no control characters, single blanks."""
    return " ".join(CONTROL.sub(" ", text).split())


def as_text(markdown: str, *, plain: bool = False) -> str:
    """The words without their marks, in lines of at most 72 characters; links stand as `words <address>`.

    plain: the lines as they were written.
    """
    text = CONTROL.sub(" ", markdown.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if plain or len(text) > LONGEST:
        return "\n".join(_wrapped(line, "", "") if len(line) > WIDTH else line.rstrip() for line in text.split("\n"))
    lines = list(_blocks(PARSER.parse(text)))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def as_html(markdown: str, *, plain: bool = False) -> SafeString:
    """The same as HTML: no picture, no style, no attribute but the address of a link."""
    text = CONTROL.sub(" ", markdown.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if plain or len(text) > LONGEST:
        parts = [part for part in re.split(r"\n\s*\n", text) if part.strip()]
        html = "".join(f"<p>{'<br>'.join(_linked(line) for line in part.split(chr(10)))}</p>" for part in parts)
    else:
        html = PARSER.render(text)
        html = re.sub(r"<(/?)h[1-6]>", r"<\1h4>", html)
        html = re.sub(r'<img src="([^"]*)" alt="([^"]*)"[^>]*>', _picture, html)
        html = re.sub(r"(?<=>)[^<]+", _link_bare, html)
        html = re.sub(r"(<a [^>]*>)<a [^>]*>(.*?)</a>", r"\1\2", html)
    return mark_safe(CLEANER.clean(html))  # noqa: S308  what the parser made and the sanitiser let through


def _picture(found: re.Match[str]) -> str:
    """A picture would tell its server who reads the mail: it is a link."""
    return f'<a href="{found[1]}">{found[2] or found[1]}</a>'


def _link_bare(found: re.Match[str]) -> str:
    return ADDRESS.sub(r'<a href="\1">\1</a>', found[0])


def _linked(line: str) -> str:
    parts = ADDRESS.split(line)
    return "".join(f'<a href="{escape(p)}">{escape(p)}</a>' if n % 2 else str(escape(p)) for n, p in enumerate(parts))


@dataclass
class _Margin:
    """What stands before a line: of the lists and quotations that it is in."""

    prefixes: list[str] = field(default_factory=list)  # what continued lines begin with
    marks: list[str] = field(default_factory=list)  # what the next line begins with instead
    counts: list[int | None] = field(default_factory=list)

    def move(self, token: Token) -> None:
        """Into what begins with `token`, or out of what ends with it."""
        match token.type:
            case "bullet_list_open":
                self.counts.append(None)
            case "ordered_list_open":
                self.counts.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                self.counts.pop()
            case "list_item_open":
                number = self.counts[-1]
                mark = "- " if number is None else f"{number}. "
                if number is not None:
                    self.counts[-1] = number + 1
                self.prefixes.append(" " * len(mark))
                self.marks.append(mark)
            case "list_item_close":
                self.prefixes.pop()
                self.marks.clear()
            case "blockquote_open":
                self.prefixes.append("> ")
            case "blockquote_close":
                self.prefixes.pop()

    def lines(self, said: str) -> Iterator[str]:
        """The lines of a paragraph, the first of them with its marks."""
        first = self.rest[: len(self.rest) - sum(map(len, self.marks))] + "".join(self.marks)
        self.marks.clear()
        for line in said.split("\n"):
            yield _wrapped(line, first, self.rest)
            first = self.rest

    @property
    def rest(self) -> str:
        return "".join(self.prefixes)

    @property
    def blank(self) -> str:
        """An empty line inside of it."""
        return self.rest.rstrip() if any(">" in prefix for prefix in self.prefixes) else ""


BLANK_AFTER = {
    "bullet_list_close",
    "ordered_list_close",
    "blockquote_close",
    "table_close",
    "hr",
    "fence",
    "code_block",
}


def _blocks(tokens: Sequence[Token]) -> Iterator[str]:
    """The lines of the text. A list keeps its marks, a quotation its ">", a table its cells with " | " between."""
    margin = _Margin()
    cells: list[str] = []
    in_cell = tight = False
    for token in tokens:
        margin.move(token)
        match token.type:
            case "hr":
                yield "* * *"
            case "tr_open":
                cells = []
            case "tr_close":
                yield " | ".join(cells)
            case "th_open" | "td_open":
                in_cell = True
            case "th_close" | "td_close":
                in_cell = False
            case "paragraph_open":
                tight = token.hidden
            case "fence" | "code_block":
                yield from (f"{margin.rest}    {line}" for line in token.content.rstrip("\n").split("\n"))
            case "inline" if in_cell:
                cells.append(_inline(token.children or ()))
            case "inline":
                yield from margin.lines(_inline(token.children or ()))
                if not tight:
                    yield margin.blank
                tight = False
        if token.type in BLANK_AFTER:
            yield ""


def _inline(tokens: Sequence[Token]) -> str:
    said: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        match token.type:
            case "softbreak":
                said.append(" ")
            case "hardbreak":
                said.append("\n")
            case "link_open":
                links.append((str(token.attrGet("href") or ""), len(said)))
            case "link_close":
                address, start = links.pop()
                words = "".join(said[start:])
                if address.removeprefix("mailto:") not in (words, words + "/"):
                    said.append(f" <{address}>")
            case "image":
                said.append(f"{token.content} <{token.attrGet('src')}>".strip())
            case _:
                said.append(token.content)
    return "".join(said).strip()


def _wrapped(line: str, first: str, rest: str) -> str:
    """One paragraph in lines; an address is never broken."""
    made = textwrap.wrap(
        line, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(made)
