"""What `talaia check` asks the sources and the built-in checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.utils import timezone

from talaia.audience.mailman.client import MailmanClient as MailmanClient
from talaia.config import Config, SourceConfig
from talaia.outbox.channel import CheckLine
from talaia.outbox.errors import OutsideError
from talaia.signals.checks import probe
from talaia.signals.client import Heard, SourceClient
from talaia.signals.evidence import wanted
from talaia.signals.models import SourceState, Token
from talaia.signals.sources.registry import poll
from talaia.signals.unknown_labels import UnknownLabel, oddities

AT_ONCE = 16  # checks


def odd(one: UnknownLabel) -> CheckLine:
    return None, f"source {one.source}: {one}", "mend the rule, or talaia.toml; docs/monitoring.md has the labels"


def has_token(name: str, made: bool) -> bool:
    """Whether somebody can come in as `name`; without tables nobody can."""
    return made and Token.objects.filter(source=name).exists()


def asked(source: SourceConfig, config: Config, made: bool) -> Iterator[CheckLine]:
    """Ask a source as the watch would, and hold its answer against what talaia.toml expects of it."""
    if not source.polled:
        if not has_token(source.id, made):
            yield None, f"source {source.id}: nobody can post to it yet", f"talaia token create {source.id}"
        else:
            yield True, f"source {source.id} has a token", ""
            state = SourceState.objects.filter(pk=source.id).first()
            yield from noted(source, [note for note in state.notes if note["code"] == "too_many"] if state else ())
        return
    client = SourceClient(source, config)
    try:
        heard = poll(client, wanted(config, source), timezone.now())
    except OutsideError as fault:
        yield False, str(fault), fault.hint
        return
    finally:
        client.close()
    firing = sum(not alert.heartbeat for alert in heard.alerts)  # a heartbeat always does, and is no trouble
    said = "1 alert that concerns the panel fires" if firing == 1 else f"{firing} alerts that concern the panel fire"
    yield True, f"source {source.id} answers; {said}", ""
    yield from noted(source, heard.notes)
    yield from map(odd, oddities(config, source.id, [(alert.labels, alert.annotations) for alert in heard.alerts]))
    if source.traits.evaluates:
        yield from measured(source, heard, config)


def checks(config: Config) -> Iterator[CheckLine]:
    """What each built-in check finds from here, now. That a service is down is no mistake of the configuration."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = pool.map(lambda check: probe(check, config), config.tables.checks)
        for check, outcome in zip(config.tables.checks, outcomes, strict=True):
            well = True if outcome.kind == "well" and not outcome.expiring else None
            mend = {
                "failing": "is the service down, or does the check ask the wrong thing?",
                "blind": "nothing can be said of the service until this is mended",
            }.get(outcome.kind, "")
            yield well, f"check {check.id} ({check.kind} {check.shown}): {outcome.what}", mend


def noted(source: SourceConfig, notes: Iterable[Mapping[str, Any]]) -> Iterator[CheckLine]:
    for note in notes:
        match note["code"]:
            case "skew":
                yield (
                    None,
                    f"source {source.id}: its clock is {note['seconds']} s from ours",
                    "run a time service on both",
                )
            case "broken_rule":
                yield None, f"source {source.id}: rule {note['rule']} fails: {note['error']}", "mend the rule"
            case "bad_query":
                yield False, f"service {note['service']}: {note['error']}", "mend the evidence query"
            case "flood":
                yield (
                    None,
                    f"source {source.id}: so many alerts concern the panel that {note['count']} were left out",
                    "each service and connection has its own all the same; narrow what carries our labels",
                )
            case "too_many":
                yield (
                    None,
                    f"source {source.id} said more than is kept: {note['count']:,} signals were left out",
                    "what touches a service is kept; send only alerts that are the page's business",
                )
            case code:
                yield None, f"source {source.id}: {code} {dict(note)}", ""


def measured(source: SourceConfig, heard: Heard, config: Config) -> Iterator[CheckLine]:
    """Which services and reference connections have no measurement: they could not be operational."""
    found = {(sample.service, sample.connection) for sample in heard.measured}
    for service in config.tables.services:
        if service.evidence is None or service.evidence.source != source.id:
            continue
        if service.reference is None:
            if (service.slug, "") not in found:
                mend = f"does {service.evidence.query} bring anything in Prometheus?"
                yield None, f"service {service.slug} is not measured", mend
            continue
        if missing := [one for one in service.reference.connections if (service.slug, one) not in found]:
            names = ", ".join(missing)
            mend = f"take them off the list, or give their targets the label {service.reference.label}"
            yield None, f"service {service.slug}: connections that are not measured: {names}", mend
