"""What each kind of fact says, in one sentence that goes on after a name: “anna” “opened incident 2026-003”."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from talaia.desk.people.roles import NAMES, Role

SENTENCES: dict[str, Promise] = {
    "incident.opened": lazy("opened incident %(it)s"),
    "incident.updated": lazy("wrote an update to incident %(it)s"),
    "incident.resolved": lazy("resolved incident %(it)s"),
    "incident.corrected": lazy("corrected an entry of incident %(it)s"),
    "incident.edited": lazy("changed the head of incident %(it)s"),
    "maintenance.planned": lazy("planned maintenance %(it)s"),
    "maintenance.scheduled": lazy("wrote an update to maintenance %(it)s"),
    "maintenance.in_progress": lazy("began maintenance %(it)s"),
    "maintenance.completed": lazy("completed maintenance %(it)s"),
    "maintenance.cancelled": lazy("cancelled maintenance %(it)s"),
    "maintenance.corrected": lazy("corrected an entry of maintenance %(it)s"),
    "maintenance.edited": lazy("changed the head of maintenance %(it)s"),
    "service.changed": lazy("changed the state of %(it)s"),
    "service.explained": lazy("explained the state of %(it)s otherwise"),
    "service.rolled_up": lazy("summed up a day of %(it)s"),
    "service.backfilled": lazy("wrote the past of %(it)s from the metrics"),
    "service.set_by_hand": lazy("set the state of %(it)s by hand"),
    "service.taken_back": lazy("gave the state of %(it)s back to the signals"),
    "source.silent": lazy("stopped hearing %(it)s"),
    "source.heard": lazy("heard %(it)s again"),
    "user.added": lazy("added %(it)s as %(role)s"),
    "user.password_set": lazy("set the password of %(it)s"),
    "user.disabled": lazy("let %(it)s in no more"),
    "user.enabled": lazy("let %(it)s in again"),
    "user.invited": lazy("invited %(it)s as %(role)s"),
    "user.invitation_withdrawn": lazy("withdrew the invitation of %(it)s"),
    "user.joined": lazy("joined as %(role)s, invited by %(invited_by)s"),
    "user.role_changed": lazy("changed the role of %(it)s"),
    "user.logged_in": lazy("logged in with %(with)s"),
    "user.session_ended": lazy("ended sessions of their own: %(count)s"),
    "user.passkey_added": lazy("added a passkey: %(name)s"),
    "user.passkey_removed": lazy("took away a passkey: %(name)s"),
    "user.totp_added": lazy("connected an authenticator app"),
    "user.totp_removed": lazy("disconnected the authenticator app"),
    "user.codes_made": lazy("made new recovery codes"),
    "user.factors_forgotten": lazy("took away every second factor of %(it)s"),
    "user.openid_added": lazy("came for the first time through %(issuer)s"),
    "token.issued": lazy("made a token for %(it)s"),
    "token.revoked": lazy("revoked a token of %(it)s"),
    "panel.listed": lazy("changed the list of services"),
    "site.changed": lazy("had the whole site made anew"),
}

WAYS: dict[str, Promise] = {
    "password": lazy("password"),
    "totp": lazy("authenticator app"),
    "webauthn": lazy("passkey"),
    "recovery_codes": lazy("recovery code"),
    "openid": lazy("OpenID"),
}


def sentence(kind: str, subject: str, data: Mapping[str, Any]) -> str:
    """A fact in words. One of a kind from another version of talaia is told by its name."""
    if kind not in SENTENCES:
        return f"{kind} ({subject})"
    given = {
        "it": subject.partition("/")[2],
        "role": _role(data.get("role")),
        "with": _and([str(WAYS.get(way, way)) for way in data.get("with", [])]),
        **{name: data.get(name, "?") for name in ("name", "count", "issuer", "invited_by")},
    }
    return str(SENTENCES[kind]) % given


def _role(value: Any) -> str:
    return str(NAMES[Role(value)]) if value in list(Role) else "?"


def _and(words: list[str]) -> str:
    if len(words) < 2:
        return "".join(words) or "?"
    return _("%(some)s and %(last)s") % {"some": ", ".join(words[:-1]), "last": words[-1]}
