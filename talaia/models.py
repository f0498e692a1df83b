"""Every table of the product. (Django reads this file; each class lives with its subject.)"""

from talaia.desk.models import Dismissal, Draft, FirstWords
from talaia.events.models import Event, Impact, Update
from talaia.notices.models import Bounce, Notice, Posting, Suppression
from talaia.outbox.models import Delivery, Fact
from talaia.panel.models import Day, Group, Service, Transition
from talaia.signals.models import Evidence, Intake, Ring, Signal, SourceState, Token
from talaia.site.models import Publication

__all__ = [
    "Bounce",
    "Day",
    "Delivery",
    "Dismissal",
    "Draft",
    "Event",
    "Evidence",
    "Fact",
    "FirstWords",
    "Group",
    "Impact",
    "Intake",
    "Notice",
    "Posting",
    "Publication",
    "Ring",
    "Service",
    "Signal",
    "SourceState",
    "Suppression",
    "Token",
    "Transition",
    "Update",
]
