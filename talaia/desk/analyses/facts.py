"""What is known of an event: its entries, what its services did meanwhile, alerts, notices. Reads; writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import F
from django.utils.translation import gettext as _

from talaia.config import Config
from talaia.desk.analyses.timeline import Moment, TroubleSummary, excerpt
from talaia.events.models import Event as Row
from talaia.events.published import PublishedEvent, TouchedService
from talaia.events.timeline import IncidentState, MaintenanceState, incident_word, maintenance_word
from talaia.localization.dates import Dates
from talaia.localization.texts import in_language
from talaia.notices.values import Kind
from talaia.notices.words import kind_word
from talaia.outbox.models import Delivery
from talaia.panel import words as panel_words
from talaia.panel.models import Transition
from talaia.panel.state import TROUBLE, WEIGHT, Reason, State
from talaia.signals.inputs import LiveSignal, View
from talaia.signals.matching import claims
from talaia.signals.models import Signal as SignalRow

AROUND = timedelta(minutes=30)  # signals turn before a person writes, and last a little longer
PAGES = ("site", "archive", "notices", "mail")  # deliveries that tell nobody anything, or of which rows tell more
MOST = 500  # rows of each kind


def moments(row: Row, event: PublishedEvent, config: Config, calendar: Dates) -> list[Moment]:
    """What happened, each in a line, in the language in force."""
    end = event.ended_at or event.started_at
    return [
        *_entries(event, calendar.language),
        *_turns(event, calendar, event.started_at - AROUND, end + AROUND),
        *_alerts(event, config, event.started_at - AROUND, end + AROUND),
        *_notices(row),
    ]


def troubles(event: PublishedEvent, language: str) -> list[TroubleSummary]:
    """How each service was while the event lasted; where the panel has no trace of it, as it was declared.

    What was called off did nothing to any of them.
    """
    if event.called_off:
        return []
    end = event.ended_at or event.started_at
    found = []
    for touched in event.touched:
        before = (
            Transition.objects.filter(service=touched.slug, at__lte=event.started_at).order_by("-at", "-pk").first()
        )
        during = Transition.objects.filter(service=touched.slug, at__gt=event.started_at, at__lte=end).order_by(
            "at", "pk"
        )
        state, since, spells, worst = State(before.to_state) if before else State.UNKNOWN, event.started_at, [], None
        for at, after in [*during.values_list("at", "to_state"), (end, state)]:
            if _counts(state, event) and at > since:
                spells.append((since, at))
                worst = max(worst or state, state, key=WEIGHT.__getitem__)
            state, since = State(after), at
        found.append(_trouble(event, touched, tuple(spells), worst, end, language))
    return found


def _trouble(
    event: PublishedEvent,
    touched: TouchedService,
    spells: tuple[tuple[datetime, datetime], ...],
    worst: State | None,
    end: datetime,
    language: str,
) -> TroubleSummary:
    name = in_language(touched.names, language).text
    if worst is None and touched.state is not State.OPERATIONAL:
        return TroubleSummary(name, touched.state, ((event.started_at, end),))
    return TroubleSummary(name, worst or State.OPERATIONAL, spells)


def _counts(state: State, event: PublishedEvent) -> bool:
    return state in TROUBLE or (state is State.MAINTENANCE and not event.is_incident)


def _entries(event: PublishedEvent, language: str) -> Iterator[Moment]:
    for entry in event.entries:
        word = (
            incident_word(IncidentState(entry.state))
            if event.is_incident
            else maintenance_word(MaintenanceState(entry.state))
        )
        if event.merged_into and entry is event.entries[-1] and entry.state == IncidentState.RESOLVED:
            word = _("Continues in %(ref)s") % {"ref": event.merged_into.ref}  # it is not over
        yield Moment(entry.at, f"[{word}](#{entry.anchor}): {excerpt(in_language(entry.texts, language).text)}")


def _turns(event: PublishedEvent, calendar: Dates, start: datetime, end: datetime) -> Iterator[Moment]:
    names = {touched.slug: in_language(touched.names, calendar.language).text for touched in event.touched}
    rows = Transition.objects.filter(service__in=names, at__gte=start, at__lte=end).order_by("at", "pk")
    rows = rows.exclude(from_state=F("to_state"))  # around what was filled in afterwards a state may follow itself
    for row in rows[:MOST]:
        reason = panel_words.reason(Reason.from_json(row.reason), lambda at: calendar.since(at, None))
        said = f"{names[row.service_id]}: {panel_words.state(State(row.to_state))}"
        yield Moment(row.at, excerpt(said + (f" ({reason})" if reason else "")))


def _alerts(event: PublishedEvent, config: Config, start: datetime, end: datetime) -> Iterator[Moment]:
    """The alerts that concern a touched service, as far as they are still known: they are kept for some days only."""
    touched = {item.slug for item in event.touched}
    wanted = [service for service in config.tables.services if service.slug in touched]
    rows = list(SignalRow.objects.filter(starts_at__gte=start, starts_at__lte=end).order_by("starts_at", "pk")[:MOST])
    kept = [LiveSignal((row.source,), row.labels, row.annotations) for row in rows]
    signals = {id(signal): row for signal, row in zip(kept, rows, strict=True)}
    view = View(tuple(kept))
    ours = {id(claim.signal) for service in wanted for claim in claims(service, view)}
    for signal in kept:
        if id(signal) not in ours:
            continue
        row, name = signals[id(signal)], excerpt(signal.name)
        yield Moment(row.starts_at, _("Alert of the monitoring: %(name)s") % {"name": name})
        if row.state == SignalRow.RESOLVED and row.ends_at is not None and row.ends_at <= end:
            yield Moment(row.ends_at, _("End of the alert: %(name)s") % {"name": name})


def _notices(row: Row) -> Iterator[Moment]:
    """What left the house: each notice that was mailed, and what went out on each other channel, for each fact."""
    for notice in row.sent_notices.filter(began_at__isnull=False).order_by("began_at")[:MOST]:
        if notice.began_at is not None:
            yield Moment(notice.began_at, _("Mail sent: %(kind)s") % {"kind": kind_word(Kind(notice.kind))})
    sent = Delivery.objects.filter(fact__subject=f"{row.kind}/{row.ref}", state=Delivery.DONE).exclude(
        channel__in=PAGES
    )
    told: dict[tuple[int, str], datetime] = defaultdict()
    for fact, channel, at in sent.order_by("done_at").values_list("fact_id", "channel", "done_at")[:MOST]:
        if at is not None:
            told.setdefault((fact, channel), at)
    for (_fact, channel), at in told.items():
        yield Moment(at, _("Notice sent (%(channel)s)") % {"channel": channel})
