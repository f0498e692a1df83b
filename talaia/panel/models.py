"""Tables: `Group` and `Service` (mirrored from talaia.toml, with the state), `Transition` and `Day` (their history)."""

from __future__ import annotations

from django.db import models

from talaia.panel.state import State

STATES = [(state.value, state.value) for state in State]


class Group(models.Model):
    slug = models.CharField(max_length=80, primary_key=True)
    names = models.JSONField()  # {"": "Web"} or by language
    position = models.IntegerField()


class Service(models.Model):
    """A row of the panel. `state`, `reason`, `since` are what is shown; `computed_*` is what the signals alone say."""

    slug = models.CharField(max_length=80, primary_key=True)
    group = models.ForeignKey(Group, models.PROTECT, related_name="services")
    names = models.JSONField()
    descriptions = models.JSONField(default=dict)
    position = models.IntegerField()
    retired_at = models.DateTimeField(null=True)  # left talaia.toml; its history stays

    state = models.CharField(max_length=12, choices=STATES, default=State.UNKNOWN)
    reason = models.JSONField(default=dict)
    since = models.DateTimeField()

    computed_state = models.CharField(max_length=12, choices=STATES, default=State.UNKNOWN)
    computed_reason = models.JSONField(default=dict)
    candidate_state = models.CharField(max_length=12, choices=STATES, blank=True)
    candidate_since = models.DateTimeField(null=True)
    unrest = models.JSONField(default=dict)  # the latest trouble, while its return would continue it

    override_state = models.CharField(max_length=12, choices=STATES, blank=True)
    override_until = models.DateTimeField(null=True)
    override_by = models.CharField(max_length=150, blank=True)
    override_words = models.JSONField(default=dict)  # why, in public, by language


class Transition(models.Model):
    """One change of a shown state; the bars, the figures and the yearly report come from these rows."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="transitions")
    at = models.DateTimeField()
    from_state = models.CharField(max_length=12, choices=STATES)
    to_state = models.CharField(max_length=12, choices=STATES)
    reason = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["service", "at"], name="transition_time")]


class Day(models.Model):
    """A finished local day of a service: seconds in each state, rolled up at night from the transitions."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="days")
    day = models.DateField()
    seconds = models.JSONField()  # {"operational": 86100, "degraded": 300}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "day"], name="day_once")]
