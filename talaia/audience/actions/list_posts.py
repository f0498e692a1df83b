"""How far a letter to the list is. Each is written before, or after, one step of mailman/posting.py."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from talaia.audience.mailman.posting_states import HeldMessage, PostingState, Progress
from talaia.audience.models import ListPost
from talaia.outbox.actions import record


def intend(message_id: str, list_id: str, now: datetime) -> Progress:
    """That it is to be sent; how far it is, if that is known already."""
    row, _ = ListPost.objects.get_or_create(message_id=message_id, defaults={"list_id": list_id, "began_at": now})
    held = HeldMessage(row.held_since, row.held_number) if row.held_number is not None else None
    return Progress(PostingState(row.state), row.tried_at, row.tries, held)


def tried(message_id: str, now: datetime) -> None:
    """It is given to the server now; nobody knows yet whether that was heard."""
    row = ListPost.objects.get(message_id=message_id)
    row.tried_at, row.tries = now, row.tries + 1
    row.save(update_fields=["tried_at", "tries"])


def not_tried(message_id: str) -> None:
    """It was certainly not heard."""
    row = ListPost.objects.get(message_id=message_id)
    row.tried_at, row.tries = None, max(0, row.tries - 1)
    row.save(update_fields=["tried_at", "tries"])


def given_up(message_id: str) -> None:
    """A person is told. What they mend shows only when it is given again, so it may be, as often as at first."""
    ListPost.objects.filter(message_id=message_id).update(tries=0)


def held(message_id: str, held: HeldMessage) -> None:
    """Which of the held messages is ours. Said once; whoever comes later takes that one, too."""
    ListPost.objects.filter(message_id=message_id, state=PostingState.INTENDED).update(
        state=PostingState.HELD, held_number=held.number, held_since=held.since
    )


def posted(message_id: str, now: datetime) -> bool:
    """It was accepted, so it goes out. Returns whether that is new."""
    with transaction.atomic():
        row = ListPost.objects.select_for_update().get(message_id=message_id)
        if row.state == PostingState.SENT:
            return False
        row.state, row.sent_at = PostingState.SENT.value, now
        row.save(update_fields=["state", "sent_at"])
        record("audience.posted", f"letter/{row.pk}", now)
    return True


def sent_before(message_ids: list[str]) -> set[str]:
    """Those that were accepted long ago: what is held of them was given twice."""
    rows = ListPost.objects.filter(message_id__in=message_ids, state=PostingState.SENT)
    return set(rows.values_list("message_id", flat=True))
