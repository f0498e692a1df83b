"""What people do, through the actions that the desk and the shell call: incidents, work, words by hand, the list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from talaia.audience import actions as audience
from talaia.audience.importing import apply, plan, propose, unfinished
from talaia.audience.models import Subscription
from talaia.config import current
from talaia.events import actions as events
from talaia.events.models import Event
from talaia.events.notice_plan import PlanNotice as Told
from talaia.events.timeline import IncidentState, MaintenanceState, NotPossible
from talaia.notices import actions as notices
from talaia.notices.models import Notice
from talaia.panel.by_hand.actions import set_by_hand, take_back
from talaia.panel.state import State
from tests.oracle import happenings as h
from tests.oracle import history
from tests.oracle.history import Person
from tests.oracle.installation import address, export
from tests.oracle.monitored import moment

TELL = {h.Tell.DEFAULT: None, h.Tell.YES: True, h.Tell.NO: False}
TITLE, WORDS = {"en": "Title"}, {"en": "What we know."}
BY = "anna"


class People:
    """Everybody who acts. `refs`: the reference that each event of the history has; `slugs`: how each service is called
    today."""

    def __init__(self, slugs: Mapping[str, str]) -> None:
        self.slugs = slugs
        self.refs: dict[str, str] = {}

    def states(self, given: Mapping[str, history.State]) -> dict[str, State]:
        return {self.slugs[key]: State(state) for key, state in given.items()}

    def event_of(self, kind: str, ref: str) -> str:
        """The key of an event."""
        return next(key for key, known in self.refs.items() if (self.kinds[key], known) == (kind, ref))

    @property
    def kinds(self) -> Mapping[str, str]:
        return {key: Event.MAINTENANCE if key in self.works else Event.INCIDENT for key in self.refs}

    works: frozenset[str] = frozenset()

    def happen(self, what: h.Happening) -> None:
        now = moment(what.at)
        self._incident(what, now)
        self._work(what, now)
        self._panel(what, now)
        self._list(what, now)
        self._mails(what, now)

    def _incident(self, what: h.Happening, now: datetime) -> None:
        match what:
            case h.Opened():
                made = events.open_incident(
                    TITLE,
                    WORDS,
                    self.states(what.impacts),
                    now,
                    by=BY,
                    tell=TELL[what.tell],
                    only_behind=[] if what.only_behind else None,
                )
                self.refs[what.event] = made.ref
            case h.Updated():
                self._write(what.event, IncidentState.IDENTIFIED, now, what.tell, what.impacts)
            case h.Resolved():
                self._write(what.event, IncidentState.RESOLVED, now, what.tell, {})
            case h.Reopened():
                self._write(what.event, IncidentState.INVESTIGATING, now, what.tell, {})
            case h.Merged():
                events.merge_incident(self.refs[what.event], self.refs[what.into], WORDS, now, by=BY)
            case _:
                pass

    def _write(
        self, key: str, state: IncidentState, now: datetime, tell: h.Tell, changed: Mapping[str, history.State]
    ) -> None:
        event = events.find(Event.INCIDENT, self.refs[key])
        before = {one.service_id: State(one.state) for one in event.impacts.all()}
        impacts = before | self.states(changed) if changed else None
        events.update_incident(event.ref, state, WORDS, now, by=BY, impacts=impacts, tell=TELL[tell])

    def _work(self, what: h.Happening, now: datetime) -> None:
        match what:
            case h.Planned():
                codes = {h.Tell.DEFAULT: None, h.Tell.YES: list(Told), h.Tell.NO: []}
                made = events.plan_maintenance(
                    TITLE,
                    WORDS,
                    self.states(what.announced),
                    (moment(what.starts), moment(what.ends)),
                    now,
                    by=BY,
                    ends_itself=what.ends_itself,
                    notices=codes[what.tell],
                    only_behind=[] if what.only_behind else None,
                )
                self.works |= {what.event}
                self.refs[what.event] = made.ref
            case h.Started():
                events.update_maintenance(self.refs[what.event], MaintenanceState.IN_PROGRESS, WORDS, now, by=BY)
            case h.Ended():
                events.update_maintenance(self.refs[what.event], MaintenanceState.COMPLETED, WORDS, now, by=BY)
            case h.Cancelled():
                events.update_maintenance(self.refs[what.event], MaintenanceState.CANCELLED, WORDS, now, by=BY)
            case h.Extended():
                events.extend_maintenance(self.refs[what.event], moment(what.ends), WORDS, now, by=BY)
            case h.Moved():
                window = (moment(what.starts), moment(what.ends))
                events.postpone_maintenance(self.refs[what.event], window, WORDS, now, by=BY)
            case _:
                pass

    def _panel(self, what: h.Happening, now: datetime) -> None:
        match what:
            case h.SetByHand():
                set_by_hand(self.slugs[what.service], State(what.state), moment(what.until), WORDS, BY, now)
            case h.TakenBackByHand():
                take_back(self.slugs[what.service], BY, now)
            case _:
                pass

    def _list(self, what: h.Happening, now: datetime) -> None:
        match what:
            case h.Imported():
                self.import_(what.people, now)
            case h.Subscribed():
                self.subscribe(what.person, now)
            case h.OptedOut():
                audience.opt_out(address(what.person), now)
            case h.OptedIn():
                audience.opt_in(address(what.person), now)
            case _:
                pass

    def import_(self, people: tuple[Person, ...], now: datetime) -> None:
        """Read an export and confirm it, whatever the guard says. One that comes in the same moment waits its turn."""
        for row in unfinished():
            apply(row, current(), lambda: now)
        found = plan(export(people), current(), now)
        audience.confirm(propose(found, "export.csv", now, by=BY).pk, now, by=BY)

    def subscribe(self, person: Person, now: datetime) -> None:
        """They ask, and say that it was they."""
        services = sorted(self.slugs[key] for key in person.services or ())
        assert audience.ask(address(person.key), "en", services, f"of {person.key}", 1000, b"secret", now)
        latest = Subscription.objects.order_by("-pk").values_list("pk", flat=True)[0]
        audience.confirm_subscription(latest, now)

    def _mails(self, what: h.Happening, now: datetime) -> None:
        match what:
            case h.TakenBack():
                held = Notice.objects.filter(state=Notice.HELD, kind=what.kind, event=self._row(what.event))
                for notice in held.filter(held_until__gt=now):
                    notices.take_back(notice.pk, now, by=BY)
            case h.MailWell():
                for notice in Notice.objects.filter(state=Notice.STUCK).order_by("pk"):
                    try:
                        notices.try_again(notice.pk, now, by=BY)
                    except NotPossible:  # it is over
                        notices.give_up(notice.pk, now, by=BY)
            case _:
                pass

    def _row(self, key: str) -> Event:
        return events.find(self.kinds[key], self.refs[key])
