"""News that arrives after what it was overtaken by, pure.

Senders queue and retry, and two of a pair tell one after the other: what began before an end that we know of is told
too late to be so. Only a question to the source itself shows what fires now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from talaia.signals.parse.report import Alert

# What Prometheus pushes is true for four times its interval of sending, a minute: told after the end, it outlasts this.
PUSHED = timedelta(minutes=5)
# A sender may say by its own clock when a thing began, and leave it to ours when it ended.
TOLERANCE = timedelta(seconds=30)
# Told once more so long after we did not believe it, it is no straggler: an Alertmanager whose Prometheus hung says
# "resolved", and then again that the alert fires since it first did.
REPEATED = timedelta(minutes=4)


@dataclass(frozen=True)
class Known:
    """What is known of the same alert: whether it fires, since when, and until when."""

    firing: bool
    starts_at: datetime
    ends_at: datetime | None = None


def old_news(alert: Alert, known: Known, tolerance: timedelta = timedelta(0)) -> bool:
    """Whether `alert` speaks of a time before what is known."""
    if not alert.firing:
        return known.firing and alert.ends_at is not None and alert.ends_at < known.starts_at - tolerance
    if alert.starts_at is None:
        return False
    if not known.firing:
        overtaken = known.ends_at is not None and alert.starts_at < known.ends_at - tolerance
        pushed_since = alert.ends_at and known.ends_at and alert.ends_at > known.ends_at + PUSHED
        return overtaken and not pushed_since
    # One of a pair may have seen it begin earlier; what it pushes still says until when that is true.
    prolongs = alert.ends_at and (known.ends_at is None or alert.ends_at > known.ends_at)
    return alert.starts_at < known.starts_at - tolerance and not prolongs
