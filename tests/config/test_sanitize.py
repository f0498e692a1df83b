"""Text of others says what it says, and does nothing: on a page, in a terminal, in a mail."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talaia.config import sanitize

WORDS = [
    "Bon dia, Gràcia: l·l, ç, ñ, €, “…” – 日本 🙂 👩‍🚒",
    "שלום עולם",
    "فارسی‌زبان",
    "a\u2067שלום\u2069b",  # an isolate that ends
    "a\u202bשלום\u202cb",
    "שלום (1)\u200f",  # a mark beside letters that need it
    "\u200eשלום\u061c! سلام",
    "\U0001f3f4\U000e0065\U000e0073\U000e0063\U000e0074\U000e007f",  # the flag of Catalonia
]
HOSTILE = [
    ("\x1b[31mred\x1b[0m", "red"),
    ("\x9b2Jclear", "clear"),
    ("\x1b]0;title\x07words", "words"),
    ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
    ("\x1bPq#0;2\x1b\\picture", "picture"),
    ("\x1b(0lines", "lines"),
    ("\x1bcreset", "reset"),
    ("\x1b", ""),
    ("half \x1b[", "half "),
    ("bell\x07 back\x08 null\x00 delete\x7f", "bell back null delete"),
    ("\x85next\u2028line\u2029end", " next line end"),
    ("over\rwritten", "over written"),
    ("\ufeffmark\ufff9a\ufffab\ufffb", "markab"),
    ("half\ud800", "half"),
    ("user\u202egnp.exe", "usergnp.exe"),
    ("a\u2066b", "ab"),
    ("a\u2069b\u202cc", "abc"),
    ("\u202ea\u2066b\u202cc\u2069", "a\u2066bc\u2069"),  # what is closed inside was opened outside
    ("\u2066a\u202eb\u2069", "\u2066ab\u2069"),  # the end of an isolate ends what is open in it
    ("a\u200fb", "ab"),  # letters without a shape, where nothing is read from right to left
    ("\u200f", ""),
    ("\u200email\u061c", "mail"),
    ("e\u200e\u0301", "é"),
    ("hi\U000e0001\U000e0068\U000e0069\U000e0064", "hi"),  # a text that nobody sees
    ("\U0001f3f4" + "\U000e0061" * 40 + "\U000e007f", "\U0001f3f4"),
    ("e\U000e0041\u0301\u206e1", "é1"),
    (unicodedata.normalize("NFD", "Gràcia"), "Gràcia"),
]


@pytest.mark.parametrize("words", WORDS)
def test_the_words_of_any_script_stay_as_they_are(words: str) -> None:
    assert sanitize.line(words) == sanitize.lines(words) == words


@pytest.mark.parametrize(("given_", "kept"), HOSTILE)
def test_what_acts_is_left_out(given_: str, kept: str) -> None:
    assert sanitize.line(given_) == kept
    assert sanitize.lines(given_) == kept


def test_lines_stay_apart_only_where_lines_are_wanted() -> None:
    assert sanitize.line("one\ntwo\r\n\tthree") == "one two three"
    assert sanitize.lines("one\ntwo\r\n\tthree") == "one\ntwo\r\n\tthree"


def depth(text: str) -> int:
    """How many directions are open at the end; -1 where something was closed that was not open."""
    open_: list[str] = []
    for mark in text:
        if mark in sanitize.ISOLATES + sanitize.EMBEDDINGS:
            open_.append("i" if mark in sanitize.ISOLATES else "e")
        elif mark in (sanitize.POP_ISOLATE, sanitize.POP_EMBEDDING):
            kind = "i" if mark == sanitize.POP_ISOLATE else "e"
            if not open_ or open_.pop() != kind:
                return -1
    return len(open_)


@given(
    st.text(
        st.sampled_from("ab \n\x1b[]m0;\x07\x9b\x9c\\\x85" + "\u202a\u202e\u202c\u2066\u2068\u2069\u200f"), max_size=40
    )
)
def test_whatever_comes_nothing_acts_in_what_is_kept(text: str) -> None:
    for kept in (sanitize.line(text), *sanitize.lines(text).split("\n")):
        assert not any(unicodedata.category(mark) == "Cc" for mark in kept)
        assert depth(kept) == 0
        assert sanitize.line(kept) == kept
