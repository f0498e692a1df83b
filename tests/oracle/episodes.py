"""Episodes of a history: each strategy gives the happenings of one trouble, one incident, one piece of work, …

Instants are kept apart, so that no two things that matter to each other fall into one second: what machines do ends
in 1, what people do in 4, talaia stops and starts at 7, windows and expiries are whole minutes.
"""

from collections.abc import Callable

from hypothesis import strategies as st

from tests.oracle import happenings as h
from tests.oracle.history import DAY, HOUR, TROUBLES, Person, Service, SmallHouse, State

SHORT = st.sampled_from([10, 30, 50, 70, 110, 130, 170, 190, 290, 310, 590, 610, 900, 1790])
LONG = st.sampled_from([1800, HOUR, 5 * HOUR, DAY - 70, 3 * DAY])
LASTING = st.one_of(SHORT, SHORT, LONG)
TELL = st.sampled_from([h.Tell.DEFAULT, h.Tell.DEFAULT, h.Tell.DEFAULT, h.Tell.YES, h.Tell.NO])
Episode = st.SearchStrategy[list[h.Happening]]
Name = Callable[[str], str]


def machine(at: int) -> int:
    return at // 10 * 10 + 1


def person(at: int) -> int:
    return at // 10 * 10 + 4


def minute(at: int) -> int:
    return at // 60 * 60


@st.composite
def outage(draw: st.DrawFn, house: SmallHouse, at: int, name: Name) -> list[h.Happening]:
    """A service fails once or several times; each time it only gets worse until all of it is mended in one instant."""
    service = draw(st.sampled_from(house.services))
    found: list[h.Happening] = []
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 4]))):
        found += draw(_failure(service, machine(at), name))
        at = found[-1].at + draw(SHORT)
    return found


@st.composite
def told_outage(draw: st.DrawFn, house: SmallHouse, at: int, name: Name) -> list[h.Happening]:
    """A service fails, an incident speaks of it, and a person says that it is over: while it still fails, in its hold,
    or after that; sometimes it comes back."""
    service, event = draw(st.sampled_from(house.services)), name("incident")
    found: list[h.Happening] = draw(_failure(service, machine(at), name))
    mended = max(each.at for each in found if not isinstance(each, h.LateNews))
    opened = person(at + draw(st.sampled_from([10, 70, 130])))
    found.append(h.Opened(opened, event, {service.key: draw(st.sampled_from(TROUBLES))}, draw(TELL)))
    over = max(opened + 20, mended + draw(st.sampled_from([-20, 10, 10, 60, 110, 310])))
    found.append(h.Resolved(person(over), event))
    if draw(st.sampled_from([False, False, True])):
        found += draw(_failure(service, machine(max(over, mended) + draw(SHORT)), name))
    return sorted(found, key=lambda each: each.at)


@st.composite
def _failure(draw: st.DrawFn, service: Service, at: int, name: Name) -> list[h.Happening]:
    ends = at + draw(LASTING)
    bad, good = h.Reading.BAD, h.Reading.GOOD
    if service.source == "checks":
        return [h.Sample(at, service.key, bad), h.Sample(machine(ends), service.key, good)]
    if service.reference:
        connections = service.reference.connections
        first = draw(st.integers(0, len(connections) - 1))
        down = (connections[first:] + connections[:first])[: draw(st.integers(1, len(connections)))]
        later = draw(st.integers(0, len(down)))
        found: list[h.Happening] = []
        alerts = []
        for index, connection in enumerate(down):
            when = at if index >= later else machine(at + (ends - at) // 2)
            alerts.append(name("alert"))
            found.append(h.Sample(when, service.key, bad, connection))
            found.append(h.Fires(when, alerts[-1], service.key, State.DISRUPTION, connection))
        found += [h.Sample(machine(ends), service.key, good, connection) for connection in down]
        return sorted([*found, *(h.Ends(machine(ends), alert) for alert in alerts)], key=lambda each: each.at)
    worst = draw(st.integers(0, 2))
    steps = [*range(draw(st.integers(0, worst)), worst + 1)]
    seen = draw(st.booleans())
    wait = 60 if seen and ends - at > 120 else 0
    found = [h.Sample(at, service.key, bad)] if seen else []
    alerts = [name("alert") for _ in steps]
    for index, step in enumerate(steps):
        when = machine(at + wait + (ends - at - wait) * index // len(steps))
        found.append(h.Fires(when, alerts[index], service.key, TROUBLES[step]))
    if draw(st.sampled_from([False, False, True])):
        found.append(h.Silenced(machine((at + wait + ends) // 2), alerts[0]))
    ended = draw(st.sampled_from([0, 0, 120, -30])) if seen else 0
    if seen:
        found.append(h.Sample(machine(max(at, ends - max(0, ended))), service.key, good))
    found += [h.Ends(machine(max(at + wait, ends + min(0, ended))), alert) for alert in alerts]
    if draw(st.sampled_from([False, False, False, True])):
        found.append(h.LateNews(machine(ends) + 30, alerts[0]))
    return sorted(found, key=lambda each: each.at)


@st.composite
def blindness(draw: st.DrawFn, house: SmallHouse, at: int) -> list[h.Happening]:
    """Evidence stays away, of a service or of some of its connections."""
    service = draw(st.sampled_from(house.services))
    at, ends = machine(at), machine(at + draw(LASTING))
    subjects: tuple[str | None, ...] = (None,)
    if service.reference:
        subjects = service.reference.connections[: draw(st.integers(1, len(service.reference.connections)))]
    return [
        h.Sample(when, service.key, reading, subject)
        for when, reading in ((at, h.Reading.GONE), (ends, h.Reading.GOOD))
        for subject in subjects
    ]


@st.composite
def source(draw: st.DrawFn, at: int) -> list[h.Happening]:
    which = draw(st.sampled_from(["prometheus", "prometheus", "alertmanager"]))
    how = draw(st.sampled_from([h.Answer.SILENT, h.Answer.UNREADABLE]))
    return [
        h.SourceTurns(machine(at), which, how),
        h.SourceTurns(machine(at + draw(LASTING)), which, h.Answer.WELL),
    ]


@st.composite
def gap(draw: st.DrawFn, at: int) -> list[h.Happening]:
    stop = at // 10 * 10 + 7
    lasts = draw(st.sampled_from([20, 110, 170, 190, 240, 310, HOUR, 9 * HOUR, 5 * DAY]))
    return [h.TalaiaStops(stop), h.TalaiaStarts(stop + lasts)]


def impacts(house: SmallHouse) -> st.SearchStrategy[dict[str, State]]:
    keys = st.sampled_from([service.key for service in house.services])
    return st.dictionaries(keys, st.sampled_from(TROUBLES), min_size=1, max_size=2)


@st.composite
def incident(draw: st.DrawFn, house: SmallHouse, at: int, name: Name) -> list[h.Happening]:
    """Opened, updated, resolved; sometimes reopened, or a duplicate merged into it."""
    event, at = name("incident"), person(at)
    first, tell = draw(impacts(house)), draw(TELL)
    behind = set(first) <= set(house.behind) and draw(st.booleans())
    found: list[h.Happening] = [h.Opened(at, event, first, tell, behind)]
    serious = any(state is not State.DEGRADED for state in first.values())
    told = tell is h.Tell.YES or (tell is h.Tell.DEFAULT and serious)
    if told and draw(st.sampled_from([False, False, False, True])):
        found.append(h.TakenBack(at + 30, event, "problem"))
    for _ in range(draw(st.integers(0, 2))):
        at = person(at + draw(SHORT))
        changed = draw(st.sampled_from([{}, dict.fromkeys(first, State.DISRUPTION) if serious else {}]))
        voice = draw(st.sampled_from([h.Tell.DEFAULT, h.Tell.DEFAULT, h.Tell.NO, h.Tell.YES]))
        found.append(h.Updated(at, event, changed, voice))
    if draw(st.sampled_from([False, False, True])):
        other, offset = name("incident"), draw(SHORT)
        found.append(h.Opened(person(at + 10), other, draw(impacts(house))))
        at = person(at + 10 + offset)
        found.append(h.Merged(at, other, event))
    at = person(at + draw(LASTING))
    found.append(h.Resolved(at, event))
    if draw(st.sampled_from([False, False, True])):
        found.append(h.Reopened(person(at + 200), event, draw(st.sampled_from([h.Tell.YES, h.Tell.NO]))))
        found.append(h.Resolved(person(at + 200 + draw(SHORT)), event))
    return found


@st.composite
def by_hand(draw: st.DrawFn, house: SmallHouse, at: int) -> list[h.Happening]:
    service = draw(st.sampled_from(house.services)).key
    states = [State.OPERATIONAL, *TROUBLES, State.UNKNOWN]
    until = minute(at + draw(LASTING) + 60)
    found: list[h.Happening] = [h.SetByHand(person(at), service, draw(st.sampled_from(states)), until)]
    if draw(st.booleans()):
        found.append(h.TakenBackByHand(person((at + until) // 2), service))
    return found


@st.composite
def work(draw: st.DrawFn, house: SmallHouse, at: int, name: Name) -> list[h.Happening]:
    """Planned so long before; then done, prolonged, moved, cancelled, begun early, or left to the clock."""
    event, planned = name("work"), person(at)
    lead = draw(st.sampled_from([50, 20 * 60, 10 * HOUR, 3 * DAY, 6 * DAY + 23 * HOUR, 8 * DAY]))
    starts = minute(planned + lead + 60)
    ends = starts + draw(st.sampled_from([600, HOUR, 4 * HOUR, DAY]))
    keys = st.sampled_from([service.key for service in house.services])
    levels = [State.OPERATIONAL, State.DEGRADED, State.PARTIAL, State.DISRUPTION, State.MAINTENANCE]
    announced = draw(st.dictionaries(keys, st.sampled_from(levels), min_size=1, max_size=2))
    behind = set(announced) <= set(house.behind) and draw(st.booleans())
    itself = draw(st.booleans())
    found: list[h.Happening] = [h.Planned(planned, event, announced, starts, ends, itself, draw(TELL), behind)]
    match draw(
        st.sampled_from(["done", "done", "prolonged", "moved", "moved", "cancelled", "cancelled", "early", "left"])
    ):
        case "done":
            found.append(h.Ended(person(starts + draw(LASTING)), event))
        case "prolonged":
            found.append(h.Extended(person((starts + ends) // 2), event, ends + HOUR))
            found.append(h.Ended(person(ends + draw(SHORT)), event))
        case "moved":
            later = starts + draw(st.sampled_from([HOUR, 2 * DAY, 8 * DAY]))
            found.append(h.Moved(person((planned + starts) // 2), event, later, later + HOUR))
            found.append(h.Ended(person(later + draw(SHORT)), event))
        case "cancelled":
            found.append(h.Cancelled(person((planned + starts) // 2), event))
        case "early":
            found.append(h.Started(person((planned + 3 * starts) // 4), event))
            found.append(h.Ended(person(starts + draw(SHORT)), event))
    return found


@st.composite
def listing(draw: st.DrawFn, house: SmallHouse, at: int, name: Name, renames: bool) -> list[h.Happening]:
    service = draw(st.sampled_from(house.services)).key
    if renames and draw(st.booleans()):
        return [h.Renamed(person(at), service, name("slug"))]
    return [h.Retired(person(at), service), h.Returned(person(at + draw(LASTING)), service)]


@st.composite
def membership(draw: st.DrawFn, house: SmallHouse, at: int) -> list[h.Happening]:
    """Somebody leaves or comes, moves to another connection, subscribes, wants no more, or wants again."""
    at = person(at)
    exported = [each for each in house.people if each.exported]
    who = draw(st.sampled_from(house.people))
    match draw(st.sampled_from(["export", "export", "out", "out", "choose"])):
        case "export":
            kept = [each for each in exported if each != who or draw(st.booleans())]
            moved = [Person(each.key, draw(st.sampled_from(["a", "b", "c"])) if each == who else each.connection)
                     for each in kept]  # fmt: skip
            newcomer = [Person("newcomer", "a")] if draw(st.booleans()) else []
            return [h.Imported(at, (*moved, *newcomer))]
        case "out":
            back: list[h.Happening] = [h.OptedIn(person(at + draw(LASTING)), who.key)] if draw(st.booleans()) else []
            return [h.OptedOut(at, who.key), *back]
    services = frozenset({draw(st.sampled_from(house.services)).key})
    return [h.Subscribed(at, Person("neighbour", None, services, exported=False))]


@st.composite
def mail(draw: st.DrawFn, house: SmallHouse, at: int) -> list[h.Happening]:
    people = draw(st.sampled_from([None, frozenset({house.people[0].key})]))
    # Never in the very second in which a hold ends: the acts of people, a minute later.
    return [h.MailRefused(machine(at), people), h.MailWell(machine(at + draw(LASTING)) + 5)]
