"""How the list must be set, pure: nobody posts by mail, whoever tries is told where to look, and who leaves is heard.

Why each of them: docs/mailing-lists.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from talaia.config import SiteConfig

# Without these a post could go out twice, or to nobody: they are looked at before each post.
HOLDING: dict[str, object] = {
    "default_member_action": "hold",
    "default_nonmember_action": "hold",
    "accept_these_nonmembers": [],
    "hold_these_nonmembers": [],
    "reject_these_nonmembers": [],
    "discard_these_nonmembers": [],
    "max_days_to_hold": 0,
}
SETTINGS: dict[str, object] = {
    **HOLDING,
    # Every mail to the list is answered and goes no further; what comes through REST passes this by.
    "autorespond_postings": "respond_and_discard",
    "autorespond_owner": "respond_and_discard",
    # Not discarded: with these goes what is written to …-leave, and who is not heard could never leave.
    "autorespond_requests": "respond_and_continue",
    "autoresponse_grace_period": "1d",
    "allow_list_posts": False,
    "reply_goes_to_list": "no_munging",
    "first_strip_reply_to": False,
    "subject_prefix": "",
    "max_message_size": 0,
    "filter_content": False,
    "convert_html_to_plaintext": False,
    "collapse_alternatives": False,
    "personalize": "none",
    "anonymous_list": False,
    "dmarc_mitigate_action": "no_mitigation",
    "dmarc_mitigate_unconditionally": False,
    "emergency": False,
    "admin_immed_notify": False,
    "admin_notify_mchanges": False,
    "respond_to_post_requests": False,
    "send_welcome_message": False,
    "send_goodbye_message": False,
    "subscription_policy": "moderate",
    "unsubscription_policy": "moderate",
    "archive_policy": "never",
    "digests_enabled": False,
    "member_roster_visibility": "moderators",
    "advertised": False,
    "gateway_to_mail": False,
    "gateway_to_news": False,
    "process_bounces": True,
    # Who bounces is switched off and stays on the list, so that we see it; Mailman would remove them after a while.
    "bounce_you_are_disabled_warnings_interval": "3650d",
    "bounce_notify_owner_on_disable": False,
    "bounce_notify_owner_on_removal": False,
}
# What Mailman would put above and below each letter, as a part of its own: ours says how to leave, in every language.
# An empty file that is on every machine; an address of ours could be away just then, and with it the letter.
EMPTY = "file:///dev/null"
AROUND_A_LETTER: dict[str, object] = {"list:member:regular:header": EMPTY, "list:member:regular:footer": EMPTY}
TEXTS = ("autoresponse_postings_text", "autoresponse_owner_text", "autoresponse_request_text")
# Settings that not every version has.
SINCE_3_3_9 = frozenset({"max_days_to_hold"})


@dataclass(frozen=True)
class Difference:
    """A setting of the list that is not as it must be. `found` None: this Mailman has no such setting."""

    name: str
    wanted: object
    found: object

    def __str__(self) -> str:
        if self.name in TEXTS:
            return f"{self.name}: not our answer"
        return f"{self.name}: {setting_text(self.found)}, must be {setting_text(self.wanted)}"


def setting_text(value: object) -> str:
    return "empty" if value in ("", []) else str(value).lower() if isinstance(value, bool) else str(value)


def wanted(site: SiteConfig, address: str) -> dict[str, object]:
    """Every setting that we care for, as Mailman's REST shows it. `list`: its address."""
    name, _at, host = address.partition("@")
    told = answer(site)
    return {
        **SETTINGS,
        "display_name": str(site.name),
        # Mailman writes English in ASCII, with question marks for the rest.
        "preferred_language": next((one for one in site.languages if one != "en"), "en"),
        **dict(zip(TEXTS, (told, told, answer(site, f"{name}-leave@{host}")), strict=True)),
    }


def answer(site: SiteConfig, leave: str = "") -> str:
    """What somebody gets who writes to the list, in each language of the site, with the address of the page.

    `leave`: they wrote to the address for requests, and are told how to leave.
    """
    parts = []
    for language in site.languages:
        with override(language):
            first = _("Nobody reads what is written to this address.")
            if leave:
                how = _("To get no more mails write to %(address)s: within a few minutes you are taken off.")
                first = how % {"address": leave}
            said = _("All that we know stands here:")
            page = "" if language == site.languages[0] else f"{language}/"
            parts.append(f"{first} {said}\n{site.address.rstrip('/')}/{page}\n")
    return "\n".join(parts)


def differences(wanted: Mapping[str, object], found: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What must be changed. A setting that an older Mailman lacks is none."""
    return tuple(
        Difference(name, value, found.get(name))
        for name, value in wanted.items()
        if not same(value, found.get(name)) and not (name in SINCE_3_3_9 and name not in found)
    )


def same(wanted: object, found: object) -> bool:
    """Line ends are Mailman's own business."""
    if isinstance(wanted, str) and isinstance(found, str):
        return wanted.split() == found.split() if "\n" in wanted else wanted == found
    return wanted == found


def as_fields(found: Iterable[Difference]) -> dict[str, Any]:
    """For a PATCH: an empty list of addresses is sent as an empty text."""
    return {
        one.name: "" if one.wanted == [] else str(one.wanted) if isinstance(one.wanted, bool | int) else one.wanted
        for one in found
    }
