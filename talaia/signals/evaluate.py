"""Reads what is known and judges every service with it; writes nothing. The watch stores it, `panel` prints it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Q

from talaia.config import Config
from talaia.config import ServiceConfig as Listed
from talaia.config.source_kinds import SourceKind
from talaia.events.manual_state import declared
from talaia.panel.holds import Computed, Level, Unrest, settle
from talaia.panel.models import Service
from talaia.panel.monitoring_gaps import NOT_RUNNING
from talaia.panel.shown import Declared, ShownState, believed, show, watched
from talaia.panel.state import TROUBLE, Reason, State, Verdict
from talaia.signals.inputs import CHECKS, UNCONFIRMED_HOLD, EvidenceSample, SourceView, ToldAlert, View, merged
from talaia.signals.models import Evidence, Signal, SourceState
from talaia.signals.rules import Judgement, judge
from talaia.signals.unknown_labels import UnknownLabel, oddities

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EvaluatedService:
    """A service, what the signals say of it, what holds of that, and what is shown."""

    row: Service
    listed: Listed
    judgement: Judgement
    computed: Computed
    declared: Declared
    shown: ShownState
    by_hand_is_over: bool = False
    calm: bool = True  # whether it is well for as long as that has to hold, whatever a person says

    @property
    def differs(self) -> bool:
        """Whether there is anything to store."""
        row, computed, shown = self.row, self.computed, self.shown
        if self.by_hand_is_over or (row.trouble_since and computed.state == State.OPERATIONAL and self.calm):
            return True
        return (
            row.state,
            row.reason,
            row.said_since,
            row.computed_state,
            row.computed_reason,
            row.candidate_state,
            row.candidate_since,
            row.candidate_then,
            row.unrest,
        ) != (
            shown.state.value,
            shown.reason.to_json(),
            shown.since,
            computed.state.value,
            computed.reason.to_json(),
            computed.candidate.value if computed.candidate else "",
            computed.candidate_since,
            [one.to_json() for one in computed.then],
            computed.unrest.to_json() if computed.unrest else {},
        )


def judge_all(config: Config, now: datetime, resolved: Collection[str] = ()) -> list[EvaluatedService]:
    """Every service of talaia.toml at `now`, in the order of the panel. Five queries, whatever their number.

    `resolved`: as if a person had just said of these that their trouble is over.
    """
    rows = {row.slug: row for row in Service.objects.filter(retired_at=None).order_by("position")}
    by_people = declared(rows.values())
    view = read_view(config, now)
    # That an alert is over was only told: where a person says so too, it is believed at once.
    without_held = replace(view, signals=tuple(signal for signal in view.signals if not signal.held))
    found = []
    for listed in config.tables.services:
        if row := rows.get(listed.slug):
            before, resolved_by = stored(row), row.resolved_at is not None or row.slug in resolved
            judgement = _judged(listed, without_held if resolved_by else view, now, before)
            verdict, said = judgement.verdict, by_people[row.slug]
            better, within = listed.hold_better, config.unstable_within(listed)
            if said.covers(before.state):  # what was announced need not be waited out, nor remembered, when it is over
                better = within = timedelta(0)
            before = believed(before, verdict, resolved_by)
            settled = settle(before, verdict, now, listed.hold_worse, better, within)
            computed = watched(settled, verdict, row.computed_since)
            over = said.by_hand is not None and not said.holds_by_hand(now)
            well_since = row.resolved_at if row.computed_state == State.OPERATIONAL else now
            calm = row.resolved_at is None or (well_since is not None and now - well_since >= listed.hold_better)
            found.append(
                EvaluatedService(row, listed, judgement, computed, said, show(said, computed, now), over, calm)
            )
    return found


def _judged(listed: Listed, view: View, now: datetime, before: Computed) -> Judgement:
    """What the signals say; where their very words bring our rules down, nothing is known of that one service."""
    try:
        return judge(listed, view, now, before)
    except Exception as error:
        log.exception("%s cannot be judged", listed.slug)
        known = before.state == State.UNKNOWN and before.reason.code == NOT_RUNNING
        reason = before.reason if known else Reason(NOT_RUNNING, {"since": now.isoformat()})
        return Judgement(Verdict(State.UNKNOWN, reason), (f"a fault of ours: {error!r}",))


def doubts(config: Config, slugs: Collection[str], now: datetime) -> list[EvaluatedService]:
    """Of these services, those that the monitoring would not call well, if a person said now that all is over.

    What has never been measured is not among them: there the monitoring has no say.
    """
    found = [one for one in judge_all(config, now, slugs) if one.row.slug in slugs]
    return [one for one in found if _doubtful(one.judgement.verdict)]


def _doubtful(verdict: Verdict) -> bool:
    return verdict.state in TROUBLE or (verdict.state == State.UNKNOWN and verdict.reason.code != "never_measured")


def stored(row: Service) -> Computed:
    """What the signals said last, after the holds."""
    return Computed(
        State(row.computed_state),
        Reason.from_json(row.computed_reason),
        State(row.candidate_state) if row.candidate_state else None,
        row.candidate_since,
        Unrest.from_json(row.unrest),
        tuple(Level.from_json(one) for one in row.candidate_then),
    )


def read_view(config: Config, now: datetime) -> View:
    """All that is known at `now`. Only sources that are in talaia.toml count."""
    states = {state.source: state for state in SourceState.objects.all()}
    sources = {
        source.id: SourceView(
            source.id,
            states[source.id].heard_at if source.id in states else None,
            source.stale_after,
            source.traits,
            asked=source.polled,
            answered_at=states[source.id].answered_at if source.id in states else None,
        )
        for source in config.tables.sources
    }
    if config.tables.checks:
        checks = states.get(CHECKS)
        sources[CHECKS] = SourceView(
            CHECKS,
            checks.heard_at if checks else None,
            checks_stale_after(config),
            SourceKind(),
            asked=False,
            line_cut=any(note["code"] == "our_line" for note in checks.notes) if checks else False,
        )
    evidence = Evidence.objects.filter(source__in=list(sources)).values_list(
        "source", "service", "connection", "value", "age", "read_at"
    )
    samples = {row[:3]: EvidenceSample(*row[3:]) for row in evidence}
    ignored = {source.id: source.ignore_labels for source in config.tables.sources}
    return View(merged(read_told(config, sources, now), ignored, sources, now), samples, sources)


def read_told(config: Config, sources: Mapping[str, SourceView], now: datetime) -> list[ToldAlert]:
    """What each source says of each alert that is not over, and what Prometheus said of the same ones."""
    # "resolved" from an Alertmanager that is never asked is no proof: for a while it may hold up what is.
    never_asked = [s.id for s in config.tables.sources if s.traits.relays and not s.polled]
    live = Q(state__in=[Signal.FIRING, Signal.SUPPRESSED])
    held = Q(source__in=never_asked, state=Signal.RESOLVED, last_seen__gt=now - UNCONFIRMED_HOLD)
    rows = list(Signal.objects.filter(live | held if never_asked else live, source__in=list(sources)).order_by("id"))
    deciding = [source_id for source_id, source in sources.items() if source.traits.evaluates]
    if deciding and (elsewhere := {row.key for row in rows if row.source not in deciding}):
        ended = Signal.objects.filter(source__in=deciding, state=Signal.RESOLVED)
        if len(elsewhere) <= 500:  # SQLite takes so many values in one query; of a flood, all are read
            ended = ended.filter(key__in=elsewhere)
        rows += [row for row in ended if row.key in elsewhere]
    return [
        ToldAlert(
            row.source,
            row.labels,
            row.annotations,
            over=(row.state == Signal.RESOLVED and row.source not in never_asked) or _ran_out(row, now),
            silenced=row.state == Signal.SUPPRESSED,
            held=row.state == Signal.RESOLVED,
            told_at=row.last_seen if row.via == "webhook" else None,
        )
        for row in rows
    ]


def read_odd(config: Config, but_for: Collection[str] = ()) -> list[UnknownLabel]:
    """What the sources of talaia.toml, `but_for` some, tell of now that means nothing to us."""
    told: dict[str, list[tuple[dict[str, str], dict[str, str]]]] = {
        source.id: [] for source in config.tables.sources if source.id not in but_for
    }
    live = Signal.objects.filter(source__in=list(told)).exclude(state=Signal.RESOLVED).order_by("id")
    for source, labels, words in live.values_list("source", "labels", "annotations"):
        told[source].append((labels, words))
    return [odd for source, every in told.items() for odd in oddities(config, source, every)]


def _ran_out(row: Signal, now: datetime) -> bool:
    """Prometheus says until when what it pushes is true; after that, nobody has repeated it."""
    return row.state != Signal.RESOLVED and row.ends_at is not None and row.ends_at <= now


def checks_stale_after(config: Config) -> timedelta:
    """Three rounds of the slowest check."""
    return max(check.patience for check in config.tables.checks)
