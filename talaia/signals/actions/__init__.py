"""The only code that writes signals, evidence, sources and what came in. One function, one transaction.

A poll that brings nothing new writes one row: when its source was heard. Notes for operators (`SourceState.notes`) are
`{"code": …}` with: skew {seconds} · truncated {count} · broken_rule {rule, error} · bad_query {service, error} ·
future_sample {service, seconds} · no_time {service} · flood {count} · certificate {check, what} ·
not_measured {check, what} · our_line {since, canary} · too_many {count, at}.
"""

from talaia.signals.actions.checks import forget_checks, store_outcomes
from talaia.signals.actions.polls import note_silence, purge, source_failed, store_poll
from talaia.signals.actions.rows import signal_key
from talaia.signals.actions.webhooks import WAKE, answered, handle_webhook, refuse_webhook, ring, store_webhook

__all__ = [
    "WAKE",
    "answered",
    "forget_checks",
    "handle_webhook",
    "note_silence",
    "purge",
    "refuse_webhook",
    "ring",
    "signal_key",
    "source_failed",
    "store_outcomes",
    "store_poll",
    "store_webhook",
]
