"""Header lines with people's words in them, pure: RFC 2047, the same bytes whichever Python it is.

The standard library folds a value word by word, and loses a space between two encoded words in one subject of
sixteen; here a value that is not plain ASCII is encoded as a whole, so that nothing lies between its words.
"""

from __future__ import annotations

import base64
import re
from email.utils import parseaddr

LINE, WORD = 76, 75  # RFC 2047 §2: a line with an encoded word, and the word itself
PLAIN_LINE = 78  # RFC 5322 §2.1.1
SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")  # Q in a phrase, too
BEGINS, ENDS = "=?utf-8?", "?="
ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


def verbatim(name: str, value: str) -> bytes:
    """A header line as it is, however long, as Message-IDs and addresses must stand there.

    Raises ValueError for what would be more than one line.
    """
    if not value.isprintable():
        raise ValueError(f"{name}: this is no header")
    return f"{name}: {value}\r\n".encode()


def words(name: str, value: str) -> bytes:
    """A header line with words of people, on as many lines as it takes. Line ends in it are blanks."""
    text = one_line(value)
    line = f"{name}: {text}"
    if _may_stand(text):
        if len(line) <= PLAIN_LINE:
            return f"{line}\r\n".encode("ascii")
        folded = _folded(line)
        if all(len(one) <= PLAIN_LINE for one in folded) and "".join(folded) == line:
            return "\r\n".join([*folded, ""]).encode("ascii")
    return f"{name}: {encoded(text, len(name) + 2)}\r\n".encode("ascii")


def mailbox(name: str, text: str, called: str = "") -> bytes:
    """A header line with one mailbox, whatever its name holds: `Guifi, Fundació <…>` is one. `called`: if it has none.

    Raises ValueError for what is no address.
    """
    given, address = parseaddr(text)
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or not address.isprintable() or re.search(r"[\s<>]", address):
        raise ValueError(f"{name}: this is no address")
    shown = one_line(given or called)
    if not shown:
        return verbatim(name, address)
    if _may_stand(shown) and len(name) + len(shown) + 6 <= PLAIN_LINE:
        quoted = shown if ATOMS.fullmatch(shown) else '"' + re.sub(r'(["\\])', r"\\\1", shown) + '"'
    else:
        quoted = encoded(shown, len(name) + 2)
    last = f"{name}: {quoted}".rpartition("\r\n")[2]
    gap = " " if len(last) + len(address) + 3 <= LINE else "\r\n "
    return f"{name}: {quoted}{gap}<{address}>\r\n".encode()


def encoded(text: str, before: int = 0) -> str:
    """The whole of it in encoded words, cut between letters. `before`: what stands on the first line already."""
    data = text.encode("utf-8", "replace")
    by_letters = sum(1 if byte in SAFE or byte == 0x20 else 3 for byte in data) <= len(data) * 4 / 3
    encode, kind = (_by_letters, "q") if by_letters else (_by_base64, "b")
    head = f"{BEGINS}{kind}?"
    chunks: list[str] = []
    chunk = ""
    for letter in text:
        room = min(WORD, LINE - (before if not chunks else 1)) - len(head) - len(ENDS)
        if chunk and len(encode((chunk + letter).encode("utf-8", "replace"))) > room:
            chunks.append(chunk)
            chunk = ""
        chunk += letter
    return "\r\n ".join(f"{head}{encode(one.encode('utf-8', 'replace'))}{ENDS}" for one in [*chunks, chunk])


def one_line(value: str) -> str:
    """Without line ends and what else steers a machine; half a letter is a mark for one."""
    text = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", value).strip()
    return text.encode("utf-8", "replace").decode()


def _may_stand(text: str) -> bool:
    """Plain ASCII that no reader would take for an encoded word, nor change."""
    return text.isascii() and "=?" not in text


def _folded(line: str) -> list[str]:
    """At blanks between words, each line but the first beginning with its blank."""
    folded = [""]
    for piece in re.split(r"(?<=\S)(?= \S)", line):
        if len(folded[-1]) + len(piece) > PLAIN_LINE and folded[-1].strip():
            folded.append("")
        folded[-1] += piece
    return folded


def _by_letters(data: bytes) -> str:
    return "".join("_" if byte == 0x20 else chr(byte) if byte in SAFE else f"={byte:02X}" for byte in data)


def _by_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
