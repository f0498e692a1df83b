"""Hypothesis strategies for houses and their histories: cheap, valid, and dense where it is easy to be wrong.

A history has a few clusters (around midnights, changes of the clock, or anywhere), each with some episodes that
overlap; between them long stretches may lie in which nothing happens.
"""

from collections import Counter

from hypothesis import strategies as st

from tests.oracle import episodes
from tests.oracle import happenings as h
from tests.oracle.history import DAY, HOUR, History, Person, Reference, Service, SmallHouse, Source, State, instant
from tests.oracle.possible import possible

CHANGES_OF_CLOCK = (instant("2026-03-29 02:00+01:00"), instant("2026-10-25 03:00+02:00"))
MIDNIGHTS = (instant("2026-01-01"), instant("2026-03-29"), instant("2026-03-30"), instant("2026-06-15"),
             instant("2026-10-25"), instant("2026-10-26"))  # fmt: skip
LENGTHS = {"hours": 6 * HOUR, "days": 12 * DAY, "year": 370 * DAY}


@st.composite
def houses(draw: st.DrawFn, own_fault_after: int = 90) -> SmallHouse:
    """Three to five services of every kind, and four to eight people. `own_fault_after`: for how long the last verdict
    of a check counts when it fails by our own fault (0: not at all)."""
    better = st.sampled_from([0, 120, 120, 300])
    within = st.sampled_from([600, 600, 0, 1800])
    worse = st.sampled_from([0, 0, 60])
    count = draw(st.sampled_from([4, 6, 8, 12]))
    reference = Reference(tuple(f"c{number}" for number in range(count)))
    kinds = [("web", "prometheus", None), ("shop", "checks", None), ("links", "prometheus", reference)]
    kinds += [("mail", "prometheus", None), ("chat", "checks", None)][: draw(st.integers(0, 2))]
    services = [
        Service(key, kind, refers, draw(worse), draw(better), draw(within), draw(st.sampled_from(list(State)[1:4])))
        for key, kind, refers in kinds
    ]
    people = [Person(f"p{number}", "abc"[number % 3]) for number in range(draw(st.integers(3, 7)))]
    people.append(Person("subscriber", None, frozenset({draw(st.sampled_from(services)).key}), exported=False))
    choices: list[dict[str, tuple[str, ...]]] = [{}, {"links": ("a",)}, {"links": ("a", "b"), "web": ("c",)}]
    behind = draw(st.sampled_from(choices))
    sources = (Source("prometheus"), Source("alertmanager"), Source("checks", own_fault_after))
    return SmallHouse(tuple(services), sources, tuple(people), behind)


def _episode(house: SmallHouse, at: int, name: episodes.Name, renames: bool) -> episodes.Episode:
    return st.one_of(
        episodes.outage(house, at, name),
        episodes.told_outage(house, at, name),
        episodes.incident(house, at, name),
        episodes.incident(house, at, name),
        episodes.work(house, at, name),
        episodes.gap(at),
        episodes.source(at),
        episodes.blindness(house, at),
        episodes.by_hand(house, at),
        episodes.listing(house, at, name, renames),
        episodes.membership(house, at),
        episodes.mail(house, at),
    )


@st.composite
def histories(draw: st.DrawFn, length: str | None = None, own_fault_after: int = 90, renames: bool = True) -> History:
    """`length`: "hours", "days", "year"; without it any of them, the short ones more often. `renames`: whether services
    get other slugs."""
    house = draw(houses(own_fault_after))
    lasts = LENGTHS[length or draw(st.sampled_from([*["hours"] * 4, *["days"] * 4, "year"]))]
    around = draw(st.sampled_from([*MIDNIGHTS, *CHANGES_OF_CLOCK]))
    begins = around - draw(st.sampled_from([HOUR, 3 * HOUR, 3 * HOUR + 1800]))
    ends = begins + lasts + 9
    counts = Counter[str]()

    def name(kind: str) -> str:
        counts[kind] += 1
        return f"{kind}{counts[kind]}"

    wanted: list[h.Happening] = []
    failures: list[tuple[str, int, int]] = []
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.one_of(st.just(around), st.integers(begins // 10, ends // 10).map(lambda tens: tens * 10)))
        at = max(at, begins + 600)
        for _ in range(draw(st.integers(1, 5))):
            episode = draw(_episode(house, at, name, renames))
            failure = _fails(episode)
            if failure is None or not _overlaps(failure, failures):
                wanted += episode
                failures += [failure] if failure else []
            at += draw(st.sampled_from([-190, -50, 30, 70, 110, 310, 1200]))
            at = max(at, begins + 600)
    happenings = possible(house, wanted, ends)
    return History(house, begins, ends, happenings, _reads(begins, ends, happenings, draw(st.integers(0, 2))))


def _fails(episode: list[h.Happening]) -> tuple[str, int, int] | None:
    """The service that an outage is of, and from when until when."""
    failing = [each.service for each in episode if isinstance(each, h.Fires)]
    failing += [each.service for each in episode if isinstance(each, h.Sample) and each.reading is h.Reading.BAD]
    return (failing[0], episode[0].at, max(each.at for each in episode) + 10) if failing else None


def _overlaps(failure: tuple[str, int, int], others: list[tuple[str, int, int]]) -> bool:
    """Whether the service fails already (the rules do not say how it is shown when half of an outage is mended)."""
    service, start, end = failure
    return any(of == service and start <= until and begins <= end for of, begins, until in others)


def _reads(begins: int, ends: int, happenings: tuple[h.Happening, ...], count: int) -> tuple[int, ...]:
    """Instants at which pages are read: talaia runs then, and does not stop within two minutes."""
    running, since, found = True, begins, []
    for each in [*happenings, h.TalaiaStops(ends)]:
        if isinstance(each, h.TalaiaStops):
            if running and each.at - since > 1000:
                found.append((since + (each.at - 200 - since) * 2 // 3) // 10 * 10 + 9)
            running = False
        elif isinstance(each, h.TalaiaStarts):
            running, since = True, each.at
    return tuple(found[:count])
