"""A small cast for stories that are reckoned by hand: it begins at noon of 4 May 2026, times are seconds after."""

from tests.oracle import happenings as h
from tests.oracle.history import History, Person, Reference, Service, SmallHouse, State, instant
from tests.oracle.reckoning import Reckoning, reckon
from tests.oracle.told import ADVANCE, Sent

NOON = instant("2026-05-04 12:00")
OK, SLOW, PART, DOWN, WORK, BLIND = State
EIGHT = tuple(f"c{number}" for number in range(1, 9))

WEB = Service("web")
SHOP = Service("shop", source="checks")
LINKS = Service("links", reference=Reference(EIGHT))
ANNA, BERTA, CARLA = Person("anna", "a"), Person("berta", "b"), Person("carla", "c")
SUBSCRIBER = Person("subscriber", None, frozenset({"shop"}), exported=False)
HOUSE = SmallHouse((WEB, SHOP, LINKS), people=(ANNA, BERTA, CARLA, SUBSCRIBER), behind={"links": ("a", "b")})


def story(*happenings: h.Happening, lasts: int = 7200, house: SmallHouse = HOUSE) -> History:
    return History(house, NOON, NOON + lasts, tuple(happenings))


def shown(reckoning: Reckoning, service: str = "web") -> list[tuple[int, State]]:
    """From when (seconds after noon) the service is shown how; changes of reasons alone are left out. Where it is not
    listed afterwards, that is not told here."""
    found: list[tuple[int, State]] = []
    for spell in reckoning.spells[service]:
        if not found or found[-1][1] is not spell.state:
            found.append((spell.start - NOON, spell.state))
    return found


def panel(*happenings: h.Happening, lasts: int = 7200, service: str = "web") -> list[tuple[int, State]]:
    return shown(reckon(story(*happenings, lasts=lasts)), service)


def fails(at: int, alert: str = "down", impact: State = DOWN, service: str = "web") -> tuple[h.Happening, ...]:
    """The sample fails and the alert fires, in one instant."""
    return (
        h.Sample(NOON + at, service, h.Reading.BAD),
        h.Fires(NOON + at, alert, service, impact),
    )


def mends(at: int, alert: str = "down", service: str = "web") -> tuple[h.Happening, ...]:
    return (h.Sample(NOON + at, service, h.Reading.GOOD), h.Ends(NOON + at, alert))


def links_fail(at: int, *connections: str) -> tuple[h.Happening, ...]:
    found: list[h.Happening] = []
    for each in connections:
        found += [h.Sample(NOON + at, "links", h.Reading.BAD, each), h.Fires(NOON + at, each, "links", DOWN, each)]
    return tuple(found)


def links_mend(at: int, *connections: str) -> tuple[h.Happening, ...]:
    found: list[h.Happening] = []
    for each in connections:
        found += [h.Sample(NOON + at, "links", h.Reading.GOOD, each), h.Ends(NOON + at, each)]
    return tuple(found)


def off(stop: int, start: int) -> tuple[h.Happening, ...]:
    return h.TalaiaStops(NOON + stop), h.TalaiaStarts(NOON + start)


def told(*happenings: h.Happening, lasts: int = 7200) -> list[tuple[int, str, str]]:
    """When (seconds after noon), what, and to whom (must be told; in order, parted by spaces)."""
    sent = reckon(story(*happenings, lasts=lasts)).sent
    return [(each.at - NOON, each.kind, " ".join(sorted(each.must))) for each in sent if each.must]


def advance_hours(reckoning: Reckoning) -> list[int]:
    return [each.at - NOON for each in reckoning.sent if isinstance(each, Sent) and each.kind == ADVANCE]
