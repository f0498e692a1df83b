"""Table: `Publication`, one version of the public folder."""

from __future__ import annotations

from django.db import models


class Publication(models.Model):
    """What one writing of the folder changed, and how long it took. Old ones are forgotten."""

    at = models.DateTimeField()
    seconds = models.FloatField()
    pages = models.IntegerField()
    written = models.IntegerField()
