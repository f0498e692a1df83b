"""What people wrote in the forum instead of our words: an operator takes it, or leaves it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from talaia.config import current
from talaia.desk.corrections.word_diff import WordDiffPiece, difference
from talaia.desk.pages import for_operators, page
from talaia.desk.writing.event_pages import published_event
from talaia.events.models import Event
from talaia.events.reading import whole
from talaia.events.timeline import NotPossible, Overtaken
from talaia.forum.actions import decide, mark_of
from talaia.forum.models import Mirrored, Proposal
from talaia.forum.proposals import SectionEdit, changes, name_of
from talaia.forum.rows import house

SHOWN = 10  # on the front; the others are counted


@dataclass(frozen=True)
class ProposalRow:
    """A change as the page shows it."""

    change: SectionEdit
    name: str
    pieces: tuple[WordDiffPiece, ...]


def waiting() -> dict[str, object]:
    """For the front: what was written there and waits for a decision, and what only a person can mend there."""
    proposals = Proposal.objects.filter(state=Proposal.OPEN).select_related("mirrored__event").order_by("seen_at")
    troubled = Mirrored.objects.exclude(trouble="").select_related("event").order_by("-checked_at")
    return {
        "proposals": [(row, published_event(row.mirrored.event)) for row in proposals[:SHOWN]],
        "proposal_count": proposals.count(),
        "troubled": [(row, published_event(row.event)) for row in troubled[:SHOWN]],
        "troubled_count": troubled.count(),
    }


@for_operators
@require_http_methods(["GET", "POST"])
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """The difference, section by section; those that are ticked are taken, all others are put back there."""
    now, config = timezone.now(), current()
    row = Proposal.objects.select_related("mirrored__event").filter(pk=pk).first()
    if row is None:
        raise NotPossible(_("there is no such proposal"))
    event: Event = row.mirrored.event
    told_there = house(config)
    history = whole(event)
    found = changes(history, told_there, row.base, row.theirs, row.base_title, row.their_title)
    wrong = ""
    if request.method == "POST":
        chosen = set(request.POST.getlist("section")) if "take" in request.POST else set()
        taken = [change for change in found if change.takeable and change.section in chosen]
        try:
            if "take" in request.POST and not taken:
                raise NotPossible(_("nothing is chosen"))
            decide(row.pk, taken, now, by=request.user.get_username(), seen=request.POST.get("seen", ""))
        except Overtaken as overtaken:
            wrong = str(overtaken)
        except NotPossible as refusal:
            if row.state == Proposal.OPEN:
                wrong = str(refusal)
        else:
            said = (
                _("It is taken; in a moment both places say the same.") if taken else _("Our words are put back there.")
            )
            messages.info(request, said)
            return HttpResponseRedirect(reverse("desk"))
    if row.state != Proposal.OPEN:
        messages.info(request, _("That has changed meanwhile. This is how it is now."))
        return HttpResponseRedirect(reverse("desk"))
    shown = [ProposalRow(change, name_of(change, history), _pieces(change)) for change in found]
    context = {
        "event": published_event(event),
        "row": row,
        "shown": shown,
        "takeable": any(one.change.takeable for one in shown),
        "spoken": told_there.language,
        "seen": mark_of(row),
        "wrong": wrong,
        "address": row.mirrored.address,
    }
    return page(request, "desk/forum/proposal.html", context)


def _pieces(change: SectionEdit) -> tuple[WordDiffPiece, ...]:
    """What would be another: in our words, where they can be taken; else as it stands there."""
    if change.wanted is not None:
        return difference(change.source, change.wanted)
    return difference(change.before, change.after)
