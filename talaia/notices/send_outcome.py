"""Whether a server is believed that refuses copies of a sending, pure. What it says of one is another thing than what
it says of all: a relay with a broken directory knows nobody, and means it about everybody. So does the server of one
provider, about all who have their address there; and the relay between us passes on what it says.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from talaia.notices.smtp_replies import Meaning

SAME_ANSWER = 5  # copies refused one after the other, and not for who they are to: so will be all others
FEW = 5  # addresses that are not there are nothing that a server has to be suspected for
IN_A_ROW = 20  # of them, one after the other, in the order in which people came: no chance brings that about
NAMED = 3  # domains that are told by name


@dataclass(frozen=True)
class Answered:
    """How one copy fared: `meaning` of the answer, empty where none was given, and its words.

    `domain`: of the address; empty where nobody knows it any more.
    """

    meaning: str
    words: str = ""
    domain: str = ""


@dataclass(frozen=True)
class SendObjection:
    """Why a sending is not simply done. `what` and `hint`: as they are told to operators.

    `domains`: only what was said of addresses there is not believed; none: nothing is.
    """

    what: str
    hint: str
    domains: frozenset[str] = frozenset()


@dataclass
class SendTally:
    """What was said of addresses, one after the other, in the order in which people came."""

    asked: int = 0
    taken: int = 0
    gone: int = 0
    row: int = 0
    longest: int = 0
    words: Counter[str] = field(default_factory=Counter)

    def add(self, meaning: str, words: str = "") -> None:
        self.asked += bool(meaning)
        if meaning == Meaning.GONE:
            self.gone += 1
            self.row += 1
            self.longest = max(self.longest, self.row)
            self.words[words] += 1
        elif meaning == Meaning.TAKEN:
            self.taken += 1
            self.row = 0

    @property
    def too_many(self) -> bool:
        """Whether so many of all are gone that it is not believed."""
        return (self.gone >= FEW and self.gone > self.taken) or self.longest >= IN_A_ROW

    @property
    def too_many_there(self) -> bool:
        """The same, where all of them have their address at one domain."""
        return (self.asked >= FEW and self.gone > self.taken) or self.longest >= IN_A_ROW


def objection(answers: Iterable[Answered]) -> SendObjection | None:
    """`answers`: of all copies, in the order in which they were sent. None: what was said is believed."""
    everybody, there = SendTally(), defaultdict[str, SendTally](SendTally)
    said: Counter[str] = Counter()
    of_us: Counter[str] = Counter()
    for one in answers:
        everybody.add(one.meaning, one.words)
        if one.domain:
            there[one.domain].add(one.meaning, one.words)
        if one.meaning and one.meaning != Meaning.TAKEN:
            said[one.words] += 1
            of_us[one.words] += one.meaning == Meaning.OURS
    ours = of_us.total()
    if said and not everybody.taken:
        what = f"the mail server took no copy, so nobody has got it{_commonest(said)}"
        return SendObjection(what, "ask who runs it why")
    if ours:
        return SendObjection(
            f"the mail server refused {ours} copies for what we are, and not for who they were to{_commonest(of_us)}",
            "ask who runs it why; what it said stands on the page of this mail",
        )
    if everybody.too_many:
        return SendObjection(
            f"the mail server says {_how_many(everybody)} that they are not there, which is too many to "
            f"be believed; nobody is switched off{_commonest(said)}",
            "ask who runs it whether its directory is well",
        )
    return _of_domains({name: tally for name, tally in there.items() if tally.too_many_there})


def _of_domains(suspect: Mapping[str, SendTally]) -> SendObjection | None:
    """Servers of single providers that are not believed, while others are."""
    if not suspect:
        return None
    names = sorted(suspect, key=lambda name: (-suspect[name].gone, name))
    each = "; ".join(f"at {name} {_how_many(suspect[name])}" for name in names[:NAMED])
    more = f"; and at {len(names) - NAMED} domains more" if len(names) > NAMED else ""
    return SendObjection(
        f"it is said that they are not there {each}{more}, which is too many to be believed; nobody there is "
        f"switched off{_commonest(suspect[names[0]].words)}",
        "ask who runs the mail there whether their directory is well; if it is given up, opt these addresses out",
        frozenset(suspect),
    )


def too_many(came_back: int, written_to: int) -> bool:
    """Whether so many of those who were written to came back on a day that the servers are not believed."""
    return came_back >= FEW and came_back * 2 > written_to


def too_many_there(copies: Iterable[bool]) -> bool:
    """The same of those at one domain: of each copy that they were sent, by the keys, whether it came back."""
    tally = SendTally()
    for came_back in copies:
        tally.add(Meaning.GONE if came_back else Meaning.TAKEN)
    return tally.too_many_there


def _how_many(tally: SendTally) -> str:
    return f"of {tally.gone} in {tally.gone + tally.taken} addresses"


def _commonest(words: Counter[str]) -> str:
    """What was said most often, behind a colon. There is something, where there is an objection."""
    return f": {words.most_common(1)[0][0]}"
