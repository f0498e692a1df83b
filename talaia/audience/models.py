"""Tables: `Recipient` (the ledger of addresses), `Subscription` (somebody who asked to be in it), `OptOut` (digests of
the forgotten), `Import`, `ExportCheck` (of the export), `ListPost` (a letter to the list).

Nothing of these rows may reach a public file, a log, a metric or a fact: facts name rows by their numbers.
"""

from __future__ import annotations

from django.db import models

from talaia.audience.diff import Origin, RecipientStatus


class Recipient(models.Model):
    """One address: who, why, and where it stands. Only what is "on" is told anything."""

    key = models.CharField(max_length=254, unique=True)  # as addresses are compared
    address = models.CharField(max_length=254)  # as mail is sent to it
    name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=8, blank=True)  # empty: the site's first
    standing = models.CharField(max_length=9, choices=[(s.value, s.value) for s in RecipientStatus])
    origin = models.CharField(max_length=6, choices=[(o.value, o.value) for o in Origin])
    reasons = models.JSONField(default=list)  # ["member", "invoice 123"]
    connections = models.JSONField(default=list)
    areas = models.JSONField(default=list)
    services = models.JSONField(default=list)  # chosen when they subscribed; empty: they are told of all
    first_at = models.DateTimeField()
    since = models.DateTimeField()  # of the standing
    left_at = models.DateTimeField(null=True)  # since when no export has it
    listed_at = models.DateTimeField(null=True)  # since when the list has it, as far as we know; null: it has not
    joining_at = models.DateTimeField(null=True)  # since when the list may have it by us, although we do not know it
    # What the list server makes of it although we want it told (backend.py: Mail): "paused", "digest", "banned".
    at_list = models.CharField(max_length=6, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["standing"], name="recipient_standing"),
            models.Index(fields=["left_at"], condition=models.Q(left_at__isnull=False), name="recipient_left"),
        ]


class Subscription(models.Model):
    """Somebody, or somebody in their name, asked for our mails; until they say by mail that it was them.

    It is forgotten, with the address, when its time is over.
    """

    digest = models.CharField(max_length=64)  # of the address: how often it was asked for
    client = models.CharField(max_length=64)  # of the place that asked, likewise
    address = models.CharField(max_length=254)
    language = models.CharField(max_length=8)
    services = models.JSONField(default=list)
    at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)  # the mail is out
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="subscription_at"),
            models.Index(fields=["digest", "at"], name="subscription_digest"),
        ]


class OptOut(models.Model):
    """Somebody who opted out and was forgotten: a digest by which an import that has the address is stopped."""

    salt = models.CharField(max_length=32)
    digest = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()


class Import(models.Model):
    """One reading of an export: what it would change, who confirmed it, how far it is applied."""

    WAITING, CONFIRMED, DONE, DROPPED = "waiting", "confirmed", "done", "dropped"

    at = models.DateTimeField()
    by = models.CharField(max_length=150, blank=True)
    source = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=9, default=WAITING)
    after = models.IntegerField(default=0)  # the import on which its diff was computed
    roster = models.BinaryField(default=bytes)  # packed; emptied when it is done or dropped
    counts = models.JSONField(default=dict)
    refused = models.JSONField(default=list)  # serialize.py: NotTaken; words and texts go when it is over
    ended = models.BooleanField(null=True)  # whether the last line of the export had its end; null: nobody knows
    objections = models.JSONField(default=list)  # what the guard said
    total = models.IntegerField(default=0)  # changes to write
    done = models.IntegerField(default=0)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=150, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state"], name="import_state")]


class ExportCheck(models.Model):
    """What was seen when the configured export was last looked at, so that the same is not read again."""

    export = models.CharField(max_length=300, primary_key=True)
    looked_at = models.DateTimeField()
    digest = models.CharField(max_length=64, blank=True)  # of the file that was read last
    etag = models.CharField(max_length=300, blank=True)
    modified = models.CharField(max_length=100, blank=True)
    error = models.JSONField(default=dict)  # {"code": …}; empty: all is well


class ListPost(models.Model):
    """A letter on its way through the list server: how far it is, so that it goes out once."""

    message_id = models.CharField(max_length=255, unique=True)  # without < and >
    list_id = models.CharField(max_length=254)
    state = models.CharField(max_length=8, default="intended")  # mailman/posting_states.py
    began_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)  # when it was last given to the server
    tries = models.IntegerField(default=0)
    held_number = models.IntegerField(null=True)  # by these two the server's held message is known
    held_since = models.CharField(max_length=40, blank=True)
    sent_at = models.DateTimeField(null=True)
