"""Tables: `Mirrored` (what stands outside of an event), `Proposal` (what somebody there wrote instead)."""

from __future__ import annotations

from django.db import models

from talaia.forum.backend import MirroredDocument


class Mirrored(models.Model):
    """An event in a mirror: how it is found there, what stands there as far as we know, and what we meant to write.

    `text` and `title` are as the other side has them, `sent_text` and `sent_title` as we asked for them. `meant` is
    written down before it is sent: after a kill it tells our own words from those of others.
    """

    event = models.ForeignKey("talaia.Event", models.CASCADE, related_name="mirrored")
    mirror = models.CharField(max_length=20)  # "discourse", "git"
    place = models.CharField(max_length=200, blank=True)  # empty: not made yet, or not known to be
    version = models.CharField(max_length=80, blank=True)
    title = models.TextField(blank=True)
    text = models.TextField(blank=True)
    tags = models.JSONField(default=list)
    closed = models.BooleanField(default=False)
    sent_title = models.TextField(blank=True)
    sent_text = models.TextField(blank=True)
    sent_marks = models.JSONField(default=list)  # its tags, and whether it was closed
    meant_title = models.TextField(blank=True)
    meant_text = models.TextField(blank=True)
    address = models.TextField(blank=True)
    replies = models.IntegerField(default=0)
    as_found = models.BooleanField(default=False)  # people made it before us, and we have not written there yet
    checked_at = models.DateTimeField()  # when we last looked at what stands there, or saw that it does not
    trouble = models.TextField(blank=True)  # what only a person can mend
    hint = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "mirror"], name="mirrored_once"),
            models.UniqueConstraint(fields=["mirror", "place"], condition=~models.Q(place=""), name="mirrored_place"),
        ]
        indexes = [models.Index(fields=["mirror", "checked_at"], name="mirrored_checked")]

    @property
    def key(self) -> str:
        return f"{self.event.kind}/{self.event.ref}"

    @property
    def standing(self) -> MirroredDocument:
        """What stands there, as far as we know."""
        return MirroredDocument(
            key=self.key,
            place=self.place,
            version=self.version,
            title=self.title,
            text=self.text,
            tags=tuple(self.tags),
            closed=self.closed,
            address=self.address,
            replies=self.replies,
        )


class Proposal(models.Model):
    """What people wrote there instead of our words, until an operator decides. One at a time is open for an event.

    `base`: what it is compared with, `theirs`: what stands there. Once decided, both are kept as they were.
    """

    OPEN, TAKEN, REFUSED = "open", "taken", "refused"

    mirrored = models.ForeignKey(Mirrored, models.CASCADE, related_name="proposals")
    base = models.TextField()
    theirs = models.TextField()
    base_title = models.TextField()
    their_title = models.TextField()
    editor = models.CharField(max_length=200, blank=True)  # whom the other side names; several with ", "
    seen_at = models.DateTimeField()
    state = models.CharField(max_length=8, default=OPEN)
    by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mirrored"], condition=models.Q(state="open"), name="proposal_open"),
        ]
