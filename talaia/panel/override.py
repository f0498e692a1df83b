"""What a person may say of a service in place of the signals, and for how long, pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from talaia.errors import UserError
from talaia.panel.state import TROUBLE, State

# Maintenance is not said here: only what was announced counts as such.
STATES = (State.OPERATIONAL, *TROUBLE, State.UNKNOWN)
LONGEST = timedelta(days=31)  # what lasts longer belongs into talaia.toml; a slip of the year must not hold for ever
LONGEST_WORDS = 140


def mark(state: str, until: datetime | None, why: Mapping[str, str], by: str) -> str:
    """Of what is said by hand, or of that nothing is: whoever decides about it has seen it."""
    said = [state, until.timestamp() if until else None, sorted(why.items()), by]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def check_by_hand(state: State, until: datetime, why: Mapping[str, str], now: datetime) -> None:
    """Raises Refused."""
    if state not in STATES:
        raise UserError(_("maintenance is not set by hand: plan it, so that it is announced"))
    if until <= now:
        raise UserError(_("that time has passed: say until when it holds"))
    if until - now > LONGEST:
        raise UserError(_("that is too long: at most %(days)s days at a time") % {"days": LONGEST.days})
    if not why or not all(words.strip() for words in why.values()):
        raise UserError(_("say why, in words that everybody may read"))
    if any(len(words) > LONGEST_WORDS or not words.isprintable() for words in why.values()):
        raise UserError(_("the reason is one line of at most %(count)s characters") % {"count": LONGEST_WORDS})
