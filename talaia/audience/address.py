"""An address as it is written to and as it is compared, pure: IDN, capitals, look-alikes, the lengths of RFC 5321."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import idna

LONGEST_LOCAL, LONGEST_DOMAIN, LONGEST = 64, 253, 254
LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII | re.IGNORECASE)
ENCODED = "=?"  # so begins an encoded word: software would read a line end out of what holds none
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
# Scripts that people write together in one word; any other mixture is a disguise.
TOGETHER = ({"CJK", "HIRAGANA", "KATAKANA"}, {"CJK", "HANGUL"}, {"CJK", "BOPOMOFO"})
# Letters of other scripts that nobody can tell from Latin ones.
LOOK_ALIKES = frozenset("асԁеһіјӏорԛѕԝхуѵҽгпкοανικρυωητ")


class AddressError(Exception):
    """An address that cannot be used. `code` is the reason, for words.py; the address itself is never in it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Address:
    """`written`: as mail goes to it, with the domain in A-labels. `key`: two addresses of one box have the same."""

    written: str
    key: str


def parse(text: str) -> Address:
    """The address in `text`, which may have blanks, `mailto:` or `<…>` around it. Raises Wrong."""
    text = text.strip().removeprefix("mailto:")
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip()
    if has_controls(text):
        raise AddressError("address_controls")
    local, at, host = text.rpartition("@")
    if not at or not local or not host:
        raise AddressError("address_form")
    if not local.isascii():
        raise AddressError("address_letters")
    if not LOCAL.fullmatch(local) or ENCODED in local:
        raise AddressError("address_form")
    name = domain(host)
    if len(local) > LONGEST_LOCAL or len(local) + 1 + len(name) > LONGEST:
        raise AddressError("address_long")
    return Address(f"{local}@{name}", f"{local.lower()}@{name}")


@lru_cache(maxsize=20_000)
def domain(host: str) -> str:
    """The A-label form, in small letters. Raises Wrong."""
    host = host.removesuffix(".")
    if host.isascii() and "xn--" not in host.lower():
        name = host.lower()
    else:
        try:
            name = idna.encode(host, uts46=True).decode()
            shown = idna.decode(name, uts46=True)
        except idna.IDNAError:
            raise AddressError("address_domain") from None
        except UnicodeError:
            raise AddressError("address_domain") from None
        disguised(shown)
    labels = name.split(".")
    if len(name) > LONGEST_DOMAIN:
        raise AddressError("address_long")
    if len(labels) < 2 or labels[-1].isdigit() or not all(LABEL.fullmatch(label) for label in labels):
        raise AddressError("address_domain")
    return name


def disguised(shown: str) -> None:
    """Raises Wrong where a name in another script pretends to be a Latin one."""
    labels = shown.split(".")
    for label in labels:
        letters = [letter for letter in label if unicodedata.category(letter).startswith("L")]
        scripts = {unicodedata.name(letter, "?").split()[0] for letter in letters}
        if len(scripts) > 1 and not any(scripts <= allowed for allowed in TOGETHER):
            raise AddressError("address_mixed")
        # A Cyrillic word under .org of which every letter could be Latin: apple.com that is not.
        if letters and not scripts & {"LATIN"} and labels[-1].isascii() and set(letters) <= LOOK_ALIKES:
            raise AddressError("address_mixed")


def has_controls(text: str) -> bool:
    """Line ends, NULs, and characters that are not seen or that turn the direction of writing."""
    return not text.isprintable() and any(
        unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for letter in text
    )
