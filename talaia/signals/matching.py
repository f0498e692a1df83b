"""Which signals concern a service, pure: by the labels they carry for us, else by the matchers of talaia.toml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from talaia.config import Config, Service
from talaia.panel.state import State
from talaia.signals.view import Signal, View

IMPACTS = {State.DEGRADED.value, State.PARTIAL.value, State.DISRUPTION.value}
CONNECTION = "talaia_connection"


@dataclass(frozen=True)
class Claim:
    """What a signal says of a service, or of one of its reference connections ("" for the service as a whole)."""

    signal: Signal
    impact: State
    connection: str = ""


def claims(service: Service, view: View) -> list[Claim]:
    """Every claim on `service`. What names a connection that is not on its list is none."""
    return [found for signal in _near(service, view) if (found := claim(service, signal)) is not None]


def claim(service: Service, signal: Signal) -> Claim | None:
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


def _near(service: Service, view: View) -> Iterable[Signal]:
    """The signals among which a service's can be, each once; the index keeps most of them out."""
    labels = [("talaia_service", service.slug)]
    if service.reference:
        names = dict.fromkeys((CONNECTION, service.reference.label))
        labels += [(name, connection) for name in names for connection in service.reference.connections]
    for alert in service.alerts:
        exact = next((one for one in alert.match.all if one.op == "=" and one.value), None)
        if exact is None:
            return view.colouring
        labels.append((exact.name, exact.value))
    found = {id(signal): signal for label in labels for signal in view.by_label.get(label, ())}
    return found.values()


def _by_match(service: Service, signal: Signal) -> State | None:
    for alert in service.alerts:
        if (alert.source is None or alert.source in signal.sources) and alert.match.accept(signal.labels):
            return State(alert.impact)
    return None


def _impact(signal: Signal, default: State) -> State:
    """An annotation comes first: our own checks and the generic hook say there what changes while the thing stays."""
    for said in (signal.annotations.get("talaia_impact"), signal.labels.get("talaia_impact")):
        if said in IMPACTS:
            return State(said)
    return default


def concerning(config: Config, labels: Iterable[Mapping[str, str]]) -> list[bool]:
    """For each set of labels: whether anything of ours would want to know of it, operators' trials included.

    A monitoring system has many alerts that are none of the page's business; they are not kept.
    """
    everybody = tuple(source.id for source in config.tables.sources)
    signals = [Signal(everybody, one) for one in labels]
    view = View(tuple(signals))
    ours = {id(claim.signal) for service in config.tables.services for claim in claims(service, view)}
    naming = [service.reference.label for service in config.tables.services if service.reference]
    known = {(label, connection.id) for label in naming for connection in config.tables.connections}
    return [
        id(signal) in ours
        or any(name.startswith("talaia_") or (name, value) in known for name, value in signal.labels.items())
        for signal in signals
    ]


def experimental(view: View, labels: Iterable[str], known: Mapping[str, bool]) -> dict[str, bool]:
    """Connections that never count (id → whether they fire): seen by operators, so that nobody wonders.

    `labels`: by which labels alerts name a connection. `known`: id of each connection → whether it is experimental.
    """
    names = (CONNECTION, *labels)
    firing = {signal.labels.get(name) for signal in view.signals for name in names}
    return {id: id in firing for id, apart in known.items() if apart}
