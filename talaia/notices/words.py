"""The sentences of a notice in the language in force, pure. What an operator wrote stands between them, untouched."""

from __future__ import annotations

from babel.lists import format_list
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from talaia.events.timeline import IncidentState, MaintenanceState, incident_word, maintenance_word
from talaia.localization.texts import in_language
from talaia.notices.values import Kind, NoticeStory
from talaia.panel.state import State


def services(story: NoticeStory, language: str) -> str:
    """The services as people name them in a row: "Web, Mail and Connections"."""
    touched = story.event.touched
    if story.kind is Kind.PROBLEM:  # of what works again we have no problem, as where an incident is opened again
        touched = tuple(one for one in touched if one.state != State.OPERATIONAL) or touched
    return format_list([in_language(one.names, language).text for one in touched], locale=language)


def tag(story: NoticeStory) -> str:
    """What stands in brackets before the subject."""
    match story.kind:
        case Kind.PROBLEM:
            return pgettext("subject of a mail", "Problem")
        case Kind.ADVANCE:
            return pgettext("subject of a mail", "Planned work")
        case Kind.REMINDER:
            return pgettext("subject of a mail", "Reminder")
        case Kind.CHANGED if story.event.state == MaintenanceState.IN_PROGRESS:
            return pgettext("subject of a mail", "Takes longer")
        case Kind.CHANGED:
            return pgettext("subject of a mail", "New time")
        case _:
            return step(story)


def kind_word(kind: Kind) -> str:
    """What kind of notice it is, for whoever decides about it."""
    match kind:
        case Kind.PROBLEM:
            return pgettext("kind of notice", "There is a problem")
        case Kind.UPDATE:
            return pgettext("kind of notice", "News")
        case Kind.RESOLVED:
            return pgettext("kind of notice", "It is solved")
        case Kind.ADVANCE:
            return pgettext("kind of notice", "Planned work")
        case Kind.REMINDER:
            return pgettext("kind of notice", "Reminder")
        case Kind.START:
            return pgettext("kind of notice", "It begins")
        case Kind.END:
            return pgettext("kind of notice", "It is over")
        case Kind.CHANGED:
            return pgettext("kind of notice", "Another time")
        case Kind.CANCELLED:
            return pgettext("kind of notice", "It is called off")


def step(story: NoticeStory) -> str:
    """The word for the state of the event."""
    if not story.event.is_incident:
        return maintenance_word(MaintenanceState(story.event.state))
    return incident_word(IncidentState(story.event.state))


def lead(story: NoticeStory, language: str) -> str:
    """The first line: what it is, and of which services."""
    named = {"services": services(story, language)}
    if not story.event.touched:
        return _bare_lead(story)
    match story.kind:
        case Kind.PROBLEM:
            return _("We have a problem with %(services)s.") % named
        case Kind.RESOLVED:
            return _("The problem with %(services)s is solved.") % named
        case Kind.ADVANCE:
            return _("There will be planned work that affects %(services)s.") % named
        case Kind.REMINDER:
            return _("Reminder: there will be planned work that affects %(services)s.") % named
        case Kind.START:
            return _("The planned work that affects %(services)s has begun.") % named
        case Kind.END:
            return _("The planned work that affected %(services)s is over.") % named
        case Kind.CHANGED if story.event.state == MaintenanceState.IN_PROGRESS:
            return _("The planned work that affects %(services)s takes longer than we had said.") % named
        case Kind.CHANGED:
            return _("The planned work that affects %(services)s has a new time.") % named
        case Kind.CANCELLED:
            return _("The planned work that was to affect %(services)s will not take place.") % named
        case Kind.UPDATE if not story.event.is_incident:
            return _("There is news about the planned work that affects %(services)s.") % named
        case Kind.UPDATE:
            return _("There is news about the problem with %(services)s.") % named


def _bare_lead(story: NoticeStory) -> str:
    """Where no service is named."""
    match story.kind:
        case Kind.PROBLEM:
            return _("We have a problem.")
        case Kind.RESOLVED:
            return _("The problem is solved.")
        case Kind.ADVANCE:
            return _("There will be planned work.")
        case Kind.REMINDER:
            return _("Reminder: there will be planned work.")
        case Kind.START:
            return _("The planned work has begun.")
        case Kind.END:
            return _("The planned work is over.")
        case Kind.CHANGED if story.event.state == MaintenanceState.IN_PROGRESS:
            return _("The planned work takes longer than we had said.")
        case Kind.CHANGED:
            return _("The planned work has a new time.")
        case Kind.CANCELLED:
            return _("The planned work will not take place.")
        case Kind.UPDATE if not story.event.is_incident:
            return _("There is news about the planned work.")
        case Kind.UPDATE:
            return _("There is news about the problem.")


def doing(story: NoticeStory) -> str:
    """What we do about it; empty when the lead says it all."""
    if not story.event.is_incident:
        return ""
    match IncidentState(story.event.state):
        case IncidentState.INVESTIGATING:
            return _("We are looking for the cause.")
        case IncidentState.IDENTIFIED:
            return _("We have found the cause and are working on it.")
        case IncidentState.MONITORING:
            return _("It should be working again; we are keeping an eye on it.")
        case IncidentState.RESOLVED:
            return ""


def advice(story: NoticeStory) -> str:
    """What whoever reads it can do."""
    match story.kind:
        case Kind.PROBLEM:
            return _("There is no need to report it: we know. Whatever is new is on the page first.")
        case Kind.UPDATE:
            return _("Whatever is new is on the page first.")
        case Kind.RESOLVED | Kind.END:
            return _("If something still does not work for you, tell us.")
        case Kind.CHANGED if story.event.state == MaintenanceState.IN_PROGRESS:
            return _("You need not do anything. The page says how it is going.")
        case Kind.ADVANCE | Kind.REMINDER | Kind.CHANGED:
            return _("You need not do anything; only leave for another time what cannot be interrupted.")
        case Kind.START:
            return _("You need not do anything. The page says how it is going.")
        case Kind.CANCELLED:
            return _("You need not do anything.")
