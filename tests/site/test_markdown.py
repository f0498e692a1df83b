"""Markdown from people to pages: what it becomes, what it must never become, and that it always ends."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talaia.events.anchors import Names, fresh
from talaia.events.blocks import LONGEST
from talaia.site.markdown import BLOCKS, HEADINGS, INLINE, addresses, as_written, excerpt, passages, render

NASTY = [
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:msgbox(1))",
    "![x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](javascript:alert(1))",
    "![x](//elsewhere.example/pixel.png)",
    "![x](/\\elsewhere.example/pixel.png)",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '<a href="jav&#x09;ascript:alert(1)">x</a>',
    "[x]: javascript:alert(1)\n[x]",
    '<https://x.example/"onmouseover="alert(1)>',
    '[a](https://x.example/"onmouseover="alert(1))',
    '![a" onerror="alert(1)](/x.png)',
    '```"><script>alert(1)</script>\nx\n```',
    '``` js" onload="alert(1)\nx\n```',
    "# <img src=x onerror=alert(1)>",
    "| <script>alert(1)</script> |\n|--|\n| <iframe src=javascript:alert(1)> |",
    "<style>@import'//elsewhere.example'</style>",
    "<details open ontoggle=alert(1)>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "[x](https://x.example 'a\" onclick=alert(1) b')",
    "<form action=//elsewhere.example><input name=x></form>",
    "- [x] <input type=text autofocus onfocus=alert(1)>",
    'https://x.example/"><script>alert(1)</script>',
    "https://x.example/'onclick=alert(1)",
    '# x" id=main onclick=alert(1)',
    "<base href=//elsewhere.example>",
    "<meta http-equiv=refresh content=0;url=//elsewhere.example>",
    "\x00<script>\x00alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
]
ATTRIBUTES = {"href", "title", "aria-label", "class", "rel", "src", "alt", "loading", "start", "role", "tabindex", "id"}


class Inspector(HTMLParser):
    """Notes whatever a page must not have."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in HEADINGS | INLINE | BLOCKS:
            self.bad.append(tag)
        for name, value in attrs:
            target = re.sub(r"[\s\x00-\x1f]", "", value or "").lower()
            if name not in ATTRIBUTES or (name in ("href", "src") and re.match(r"(javascript|vbscript|data):", target)):
                self.bad.append((tag, name, value))
            if name == "src" and (not target.startswith("/") or target.startswith(("//", "/\\"))):
                self.bad.append((tag, name, value))
            if name == "id" and not target.startswith("u1-"):
                self.bad.append((tag, name, value))


def names(text: str, prefix: str = "u1-") -> Names:
    return fresh({"ca": text}, "ca").names("ca", prefix)


def inspect(html: str) -> list[object]:
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    return inspector.bad


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("plain", [False, True])
def test_nasty_input_becomes_words(text: str, plain: bool) -> None:
    assert inspect(render(text, names=names(text), plain=plain)) == []


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<",
                ">",
                '"',
                "'",
                "(",
                ")",
                "[",
                "]",
                "!",
                "#",
                "`",
                "|",
                "-",
                "*",
                "\n",
                " ",
                "&",
                "javascript:",
                "https://a.b",
                "onload=",
                "<script>",
                "x",
                "\\",
                "[x] ",
                ":-:",
            ]
        ),
        max_size=40,
    ).map("".join)
)
def test_no_mixture_of_marks_escapes(text: str) -> None:
    assert inspect(render(text, names=names(text))) == []
    assert inspect(as_written(text)) == []


@pytest.mark.parametrize(
    ("name", "text"),
    {
        "brackets": "[" * LONGEST,
        "emphasis": "*a " * 33_000,
        "quotes": ">" * LONGEST,
        "backticks": "`a``b```c" * 11_000,
        "links": "[a](" * 25_000,
        "lists in lists": "\n".join(" " * depth + "- a" for depth in range(430)),
        "a wide table": "|a" * 16_000 + "\n" + "|-" * 16_000 + "\n" + "|b" * 16_000,
        "headings": "# a\n" * 25_000,
        "tasks": "- [ ] a\n" * 12_000,
        "addresses": "https://a" * 11_000,
        "brackets after an address": "https://a.example/" + ")" * 90_000,
        "pictures": "![a](" * 20_000,
        "underlines": "_a_ " * 25_000,
        "definitions": "[a]: b\n" * 14_000,
        "lines": "a\n" * 50_000,
    }.items(),
)
@pytest.mark.slow
def test_reading_always_ends_soon(name: str, text: str) -> None:
    begun = time.process_time()
    render(text[:LONGEST], names=names(text[:LONGEST]))
    assert time.process_time() - begun < 8, name  # a second here; this must hold on a slow machine too


def test_a_text_of_monstrous_length_is_shown_as_it_was_written() -> None:
    assert render("# a\n" * (LONGEST // 3)).startswith("<p># a<br># a")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("hola", "<p>hola</p>\n"),
        ("**fort** i *suau*, ~~fora~~", "<p><strong>fort</strong> i <em>suau</em>, <s>fora</s></p>\n"),
        ("a & b < c", "<p>a &amp; b &lt; c</p>\n"),
        ("", ""),
        ("- [x] fet\n- [ ] per fer", '<ul>\n<li class="task">☑ fet</li>\n<li class="task">☐ per fer</li>\n</ul>\n'),
        (
            "Mireu https://meet.example.org/a_(b), ara",
            '<p>Mireu <a href="https://meet.example.org/a_(b)" rel="nofollow noopener ugc">'
            "https://meet.example.org/a_(b)</a>, ara</p>\n",
        ),
        ("`https://code.example`", "<p><code>https://code.example</code></p>\n"),
        (
            "[aquí](https://a.example)",
            '<p><a href="https://a.example" rel="nofollow noopener ugc">aquí</a></p>\n',
        ),
        (
            "![mapa](https://elsewhere.example/m.png)",
            '<p><a href="https://elsewhere.example/m.png" rel="nofollow noopener ugc">mapa</a></p>\n',
        ),
        ("![mapa](/media/m.png)", '<p><img src="/media/m.png" alt="mapa" loading="lazy"></p>\n'),
    ],
)
def test_what_people_write_becomes(text: str, html: str) -> None:
    assert render(text) == html


def levels(html: str) -> list[str]:
    return re.findall(r"<(h\d)", html)


@pytest.mark.parametrize(
    ("text", "top", "found"),
    [
        ("# a\n# b", 4, ["h4", "h4"]),
        ("## a\n### b", 3, ["h3", "h4"]),  # the highest that is used stands right under the page's
        ("# a\n#### b\n## c", 3, ["h3", "h4", "h4"]),  # no level is skipped on the way down
        ("### a\n# b", 3, ["h3", "h3"]),  # nor at the beginning
        ("# a\n## b\n### c\n#### d\n##### e", 4, ["h4", "h5", "h6", "h6", "h6"]),
    ],
)
def test_headings_fit_under_those_of_the_page(text: str, top: int, found: list[str]) -> None:
    assert levels(render(text, top=top)) == found


def test_headings_and_list_items_have_the_addresses_that_they_are_given() -> None:
    text = "# L'estat\n\n- un\n- \n  ```\n  codi\n  ```\n- # dins"
    html = render(text, names=names(text, "u3-"), here="Enllaç")
    assert re.findall(r'<(\w+)[^>]* id="([^"]+)"', html) == [
        ("h4", "u3-1"),
        ("li", "u3-2"),
        ("li", "u3-3"),
        ("li", "u3-4"),
        ("h4", "u3-5"),
    ]
    assert '<a href="#u3-1" class="here" aria-label="Enllaç (u3-1)"' in html
    assert "id=" not in render("# Sense adreça\n- ni aquí")


def test_the_addresses_of_what_is_gone_stand_where_they_lead_to() -> None:
    given = Names((("a1", "a7"), ("a2", "a8")), ("a9",))
    html = render("# Causa\n\n-     codi", names=given)
    assert re.findall(r'<(\w+)[^>]* id="(a\d)"', html) == [
        ("span", "a9"),
        ("h4", "a1"),
        ("span", "a7"),
        ("li", "a2"),
        ("span", "a8"),
    ]


def test_the_passages_of_a_text_are_its_sections_with_the_places_of_their_headings() -> None:
    text = "Abans\n\n## Causa\n\n- un *cable*\n\n## Què queda\n\n| a |\n|---|\n| b |"
    assert passages(text) == [(None, "Abans"), (0, "Causa un cable"), (2, "Què queda a b")]


def test_table_cells_are_aligned_by_class_and_wide_tables_can_be_reached_by_keyboard() -> None:
    html = render("| a | b | c |\n|:-|:-:|-:|\n| 1 | 2 | 3 |", table="Taula")
    assert "style" not in html
    assert re.findall(r'<td class="(\w+)"', html) == ["left", "center", "right"]
    assert html.startswith('<div class="wide" role="region" tabindex="0" aria-label="Taula">')


def test_plain_text_keeps_its_lines_and_links_its_addresses() -> None:
    assert as_written("Primer\nsegon\n\n  \n*no* <b>\nhttps://a.example.") == (
        "<p>Primer<br>segon</p><p>*no* &lt;b&gt;<br>"
        '<a href="https://a.example" rel="nofollow noopener ugc">https://a.example</a>.</p>'
    )
    assert render("*no*", plain=True) == "<p>*no*</p>"


def test_bare_addresses_end_where_a_sentence_would() -> None:
    found = [address for _, address in addresses("(http://a.b/c) «https://d.e», https://f.g/(h)). https://") if address]
    assert found == ["http://a.b/c", "https://d.e", "https://f.g/(h)"]


def test_an_excerpt_has_the_words_without_the_marks() -> None:
    assert excerpt("# Títol\n\n**Hola** [aquí](https://a.example) `ara`\nmateix", 99) == "Títol Hola aquí ara mateix"
    cut = excerpt("paraula " * 60, 80)
    assert len(cut) <= 80
    assert cut.endswith("paraula…")
