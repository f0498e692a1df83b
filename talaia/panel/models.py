"""Tables: `Group` and `Service` (mirrored from talaia.toml, with the state), their history (`Listing`, `Transition`,
`Day`, `FormerSlug`), and until when anybody watched (`Watched`)."""

from __future__ import annotations

from datetime import datetime

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
    first_slug = models.CharField(max_length=120, blank=True)  # where it was renamed; empty: the slug
    group = models.ForeignKey(Group, models.PROTECT, related_name="services")
    names = models.JSONField()
    descriptions = models.JSONField(default=dict)
    position = models.IntegerField()
    retired_at = models.DateTimeField(null=True)  # left talaia.toml; its history stays

    state = models.CharField(max_length=12, choices=STATES, default=State.UNKNOWN)
    reason = models.JSONField(default=dict)
    since = models.DateTimeField()
    said_since = models.DateTimeField(null=True)  # since when people say so, where it is an incident that is shown

    computed_state = models.CharField(max_length=12, choices=STATES, default=State.UNKNOWN)
    computed_reason = models.JSONField(default=dict)
    computed_since = models.DateTimeField(null=True)
    candidate_state = models.CharField(max_length=12, choices=STATES, blank=True)
    candidate_since = models.DateTimeField(null=True)
    candidate_then = models.JSONField(default=list)  # the better levels since: panel.state.Level
    unrest = models.JSONField(default=dict)  # the latest trouble, while its return would continue it

    # The latest trouble that the signals saw, until they see it well again, for as long as it has to hold.
    trouble_since = models.DateTimeField(null=True)
    # When a person said in words that it is over; once that has ended a hold, since when it is well.
    resolved_at = models.DateTimeField(null=True)

    override_state = models.CharField(max_length=12, choices=STATES, blank=True)
    override_until = models.DateTimeField(null=True)
    override_by = models.CharField(max_length=150, blank=True)
    override_words = models.JSONField(default=dict)  # why, in public, by language

    @property
    def began(self) -> datetime:
        """Since when it is as it is shown: where people say so, since what they say has lasted.

        Where the signals say the same, since they do, whatever people said meanwhile; and never since later than it is
        shown so, and counted.
        """
        since = min(self.said_since or self.since, self.since)
        by_signals = self.state == self.computed_state != State.OPERATIONAL and self.reason.get("code") != "by_hand"
        return min(since, self.computed_since) if by_signals and self.computed_since else since

    @property
    def code_name(self) -> str:
        """The name of which codes are made: the same for ever, however often it is renamed."""
        return self.first_slug or self.slug


class FormerSlug(models.Model):
    """A slug that a service had until it was renamed. What led there leads to the service."""

    slug = models.CharField(max_length=80, primary_key=True)
    service = models.ForeignKey(Service, models.CASCADE, related_name="former_slugs")
    at = models.DateTimeField()  # when it was renamed


class Listing(models.Model):
    """A time in which talaia.toml listed a service. What lies between two of them, or after them, is not counted."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="listings")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)


class Watched(models.Model):
    """The last moment of which we know that every service was judged and what differed was stored. One row."""

    at = models.DateTimeField()


class Transition(models.Model):
    """One change of a shown state; the bars, the figures and the yearly report come from these rows.

    In a reason, `filled` marks what was known only afterwards, from the memory of the monitoring; `asked`, that the
    monitoring was asked for it and could not tell; `said`, what stood there before people said afterwards how it was.
    Around what is filled in, a state may follow itself.
    """

    service = models.ForeignKey(Service, models.CASCADE, related_name="transitions")
    at = models.DateTimeField()
    from_state = models.CharField(max_length=12, choices=STATES)
    to_state = models.CharField(max_length=12, choices=STATES)
    reason = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["service", "at"], name="transition_time")]

    def following(self) -> Transition | None:
        """The next change of the same service."""
        later = models.Q(at__gt=self.at) | models.Q(at=self.at, pk__gt=self.pk)
        return Transition.objects.filter(later, service=self.service_id).order_by("at", "pk").first()


class Day(models.Model):
    """A finished local day of a service: seconds in each state, rolled up at night from the transitions."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="days")
    day = models.DateField()
    seconds = models.JSONField()  # {"operational": 86100, "degraded": 300}; less than a day where it was not listed
    filled = models.IntegerField(default=0)  # seconds of them that were known only afterwards

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "day"], name="day_once")]
