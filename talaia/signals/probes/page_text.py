"""Whether words stand in a page, as its readers see them, pure.

The same words are written in many ways: in another charset, as entities (`&agrave;`), with letters and accents apart,
with non-breaking spaces, over two lines, with typographic apostrophes. All of these are the same words. Capitals are no
small letters.
"""

from __future__ import annotations

import codecs
import html
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress

MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
IN_THE_HEAD = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';,]+)", re.IGNORECASE)
# <meta charset=…>, <meta http-equiv … content="…; charset=…">, <?xml … encoding="…"?>
IN_THE_PAGE = re.compile(rb"<(?:meta[^>]*?charset|\?xml[^>]*?encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
LOOKED_THROUGH = 4096  # browsers look through 1024 bytes, some pages say it later
# What browsers read for these names (WHATWG Encoding §4.2): Windows' charset, which has more letters.
AS_WINDOWS = ("iso8859-1", "ascii", "latin-1")
UNSEEN = {"<!--": "-->", "<script": "</script", "<style": "</style"}
OPENS = re.compile("|".join(UNSEEN), re.IGNORECASE)
TAG = re.compile(r"</?[a-z!?][^<>]*>", re.IGNORECASE)
JSON_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
ALIKE = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "´": "'", "“": '"', "”": '"', "‐": "-", "‑": "-", "–": "-"})


def stands_in(words: str, body: bytes, content_type: str) -> bool:
    """Whether `words` stand in `body`, in its source or in what is seen of it."""
    if words in body.decode("utf-8", "replace"):
        return True
    wanted = plain(words)
    return any(wanted in plain(text) for read in texts(body, content_type) for text in _views(read))


def texts(body: bytes, content_type: str) -> Iterator[str]:
    """The body by each charset that may be meant: what its bytes, its head or the page say, and then the usual ones."""
    said = [name for mark, name in MARKS if body.startswith(mark)]
    said += IN_THE_HEAD.findall(content_type)
    said += [found.decode("ascii") for found in IN_THE_PAGE.findall(body[:LOOKED_THROUGH])]
    for name in dict.fromkeys(filter(None, map(_codec, [*said, "utf-8", "windows-1252"]))):
        with suppress(UnicodeError):  # some ("idna") refuse whole what they cannot read
            yield body.decode(name, "replace")


def _codec(name: str) -> str:
    """Python's name of a charset; empty for what is none of text ("zip"), or unknown."""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    if not found._is_text_encoding:
        return ""
    return "cp1252" if found.name in AS_WINDOWS else found.name


def _views(text: str) -> Iterator[str]:
    """The source itself, with its entities and escapes read, and what remains of it without tags."""
    yield text
    if "\\u" in text:
        yield JSON_ESCAPES.sub(_unescaped, text)
    if "&" in text:
        yield html.unescape(text)
    seen = _seen(text)
    for between in ("", " "):  # <b>a</b>b is one word, <li>a</li><li>b</li> are two
        yield html.unescape(TAG.sub(between, seen))


def _seen(text: str) -> str:
    """Without scripts, styles and comments. In one pass, whatever a page is made of."""
    small, kept, at = text.lower(), [], 0
    if len(small) != len(text):  # a letter that has no small one of its own length
        small = text
    endless: set[str] = set()
    while (opens := OPENS.search(small, at)) is not None:
        kept.append(text[at : opens.start()])
        opening = opens[0].lower()
        end = -1 if opening in endless else small.find(UNSEEN[opening], opens.end())
        if end < 0:
            endless.add(opening)
            kept.append(opens[0])
            at = opens.end()
        else:
            kept.append(" ")
            at = end + len(UNSEEN[opening])
    return "".join([*kept, text[at:]])


def _unescaped(found: re.Match[str]) -> str:
    return bytes.fromhex(found[0].replace("\\u", "")).decode("utf-16-be", "replace")


def plain(text: str) -> str:
    """One form for all the ways of writing the same words."""
    whole = unicodedata.normalize("NFKC", text.translate(ALIKE)).translate(ALIKE)
    seen = "".join(letter for letter in whole if letter.isascii() or unicodedata.category(letter) != "Cf")
    return " ".join(seen.split())
