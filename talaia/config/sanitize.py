"""Text of others as it may be shown anywhere: on a page, in a terminal, in a mail. Pure.

What steers a terminal (escape sequences, control characters) and what turns the direction of reading without turning it
back is left out, as are the marks of direction where nothing is read from right to left; letters, marks and emoji of
every script stay.
"""

from __future__ import annotations

import re
import unicodedata

# ECMA-48: CSI, strings up to their end (OSC, DCS, SOS, PM, APC), two-letter escapes; with ESC, or as one C1 character.
SEQUENCE = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
    "|(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)"
    "|\x1b[ -/]*[0-~]"
)
# C0 and C1, the line ends of Unicode, halves of a pair, what is no character.
BREAK = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
NOTHING = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]")
UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # PostgreSQL keeps no NUL, and nothing keeps half of a pair
ISOLATES, EMBEDDINGS = "\u2066\u2067\u2068", "\u202a\u202b\u202d\u202e"
POP_ISOLATE, POP_EMBEDDING = "\u2069", "\u202c"
DIRECTION = re.compile(f"[{ISOLATES}{EMBEDDINGS}{POP_ISOLATE}{POP_EMBEDDING}]")
# Letters that nobody sees, made for a whole text inside a text; they draw flags behind a black one. And marks that
# Unicode itself advises against, which turn the shapes of digits and letters.
FLAG = "(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f)"
HIDDEN = re.compile(f"{FLAG}|[\U000e0000-\U000e007f\u206a-\u206f]")
# They are letters without a shape: of use beside letters that are read from right to left, else only not to be seen.
SHAPELESS = re.compile("[\u200e\u200f\u061c]")


def line(text: str) -> str:
    """`text` in one line, composed (NFC), without anything that acts."""
    if text.isascii() and text.isprintable():
        return text
    return _readable(BREAK.sub(" ", SEQUENCE.sub("", text)))


def lines(text: str) -> str:
    """The same; its line ends and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    parted = re.split("(\r\n|[\n\t])", SEQUENCE.sub("", text))
    return "".join(part if part in ("\r\n", "\n", "\t") else _readable(BREAK.sub(" ", part)) for part in parted)


def storable(value: object) -> object:
    """JSON values without what no database keeps: one odd letter must not cost the others their way."""
    if isinstance(value, str):
        return UNSTORABLE.sub("", value)
    if isinstance(value, dict):
        return {storable(name): storable(one) for name, one in value.items()}
    return [storable(one) for one in value] if isinstance(value, list) else value


def _readable(text: str) -> str:
    text = unicodedata.normalize("NFC", HIDDEN.sub(r"\1", NOTHING.sub("", text)))
    if SHAPELESS.search(text):
        bare = SHAPELESS.sub("", text)
        if not any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in bare):
            text = unicodedata.normalize("NFC", bare)
    return _balanced(text) if DIRECTION.search(text) else text


def _balanced(text: str) -> str:
    """Without the marks of direction that nothing closes, and those that close nothing (UAX #9: an isolate that ends
    closes what was opened inside it; what was opened outside of it cannot be closed inside)."""
    open_, kept = [], set()
    for place, mark in enumerate(text):
        if mark in ISOLATES or mark in EMBEDDINGS:
            open_.append(place)
        elif mark == POP_EMBEDDING and open_ and text[open_[-1]] in EMBEDDINGS:
            kept |= {open_.pop(), place}
        elif mark == POP_ISOLATE and any(text[other] in ISOLATES for other in open_):
            while text[open_[-1]] in EMBEDDINGS:
                open_.pop()
            kept |= {open_.pop(), place}
    return "".join(mark for place, mark in enumerate(text) if place in kept or not DIRECTION.match(mark))
