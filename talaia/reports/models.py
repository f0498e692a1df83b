"""Table: `VisitorReport`."""

from __future__ import annotations

from django.db import models

from talaia.panel.models import Service


class VisitorReport(models.Model):
    """Somebody said that a service fails for them. Of who it was nothing is kept."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="reports")
    area = models.CharField(max_length=60, blank=True)  # one of [reports] areas; empty: they did not say
    at = models.DateTimeField()
    place = models.CharField(max_length=64, blank=True)  # a keyed hash of place and hour; emptied after two hours

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="report_at"),
            models.Index(fields=["at"], condition=~models.Q(place=""), name="report_with_place"),
        ]
