"""What is odd in the alerts of a source, as operators read it, in the language in force. Pure."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from talaia.signals.unknown_labels import UnknownLabel


def odd_words(odd: UnknownLabel) -> str:
    """A sentence that says what stands there and what follows from it."""
    values = {"alert": odd.alert, "value": odd.value}
    match odd.code:
        case "impact":
            said = _(
                "The alert %(alert)s has the impact “%(value)s”, which does not exist: it counts as if it had none."
            )
        case "service":
            said = _(
                "The alert %(alert)s speaks of the service “%(value)s”, which is not listed: it counts for nothing."
            )
        case "connection":
            said = _(
                "The alert %(alert)s speaks of the connection “%(value)s”, which is not listed: it counts for nothing."
            )
        case "label":
            said = _("The alert %(alert)s carries something that means nothing here: %(value)s.")
        case "blind":
            said = _("The alert %(alert)s says that the rule %(value)s cannot look: what it is about is unknown.")
    more = odd.count - 1
    if more:
        said += " " + ngettext("One more says the same.", "%(count)s more say the same.", more)
    return said % {**values, "count": more}
