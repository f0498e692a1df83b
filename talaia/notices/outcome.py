"""Whether a server is believed that refuses copies of a sending, pure. What it says of one is another thing than what
it says of all: a relay with a broken directory knows nobody, and means it about everybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from talaia.notices.answers import Meaning

SAME_ANSWER = 5  # copies refused one after the other, and not for who they are to: so will be all others
FEW = 5  # addresses that are not there are nothing that a server has to be suspected for
IN_A_ROW = 20  # of them, one after the other, in the order in which people came: no chance brings that about


@dataclass(frozen=True)
class Answered:
    """How one copy fared: `meaning` of the answer, empty where none was given, and its words."""

    meaning: str
    words: str = ""


@dataclass(frozen=True)
class Objection:
    """Why a sending is not simply done. `what` and `hint`: as they are told to operators."""

    what: str
    hint: str


def objection(answers: Iterable[Answered]) -> Objection | None:
    """`answers`: of all copies, in the order in which they were sent. None: what was said is believed."""
    counts: Counter[str] = Counter()
    said: Counter[str] = Counter()
    of_us: Counter[str] = Counter()
    row = longest = 0
    for one in answers:
        counts[one.meaning] += 1
        if one.meaning and one.meaning != Meaning.TAKEN:
            said[one.words] += 1
            of_us[one.words] += one.meaning == Meaning.OURS
        if one.meaning == Meaning.GONE:
            row += 1
            longest = max(longest, row)
        elif one.meaning == Meaning.TAKEN:
            row = 0
    counts.pop("", None)
    words = _commonest(said)
    taken, gone, ours = counts[Meaning.TAKEN], counts[Meaning.GONE], counts[Meaning.OURS]
    if said and not taken:
        return Objection(f"the mail server took no copy, so nobody has got it{words}", "ask who runs it why")
    if ours:
        return Objection(
            f"the mail server refused {ours} copies for what we are, and not for who they were to{_commonest(of_us)}",
            "ask who runs it why; what it said stands on the page of this mail",
        )
    if (gone >= FEW and gone > taken) or longest >= IN_A_ROW:
        return Objection(
            f"the mail server says of {gone} in {gone + taken} addresses that they are not there, which is too many to "
            f"be believed; nobody is switched off{words}",
            "ask who runs it whether its directory is well",
        )
    return None


def too_many(came_back: int, written_to: int) -> bool:
    """Whether so many of those who were written to came back on a day that the servers are not believed."""
    return came_back >= FEW and came_back * 2 > written_to


def _commonest(words: Counter[str]) -> str:
    """What was said most often, behind a colon."""
    return f": {words.most_common(1)[0][0]}" if words else ""
