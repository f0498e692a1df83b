"""What the signals say of a service at an instant, before any hold: the world, and what talaia can know of it."""

from collections.abc import Collection
from dataclasses import dataclass, field

from tests.oracle.happenings import Answer, Ends, Fires, Happening, Reading, Sample, Silenced, SourceTurns
from tests.oracle.history import BY_WEIGHT, WEIGHT, Reference, Service, SmallHouse, State

Subject = tuple[str, str | None]
"""A service, or a service and one of its connections."""


@dataclass(frozen=True)
class Alert:
    subject: Subject
    impact: State
    silenced: bool = False


@dataclass
class World:
    """What is so, whether or not anybody looks: readings, firing alerts, how the sources answer."""

    readings: dict[Subject, Reading] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    last: dict[Subject, tuple[Reading, int]] = field(default_factory=dict)
    """Of what is gone: what its last sample said, and since when it grows old."""

    def happen(self, what: Happening) -> None:
        match what:
            case Sample():
                subject = what.service, what.connection
                before = self.readings.get(subject, Reading.GOOD)
                if what.reading is Reading.GONE and before is not Reading.GONE:
                    self.last[subject] = before, what.at
                self.readings[subject] = what.reading
            case Fires():
                self.alerts[what.alert] = Alert((what.service, what.connection), what.impact)
            case Ends():
                del self.alerts[what.alert]
            case Silenced():
                alert = self.alerts[what.alert]
                self.alerts[what.alert] = Alert(alert.subject, alert.impact, silenced=True)
            case SourceTurns():
                self.answers[what.source] = what.answer
            case _:
                pass


@dataclass(frozen=True)
class Judgement:
    """`level` is a state, or None: nothing is known that would change what was judged before."""

    level: State | None
    reasons: frozenset[str]
    again: int | None = None
    """When it will be another one although nothing happens: something grows stale then."""


@dataclass
class Knowledge:
    """What talaia has read of the world. It outlives a restart; what is old is old, whoever asks."""

    house: SmallHouse
    readings: dict[Subject, tuple[Reading, int]] = field(default_factory=dict)
    """The last good or bad reading, and when it was last true."""
    alerts: dict[str, Alert] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    """When the source last answered anything."""
    read: dict[str, int] = field(default_factory=dict)
    """When its answer could last be read."""
    fault: set[Subject] = field(default_factory=set)

    def look(self, world: World, listed: Collection[str], now: int) -> None:
        """One poll of all that is listed. Alertmanager adds only who knows of an alert, Prometheus has the same."""
        answer = world.answers.get("prometheus", Answer.WELL)
        if answer is not Answer.SILENT:
            self.heard["prometheus"] = now
        if answer is Answer.WELL:
            self.read["prometheus"] = now
            relayed = world.answers.get("alertmanager", Answer.WELL) is Answer.WELL
            self.alerts = {
                name: Alert(alert.subject, alert.impact, alert.silenced and (relayed or self._silenced(name)))
                for name, alert in world.alerts.items()
            }
        for service in self.house.services:
            if service.source == "prometheus" and answer is not Answer.WELL:
                continue
            for connection in service.reference.connections if service.reference else (None,):
                subject = (service.key, connection)
                reading = world.readings.get(subject, Reading.GOOD)
                if service.key not in listed:
                    self.fault.add(subject)  # nobody asks for it: when it comes back, what was read before is old
                elif reading is Reading.GONE:
                    self.fault.add(subject)
                    if service.source == "prometheus" and subject in world.last:
                        self.readings[subject] = world.last[subject]  # an answer brings it, and tells its age
                else:
                    self.fault.discard(subject)
                    self.readings[subject] = (reading, now)

    def _silenced(self, name: str) -> bool:
        return name in self.alerts and self.alerts[name].silenced

    def judge(self, service: Service, world: World, now: int) -> Judgement:
        """The raw word on a service now. `world` only says how the sources answer at this moment."""
        if service.source == "checks":
            return self._checked(service, now)
        stale_after = self.house.stale_after("prometheus")
        heard, read = self.heard.get("prometheus"), self.read.get("prometheus")
        if heard is None or now - heard >= stale_after:
            return Judgement(State.UNKNOWN, frozenset({"source_silent"}))
        answer = world.answers.get("prometheus", Answer.WELL)
        if answer is not Answer.WELL and (read is None or now - read >= stale_after):
            # S13: red stays red (the caller keeps it), green is unknown once what was read is too old.
            silent_from = heard + stale_after if answer is Answer.SILENT else None
            return Judgement(None, frozenset({"unreadable"}), again=silent_from)
        # Until then the last words count, also of what has only come back.
        ends = {Answer.SILENT: heard + stale_after, Answer.UNREADABLE: (read or 0) + stale_after}
        again = ends.get(answer)
        firing = [alert for alert in self.alerts.values() if alert.subject[0] == service.key]
        # What was fresh in its last answer counts for as long as that answer does.
        then = now if answer is Answer.WELL or read is None else read
        judged = (
            self._counted(service, service.reference, firing, then)
            if service.reference
            else self._alone(service, firing, then)
        )
        dues = [each for each in (again, judged.again if then == now else None) if each is not None]
        return Judgement(judged.level, judged.reasons, min(dues, default=None))

    def _fresh(self, subject: Subject, stale_after: int, now: int) -> tuple[Reading | None, int | None]:
        """The reading, None when there is none that is fresh; and when it will grow stale, if it is doing so."""
        if subject not in self.readings:
            return None, None
        reading, at = self.readings[subject]
        if subject not in self.fault:
            return reading, None
        return (None, None) if now - at >= stale_after else (reading, at + stale_after)

    def _checked(self, service: Service, now: int) -> Judgement:
        reading, again = self._fresh((service.key, None), self.house.stale_after("checks"), now)
        if reading is None:
            return Judgement(State.UNKNOWN, frozenset({"not_measured"}))
        if reading is Reading.BAD:
            return Judgement(service.check_impact, frozenset({"signals"}), again)
        return Judgement(State.OPERATIONAL, frozenset(), again)

    def _alone(self, service: Service, firing: list[Alert], now: int) -> Judgement:
        reading, again = self._fresh((service.key, None), self.house.stale_after("prometheus"), now)
        if firing:
            worst = max((alert.impact for alert in firing), key=WEIGHT.__getitem__)
            return Judgement(worst, _signals(firing), again)
        if reading is None:
            return Judgement(State.UNKNOWN, frozenset({"not_measured"}))
        if reading is Reading.BAD:
            return Judgement(None, frozenset({"evidence"}), again)
        return Judgement(State.OPERATIONAL, frozenset(), again)

    def _counted(self, service: Service, reference: Reference, firing: list[Alert], now: int) -> Judgement:
        down = {alert.subject[1] for alert in firing} & set(reference.connections)
        measured, dues, failing = set(down), [], False
        for connection in reference.connections:
            reading, again = self._fresh((service.key, connection), self.house.stale_after("prometheus"), now)
            if reading is not None:
                measured.add(connection)
                failing = failing or (reading is Reading.BAD and connection not in down)
            if again is not None and connection not in down:
                dues.append(again)
        due = min(dues, default=None)
        if not reference.measured.reached(len(measured), len(reference.connections)):
            return Judgement(State.UNKNOWN, frozenset({"not_measured"}), due)
        level = State.OPERATIONAL
        for state in BY_WEIGHT[1:]:
            if down and _threshold(reference, state, len(down), len(measured)):
                level = state
        if failing and level is State.OPERATIONAL:
            return Judgement(None, frozenset({"evidence"}), due)
        return Judgement(level, _signals(firing) if down and level is not State.OPERATIONAL else frozenset(), due)


def _threshold(reference: Reference, state: State, down: int, measured: int) -> bool:
    of_state = {
        State.DEGRADED: reference.degraded,
        State.PARTIAL: reference.partial,
        State.DISRUPTION: reference.disruption,
    }
    return of_state[state].reached(down, measured)


def _signals(firing: list[Alert]) -> frozenset[str]:
    return frozenset({"signals"} | ({"silenced"} if all(alert.silenced for alert in firing) else set()))
