"""News that arrives after what it was overtaken by, pure.

Senders queue and retry, and two of a pair tell one after the other: what began before an end that we know of is told
too late to be so. Only a question to the source itself shows what fires now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from talaia.signals.parse.report import Alert

# What Prometheus pushes is true for four times its interval of sending, a minute: told after the end, it outlasts this.
PUSHED = timedelta(minutes=5)
# A sender may say by its own clock when a thing began, and leave it to ours when it ended.
TOLERANCE = timedelta(seconds=30)
# So far a sender's clock may go ahead: the end it tells is kept as told, for what it tells late to be held against it.
AHEAD = timedelta(minutes=5)
# Told once more so long after we did not believe it, it is no straggler: an Alertmanager whose Prometheus hung says
# "resolved", and then again that the alert fires since it first did.
REPEATED = timedelta(minutes=4)


@dataclass(frozen=True)
class KnownAlert:
    """What is known of the same alert: whether it fires, since when, and until when."""

    firing: bool
    starts_at: datetime
    ends_at: datetime | None = None


def unlisted(alert: Alert, answered_at: datetime | None, started_at: datetime | None, resend: timedelta) -> bool:
    """Whether the source that a hook speaks for was asked since `alert` began, and did not list it.

    `answered_at`: its last whole answer; `started_at`: of an Alertmanager, since when it runs. What has only just
    started is told within two `resend` what fires: until then a list without it proves nothing.
    """
    if answered_at is None or alert.starts_at is None or alert.starts_at >= answered_at:
        return False
    return started_at is None or answered_at - started_at >= 2 * resend


def one_word_each(
    alerts: Iterable[Alert], key: Callable[[Mapping[str, str]], str], now: datetime, tolerance: timedelta
) -> dict[str, Alert]:
    """What one body says of each thing, by its key, as if it came alert by alert: senders post their queue at once.

    `key`: what labels name; where it is the same for several (replicas), the one that fires counts.
    """
    said: dict[tuple[tuple[str, str], ...], Alert] = {}
    for alert in alerts:
        labels = tuple(sorted(alert.labels.items()))
        before = said.get(labels)
        if before is None or not (_sooner(alert, before) or old_news(alert, _known(before, now), tolerance)):
            said[labels] = alert
    wanted: dict[str, Alert] = {}
    for alert in said.values():
        known = wanted.get(name := key(alert.labels))
        if known is None or (alert.firing, alert.silenced) >= (known.firing, known.silenced):
            wanted[name] = alert
    return wanted


def known_end(told: datetime | None, now: datetime) -> datetime:
    """When it ended, by the clock of whoever tells it, whose beginnings it is compared with; else now."""
    return told if told is not None and told <= now + AHEAD else now


def _sooner(alert: Alert, before: Alert) -> bool:
    """Whether both say the same, and `before` of a later time, which is the one that counts."""
    one, other = (alert.starts_at, before.starts_at) if alert.firing else (alert.ends_at, before.ends_at)
    return alert.firing == before.firing and one is not None and (other is None or one < other)


def _known(alert: Alert, now: datetime) -> KnownAlert:
    return KnownAlert(alert.firing, alert.starts_at or now, alert.ends_at or now)


def old_news(alert: Alert, known: KnownAlert, tolerance: timedelta = timedelta(0)) -> bool:
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
