"""Markdown to safe HTML, pure. Two lines of defence: the parser lets no HTML through, and the sanitiser knows few tags.

Headings are fitted under the heading of the page; headings and list items get the addresses that they are given
(events/anchors.py); alignment of table cells is a class, as the Content-Security-Policy forbids style attributes;
pictures come from our own site only.
"""

from __future__ import annotations

import re
from functools import lru_cache

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from talaia.events.anchors import Names
from talaia.events.blocks import LONGEST, grammar

NO_NAMES = Names()
ADDRESS = re.compile(r"https?://[^\s<>\"`{}|\\^]{1,2000}", re.IGNORECASE)
TRAILING = ".,;:!?…'’\"»*_~"
DONE = re.compile(r"\[([ xX])\][ \t]+")
LINKS = "nofollow noopener ugc"


@lru_cache(maxsize=2048)
def render(
    text: str, *, plain: bool = False, top: int = 4, names: Names = NO_NAMES, table: str = "", here: str = ""
) -> str:
    """The text as HTML that may stand in a page.

    plain: keep the lines as they were written; only bare addresses become links.
    top: the level (2-6) of the text's highest headings. names: the addresses of its headings and list items.
    table, here: words in the reader's language for "table" and "link to this part", for those who cannot see them.
    """
    if plain or len(text) > LONGEST:
        return as_written(text)
    given = {"top": top, "names": names, "table": table, "here": here}
    return _safe(CLEANER.clean(PARSER.render(text, given)))


def as_written(text: str) -> str:
    """Plain text: a blank line begins a paragraph, a line's end is one, bare addresses are links."""
    paragraphs = [part.strip("\n") for part in re.split(r"\n(?:[ \t]*\n)+", text.replace("\r\n", "\n")) if part.strip()]
    return _safe("".join(f"<p>{'<br>'.join(_linked(line) for line in p.split(chr(10)))}</p>" for p in paragraphs))


def excerpt(text: str, length: int) -> str:
    """The first words of a Markdown text without its marks, for a line in a list or the description of a page."""
    words: list[str] = []
    for token in PARSER.parse(text[: length * 8], {"top": 6, "names": NO_NAMES, "table": "", "here": ""}):
        for child in token.children or ():
            words.append(" " if child.type in ("softbreak", "hardbreak") else child.content)
        words.append(" ")
        if sum(map(len, words)) > length * 2:
            break
    flat = " ".join("".join(words).split())
    if len(flat) <= length:
        return flat
    return flat[: length - 1].rsplit(" ", 1)[0].rstrip(",;:. ") + "…"


def passages(text: str) -> list[tuple[int | None, str]]:
    """The words without their marks, heading by heading; with each the place of its heading among all the parts.

    The parts are those of events/blocks.py; None: what stands before the first heading.
    """
    found: list[tuple[int | None, list[str]]] = [(None, [])]
    parts = 0
    for token in PARSER.parse(text, {"top": 6, "names": NO_NAMES, "table": "", "here": ""}):
        if token.type == "heading_open":
            found.append((parts, []))
        parts += token.type in ("heading_open", "list_item_open")
        if token.type in ("fence", "code_block"):
            found[-1][1].append(token.content)
        for child in token.children or ():
            found[-1][1].append(" " if child.type in ("softbreak", "hardbreak") else child.content)
        found[-1][1].append(" ")
    flat = ((part, " ".join("".join(words).split())) for part, words in found)
    return [(part, words) for part, words in flat if words]


def addresses(text: str) -> list[tuple[str, str]]:
    """`text` in parts: (words, "") and (words, address) in turn, for the bare addresses in it."""
    parts, position = [], 0
    for match in ADDRESS.finditer(text):
        found = match[0].rstrip(TRAILING)
        while found.endswith(")") and found.count("(") < found.count(")"):
            found = found[:-1].rstrip(TRAILING)
        if len(found) <= len("https://"):
            continue
        parts += [(text[position : match.start()], ""), (found, found)]
        position = match.start() + len(found)
    return [*parts, (text[position:], "")]


def _linked(line: str) -> str:
    return "".join(
        f'<a href="{escape(address)}" rel="{LINKS}">{escape(words)}</a>' if address else escape(words)
        for words, address in addresses(line)
    )


def _fit_headings(state: StateCore) -> None:
    """Levels without a gap from `top` on."""
    opened = [(at, token) for at, token in enumerate(state.tokens) if token.type == "heading_open"]
    highest = min((int(token.tag[1]) for _, token in opened), default=1)
    before = state.env["top"] - 1
    for at, token in opened:
        level = min(state.env["top"] + int(token.tag[1]) - highest, before + 1, 6)
        token.tag = state.tokens[at + 2].tag = f"h{level}"
        before = level


def _name_parts(state: StateCore) -> None:
    """Each heading and list item its addresses, in the order in which events/blocks.py counts them."""
    names: Names = state.env["names"]
    parts = [at for at, token in enumerate(state.tokens) if token.type in ("heading_open", "list_item_open")]
    before: list[Token] = [part for name in names.loose for part in _place(name)]
    for at, given in zip(parts, names.parts, strict=False):
        state.tokens[at].attrSet("id", given[0])
        inline = _words_of(state.tokens, at)
        if inline is None:  # an item that begins with code or holds nothing: the way there is all it can have
            continue
        link = {"href": f"#{given[0]}", "class": "here", "aria-label": f"{state.env['here']} ({given[0]})"}
        others = [part for name in given[1:] for part in _place(name)]
        sign = [Token("link_open", "a", 1, attrs=dict(link)), Token("text", "", 0, content="#")]
        inline.children = [*others, *(inline.children or ()), *sign, Token("link_close", "a", -1)]
    # From the last to the first, so that the places of the others stay.
    for at, given in reversed(list(zip(parts, names.parts, strict=False))):
        if _words_of(state.tokens, at) is None:
            state.tokens[at + 1 : at + 1] = [part for name in given[1:] for part in _place(name)]
    state.tokens = [*before, *state.tokens]


def _words_of(tokens: list[Token], at: int) -> Token | None:
    """The first words that stand directly in the part that begins at `at`."""
    for token in tokens[at + 1 :]:
        if token.type == "inline":
            return token
        if token.type != "paragraph_open":
            return None
    return None


def _place(name: str) -> list[Token]:
    """Nothing to see, with an address: that of a part which is no more."""
    return [Token("place_open", "span", 1, attrs={"id": name}), Token("place_close", "span", -1)]


def _link_addresses(state: StateCore) -> None:
    """Bare addresses become links; those inside a link or in code stay as they are."""
    for block in state.tokens:
        if block.type != "inline" or "://" not in block.content:
            continue
        children: list[Token] = []
        inside = 0
        for token in block.children or ():
            inside += {"link_open": 1, "link_close": -1}.get(token.type, 0)
            if token.type != "text" or inside or "://" not in token.content:
                children.append(token)
                continue
            for words, address in addresses(token.content):
                text = Token("text", "", 0, content=words)
                if address:
                    link = Token("link_open", "a", 1, attrs={"href": state.md.normalizeLink(address)})
                    children += [link, text, Token("link_close", "a", -1)]
                elif words:
                    children.append(text)
        block.children = children


def _tick_tasks(state: StateCore) -> None:
    """`- [x] done` → ☑ done: a sign that is read aloud, not a box that asks to be clicked."""
    for at, token in enumerate(state.tokens[2:], 2):
        if token.type != "inline" or state.tokens[at - 2].type != "list_item_open" or not token.children:
            continue
        first = token.children[0]
        if first.type == "text" and (found := DONE.match(first.content)):
            first.content = ("☐ " if found[1] == " " else "☑ ") + first.content[found.end() :]
            state.tokens[at - 2].attrSet("class", "task")


def _keep_pictures_home(state: StateCore) -> None:
    """A picture of another site would tell that site who reads us: it becomes a link."""
    for block in state.tokens:
        if block.type != "inline" or "![" not in block.content:
            continue
        children: list[Token] = []
        inside = 0
        for token in block.children or ():
            inside += {"link_open": 1, "link_close": -1}.get(token.type, 0)
            source = str(token.attrGet("src") or "")
            if token.type != "image" or (source.startswith("/") and not source.startswith(("//", "/\\"))):
                if token.type == "image":
                    token.attrSet("loading", "lazy")
                children.append(token)
                continue
            text = Token("text", "", 0, content=token.content or source)
            link = Token("link_open", "a", 1, attrs={"href": source})
            children += [text] if inside or not source else [link, text, Token("link_close", "a", -1)]
        block.children = children


def _align_by_class(state: StateCore) -> None:
    """`style="text-align:right"` → `class="right"`, and a frame in which a wide table can be moved by keyboard."""
    framed: list[Token] = []
    for token in state.tokens:
        if token.type in ("th_open", "td_open") and "style" in token.attrs:
            side = str(token.attrs.pop("style")).rpartition(":")[2]
            token.attrSet("class", side)
        if token.type == "table_open":
            frame = {"class": "wide", "role": "region", "tabindex": "0", "aria-label": state.env["table"]}
            framed.append(Token("frame_open", "div", 1, attrs=frame, block=True))
        framed.append(token)
        if token.type == "table_close":
            framed.append(Token("frame_close", "div", -1, block=True))
    state.tokens = framed


def _parser() -> MarkdownIt:
    parser = grammar()
    for rule in (_link_addresses, _keep_pictures_home, _tick_tasks, _fit_headings, _name_parts, _align_by_class):
        parser.core.ruler.push(rule.__name__.strip("_"), rule)
    return parser


def _safe(html: str) -> SafeString:
    return mark_safe(html)  # noqa: S308  the one place: what the parser made and the sanitiser let through


HEADINGS = {"h2", "h3", "h4", "h5", "h6"}
INLINE = {"br", "code", "em", "strong", "s", "a", "img", "span"}
BLOCKS = {"p", "hr", "ul", "ol", "li", "blockquote", "pre", "table", "thead", "tbody", "tr", "th", "td", "div"}
PARSER = _parser()
CLEANER = nh3.Cleaner(
    tags=HEADINGS | INLINE | BLOCKS,
    attributes={
        "a": {"href", "title", "aria-label"},
        "img": {"src", "alt", "title"},
        "ol": {"start"},
        "div": {"aria-label"},
        **{named: {"id"} for named in (*HEADINGS, "li", "span")},
    },
    tag_attribute_values={"div": {"role": {"region"}, "tabindex": {"0"}}, "img": {"loading": {"lazy"}}},
    allowed_classes={
        "a": {"here"},
        "li": {"task"},
        "div": {"wide"},
        "th": {"left", "center", "right"},
        "td": {"left", "center", "right"},
    },
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel=LINKS,
    generic_attribute_prefixes=set(),
)
