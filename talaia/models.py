"""Every table of the product. (Django reads this file; each class lives with its subject.)"""

from talaia.audience.models import ExportCheck, Import, ListPost, OptOut, Recipient, Subscription
from talaia.desk.models import Dismissal, Draft, FirstWords, Invitation, Member, SentForm
from talaia.events.models import Anchor, Event, Impact, Update
from talaia.forum.discourse.models import Bell
from talaia.forum.models import Mirrored, Proposal
from talaia.notices.models import Bounce, Notice, NoticeRecipient, Reply
from talaia.outbox.models import Delivery, Fact, WriteTest
from talaia.panel.models import Day, FormerSlug, Group, Listing, Service, Transition, Watched
from talaia.reports.models import VisitorReport
from talaia.signals.models import CheckFinding, Evidence, PollRequest, RawWebhook, Signal, SourceState, Token
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
    "ExportCheck",
    "Fact",
    "FirstWords",
    "FormerSlug",
    "Group",
    "Impact",
    "Import",
    "Invitation",
    "ListPost",
    "Listing",
    "Member",
    "Mirrored",
    "Notice",
    "NoticeRecipient",
    "OptOut",
    "PollRequest",
    "Proposal",
    "Publication",
    "RawWebhook",
    "Recipient",
    "Reply",
    "SentForm",
    "Service",
    "Signal",
    "SourceState",
    "Subscription",
    "Token",
    "Transition",
    "Update",
    "VisitorReport",
    "Watched",
    "WriteTest",
]
