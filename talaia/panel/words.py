"""States, impacts and reasons as people read them, in the language in force. Pure.

The codes of the reasons and their values are listed in `signals/rules.py` and `panel/state.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import get_language, gettext_noop, ngettext
from django.utils.translation import gettext as _

from talaia.panel.state import Reason, State

Since = Callable[[datetime], str]
"""An instant with its preposition, in the language in force: "since 03:12"."""


def state(value: State) -> str:
    """What a service is, in one or two words."""
    match value:
        case State.OPERATIONAL:
            return _("Operational")
        case State.DEGRADED:
            return _("Degraded performance")
        case State.PARTIAL:
            return _("Partial disruption")
        case State.DISRUPTION:
            return _("Disruption")
        case State.MAINTENANCE:
            return _("Maintenance")
        case State.UNKNOWN:
            return _("Unknown")


def meaning(value: State) -> str:
    """What a state means, in a sentence."""
    match value:
        case State.OPERATIONAL:
            return _("It works: a recent measurement says so or, where nothing measures it, those who look after it.")
        case State.DEGRADED:
            return _("It works, but slowly or with errors now and then.")
        case State.PARTIAL:
            return _("It does not work for some people, or a part of it does not.")
        case State.DISRUPTION:
            return _("It does not work, or for almost nobody.")
        case State.MAINTENANCE:
            return _("We are working on it, as announced; it may stop meanwhile.")
        case State.UNKNOWN:
            return _("We have no recent measurement: it may work or not.")


def impact(value: State) -> str:
    """What an incident does to a service."""
    match value:
        case State.OPERATIONAL:
            return _("No impact")
        case State.MAINTENANCE:
            return _("Under maintenance")
        case _:
            return state(value)


def level(value: State) -> str:
    """What is to be expected of a service while work that was announced is done on it."""
    match value:
        case State.DISRUPTION | State.MAINTENANCE:
            return _("Stopped")
        case State.PARTIAL:
            return _("Stopped in part")
        case _:
            return impact(value)


def level_state(value: State) -> State:
    """The state whose shape and colour an announced level has: what is planned is no trouble, however much it stops."""
    return State.OPERATIONAL if value is State.OPERATIONAL else State.MAINTENANCE


def reason(given: Reason, since: Since) -> str:
    """Why: the part of a sentence that follows a state. Empty for an unknown code, or one without its values."""
    try:
        parts = [_sentence(given.code, given.values, since)]
        if given.values.get("silenced"):
            parts.append(_("it is being worked on"))
        if unstable_since := given.values.get("unstable_since"):
            parts.append(_unstable(unstable_since, since))
    except (KeyError, TypeError, ValueError, AttributeError):
        parts = []
    if given.values.get("filled"):
        parts.append(_("known only afterwards"))
    return "; ".join(filter(None, parts))


def _unstable(began: str, since: Since) -> str:
    # Translators: %(since)s is "since 03:12"
    return _("unstable %(since)s") % {"since": since(datetime.fromisoformat(began))}


# Of the reasons that hold no values.
PLAIN = {
    "never_measured": gettext_noop("not measured yet"),
    "not_measured": gettext_noop("no recent measurement"),
    "our_line": gettext_noop("not measured: it is our own connection that fails"),
    "not_running": gettext_noop("talaia was not running"),
    "failing_pending": gettext_noop("measurements fail again; we are checking"),
    "silenced": gettext_noop("its alerts are silenced while it is worked on"),
    "kept_by_hand": gettext_noop("not measured; we keep it up to date by hand"),
    "unconfirmed": gettext_noop("as we have been told; not measured"),
}


def _sentence(code: str, values: Mapping[str, Any], since: Since) -> str:
    if code in PLAIN:
        return _(PLAIN[code])
    match code:
        case "source_silent":
            # Translators: %(since)s is "since 03:12"
            return _("monitoring silent %(since)s") % {"since": since(datetime.fromisoformat(values["since"]))}
        case "source_unreadable":
            # Translators: %(since)s is "since 03:12"
            unread = _("the monitoring answers, but we have not been able to read it %(since)s")
            return unread % {"since": since(datetime.fromisoformat(values["since"]))}
        case "too_few_measured" | "partly_measured" | "connections_down" | "connections_poor":
            return _connections(code, values)
        case "improving":
            return _improving(reason(Reason.from_json(values["now"]), since), values, since)
        case "alert" if summary := str(values.get("summary") or ""):
            return summary
        case "alert":
            count = int(values.get("count", 1))
            faults = ngettext("the monitoring reports a fault", "the monitoring reports %(count)s faults", count)
            return faults % {"count": count}
        case "check":
            return {"down": _("it does not answer"), "slow": _("it answers slowly")}[values["what"]]
        case "unstable":
            return _("%(unstable)s; it works at this moment, and we are watching it") % {
                "unstable": _unstable(values["since"], since)
            }
        case "by_hand" if words := values.get("words"):
            said = (words.get(get_language()) or next(iter(words.values()))).removesuffix(".")  # the sentence goes on
            return _("the technical team says: %(words)s") % {"words": said}
        case "by_hand":
            return _("set by the technical team")
        case "incident":
            return _("incident %(ref)s") % {"ref": values["ref"]}
        case "maintenance":
            return _("maintenance %(ref)s") % {"ref": values["ref"]}
        case "beyond_maintenance":
            return _("worse than maintenance %(ref)s announced") % {"ref": values["ref"]}
    return ""


def _improving(now: str, values: Mapping[str, Any], since: Since) -> str:
    """Since when it was bad, and since when it is better: the one must not be taken for the other."""
    if not {"good_since", "better_since"} & values.keys():
        if now:
            # Translators: %(now)s is "1 of 8 reference connections without service"
            return _("%(now)s; it is getting better, and we are watching it") % {"now": now}
        return _("measured well again; we are watching whether it lasts")
    well = "good_since" in values
    said = {
        "since": since(datetime.fromisoformat(values["since"])),
        "better": since(datetime.fromisoformat(values["good_since" if well else "better_since"])),
    }
    if well and not now:
        # Translators: %(since)s and %(better)s are "since 03:12"
        words = _(
            "it had not been well %(since)s; measured well again %(better)s, and we are watching whether it lasts"
        )
        return words % said
    if well:
        # Translators: %(now)s is "as far as 7 of 8 reference connections tell"; the others are "since 03:12"
        words = _(
            "%(now)s; it had not been well %(since)s, is well again %(better)s, and we are watching whether it lasts"
        )
        return words % {"now": now, **said}
    # Translators: %(now)s is "1 of 8 reference connections without service"; the others are "since 03:12"
    words = _("%(now)s; it had been worse %(since)s, has been getting better %(better)s, and we are watching it")
    return words % {"now": now or _("measured well at this moment"), **said}


def _connections(code: str, values: Mapping[str, Any]) -> str:
    """So many of so many reference connections; the verb follows the first number."""
    of = int(values["of"])
    match code:
        case "connections_down":
            count = int(values["down"])
            words = ngettext(
                "%(count)s of %(of)s reference connections without service",
                "%(count)s of %(of)s reference connections without service",
                count,
            )
        case "connections_poor":
            count = int(values["poor"])
            words = ngettext(
                "%(count)s of %(of)s reference connections works badly",
                "%(count)s of %(of)s reference connections work badly",
                count,
            )
        case "too_few_measured":
            count = int(values["measured"])
            words = ngettext(
                "only %(count)s of %(of)s reference connections is measured",
                "only %(count)s of %(of)s reference connections are measured",
                count,
            )
        case _:
            count = int(values["measured"])
            words = ngettext(
                "as far as %(count)s of %(of)s reference connections tells",
                "as far as %(count)s of %(of)s reference connections tell",
                count,
            )
    return words % {"count": count, "of": of}
