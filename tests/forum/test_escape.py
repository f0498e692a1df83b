"""What others wrote does nothing where it comes to stand, and reads as it was written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from talaia.forum.escape import JOINER, markdown, one_line, plain, restored, settled, title

HOME = "https://status.example.org"
J = JOINER
# As a forum reads: with HTML, every end of a line a new one, bare addresses as links.
FORUM = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"])
PIECES = st.sampled_from(
    [
        *("@anna", "#tag", ":smile:", "# ", "## ", "### x", "> ", "- ", "1. ", "    ", "\t", "```", "~~~", "`", "``"),
        *('[quote="a"]', "[/quote]", "[poll]", "[x](https://a.example/@b)", "[x](/y)", "[a]: https://b.example", "[a]"),
        *("<b>", "<!-- x -->", "<https://a.example>", "&#64;anna", "&#35;x", "\\@anna", "\\", "\n", "\n\n", "\n", " "),
        *(
            "---",
            "===",
            "***",
            "| a | b |",
            "|---|---|",
            "![p](/media/a.png)",
            "text",
            "lents",
            "_a_",
            "**b**",
            "10:30:45",
            "{{",
            "{",
            "https://",
            "https://a.example/",
            "http:///",
            "@anna_",
            ":",
            ".",
            "_",
            ' "',
            '\\")',
            "[x](/a ",
            '[x](/a "',
            "[x\\](/a)",
            "[x](#",
            "\\)",
        ),
    ]
)
TEXTS = st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=60)


@pytest.mark.parametrize(
    ("written", "stands"),
    [
        ("demaneu-ho a @anna", f"demaneu-ho a @{J}anna"),
        ("anna@example.org", "anna@example.org"),
        ("_a_@anna", f"_a_@{J}anna"),
        ("#incident", f"#{J}incident"),
        ("# Què ha passat", "#### Què ha passat"),
        ("## A\n\n### B", "#### A\n\n##### B"),
        ("Què\n===\n\ntext", "#### Què\n\n\ntext"),
        ("fet :tada: ara", f"fet :{J}tada: ara"),
        ("a les 10:30:45", "a les 10:30:45"),
        ("[quote]a[/quote]", "\\[quote\\]a\\[/quote\\]"),
        ("[mapa](/media/mapa.png)", "[mapa](https://status.example.org/media/mapa.png)"),
        ("![mapa](/media/mapa.png)", "![mapa](https://status.example.org/media/mapa.png)"),
        ("[aquí](https://a.example/@anna#x)", "[aquí](https://a.example/@anna#x)"),
        ("[aquí][1]\n\n[1]: https://a.example/", "[aquí](https://a.example/)\n\n"),
        ("[x](javascript:alert(1))", "\\[x\\](javascript:alert(1))"),
        ("<script>", "\\<script>"),
        ("<https://a.example/>", "<https://a.example/>"),
        ("`@anna [x] <b>`", "`@anna [x] <b>`"),
        ("&#64;anna &lt;", f"@{J}anna &lt;"),
        ("\\@anna", f"\\@{J}anna"),
        ("```\n@anna\n## no", f"```\n@anna\n{J}## no\n```"),
        ("`\n`@anna`", "\\`\n`@anna`"),
        ("> ```\n> @anna", "> ```\n> @anna"),
        ("- un\n- dos\n    - tres", "- un\n- dos\n    - tres"),
        ("> cita", "> cita"),
        ("> ```\n> a", "> ```\n> a"),
        ("12\u00a0%", "12 %"),
        # What only looks like a link: its title, its label or its address ends elsewhere.
        ('[x](/a "@admin\\")', f'\\[x\\](/a "@{J}admin\\")'),
        ('[x](/a "<img src=x>\\")', '\\[x\\](/a "\\<img src=x>\\")'),
        ('[x](/a "b\\"c")', '[x](https://status.example.org/a "b\\"c")'),
        ('[x\\](/a "@admin")', f'\\[x\\](/a "@{J}admin")'),
        ("[x](#@admin\\)", f"\\[x\\](#@{J}admin\\)"),
        # No host, no link.
        ("https://@admin", f"https://@{J}admin"),
        ("https:///@admin", f"https:///@{J}admin"),
        ("https://&#64;admin", f"https://@{J}admin"),
        ("https://a..b/@admin", f"https://a..b/@{J}admin"),
        ("<https://@admin>", f"\\<https://@{J}admin>"),
        # An address that a forum could end too early is held together, and leads where it led.
        ("vegeu https://a.example/@anna.", "vegeu <https://a.example/@anna>."),
        ("_a https://a.example/b_@anna", "_a <https://a.example/b_@anna>"),
        ("https://a.example/b..:fire:", "<https://a.example/b..:fire>:"),
        ("https://a.example/&#64;anna", "<https://a.example/@anna>"),
        ("https://git@a.example:8080/x_y/#u1", "https://git@a.example:8080/x_y/#u1"),
        ("{{< x >}}", f"{{{J}{{\\< x >}}}}"),
        ("{{{% x %}}", f"{{{J}{{{J}{{% x %}}}}"),
        ("`{{{{< x >}}`", f"`{{{J}{{{J}{{{J}{{< x >}}}}`"),
    ],
)
def test_a_text_of_ours_keeps_its_form_and_loses_its_effects(written: str, stands: str) -> None:
    assert markdown(written, HOME).rstrip() == stands.rstrip()


@pytest.mark.parametrize(
    ("written", "stands"),
    [
        ("# no\n- no\n> no\n1. no", "\\# no  \n\\- no  \n\\> no  \n1\\. no"),
        ("    no", "no"),
        ("*a* _b_ `c` [d](e) <f> | & ~", "\\*a\\* \\_b\\_ \\`c\\` \\[d\\](e) \\<f\\> \\| &amp; \\~"),
        ("vegeu https://a.example/x_y_z#k", "vegeu https://a.example/x_y_z#k"),
        ("@noc #tag :fire:", f"@{J}noc #{J}tag :{J}fire:"),
        ("https://@noc https:///@noc", f"https://@{J}noc https:///@{J}noc"),
        ("vegeu https://a.example/@noc", "vegeu <https://a.example/@noc>"),
    ],
)
def test_a_text_without_marks_has_none_there_either(written: str, stands: str) -> None:
    assert plain(written) == stands


def test_a_title_or_a_name_is_one_line_of_words() -> None:
    assert one_line("# a\n[b]") == "\\# a \\[b\\]"
    assert title(" Tall  a\nSants :fire: ") == f"Tall a Sants :{J}fire:"


def said(tokens: str) -> str:
    """What people read: without marks and without what nobody sees."""
    found = []
    for token in FORUM.parse(tokens):
        for child in token.children or ():
            found.append("\n" if child.type in ("softbreak", "hardbreak") else child.content)
        if token.type in ("fence", "code_block"):
            found.append(token.content)
    return " ".join("".join(found).replace(J, "").split())


@given(TEXTS)
@settings(max_examples=600, deadline=None)
@pytest.mark.slow
def test_nothing_that_anybody_writes_has_an_effect_or_ends_our_section(text: str) -> None:
    stands = markdown(text, HOME)
    outside = []
    tokens = FORUM.parse(f"{stands}\n\n## ours\n")
    assert [token.tag for token in tokens if token.type == "heading_open" and token.tag in ("h1", "h2", "h3")] == ["h2"]
    for token in tokens:
        assert token.type != "html_block"
        address = False
        for child in token.children or ():
            assert child.type != "html_inline", stands
            if child.type in ("link_open", "link_close"):
                address = child.type == "link_open" and child.info == "auto"
            if child.type == "text" and not address:
                outside.append(child.content)
    # As a forum finds an address by itself: with a host, and as far as nothing in it is odd.
    words = re.sub(r"https?://[a-z\d]+(?:\.[a-z\d]+)*(?:/(?:[\w/]|\.(?=\w))*)?", "x", "\n".join(outside))
    assert not re.search(r"(?<![^\W_])@\w", words), stands
    assert not re.search(r"(?<![\w/])#(?!x)\w|(?<!\w):(?!\d|x:)\w+:", words), stands
    assert "{{" not in stands
    assert [token.type for token in tokens[-3:]] == ["heading_open", "inline", "heading_close"], stands
    assert not re.search(r"^#{1,3} ", stands, re.MULTILINE), stands


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_what_does_nothing_stays_as_it_is(text: str) -> None:
    once = markdown(text, HOME)
    assert markdown(once, HOME).count(J) == once.count(J)


@given(st.text(max_size=80))
@settings(max_examples=300, deadline=None)
@pytest.mark.slow
def test_a_text_without_marks_reads_as_it_was_written(text: str) -> None:
    wanted = " ".join(settled(text).replace(J, "").split())
    if "http" not in text:
        assert said(plain(text)) == wanted


@given(TEXTS, st.booleans())
@settings(max_examples=300, deadline=None)
def test_what_nobody_touched_goes_back_as_it_was(text: str, is_plain: bool) -> None:
    shown = plain(text) if is_plain else markdown(text, HOME)
    assert restored(text, shown, shown, is_plain=is_plain).strip() == settled(text).strip("\n").strip()


def test_a_line_that_was_changed_there_goes_back_among_those_that_were_not() -> None:
    source = "# Què\n\ndemaneu-ho a @anna\n\nel cable [groc]"
    shown = markdown(source, HOME)
    theirs = shown.replace("el cable", "el cable vell")
    assert restored(source, shown, theirs) == "# Què\n\ndemaneu-ho a @anna\n\nel cable vell \\[groc\\]"
    more = f"{shown}\n\n#### Un títol més"
    assert restored(source, shown, more).endswith("\n\n# Un títol més")


def test_a_plain_line_that_was_changed_there_is_plain_again() -> None:
    source = "BCN_1 [down]\nres més"
    shown = plain(source)
    assert restored(source, shown, shown.replace("down", "caigut"), is_plain=True) == "BCN_1 [caigut]\nres més"
    source = "vegeu <https://a.example/@noc> [down]"
    shown = plain(source)
    wanted = "vegeu <https://a.example/@noc> [caigut]"
    assert restored(source, shown, shown.replace("down", "caigut"), is_plain=True) == wanted
