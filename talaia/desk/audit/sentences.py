"""What each kind of fact says, in one sentence that goes on after a name: “anna” “opened incident 2026-003”."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from talaia.desk.people.roles import NAMES, Role

SENTENCES: dict[str, Promise] = {
    "incident.opened": gettext_lazy("opened incident %(it)s"),
    "incident.updated": gettext_lazy("wrote an update to incident %(it)s"),
    "incident.resolved": gettext_lazy("resolved incident %(it)s"),
    "incident.corrected": gettext_lazy("corrected an entry of incident %(it)s"),
    "incident.edited": gettext_lazy("changed the head of incident %(it)s"),
    "incident.reopened": gettext_lazy("reopened incident %(it)s"),
    "incident.merged": gettext_lazy("said that incident %(it)s is a duplicate"),
    "incident.analysed": gettext_lazy("wrote the analysis of incident %(it)s"),
    "maintenance.proposed": gettext_lazy("proposed maintenance %(it)s"),
    "maintenance.planned": gettext_lazy("planned maintenance %(it)s"),
    "maintenance.scheduled": gettext_lazy("wrote an update to maintenance %(it)s"),
    "maintenance.in_progress": gettext_lazy("began maintenance %(it)s"),
    "maintenance.completed": gettext_lazy("completed maintenance %(it)s"),
    "maintenance.cancelled": gettext_lazy("cancelled maintenance %(it)s"),
    "maintenance.corrected": gettext_lazy("corrected an entry of maintenance %(it)s"),
    "maintenance.edited": gettext_lazy("changed the head of maintenance %(it)s"),
    "maintenance.extended": gettext_lazy("extended maintenance %(it)s"),
    "maintenance.postponed": gettext_lazy("moved maintenance %(it)s"),
    "maintenance.arranged": gettext_lazy("changed how maintenance %(it)s runs and what is told"),
    "maintenance.addressed": gettext_lazy("noted for whom maintenance %(it)s is"),
    "maintenance.widened": gettext_lazy("had everybody told of maintenance %(it)s from then on"),
    "maintenance.overrun": gettext_lazy("saw that maintenance %(it)s lasts longer than planned"),
    "maintenance.not_begun": gettext_lazy("saw that maintenance %(it)s has not begun"),
    "maintenance.unseen": gettext_lazy("found that the window of maintenance %(it)s had passed unseen"),
    "maintenance.change_proposed": gettext_lazy("proposed a change of maintenance %(it)s"),
    "maintenance.change_dropped": gettext_lazy("dropped the proposed change of maintenance %(it)s"),
    "maintenance.stuck": gettext_lazy("could not move maintenance %(it)s on"),
    "maintenance.late": gettext_lazy("saw that maintenance %(it)s is late"),
    "maintenance.analysed": gettext_lazy("wrote the analysis of maintenance %(it)s"),
    "service.changed": gettext_lazy("changed the state of %(it)s"),
    "service.explained": gettext_lazy("explained the state of %(it)s otherwise"),
    "service.rolled_up": gettext_lazy("summed up a day of %(it)s"),
    "service.unwatched": gettext_lazy("found that nobody had watched %(it)s"),
    "service.backfilled": gettext_lazy("wrote the past of %(it)s from the metrics"),
    "service.said": gettext_lazy("wrote the past of %(it)s as an incident says"),
    "service.set_by_hand": gettext_lazy("set the state of %(it)s by hand"),
    "service.taken_back": gettext_lazy("let the monitoring speak of %(it)s again"),
    "service.hand_ended": gettext_lazy("ended what was set by hand for %(it)s, as its time was over"),
    "service.reported": gettext_lazy("counted many for whom %(it)s fails"),
    "service.renamed": gettext_lazy("renamed service %(from)s to %(it)s"),
    "source.silent": gettext_lazy("stopped hearing %(it)s"),
    "source.heard": gettext_lazy("heard %(it)s again"),
    "delivery.tried_again": gettext_lazy("had delivery %(it)s tried again"),
    "delivery.let_go": gettext_lazy("let go of delivery %(it)s"),
    "draft.offered": gettext_lazy("asked to have a draft published: %(it)s"),
    "draft.dropped": gettext_lazy("threw a draft away: %(it)s"),
    "suggestion.dismissed": gettext_lazy("said that no incident is needed"),
    "suggestion.taken_up": gettext_lazy("took up a dismissed suggestion again"),
    "words.changed": gettext_lazy("changed the first words for %(it)s"),
    "words.reset": gettext_lazy("went back to our first words for %(it)s"),
    "audience.proposed": gettext_lazy("brought in export %(it)s"),
    "audience.confirmed": gettext_lazy("confirmed export %(it)s"),
    "audience.applied": gettext_lazy("took over a part of export %(it)s"),
    "audience.synced": gettext_lazy("took over export %(it)s"),
    "audience.dropped": gettext_lazy("dropped export %(it)s"),
    "audience.opted_out": gettext_lazy("noted that somebody wants no more mails"),
    "audience.opted_in": gettext_lazy("noted that somebody wants mails again"),
    "audience.bounced": gettext_lazy("noted that an address does not work"),
    "audience.not_bounced": gettext_lazy("had mails go to an address again, as too many had come back on one day"),
    "audience.added": gettext_lazy("added an address by hand"),
    "audience.forgotten": gettext_lazy("forgot addresses that had left"),
    "audience.asked_for": gettext_lazy("took in that somebody asks for our mails"),
    "audience.subscribed": gettext_lazy("noted that somebody subscribed"),
    "audience.reconciled": gettext_lazy("compared the list with the ledger"),
    "audience.posted": gettext_lazy("handed a mail to the mailing list"),
    "audience.list_set": gettext_lazy("set up the mailing list: %(count)s settings"),
    "audience.list_troubled": gettext_lazy("saw that the mailing list has a problem"),
    "audience.list_well": gettext_lazy("saw that the mailing list is well again"),
    "notices.possible": gettext_lazy("noted that notices can leave the house"),
    "notices.impossible": gettext_lazy("noted that notices cannot leave the house"),
    "notice.held": gettext_lazy("drew up notice %(it)s, which goes after its hold"),
    "notice.withheld": gettext_lazy("drew up notice %(it)s, which does not go by itself"),
    "notice.taken_back": gettext_lazy("took back notice %(it)s"),
    "notice.begun": gettext_lazy("began to send notice %(it)s"),
    "notice.went_on": gettext_lazy("went on sending notice %(it)s"),
    "notice.sent": gettext_lazy("finished sending notice %(it)s"),
    "notice.stuck": gettext_lazy("could not go on with notice %(it)s"),
    "notice.resumed": gettext_lazy("had the rest of notice %(it)s sent"),
    "notice.given_up": gettext_lazy("stopped sending notice %(it)s"),
    "notice.tested": gettext_lazy("had a test mail sent to themselves"),
    "incident.addressed": gettext_lazy("noted for whom incident %(it)s is"),
    "incident.widened": gettext_lazy("had everybody told of incident %(it)s from then on"),
    "incident.imported": gettext_lazy("took incident %(it)s over from the forum"),
    "forum.placed": gettext_lazy("found a place in the forum for %(it)s"),
    "forum.written": gettext_lazy("wrote to the forum about %(it)s"),
    "forum.edited": gettext_lazy("saw that somebody wrote in the forum about %(it)s"),
    "forum.set_back": gettext_lazy("saw older words of ours in the forum for %(it)s, and writes them anew"),
    "forum.settled": gettext_lazy("saw that page and forum say the same of %(it)s again"),
    "forum.taken": gettext_lazy("took words from the forum for %(it)s"),
    "forum.refused": gettext_lazy("left words from the forum aside for %(it)s"),
    "forum.replied": gettext_lazy("counted the replies in the forum about %(it)s"),
    "forum.troubled": gettext_lazy("found something to mend in the forum about %(it)s"),
    "forum.forgotten": gettext_lazy("forgot where everything stands in the mirror (%(it)s)"),
    "reply.came": gettext_lazy("took in what somebody wrote to us"),
    "reply.over": gettext_lazy("answered what somebody wrote to us"),
    "user.added": gettext_lazy("added %(it)s as %(role)s"),
    "user.password_set": gettext_lazy("set the password of %(it)s"),
    "user.disabled": gettext_lazy("let %(it)s in no more"),
    "user.enabled": gettext_lazy("let %(it)s in again"),
    "user.invited": gettext_lazy("invited %(it)s as %(role)s"),
    "user.invitation_withdrawn": gettext_lazy("withdrew the invitation of %(it)s"),
    "user.joined": gettext_lazy("joined as %(role)s, invited by %(invited_by)s"),
    "user.role_changed": gettext_lazy("changed the role of %(it)s"),
    "user.logged_in": gettext_lazy("logged in with %(with)s"),
    "user.session_ended": gettext_lazy("ended sessions of their own: %(count)s"),
    "user.passkey_added": gettext_lazy("added a passkey: %(name)s"),
    "user.passkey_removed": gettext_lazy("took away a passkey: %(name)s"),
    "user.totp_added": gettext_lazy("connected an authenticator app"),
    "user.totp_removed": gettext_lazy("disconnected the authenticator app"),
    "user.codes_made": gettext_lazy("made new recovery codes"),
    "user.factors_forgotten": gettext_lazy("took away every second factor of %(it)s"),
    "user.openid_added": gettext_lazy("came for the first time through %(issuer)s"),
    "token.issued": gettext_lazy("made a token for %(it)s"),
    "token.revoked": gettext_lazy("revoked a token of %(it)s"),
    "panel.listed": gettext_lazy("changed the list of services"),
    "site.changed": gettext_lazy("had the whole site made anew"),
    "site.mended": gettext_lazy("made files of the public page anew that somebody else had changed: %(count)s"),
}

WAYS: dict[str, Promise] = {
    "password": gettext_lazy("password"),
    "totp": gettext_lazy("authenticator app"),
    "webauthn": gettext_lazy("passkey"),
    "recovery_codes": gettext_lazy("recovery code"),
    "openid": gettext_lazy("OpenID"),
}


def sentence(kind: str, subject: str, data: Mapping[str, Any]) -> str:
    """A fact in words. One of a kind from another version of talaia is told by its name."""
    if kind not in SENTENCES:
        return f"{kind} ({subject})"
    given = {
        "it": subject.partition("/")[2],
        "role": _role(data.get("role")),
        "with": _and([str(WAYS.get(way, way)) for way in data.get("with", [])]),
        **{name: data.get(name, "?") for name in ("name", "count", "issuer", "invited_by", "from")},
    }
    return str(SENTENCES[kind]) % given


def _role(value: Any) -> str:
    return str(NAMES[Role(value)]) if value in list(Role) else "?"


def _and(words: list[str]) -> str:
    if len(words) < 2:
        return "".join(words) or "?"
    return _("%(some)s and %(last)s") % {"some": ", ".join(words[:-1]), "last": words[-1]}
