"""Tables: `Fact` (what happened) and `Delivery` (one consequence of it on one channel)."""

from __future__ import annotations

from django.db import models


class Fact(models.Model):
    """Something that happened. Committed together with the rows that it speaks of; never changed afterwards."""

    at = models.DateTimeField()
    kind = models.CharField(max_length=60)  # "incident.opened"
    subject = models.CharField(max_length=100)  # "incident/2026-003"
    by = models.CharField(max_length=150, blank=True)  # who did it; empty: the machine
    place = models.CharField(max_length=80, blank=True)  # from where: an address of the network, "shell"
    data = models.JSONField(default=dict)
    spread = models.BooleanField(default=False)  # its deliveries are written

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=models.Q(spread=False), name="fact_to_spread"),
            models.Index(fields=["subject", "id"], name="fact_subject"),
            models.Index(fields=["id"], condition=~models.Q(by=""), name="fact_by_people"),
        ]


class Delivery(models.Model):
    """One consequence on one channel. `due` is when it may be tried; while it runs, when its lease ends.

    `since`: from when that is a wait, by the clock of then; None: `due` is an hour of the day (outbox.waits).
    """

    READY, RUNNING, DONE, PARKED = "ready", "running", "done", "parked"
    LET_GO = "let_go"  # parked, and a person said that it need not be done

    fact = models.ForeignKey(Fact, models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=40)  # "site"
    target = models.CharField(max_length=200)  # "incident/2026-003"
    state = models.CharField(max_length=8, default=READY)
    due = models.DateTimeField()
    since = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    worker = models.CharField(max_length=120, blank=True)
    error = models.TextField(blank=True)
    hint = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fact", "channel", "target"], name="delivery_once")]
        indexes = [
            models.Index(
                fields=["channel", "due"], condition=models.Q(state__in=["ready", "running"]), name="delivery_open"
            ),
            models.Index(fields=["state"], condition=models.Q(state="parked"), name="delivery_parked"),
        ]


class WriteTest(models.Model):
    """One row, written by whoever asks whether the database can be written."""

    at = models.DateTimeField()
