"""Three versions of a text into one, section by section, pure.

`base`: what stood there when we and they last agreed. `ours`: what the rows say now. `theirs`: what stands there now.
What only we changed is ours; what somebody there has changed stays as it is until an operator has decided about it.
Of a section that is a list of what the rows say (`- **State:** …`) that holds for each of its lines: whoever corrects
one does not keep the others as they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

HEADING = re.compile(r"#{2,3} .*")
MARK = re.compile(r"\(https?://[^()\s]+/(?:incidents|maintenance)/[\w-]+/#([\w-]+)\)")
FACT = re.compile(r"- (?P<name>[^:\n]+):.*")
HEAD = "head"
TITLE = "title"


@dataclass(frozen=True)
class MergeResult:
    """What is to stand there, and the version against which the next edit is compared.

    `theirs`: the sections that somebody there changed and nobody has decided about; `both`: those that we changed, too.
    """

    text: str
    base: str
    theirs: tuple[str, ...] = ()
    both: tuple[str, ...] = ()


def sections(text: str) -> dict[str, str]:
    """The text in parts, by what their headings say: a permanent address where there is one, else their words."""
    found: dict[str, list[str]] = {HEAD: []}
    here = HEAD
    for line in text.split("\n"):
        if HEADING.fullmatch(line):
            mark = MARK.search(line)
            name = mark[1] if mark else line.lstrip("#").strip().casefold()
            here, times = name, 1
            while here in found:
                times += 1
                here = f"{name}~{times}"
            found[here] = []
        found[here].append(line)
    return {name: "\n".join(lines).strip("\n") for name, lines in found.items()}


def body(section: str) -> str:
    """A section without its heading."""
    first, _, rest = section.partition("\n")
    return (rest if HEADING.fullmatch(first) else section).strip("\n")


def changed(base: str, theirs: str) -> tuple[str, ...]:
    """The sections that differ: changed, added or taken away. In their order, then what is gone."""
    before, after = sections(base), sections(theirs)
    here = [name for name in after if before.get(name) != after[name]]
    return (*here, *(name for name in before if name not in after))


def merged(base: str, ours: str, theirs: str) -> MergeResult:
    """What is to stand there now."""
    if theirs in (base, ours):
        return MergeResult(ours, ours)
    before, mine, there = sections(base), sections(ours), sections(theirs)
    names = dict.fromkeys((*there, *before))
    touched = [name for name in names if before.get(name) != there.get(name) != mine.get(name)]
    both = [name for name in touched if before.get(name) != mine.get(name)]
    if ours == base:
        return MergeResult(theirs, base, tuple(touched), ())
    kept = {name: there.get(name, "") for name in touched}
    agreed = {name: before.get(name, "") for name in touched}
    for name in both:
        told = [_facts(one.get(name, "")) for one in (before, mine, there)]
        if all(told):
            kept[name], agreed[name] = _merged_facts(*told)
    return MergeResult(_text(mine, kept, there), _text(mine, agreed, before), tuple(touched), tuple(both))


def one_line(base: str, ours: str, theirs: str) -> str:
    """The same of a title: theirs where they have changed it."""
    return ours if alike(theirs, base) else theirs


def alike(one: str, other: str) -> bool:
    """Whether two titles have the same letters and digits: a forum makes the rest prettier by itself."""
    return _letters(one) == _letters(other)


def _letters(title: str) -> str:
    return "".join(sign for sign in title.casefold() if sign.isalnum())


def advanced(base: str, before: str, after: str) -> str:
    """The base once we have written `after` where `before` stood: what we changed there is agreed."""
    agreed, old, new = sections(base), sections(before), sections(after)
    for name in changed(before, after):
        told = [_facts(one.get(name, "")) for one in (agreed, old, new)]
        agreed[name] = _advanced_facts(*told) if all(told) else new.get(name, "")
    return _text({name: agreed.get(name, "") for name in new}, agreed, agreed)


def nearest(bases: Iterable[str], theirs: str) -> str:
    """The one of several texts of ours from which theirs was made: where the fewest sections differ."""
    return min(bases, key=lambda base: len(changed(base, theirs)))


def _facts(section: str) -> dict[str, str]:
    """The lines of a section that is a list of facts, by what they are of; empty where it is anything else."""
    first, _, rest = section.partition("\n\n")
    if not HEADING.fullmatch(first) or MARK.search(first):
        return {}
    found = {HEAD: first}
    for line in rest.split("\n"):
        fact = FACT.fullmatch(line)
        if fact is None or fact["name"] in found:
            return {}
        found[fact["name"]] = line
    return found


def _merged_facts(before: Mapping[str, str], mine: Mapping[str, str], there: Mapping[str, str]) -> tuple[str, str]:
    """A list of facts that both changed: what is to stand there, and what is agreed."""
    touched = [name for name in dict.fromkeys((*there, *before)) if before.get(name) != there.get(name)]
    touched = [name for name in touched if there.get(name) != mine.get(name)]
    kept = {name: there.get(name, "") for name in touched}
    agreed = {name: before.get(name, "") for name in touched}
    return _list(_ordered(mine, kept, there)), _list(_ordered(mine, agreed, before))


def _advanced_facts(base: Mapping[str, str], before: Mapping[str, str], after: Mapping[str, str]) -> str:
    agreed = {**base}
    for name in dict.fromkeys((*after, *before)):
        if before.get(name) != after.get(name):
            agreed[name] = after.get(name, "")
    return _list(_ordered({name: agreed.get(name, "") for name in after}, agreed, agreed))


def _list(lines: list[str]) -> str:
    return "\n\n".join(part for part in (lines[0], "\n".join(lines[1:])) if part)


def _text(mine: Mapping[str, str], kept: Mapping[str, str], there: Mapping[str, str]) -> str:
    return "\n\n".join(_ordered(mine, kept, there))


def _ordered(mine: Mapping[str, str], kept: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """Ours with what is kept, in our order; what only they have, behind what it stands behind there."""
    parts, order = {**mine, **kept}, list(there)
    found = [name for name in mine if parts[name]]
    for place, name in enumerate(order):
        if name in kept and name not in mine and parts[name]:
            before = next((one for one in reversed(order[:place]) if one in found), None)
            found.insert(found.index(before) + 1 if before else 0, name)
    return [parts[name] for name in found]
