"""The words of an entry that nobody wrote: a state that was reached in silence still has its place and its hour."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import translation
from django.utils.translation import gettext as _

from talaia.events.timeline import MaintenanceState


def words(reached: MaintenanceState, before: MaintenanceState, languages: Sequence[str]) -> dict[str, str]:
    """What the timeline says of a step that was taken without words, by language, in the order of `languages`."""
    found = {}
    for language in dict.fromkeys(languages):
        with translation.override(language):
            found[language] = _sentence(reached, before)
    return found


def _sentence(reached: MaintenanceState, before: MaintenanceState) -> str:
    match reached:
        case MaintenanceState.IN_PROGRESS:
            return _("The work has begun.")
        case MaintenanceState.COMPLETED if before is MaintenanceState.SCHEDULED:
            return _("The work has been done; we had not said so here.")
        case MaintenanceState.COMPLETED:
            return _("The work is over.")
        case _:
            return _("This work will not take place.")
