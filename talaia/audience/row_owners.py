"""Whose row one is that cannot be read, pure: nobody is put off the list because a row of theirs is broken.

Addresses are looked for in all that stands in the row, whatever is around them. In doubt a row belongs to more people
rather than to fewer: whoever it belongs to only stays as they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from html import unescape
from urllib.parse import unquote

from talaia.audience.address import AddressError, domain
from talaia.audience.diff import RecipientEntry
from talaia.audience.roster import Refusal
from talaia.audience.unicode_text import plain

# From the first blank of several, or from the sign: beginning anew at each blank would take minutes for a page of them.
AT = re.compile(r"(?:(?<!\s)\s*|(?=[@(\[{<]))(?:@|[(\[{<]\s*(?:at|arroba|a)\s*[)\]}>]|\s(?:at|arroba)\s)\s*")
TOKEN = re.compile(r"([^\s@,;:<>()\[\]\"\\]{0,320})@([\w.-]*)")
PARTS = re.compile(r"[|,;\t\r\n]")
NOT_IN_WORDS = re.compile(r"[\W_]+")
LEAST = 6  # letters of an address that is looked for without its signs
MOST = 50_000_000  # comparisons of rows with people; where there are more, the guard stops anyway


def owners(
    refused: Sequence[Refusal], ledger: Mapping[str, RecipientEntry], wanted: Collection[str]
) -> tuple[tuple[str, ...], ...]:
    """The keys of those to whom each row belongs, of the people whom an export had so far; none: nobody knows.

    wanted: who stands in rows that can be read. A row belongs to one of those only if their address is in it as it is.
    """
    known = {key: entry for key, entry in ledger.items() if entry.in_export}
    missing = {key: only_letters(key) for key in known if key not in wanted}
    if len(refused) * len(missing) > MOST:
        missing = {}
    by_name: dict[tuple[str, ...], list[str]] = {}
    for key in missing:
        if name := words(known[key].name):
            by_name.setdefault(name, []).append(key)
    return tuple(tuple(sorted(owners_of(one.text, known, missing, by_name))) for one in refused)


def owners_of(
    text: str,
    known: Mapping[str, RecipientEntry],
    missing: Mapping[str, str],
    by_name: Mapping[tuple[str, ...], list[str]],
) -> set[str]:
    if not text:
        return set()
    said = legible(text)
    tokens = TOKEN.findall(said)
    found = {key for local, host in tokens for key in addresses(local, host) if key in known}
    bare = only_letters(said)
    found |= {key for key, letters in missing.items() if len(letters) >= LEAST and letters in bare}
    found |= {key for cell in (*text.split(" | "), *PARTS.split(text)) for key in by_name.get(words(cell), ())}
    if found.isdisjoint(missing):
        torn = [f"{local}@{host}" for local, host in tokens if local or len(host) > 3]
        found |= {key for key in missing if any(key.startswith(one) or key.endswith(one) for one in torn)}
    return found


def legible(text: str) -> str:
    """As a person would read it: what stands for signs is them, what is unseen is not there, capitals are small."""
    text = unquote(unescape(text), errors="ignore")
    text = unicodedata.normalize("NFKC", text)
    text = "".join(letter for letter in text if unicodedata.category(letter) not in ("Cf", "Cc") or letter in "\n\r\t")
    return AT.sub("@", text.lower())


def addresses(local: str, host: str) -> Iterator[str]:
    """Every address that ends or begins at a sign around an @: `/anna@example.org.` has anna@example.org."""
    local_parts = [local[n:] for n in range(len(local)) if n == 0 or not local[n - 1].isalnum()]
    hosts = [host[:n] for n in range(len(host), 0, -1) if n == len(host) or not host[n].isalnum()]
    for name in hosts:
        try:
            name = domain(name)
        except AddressError:
            continue
        yield from (f"{one}@{name}" for one in local_parts)


@lru_cache(maxsize=20_000)
def only_letters(text: str) -> str:
    """And digits: an address without its signs."""
    return NOT_IN_WORDS.sub("", text)


def words(name: str) -> tuple[str, ...]:
    """A name whatever order it is in: "Puig, Anna" is Anna Puig."""
    return tuple(sorted(word for word in NOT_IN_WORDS.sub(" ", plain(name)).split()))


def held(found: Iterable[Iterable[str]]) -> frozenset[str]:
    return frozenset(key for keys in found for key in keys)
