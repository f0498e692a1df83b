"""What others wrote, inside a text of ours, pure: it reads the same, and does nothing where it comes to stand.

Nobody is called by their name, no tag is set, no picture appears for a word between colons; BBCode and HTML are
words; headings are lower than ours, so that our sections stay ours; and nothing that was left open goes on behind it.
The lines of what comes out are those of what went in, so that a line changed there can be found again here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

from markdown_it.token import Token

from talaia.events.blocks import LONGEST, grammar

JOINER = "\u2060"  # seen by nobody; forums take it for the end of a name
TOP = 4  # the level of the highest heading: ours are 2 and 3
PARSER = grammar()
# As a forum keeps a text: one kind of blank, nothing invisible, nothing at the end.
BLANKS = re.compile("[\u00a0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\v\f]")
NOTHING = re.compile("[\u200b\ufeff\x00-\x09\x0b-\x1f\x7f]")

# A forum makes a link of it only where a host follows: of "https://@anna" it reads the name.
HOST = r"(?:[^\W_][\w.%+-]*@)?[^\W_]+(?:-+[^\W_]+)*(?:\.[^\W_]+(?:-+[^\W_]+)*)*"
ADDRESS = rf"https?://{HOST}(?::\d+)?(?:[/?#][^\s<>\"`{{}}|\\^\[\]()*~]*)?"
KEPT = re.compile(
    r"(?P<code>(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<escape>\\[!-/:-@\[-`{-~])"
    rf"|(?P<auto><(?:{ADDRESS}|mailto:[^\s<>]+)>)"
    r"|(?P<link>!?\[(?P<label>(?:[^\[\]\\]|\\[^\[\]])*)\]"
    r"(?:\((?P<to>(?:[^\s()<>\\]|\\[^\s()<>])*)(?P<title>\s+\"(?:[^\"\\]|\\.)*\")?\)|\[(?P<ref>[^\[\]]*)\])?)"
    rf"|(?P<address>{ADDRESS})"
)
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\w{1,31});", re.ASCII)
MENTION = re.compile(r"(?<![^\W_])@(?=\w)")  # behind an underscore, too: that may end what is stressed
HASH = re.compile(r"#(?=[\w:-])")
EMOJI = re.compile(r":(?=[\w+-]+:)(?!\d{1,2}:)")
BRACKETED = re.compile(f"<({ADDRESS})>")
HEADING = re.compile(r"^((?:[ >]|[-*+] |\d{1,9}[.)] )*)(#{1,6})(?=\s|$)")
# Where a forum may see the end of an address before its end, and what it would then read behind it.
UNSURE = re.compile(r"(?<![^\W_])@(?=\w)|(?<![^\W_])(?<!/)[#:](?=[\w+-])")
PUNCTUATION = ".,;:!?'_"  # ends a sentence, or what is stressed, and no address
DEFINITION = re.compile(r"^ {0,3}\[([^\[\]]+)\]:\s*\S")
SECTION = re.compile(r"^#{1,3}\s")
SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~!])")
BEGINS = re.compile(r"^(?:([-+=#>])|(\d{1,9})([.)]))")


def settled(text: str) -> str:
    """A text as it is kept there, so that ours can be compared with theirs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return NOTHING.sub("", BLANKS.sub(" ", text.expandtabs(4))).rstrip()


def one_line(text: str) -> str:
    """A title or a name inside a text of ours: words, and nothing but words."""
    return _words(" ".join(settled(text).split()))


def title(text: str) -> str:
    """The same where there is no Markdown: only what becomes a picture is stopped."""
    return EMOJI.sub(f":{JOINER}", " ".join(settled(text).split()))


def plain(text: str) -> str:
    """A text without marks, as of a monitoring: its lines stay lines, and every sign is itself."""
    lines = [_words(line.strip()) for line in settled(text).split("\n")]
    last = len(lines) - 1
    # Two blanks are the end of a line everywhere; in a forum any end of a line is one.
    return "\n".join(f"{line}  " if line and n < last and lines[n + 1] else line for n, line in enumerate(lines))


@lru_cache(maxsize=1024)
def markdown(text: str, home: str) -> str:
    """A text as people of ours write it. `home`: where its addresses that begin with "/" are."""
    text = settled(text)
    if len(text) > LONGEST:
        return plain(text)
    env: dict[str, Any] = {}
    tokens = PARSER.parse(text, env)
    references = {name.casefold(): given["href"] for name, given in env.get("references", {}).items()}
    lines, code, below = text.split("\n"), _code(tokens), shift(tokens)
    underlines = {token.map[1] - 1 for token in tokens if _is_underlined(token) and token.map}
    titled = {token.map[0] for token in tokens if _is_underlined(token) and token.map}
    levels = {token.map[0]: int(token.tag[1]) for token in tokens if token.type == "heading_open" and token.map}
    found = []
    for number, line in enumerate(lines):
        definition = DEFINITION.match(line)
        if number in code:
            found.append(f"{JOINER}{line}" if SECTION.match(line) else line)
        elif number in underlines or (definition and " ".join(definition[1].split()).casefold() in references):
            found.append("")
        elif number in titled:
            found.append(f"{'#' * min(6, levels[number] + below)} {_inline(line.strip(), home, references)}")
        elif number in levels and (heading := HEADING.match(line)):
            rest = _inline(line[heading.end() :], home, references)
            found.append(f"{heading[1]}{'#' * min(6, levels[number] + below)}{rest}")
        else:
            found.append(_inline(line, home, references))
    # Hugo reads its own marks everywhere, in code too.
    return re.sub(r"\{(?=\{)", f"{{{JOINER}", "\n".join([*found, *_closing(tokens, lines)]))


def shift(tokens: list[Token]) -> int:
    """By how much the headings of a text are lowered."""
    levels = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    return TOP - min(levels) if levels else 0


def restored(source: str, shown: str, theirs: str, *, is_plain: bool = False) -> str:
    """The source, changed as somebody changed what was shown of it; lines that were not touched stay as they were.

    Where lines cannot be told apart, theirs are taken as they are.
    """
    ours, before, after = settled(source).split("\n"), shown.split("\n"), theirs.split("\n")
    by = 0 if is_plain else shift(PARSER.parse(settled(source), {}))
    if len(ours) > len(before):
        return "\n".join(_undone(line, is_plain, by) for line in after).strip("\n")
    found: list[str] = []
    for step, i, end, j, stop in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if step == "equal":
            # A fence that was left open has been closed by us: that line is not in the source.
            found += ours[i:end]
        else:
            found += [_undone(line, is_plain, by) for line in after[j:stop]]
    return "\n".join(found).strip("\n")


def _undone(line: str, is_plain: bool, by: int) -> str:
    line = line.replace(JOINER, "")
    if is_plain:
        line = BRACKETED.sub(r"\1", line)
        return html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", line)).rstrip()
    if by and (heading := HEADING.match(line)):
        level = max(1, min(6, len(heading[2]) - by))
        return f"{heading[1]}{'#' * level}{line[heading.end() :]}"
    return line


def _words(line: str) -> str:
    parts = re.split(f"({ADDRESS})", line)
    parts[::2] = [_quiet(SPECIAL.sub(r"\\\1", part.replace("&", "&amp;"))) for part in parts[::2]]
    parts[1::2] = [_address(part) for part in parts[1::2]]
    line = "".join(parts)
    return BEGINS.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", line)


def _quiet(words: str) -> str:
    words = ENTITY.sub(lambda found: _decoded(found[0]), words)
    return EMOJI.sub(f":{JOINER}", HASH.sub(f"#{JOINER}", MENTION.sub(f"@{JOINER}", words)))


def _decoded(entity: str) -> str:
    """A sign that does something is no less one where it was written by its number."""
    sign = html.unescape(entity)
    return sign if sign in ("@", "#", ":") else entity


def _inline(line: str, home: str, references: Mapping[str, str]) -> str:
    found, at = [], 0
    for kept in KEPT.finditer(line):
        found.append(_text(line[at : kept.start()]))
        found.append(_kept(kept, home, references))
        at = kept.end()
    found.append(_text(line[at:]))
    # What begins at the end of one stretch and goes on in the next: an escaped sign before a name.
    return re.sub(r"(?<=\\[@#:])(?=[\w-])", JOINER, "".join(found))


def _text(words: str) -> str:
    # A "`" without another one in its line would look for it in the next, and let out what stands between.
    return _quiet(re.sub(r"([\[\]<`])", r"\\\1", words))


def _kept(found: re.Match[str], home: str, references: Mapping[str, str]) -> str:
    if found["address"] is not None:
        is_escaped = found.string[: found.start()].endswith("\\")
        return _quiet(found[0]) if is_escaped else _address(found[0])
    if found["link"] is None:
        return found[0]
    label, to = found["label"], found["to"]
    if to is None:
        name = found["ref"] or label
        to = references.get(" ".join(name.split()).casefold())
        if to is None:
            return _text(found[0])
    if to.startswith("/") and not to.startswith("//"):
        to = f"{home.rstrip('/')}{to}"
    elif not re.match(r"(?i)(?:https?://|mailto:|#)", to):
        return _text(found[0])
    sign = "!" if found[0].startswith("!") else ""
    return f"{sign}[{_text(label)}]({to}{found['title'] or ''})"


def _address(address: str) -> str:
    """An address by itself: in brackets it is one from its beginning to its end, and leads where it led."""
    address = ENTITY.sub(lambda found: _decoded(found[0]), address)
    if not UNSURE.search(address):
        return address
    whole = address.rstrip(PUNCTUATION)
    return f"<{whole}>{address[len(whole) :]}"


def _code(tokens: list[Token]) -> set[int]:
    """The lines in which nothing is read."""
    found: set[int] = set()
    for token in tokens:
        if token.type in ("fence", "code_block") and token.map:
            found |= set(range(*token.map))
    return found


def _is_underlined(token: Token) -> bool:
    return token.type == "heading_open" and token.markup in ("=", "-")


def _closing(tokens: list[Token], lines: list[str]) -> list[str]:
    """What closes a fence that was left open at the end. One inside a quote or a list ends with that."""
    for token in tokens:
        if token.type != "fence" or token.level or not token.map or token.map[1] < len(lines):
            continue
        last = lines[-1].strip()
        is_closed = len(last) >= len(token.markup) and set(last) == {token.markup[0]}
        if token.map[1] - token.map[0] < 2 or not is_closed:
            return [token.markup]
    return []
