"""Tables: what sources said last (`SourceState`, `Signal`, `Evidence`), what came in (`RawWebhook`), who may send."""

from __future__ import annotations

from django.db import models


class SourceState(models.Model):
    """How a source is: when it was last heard, what went wrong last, when it was started."""

    source = models.CharField(max_length=80, primary_key=True)
    heard_at = models.DateTimeField(null=True)  # last answer, push or heartbeat that was understood
    answered_at = models.DateTimeField(null=True)  # last answer of any kind, also one that could not be read
    tried_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)  # Alertmanager says since when it runs
    silent = models.BooleanField(default=False)  # that it went silent has been recorded
    error = models.TextField(blank=True)
    notes = models.JSONField(default=list)  # warnings for operators: skew, truncated, broken rules


class Signal(models.Model):
    """One observed fact from a source. `key` is a hash of its labels without those the source ignores."""

    FIRING, SUPPRESSED, RESOLVED = "firing", "suppressed", "resolved"

    source = models.CharField(max_length=80)
    key = models.CharField(max_length=64)
    labels = models.JSONField()
    annotations = models.JSONField(default=dict)
    state = models.CharField(max_length=10)
    starts_at = models.DateTimeField()
    again_at = models.DateTimeField(null=True)  # told while it fired: that it began once more, later
    ends_at = models.DateTimeField(null=True)  # resolved: when; firing: when it runs out if nobody repeats it
    last_seen = models.DateTimeField()
    doubted_at = models.DateTimeField(null=True)  # ended: when it was told too late that it fires
    via = models.CharField(max_length=10)  # poll, webhook, push, check

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="signal_once")]
        indexes = [
            models.Index(fields=["source"], condition=~models.Q(state="resolved"), name="signal_live"),
        ]


class CheckFinding(models.Model):
    """What a built-in check found last, for operators only: `what` may name hosts."""

    check_id = models.CharField(max_length=80, primary_key=True)
    kind = models.CharField(max_length=10)  # well, slow, failing, blind
    what = models.TextField()
    since = models.DateTimeField()  # when it found the like first
    at = models.DateTimeField()  # its last look, or one some rounds ago that found the same


class Evidence(models.Model):
    """The latest sample that proves a service, or one of its connections, to be measured."""

    source = models.CharField(max_length=80)
    service = models.CharField(max_length=80)
    connection = models.CharField(max_length=80, blank=True)
    value = models.FloatField()
    age = models.FloatField()  # seconds, by the source's own clock, when it was read
    read_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "service", "connection"], name="evidence_once")]


class RawWebhook(models.Model):
    """A body that came in by a hook, stored before anything is made of it."""

    source = models.CharField(max_length=80)
    received_at = models.DateTimeField()
    body = models.JSONField()
    handled_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=models.Q(handled_at=None), name="intake_open")]


class Token(models.Model):
    """A secret that lets a machine in; only its SHA-256 is kept."""

    source = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)


class PollRequest(models.Model):
    """A doorbell: this source should be polled now."""

    source = models.CharField(max_length=80, primary_key=True)
    rung_at = models.DateTimeField()
