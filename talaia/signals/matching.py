"""Which signals concern a service, pure: by the labels they carry for us, else by the matchers of talaia.toml."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from talaia.config import Config, ServiceConfig
from talaia.panel.state import State
from talaia.signals.inputs import LiveSignal, View
from talaia.signals.parse.report import Alert

# `unknown`: the alert says that one is blind.
IMPACTS = {State.DEGRADED.value, State.PARTIAL.value, State.DISRUPTION.value, State.UNKNOWN.value}
CONNECTION = "talaia_connection"
HEARTBEAT = "talaia_heartbeat"
MOST = 5000  # alerts of one list that are kept, whatever they say
ROOM = 20_000_000  # characters of them


@dataclass(frozen=True)
class Claim:
    """What a signal says of a service, or of one of its reference connections ("" for the service as a whole)."""

    signal: LiveSignal
    impact: State
    connection: str = ""


def claims(service: ServiceConfig, view: View) -> list[Claim]:
    """Every claim on `service`. What names a connection that is not on its list is none."""
    return [found for signal in _near(service, view) if (found := claim(service, signal)) is not None]


def claim(service: ServiceConfig, signal: LiveSignal) -> Claim | None:
    """What `signal` says of `service`, or None.

    A signal that names a service concerns no other one. `talaia_connection` speaks for itself; another label counts
    only where the service's matchers, if it has any, accept the alert too: that label was not chosen for us.
    """
    named = signal.labels.get("talaia_service", "")
    if not signal.colours or named not in ("", service.slug):
        return None
    by_match = None if named else _by_match(service, signal)
    ours = named == service.slug or by_match is not None
    impact = _impact(signal, by_match or State.DISRUPTION)
    if service.reference is None:
        return Claim(signal, impact) if ours else None
    reference = service.reference
    for label in dict.fromkeys((CONNECTION, reference.label)):
        if connection := signal.labels.get(label, ""):
            if connection not in reference.connections:
                return None
            known = ours or label == CONNECTION or not service.alerts
            return Claim(signal, impact, connection) if known else None
    return Claim(signal, impact) if ours else None


def _near(service: ServiceConfig, view: View) -> Iterable[LiveSignal]:
    """The signals among which a service's can be, each once; the index keeps most of them out."""
    labels = _labels_of(service)
    if labels is None:
        return view.colouring
    found = {id(signal): signal for label in labels for signal in view.by_label.get(label, ())}
    return found.values()


def _labels_of(service: ServiceConfig) -> list[tuple[str, str]] | None:
    """Labels of which a signal that concerns `service` has one; None where it needs none."""
    labels = [("talaia_service", service.slug)]
    if service.reference:
        names = dict.fromkeys((CONNECTION, service.reference.label))
        labels += [(name, connection) for name in names for connection in service.reference.connections]
    for alert in service.alerts:
        exact = next((one for one in alert.match.all if one.op == "=" and one.value), None)
        if exact is None:
            return None
        labels.append((exact.name, exact.value))
    return labels


def _by_match(service: ServiceConfig, signal: LiveSignal) -> State | None:
    for alert in service.alerts:
        if (alert.source is None or alert.source in signal.sources) and alert.match.accept(signal.matched):
            return State(alert.impact)
    return None


def _impact(signal: LiveSignal, default: State) -> State:
    """An annotation comes first: our own checks and the generic hook say there what changes while the thing stays."""
    for said in (signal.annotations.get("talaia_impact"), signal.labels.get("talaia_impact")):
        if said in IMPACTS:
            return State(said)
    return default


class Concern:
    """Whom of ours an alert concerns; made once for a configuration, asked of each of many thousand alerts."""

    def __init__(self, config: Config) -> None:
        self.everybody = tuple(source.id for source in config.tables.sources)
        self.by_label: dict[tuple[str, str], list[ServiceConfig]] = defaultdict(list)
        self.any_label: list[ServiceConfig] = []
        for service in config.tables.services:
            labels = _labels_of(service)
            if labels is None:
                self.any_label.append(service)
            for label in labels or ():
                self.by_label[label].append(service)
        naming = {service.reference.label for service in config.tables.services if service.reference}
        self.known = {(label, connection.id) for label in naming for connection in config.tables.connections}

    def wants(self, labels: Mapping[str, str]) -> bool:
        """Whether anything of ours would want to know of such an alert, operators' trials included.

        A monitoring system has many alerts that are none of the page's business; they are not kept.
        """
        for name, value in labels.items():
            if name.startswith("talaia_") or (name, value) in self.known:
                return True
        return bool(self._claims(LiveSignal(self.everybody, labels)))

    def about(self, alert: Alert) -> frozenset[tuple[str, ...]]:
        """What `alert` says, of whom: two that say the same of the same are one to the rules."""
        if alert.heartbeat:
            return frozenset({(HEARTBEAT,)})
        found = self._claims(LiveSignal(self.everybody, alert.labels, alert.annotations))
        return frozenset((slug, one.connection, one.impact, str(alert.silenced)) for slug, one in found)

    def _claims(self, signal: LiveSignal) -> list[tuple[str, Claim]]:
        near = {service.slug: service for label in signal.matched.items() for service in self.by_label.get(label, ())}
        near |= {service.slug: service for service in self.any_label}
        return [(slug, found) for slug, service in near.items() if (found := claim(service, signal)) is not None]


class BoundedAlerts:
    """What is kept of a list of alerts while it is read: some thousands of those that concern us.

    Of more, those are kept that say something which no kept one says: so many as there are services, connections and
    impacts. `left_out` counts the others.
    """

    def __init__(self, concern: Concern) -> None:
        self.concern = concern
        self.left_out = 0
        self._alerts: list[Alert] = []
        self._said: set[tuple[str, ...]] = set()
        self._room = ROOM

    def take(self, alert: Alert) -> None:
        if not self.concern.wants(alert.labels):
            return
        said = self.concern.about(alert)
        if (len(self._alerts) >= MOST or self._room <= 0) and said <= self._said:
            self.left_out += 1
            return
        self._said |= said
        self._alerts.append(alert)
        self._room -= sum(map(len, (*alert.labels.values(), *alert.annotations.values())))

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return tuple(self._alerts)

    @property
    def notes(self) -> list[Mapping[str, object]]:
        return [{"code": "flood", "count": self.left_out}] if self.left_out else []


def experimental(view: View, labels: Iterable[str], known: Mapping[str, bool]) -> dict[str, bool]:
    """Connections that never count (id → whether they fire): seen by operators, so that nobody wonders.

    `labels`: by which labels alerts name a connection. `known`: id of each connection → whether it is experimental.
    """
    names = (CONNECTION, *labels)
    firing = {signal.labels.get(name) for signal in view.signals for name in names}
    return {connection_id: connection_id in firing for connection_id, apart in known.items() if apart}
