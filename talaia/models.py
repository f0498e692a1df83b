"""Every table of the product. (Django reads this file; each class lives with its subject.)"""

from talaia.audience.models import Import, Letter, Look, OptOut, Recipient, Subscription
from talaia.desk.models import Dismissal, Draft, FirstWords, Invitation, Member, SentForm
from talaia.events.models import Anchor, Event, Impact, Update
from talaia.forum.discourse.models import Bell
from talaia.forum.models import Mirrored, Proposal
from talaia.notices.models import Bounce, Notice, Posting, Reply
from talaia.outbox.models import Delivery, Fact, WriteTest
from talaia.panel.models import Day, FormerSlug, Group, Listing, Service, Transition, Watched
from talaia.signals.models import CheckFinding, Evidence, Intake, Ring, Signal, SourceState, Token
from talaia.site.models import Publication

__all__ = [
    "Anchor",
    "Bell",
    "Bounce",
    "CheckFinding",
    "Day",
    "Delivery",
    "Dismissal",
    "Draft",
    "Event",
    "Evidence",
    "Fact",
    "FirstWords",
    "FormerSlug",
    "Group",
    "Impact",
    "Import",
    "Intake",
    "Invitation",
    "Letter",
    "Listing",
    "Look",
    "Member",
    "Mirrored",
    "Notice",
    "OptOut",
    "Posting",
    "Proposal",
    "Publication",
    "Recipient",
    "Reply",
    "Ring",
    "SentForm",
    "Service",
    "Signal",
    "SourceState",
    "Subscription",
    "Token",
    "Transition",
    "Update",
    "Watched",
    "WriteTest",
]
