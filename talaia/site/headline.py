"""The state of the whole in one sentence, pure: the first thing that anybody reads, in the language in force."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from talaia.events.timeline import IncidentState
from talaia.panel.state import TROUBLE, State, worst
from talaia.site.values import FrontPage, PageService


@dataclass(frozen=True)
class Headline:
    """`state` gives the sentence its shape and colour; `services` are those that it speaks of, the worst first.

    What does not work is counted apart from what works badly.
    """

    state: State
    sentence: str
    services: tuple[PageService, ...] = ()


def overall(front: FrontPage) -> State:
    """The worst of what is shown; an open incident is never calmer than its impact; nothing to show is unknown."""
    states = [service.state for service in front.services]
    states += [event.impact for event in front.incidents]
    return worst(states) if states else State.UNKNOWN


def headline(front: FrontPage) -> Headline:
    """What a worried reader must know first."""
    state = overall(front)
    services = front.services
    if not services and not front.incidents:
        return Headline(state, _("No services are listed here yet"))
    if state in TROUBLE:
        return _trouble(front, state)
    if state is State.UNKNOWN:
        silent = [service for service in services if service.state is State.UNKNOWN]
        if len(silent) == len(services):
            return Headline(state, _("We do not know right now how the services are"))
        sentence = ngettext(
            "We do not know how one service is", "We do not know how %(count)s services are", len(silent)
        )
        return Headline(state, sentence % {"count": len(silent)}, tuple(silent))
    worked_on = [service for service in services if service.state is State.MAINTENANCE]
    if worked_on:  # before any incident: of a service that stands still nobody says that it works
        sentence = ngettext(
            "One service is under maintenance", "%(count)s services are under maintenance", len(worked_on)
        )
        return Headline(state, sentence % {"count": len(worked_on)}, tuple(worked_on))
    if front.incidents:
        watching = all(event.state == IncidentState.MONITORING for event in front.incidents)
        if watching:
            return Headline(state, _("The services work; we keep watching after an incident"))
        return Headline(state, _("There is an open incident; the services work"))
    return Headline(state, _("Everything works normally"))


def _trouble(front: FrontPage, state: State) -> Headline:
    found = tuple(service for one in reversed(TROUBLE) for service in front.services if service.state is one)
    if not found:  # an incident says so before its services do
        return Headline(state, ngettext("There is an open incident", "There are open incidents", len(front.incidents)))
    down = sum(service.state is State.DISRUPTION for service in found)
    poor = len(found) - down
    if not poor:
        sentence = ngettext("One service is down", "%(count)s services are down", down) % {"count": down}
    elif not down:
        sentence = ngettext("One service works badly", "%(count)s services work badly", poor) % {"count": poor}
    else:
        sentence = _("%(down)s and %(poor)s") % {
            "down": ngettext("One service is down", "%(count)s services are down", down) % {"count": down},
            # Translators: goes on after "One service is down and" or "2 services are down and"
            "poor": ngettext("one works badly", "%(count)s work badly", poor) % {"count": poor},
        }
    return Headline(state, sentence, found)
