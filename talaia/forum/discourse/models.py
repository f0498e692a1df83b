"""Tables: `Bell`, a ring of the forum's webhook that somebody has to go and look after."""

from __future__ import annotations

from django.db import models


class Bell(models.Model):
    """One event of the webhook: at `place` something happened. Kept a while after it was answered, to know it again."""

    hook = models.CharField(max_length=12)  # hook.mark of the secret
    number = models.BigIntegerField()  # of the event
    name = models.CharField(max_length=80)  # post_edited …
    place = models.CharField(max_length=20)  # as the seam calls it
    rung_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hook", "number"], name="bell_once")]
        indexes = [models.Index(fields=["id"], condition=models.Q(answered_at=None), name="bell_open")]
