"""Tables: `Notice` (a message that leaves the house), `NoticeRecipient` (a copy), `Reply` (an answer by machine),
`Bounce` (a day of mails that came back).
"""

from __future__ import annotations

from django.db import models


class Notice(models.Model):
    """One message about an event, to everybody. Its number is that of its Message-IDs, for ever."""

    HELD, WITHHELD, TAKEN_BACK = "held", "withheld", "taken_back"
    SENDING, SENT, STUCK, GIVEN_UP = "sending", "sent", "stuck", "given_up"
    TOLD = (SENDING, SENT, STUCK, GIVEN_UP)  # it has left the house, to some at least

    event = models.ForeignKey("talaia.Event", models.CASCADE, related_name="sent_notices")
    # What had become part of its event when it began to be sent, and of which people were told, or were to be.
    also = models.ManyToManyField("talaia.Event", related_name="told_elsewhere")
    number = models.IntegerField()
    kind = models.CharField(max_length=10)
    cause = models.CharField(max_length=60, blank=True)  # what it is about, among those of its kind: "u3"
    state = models.CharField(max_length=10)
    why = models.CharField(max_length=20, blank=True)  # withheld: notices.policy
    entry = models.IntegerField(default=0)  # the last one of the timeline when it was drawn up
    asked = models.BooleanField(default=False)  # a person said that it goes
    by = models.CharField(max_length=150, blank=True)  # who last decided about it; empty: nobody
    drawn_at = models.DateTimeField()
    held_until = models.DateTimeField(null=True)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    story = models.JSONField(null=True)  # what it tells, from when it begins to be sent
    after = models.CharField(max_length=60, blank=True)  # the last recipient whose turn was over
    sent = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    waiting = models.IntegerField(default=0)  # to be tried again
    error = models.TextField(blank=True)
    hint = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "number"], name="notice_number"),
            models.UniqueConstraint(fields=["event", "kind", "cause"], name="notice_once"),
        ]
        indexes = [models.Index(fields=["state", "drawn_at"], name="notice_state")]


class NoticeRecipient(models.Model):
    """One copy. Written after the server has taken it, or has said why not: without a row it is still to be sent."""

    SENT, AGAIN, REFUSED = "sent", "again", "refused"

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="postings")
    recipient = models.CharField(max_length=60)  # the key: no address stands here
    state = models.CharField(max_length=7)
    tries = models.IntegerField(default=1)
    at = models.DateTimeField()
    due = models.DateTimeField(null=True)  # again: when
    meaning = models.CharField(max_length=7, blank=True)  # what the answer says: notices.answers; empty: none was given
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "recipient"], name="posting_once")]
        indexes = [models.Index(fields=["notice"], condition=~models.Q(state="sent"), name="posting_unsent")]


class Reply(models.Model):
    """Somebody who wrote to us and is answered by machine, once in a day. Nothing of their mail is kept.

    The address stands here until the answer is out; who it was is known by a digest, for a day.
    """

    digest = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()
    address = models.CharField(max_length=254, blank=True)  # empty: it is over
    language = models.CharField(max_length=8, blank=True)  # empty: in all languages
    message_id = models.CharField(max_length=250, blank=True)  # of the mail that is answered
    number = models.IntegerField(default=1)  # how often this person was answered, in a row of days

    class Meta:
        indexes = [models.Index(fields=["at"], name="reply_at")]


class Bounce(models.Model):
    """A day on which mails to a recipient came back for good. `ours`: because of us, which counts for nobody.

    `recipient`: their key; behind PAST, that of who gets no more because of it. Such a row counts for its day still, as
    it is known only by all of them whether the servers of that day are believed; for the person it counts no more.
    """

    PAST = "past/"

    recipient = models.CharField(max_length=60)
    day = models.DateField()
    at = models.DateTimeField()
    status = models.CharField(max_length=300)
    ours = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recipient", "day", "ours"], name="bounce_once_a_day")]
        indexes = [models.Index(fields=["day"], name="bounce_day")]
