"""One form for texts that are kept, and one in which they are compared, pure: one word has many forms in Unicode."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Blanks of every width, and what is not seen at all: they come along when something is copied, and mean nothing there.
EDGES = "".join(
    map(
        chr,
        (
            *range(0x09, 0x0E),
            *range(0x1C, 0x21),
            *(0x85, 0xA0, 0xAD, 0x034F, 0x061C, 0x1680, 0x180E),
            *range(0x2000, 0x2010),
            *range(0x2028, 0x2030),
            *range(0x205F, 0x2070),
            *(0x3000, 0xFEFF),
        ),
    )
)
SAME = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛‹›ʻʼʽʹˈˊˋ′‵´`＇", "'"),
        **dict.fromkeys("“”„″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−﹘﹣－", "-"),
        **dict.fromkeys("•‧∙⋅・･", "·"),
        **dict.fromkeys("⁄∕", "/"),
        # Seen or not, what they do is to other letters: a choice of shape, nothing that is read.
        **dict.fromkeys(map(chr, (0x034F, *range(0xFE00, 0xFE10))), None),
    }
)
GEMINATE = re.compile(r"(?<=l)[.·](?=l)")  # Paral·lel, Paraŀlel, Paral.lel


def tidy(text: str) -> str:
    """A cell as it is kept: letters composed, nothing unseen around it. What is unseen inside stays, to be refused."""
    if text.isascii():
        return text.strip(EDGES)
    return unicodedata.normalize("NFC", text).strip(EDGES)


@lru_cache(maxsize=20_000)
def plain(text: str) -> str:
    """A text as it is compared: capitals, blanks, and forms of one letter, hyphen or apostrophe make no difference."""
    if not text.isascii():
        # Before all else: of "´", which people write for an apostrophe, Unicode would make a blank with an accent.
        text = unicodedata.normalize("NFKC", text.translate(SAME))
        seen = (letter for letter in text if unicodedata.category(letter) != "Cf")
        text = unicodedata.normalize("NFKC", "".join(seen).casefold()).translate(SAME)
    else:
        text = text.casefold().replace("`", "'")
    return " ".join(GEMINATE.sub("·", text).split())
