"""What comes next for a letter on its way through Mailman, pure: given to it, held there, accepted, gone.

Mailman sends the same Message-ID as often as it is given one, so giving it is not what sends it. Every letter is held
for moderation, and is accepted once: two that were given by mistake are two held, of which one is thrown away. A held
message is known by number, Message-ID and time together, as numbers come again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from talaia.outbox.monotonic import over

GRACE = timedelta(seconds=60)  # so long Mailman may have a message in its hands, where no queue shows it
MOST_TRIES = 3


class PostingState(StrEnum):
    """How far a letter is, as it is written down before the next step is done."""

    INTENDED = "intended"
    HELD = "held"  # and which held message is ours, so that it is accepted, or was
    SENT = "sent"


@dataclass(frozen=True, order=True, slots=True)
class HeldMessage:
    """A message that waits in Mailman for a moderator."""

    since: str
    number: int


@dataclass(frozen=True, slots=True)
class Progress:
    state: PostingState = PostingState.INTENDED
    tried_at: datetime | None = None
    tries: int = 0
    held: HeldMessage | None = None


@dataclass(frozen=True, slots=True)
class QueueView:
    """What Mailman has. `held`: those with our Message-ID. `waiting`: files that it has not looked at yet.

    `shunted`: something went wrong with a message that came in since we gave it ours.
    """

    held: tuple[HeldMessage, ...] = ()
    waiting: int = 0
    shunted: bool = False


class PostingStep(StrEnum):
    GIVE = "give"
    WAIT = "wait"
    ADOPT = "adopt"  # write down which held message is ours
    ACCEPT = "accept"
    NOTE_SENT = "note_sent"  # it was accepted before we were killed
    THROW_AWAY = "throw_away"  # one that was given twice
    DONE = "done"
    STUCK = "stuck"  # a person must look


def next_step(progress: Progress, seen: QueueView, now: datetime) -> tuple[PostingStep, HeldMessage | None]:
    """The step, and which held message it is about. `seen` was looked at after `progress` was read."""
    first = min(seen.held, default=None)
    match progress.state:
        case PostingState.SENT:
            return (PostingStep.THROW_AWAY, first) if first else (PostingStep.DONE, None)
        case PostingState.HELD:
            return (PostingStep.ACCEPT, progress.held) if progress.held in seen.held else (PostingStep.NOTE_SENT, None)
    if first:
        return PostingStep.ADOPT, first
    if progress.tried_at is None:
        return PostingStep.GIVE, None
    if seen.waiting or not over(progress.tried_at, now, GRACE):
        return PostingStep.WAIT, None
    stuck = seen.shunted or progress.tries >= MOST_TRIES
    return (PostingStep.STUCK if stuck else PostingStep.GIVE), None


def held_of(entries: tuple[Mapping[str, Any], ...], message_id: str) -> tuple[HeldMessage, ...]:
    """Those of Mailman's held messages that have this Message-ID."""
    return tuple(
        HeldMessage(str(one.get("hold_date", "")), int(one["request_id"]))
        for one in entries
        if bare(str(one.get("message_id", ""))) == bare(message_id)
    )


def bare(message_id: str) -> str:
    return message_id.strip().removeprefix("<").removesuffix(">")


def came_since(files: list[str], since: datetime | None) -> bool:
    """Whether a queue has a message that Mailman got since then, by the time with which its file's name begins."""
    if since is None:
        return False
    limit = since.timestamp() - 300  # its clock may be another
    for name in files:
        try:
            if float(name.partition("+")[0]) >= limit:
                return True
        except ValueError:
            return True
    return False
