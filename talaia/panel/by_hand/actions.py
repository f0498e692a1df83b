"""A person says how a service is, for a while, or lets the monitoring speak again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from talaia.errors import UserError
from talaia.outbox.actions import record
from talaia.panel.actions import NOT_BY_HAND, _listed
from talaia.panel.models import Service
from talaia.panel.override import check_by_hand, mark
from talaia.panel.state import State


def mark_of(service: Service) -> str:
    """What whoever looks at it now has seen of what stands by hand."""
    return mark(service.override_state, service.override_until, service.override_words, service.override_by)


def set_by_hand(
    slug: str,
    state: State,
    until: datetime,
    why: Mapping[str, str],
    by: str,
    now: datetime,
    seen: str | None = None,
) -> None:
    """A person says what the state is, until `until`; `why`: public words by language. Raises Refused.

    `seen`: by its mark, what stood by hand when they looked; where another has spoken since, nothing is set.
    """
    check_by_hand(state, until, why, now)
    with transaction.atomic():
        service = _listed(slug)
        wanted = {
            "override_state": state.value,
            "override_until": until,
            "override_by": by,
            "override_words": dict(why),
        }
        if all(getattr(service, name) == value for name, value in wanted.items()):
            return  # the same form twice
        if seen is not None and seen != mark_of(service):
            raise UserError(_("That has changed meanwhile. This is how it is now."))
        Service.objects.filter(pk=slug).update(**wanted)
        data = {"state": state.value, "until": until.isoformat(), "why": dict(why)}
        record("service.set_by_hand", f"service/{slug}", now, by, data)


def take_back(slug: str, by: str, now: datetime, seen: str | None = None) -> bool:
    """The signals speak for the service again. Returns whether anything was set by hand. Raises Refused.

    `seen`: as for `set_by_hand`; what another has said since stands.
    """
    with transaction.atomic():
        service = _listed(slug)
        if not service.override_state or (seen is not None and seen != mark_of(service)):
            return False
        Service.objects.filter(pk=slug).update(**NOT_BY_HAND)
        record("service.taken_back", f"service/{slug}", now, by)
    return True
