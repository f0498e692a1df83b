"""What the checks and sources said of a service under its former slug is said of it. Called by the watch alone."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from talaia.signals.actions import signal_key
from talaia.signals.inputs import CHECKS
from talaia.signals.models import Evidence, Signal


def take_along(former: Mapping[str, str]) -> None:
    """`former` slugs → those of today. So a service that was renamed is neither unknown until it is measured again,
    nor well again because its check has another name for it. What is known under the new name goes before.
    """
    with transaction.atomic():
        for row in Evidence.objects.filter(service__in=list(former)):
            today = former[row.service]
            if Evidence.objects.filter(source=row.source, service=today, connection=row.connection).exists():
                row.delete()
            else:
                Evidence.objects.filter(pk=row.pk).update(service=today)
        for signal in Signal.objects.filter(source=CHECKS).exclude(state=Signal.RESOLVED):
            slug = signal.labels.get("talaia_service", "")
            if slug in former:
                labels = {**signal.labels, "talaia_service": former[slug]}
                key = signal_key(labels, ())
                if not Signal.objects.filter(source=CHECKS, key=key).exclude(state=Signal.RESOLVED).exists():
                    Signal.objects.filter(source=CHECKS, key=key).delete()
                    Signal.objects.filter(pk=signal.pk).update(labels=labels, key=key)
