"""Tables: `Event` (an incident or a maintenance), its `Update` rows (the timeline), its `Impact` rows (per service).

And `Anchor`: the addresses inside texts that have been edited.
"""

from __future__ import annotations

from django.db import models

from talaia.panel.models import STATES


class Event(models.Model):
    """An incident or a maintenance. Its reference `<year>-<nnn>` and the numbers of its updates never change."""

    INCIDENT, MAINTENANCE = "incident", "maintenance"

    kind = models.CharField(max_length=12, choices=[(INCIDENT, INCIDENT), (MAINTENANCE, MAINTENANCE)])
    year = models.IntegerField()
    number = models.IntegerField()
    language = models.CharField(max_length=5)  # the one it was written in; jsonb keeps no order of keys
    titles = models.JSONField()  # {"ca": "…"}
    state = models.CharField(max_length=16)  # that of the last update
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # resolved, completed or cancelled
    window_start = models.DateTimeField(null=True)  # maintenance only
    window_end = models.DateTimeField(null=True)
    next_update_at = models.DateTimeField(null=True)
    causes = models.JSONField(default=dict)  # {"ca": "one line"}, said when it was resolved
    analyses = models.JSONField(default=dict)  # {"ca": "Markdown"}
    analysed_at = models.DateTimeField(null=True)  # when the analysis was last written
    # Whom mails go to. None: everybody; []: who is behind its services; else who is behind these reference connections.
    only_behind = models.JSONField(null=True)
    for_whom = models.JSONField(null=True)  # what that meant when it was chosen: events.whom
    quiet = models.BooleanField(default=False)  # it began with "tell nobody", and nobody has said otherwise
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="duplicates")
    discussion = models.TextField(blank=True)  # where people talk about it: an address in the forum
    replies = models.IntegerField(default=0)  # so many have been written there

    # Of maintenance only.
    silence = models.BooleanField(default=False)  # ask Alertmanager for silences meanwhile
    starts_itself = models.BooleanField(default=True)  # with its window; else a person says so
    ends_itself = models.BooleanField(default=True)
    notices = models.JSONField(default=list)  # what is told when: events.plan
    planned_by = models.CharField(max_length=150, blank=True)
    awaits_approval = models.BooleanField(default=False)  # until a second person says yes, nobody outside knows of it
    approved_by = models.CharField(max_length=150, blank=True)
    changed_by = models.CharField(max_length=150, blank=True)  # who last changed what a second person says yes to
    authors = models.JSONField(default=list)  # who wrote any part of what waits for a second person
    # A change of what was approved, until a second person says yes to it: events.second.
    proposed = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "year", "number"], name="event_reference")]
        indexes = [
            models.Index(fields=["kind", "started_at"], name="event_started"),
            models.Index(fields=["kind"], condition=models.Q(ended_at=None), name="event_open"),
        ]

    @property
    def ref(self) -> str:
        return f"{self.year}-{self.number:03}"

    @property
    def writers(self) -> frozenset[str]:
        """Whoever wrote any part of what waits for a second person, however small: none of them is that person."""
        first = (self.planned_by, self.changed_by) if self.awaits_approval else ()
        return frozenset({*self.authors, *first, (self.proposed or {}).get("by", "")} - {""})


class Update(models.Model):
    """One entry of a timeline, at the permanent address `#u<number>`."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="updates")
    number = models.IntegerField()
    state = models.CharField(max_length=16)
    at = models.DateTimeField()
    language = models.CharField(max_length=5)  # the one it was written in
    texts = models.JSONField()  # {"ca": "Markdown"}
    plain = models.BooleanField(default=False)  # plain text: shown as written
    stock = models.BooleanField(default=False)  # nobody wrote it: a state that was reached without words
    edited_at = models.DateTimeField(null=True)
    by = models.CharField(max_length=150, blank=True)
    key = models.CharField(max_length=40, null=True, unique=True)  # noqa: DJ001  one-use number of the form it came from

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "number"], name="update_number")]


class Impact(models.Model):
    """How an event touches a service: the impact of an incident, or the level to expect during a maintenance."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="impacts")
    service = models.ForeignKey("talaia.Service", models.PROTECT, related_name="impacts")
    state = models.CharField(max_length=12, choices=STATES)
    worst = models.CharField(max_length=12, choices=STATES, blank=True, default="")  # the heaviest that was said
    since = models.DateTimeField(null=True)  # from when on an incident says so; None: since it began

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "service"], name="impact_once")]


class Anchor(models.Model):
    """The addresses inside a text that has been edited, as anchors.py keeps them; before that they follow from it."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="anchors")
    document = models.CharField(max_length=20)  # "analysis", or "u3" for an entry
    kept = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "document"], name="anchor_once")]
