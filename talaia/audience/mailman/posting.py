"""One letter to everybody on the list, once: held, written down, accepted. What comes next says posting_states.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from email.utils import getaddresses

from talaia.audience import actions
from talaia.audience.mailman.client import MailmanClient, UnreachableError
from talaia.audience.mailman.expected_settings import HOLDING, differences
from talaia.audience.mailman.posting_states import (
    HeldMessage,
    PostingStep,
    Progress,
    QueueView,
    bare,
    came_since,
    held_of,
    next_step,
)
from talaia.outbox.errors import PermanentError, TemporaryError

LOOK_EVERY = 0.2  # seconds; Mailman holds a message within one
PATIENCE = 5.0  # seconds before the worker does something else meanwhile
# Mailman would let the first three pass at once; the list's own address takes the place of the others.
NOT_OURS = ("Approved", "Approve", "X-Approved", "List-Unsubscribe", "List-Unsubscribe-Post")
UNKNOWN = timedelta(seconds=10)  # after an accept of which nobody knows whether it was heard


def post(
    client: MailmanClient,
    letter: bytes,
    message_id: str,
    now: Callable[[], datetime],
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Send `letter`, whose Message-ID is `message_id`, to everybody on the list. Returns once Mailman sends it.

    Safe to repeat, also after a kill -9 anywhere: it goes out once. Raises Temporary (call again) and Permanent.
    """
    text = prepared(letter, message_id)
    waited = 0.0
    while True:
        progress = actions.intend(bare(message_id), client.list_id, now())
        step, held = next_step(progress, queue_view(client, message_id, progress), now())
        match step:
            case PostingStep.GIVE:
                give(client, text, message_id, now)
            case PostingStep.ADOPT if held:
                actions.held(bare(message_id), held)
            case PostingStep.ACCEPT if held:
                accept(client, held)
                actions.posted(bare(message_id), now())
            case PostingStep.NOTE_SENT:
                actions.posted(bare(message_id), now())
            case PostingStep.THROW_AWAY if held:
                client.post(client.path("held", str(held.number)), 404, action="discard")
            case PostingStep.WAIT:
                if waited >= PATIENCE:
                    raise TemporaryError("Mailman has not taken the letter up yet", "look at its queue `in`")
                wait(LOOK_EVERY)
                waited += LOOK_EVERY
            case PostingStep.STUCK:
                actions.given_up(bare(message_id))
                raise PermanentError(
                    "Mailman took the letter and does not hold it, so it is not known to whom it went",
                    "look at its logs and its queue `shunt` (`mailman unshunt`), and at `talaia check`; then try again",
                )
            case _:
                return


def queue_view(client: MailmanClient, message_id: str, progress: Progress) -> QueueView:
    """The queues before what is held: so a message goes on, and is seen in one of them."""
    waiting = int(client.get("queues/in").data.get("count", 0))
    shunted = came_since(list(client.get("queues/shunt").data.get("files", ())), progress.tried_at)
    return QueueView(held_of(client.get(client.path("held"), long=True).entries, message_id), waiting, shunted)


def give(client: MailmanClient, text: str, message_id: str, now: Callable[[], datetime]) -> None:
    """Into Mailman's queue. It is written down before; only where nobody can have heard it is that taken back."""
    safe(client, text)
    actions.tried(bare(message_id), now())
    try:
        client.post("queues/in", list_id=client.list_id, text=text)
    except (UnreachableError, PermanentError):
        actions.not_tried(bare(message_id))
        raise


def accept(client: MailmanClient, held: HeldMessage) -> None:
    try:
        client.post(client.path("held", str(held.number)), 404, action="accept")
    except UnreachableError:
        raise
    except TemporaryError as fault:
        # It may be at it: whoever asks in the middle could have it sent twice.
        raise TemporaryError(str(fault), fault.hint, max(UNKNOWN, client.mailman.timeout)) from None


def safe(client: MailmanClient, text: str) -> None:
    """Raises Permanent where Mailman would send a message at once, or throw it away, instead of holding it."""
    if found := differences(HOLDING, client.get(client.path("config")).data):
        what = "; ".join(map(str, found))
        raise PermanentError(f"the list {client.mailman.list} would not hold a letter: {what}", "talaia audience setup")
    message = message_from_bytes(text.encode("ascii"), policy=SMTP)
    headers = [str(value) for name in ("From", "Sender", "Reply-To") for value in message.get_all(name, [])]
    for _name, address in getaddresses(headers):
        found_here = client.get("members/find", list_id=client.list_id, subscriber=address) if address else None
        for one in found_here.entries if found_here else ():
            if one.get("moderation_action", "hold") != "hold":
                raise PermanentError(
                    f"the list {client.mailman.list} does not hold what the sender of our letters writes",
                    "talaia audience setup",
                )


def prepared(letter: bytes, message_id: str) -> str:
    """As Mailman's REST takes it, in ASCII. Raises Permanent where it is another letter than we are told."""
    message = message_from_bytes(letter, policy=SMTP)
    if bare(str(message.get("Message-ID", ""))) != bare(message_id):
        raise PermanentError("the letter has another Message-ID than it should", "this is a mistake of talaia; tell us")
    for name in NOT_OURS:
        del message[name]
    # What was too long to be folded would be encoded, and a thread's Message-IDs must stay what they are.
    return message.as_bytes(policy=SMTP.clone(cte_type="7bit", refold_source="none")).decode("ascii")
