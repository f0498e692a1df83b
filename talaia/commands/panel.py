"""`talaia panel`: the panel in the shell, and every step that led to a state."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from typing import Any

from django.utils import timezone, translation

from talaia.commands import UserError
from talaia.config import LANGUAGES, Config, current
from talaia.localization.dates import Dates
from talaia.panel import words
from talaia.panel.monitoring_gaps import unwatched_since
from talaia.panel.state import Reason, State
from talaia.signals.check_findings import Finding, read_findings
from talaia.signals.evaluate import EvaluatedService, judge_all, read_odd, read_view
from talaia.signals.matching import experimental
from talaia.signals.models import SourceState
from talaia.signals.monitoring_gaps import last_watched

HELP = "Print the panel as the rows say it now; with --explain every signal, rule and step that led to a state."
MARKS = {
    State.OPERATIONAL: "●",
    State.DEGRADED: "▲",
    State.PARTIAL: "◆",
    State.DISRUPTION: "■",
    State.MAINTENANCE: "⬡",
    State.UNKNOWN: "?",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--explain", metavar="SERVICE", help="how this service came to its state")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--language", choices=LANGUAGES, help="of the words (default: the site's first)")


def run(options: argparse.Namespace) -> int:
    config, now = current(), timezone.now()
    judged, since = judge_all(config, now), unwatched_since(last_watched(), now)
    if options.explain:
        chosen = [one for one in judged if one.row.slug == options.explain]
        if not chosen:
            known = ", ".join(one.row.slug for one in judged) or "none yet; `talaia up` lists them"
            raise UserError(f"there is no service {options.explain!r}; known: {known}")
        judged = chosen
    with translation.override(options.language or config.site.languages[0]):
        if options.json:
            findings = read_findings(config)
            data = [as_data(one, findings, now, since) for one in judged]
            print(json.dumps(data, ensure_ascii=False, indent=1))
        elif options.explain:
            explain(judged[0], config, now)
        else:
            show(judged, config, now)
    return 0


def line(one: EvaluatedService, config: Config, now: datetime) -> str:
    """`● Web  Operational · since …`."""
    language = translation.get_language() or config.site.languages[0]
    calendar = Dates(language, config.site.tz)
    state, reason = State(one.row.state), Reason.from_json(one.row.reason)
    parts = [words.state(state), words.reason(reason, lambda at: calendar.since(at, now))]
    parts.append(calendar.since(one.row.began, now))
    return f"{MARKS[state]} {one.listed.name.inside(language)}  {' · '.join(filter(None, parts))}"


def show(judged: list[EvaluatedService], config: Config, now: datetime) -> None:
    language = translation.get_language() or config.site.languages[0]
    if since := unwatched_since(last_watched(), now):
        print(f"nobody watches since {since:%Y-%m-%d %H:%M:%S} UTC, as talaia does not run: this is how it was then")
    for group in config.tables.groups:
        inside = [one for one in judged if one.listed.group == group.id]
        if inside:
            print(group.name.inside(language))
        for one in inside:
            print(f"  {line(one, config, now)}  [{one.row.slug}]")
            if one.shown.disagreement:
                print(f"      people and signals differ: the signals say {one.computed.state}")
    view = read_view(config, now)
    apart = {connection.id: connection.experimental for connection in config.tables.connections}
    labels = [service.reference.label for service in config.tables.services if service.reference]
    for connection_id, fires in experimental(view, labels, apart).items():
        what = ", an alert fires" if fires else ""
        print(f"  {'■' if fires else '·'} {connection_id}: experimental, never counted{what}")
    print()
    states = {state.source: state for state in SourceState.objects.all()}
    for source in view.sources.values():
        heard = f"heard {source.heard_at:%Y-%m-%d %H:%M:%S} UTC" if source.heard_at else "never heard"
        state = states.get(source.id)
        trouble = f"; {state.error}" if state and state.error else ""
        print(f"source {source.id}: {heard}{' (silent)' if source.silent(now) else ''}{trouble}")
        for note in state.notes if state else ():
            if note["code"] == "not_measured":
                continue  # its check says so itself
            told = ", ".join(f"{name} {value}" for name, value in note.items() if name != "code")
            print(f"      {note['code']}: {told}")
    for finding in read_findings(config, kinds=("failing", "slow", "blind")):
        print(f"  {finding}")
    for odd in read_odd(config):
        print(f"source {odd.source}: {odd}")


def explain(one: EvaluatedService, config: Config, now: datetime) -> None:
    """From the signals to what is shown, step by step, in English for operators."""
    print(line(one, config, now))
    for number, step in enumerate(steps(one), 1):
        print(f"  {number}. {step}")
    for finding in read_findings(config, one.row.slug):
        print(f"  {finding}")


def steps(one: EvaluatedService) -> list[str]:
    found = [f"rule: {rule(one)}", *one.judgement.steps]
    computed, verdict = one.computed, one.judgement.verdict
    unrest = computed.unrest
    unstable = unrest is not None and unrest.unstable
    if computed.state != verdict.state and computed.candidate_since:
        better, worse = one.listed.hold_better, one.listed.hold_worse
        good = f", good {current().unstable_within(one.listed)} as it is unstable" if unstable else ""
        found.append(
            f"held at {computed.state} since {computed.candidate_since:%H:%M:%S} UTC"
            f" (better holds {better}, worse {worse}{good})"
        )
    else:
        found.append(f"holds: {computed.state}")
    if unrest and unstable:
        found.append(f"unstable since {unrest.since:%Y-%m-%d %H:%M:%S} UTC: it was over, and came back")
    declared = one.declared
    if declared.by_hand:
        until = f" until {declared.by_hand_until:%Y-%m-%d %H:%M} UTC" if declared.by_hand_until else ""
        why = "".join(f": {words}" for words in list(declared.by_hand_words.values())[:1])
        found.append(f"set by hand: {declared.by_hand}{until} by {declared.by_hand_by or 'somebody'}{why}")
    if declared.incident:
        found.append(f"declared by incident {declared.incident_ref}: {declared.incident}")
    if declared.maintenance_ref:
        level = "stop" if declared.announced == State.MAINTENANCE else declared.announced
        found.append(f"maintenance {declared.maintenance_ref} is in progress, announced: {level}")
    found.append(f"shown: {one.shown.state}" + (f" ({one.shown.reason.code})" if one.shown.reason.code else ""))
    if one.shown.disagreement:
        found.append("people and signals differ: look at the incident, or at the monitoring")
    return found


def rule(one: EvaluatedService) -> str:
    listed = one.listed
    if listed.reference:
        r = listed.reference
        return (
            f"{len(r.connections)} reference connections; degraded from {r.degraded}, partial from {r.partial}, "
            f"disruption from {r.disruption}, unknown below {r.measured} measured"
        )
    matchers = "; ".join(f"{{{alert.match}}} → {alert.impact}" for alert in listed.alerts)
    return f'alerts with talaia_service="{listed.slug}"' + (f", or {matchers}" if matchers else "")


def as_data(
    one: EvaluatedService, findings: list[Finding], now: datetime, unwatched: datetime | None
) -> dict[str, Any]:
    return {
        "service": one.row.slug,
        "state": one.row.state,
        "reason": one.row.reason,
        "since": one.row.began.isoformat(),
        "signals_say": one.judgement.verdict.state.value,
        "holds": one.computed.state.value,
        "disagreement": one.shown.disagreement,
        "steps": steps(one),
        "checks": [finding.as_data() for finding in findings if finding.check.service == one.row.slug],
        "unwatched_since": unwatched.isoformat() if unwatched else None,
        "at": now.isoformat(),
    }
