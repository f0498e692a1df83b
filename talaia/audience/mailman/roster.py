"""The members of a Mailman list, behind the seam of backend.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from talaia.audience.address import AddressError, parse
from talaia.audience.backend import DeliveryMode, Leaving, ListMember, ListOutcome
from talaia.audience.diff import RecipientEntry
from talaia.audience.mailman.client import MailmanClient, MailmanResponse
from talaia.outbox.errors import PermanentError, TemporaryError

PAUSED = ("by_user", "by_moderator")
SWITCHED_OFF = {"by_bounces": DeliveryMode.BOUNCED, **dict.fromkeys(PAUSED, DeliveryMode.PAUSED)}
FEW = 200
AT_ONCE = {"pre_verified": "True", "pre_confirmed": "True", "pre_approved": "True", "send_welcome_message": "False"}


class MailmanList:
    """Who is on the list. Nothing it does sends anybody a mail."""

    at_once = 1  # to write it down takes nothing beside a subscription, and a kill leaves one in doubt, not many

    def __init__(self, client: MailmanClient) -> None:
        self.client = client

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.client.close()

    def read(self, closely: bool = False) -> Mapping[str, ListMember]:
        """In one answer: pages are counted anew for each, so that somebody could fall between two of them.

        Asked who is switched off, Mailman looks at everybody once more, for longer than this answer takes. So where few
        have ever bounced only those are looked at.
        """
        path = self.client.path("roster", "member")
        fields = ["email", "last_bounce_received", *(["delivery_mode"] if closely else [])]
        found = self.client.get(path, long=True, fields=fields)
        if found.data.get("total_size") != len(found.entries):
            raise TemporaryError("Mailman's answer does not have everybody who is on the list", "it is asked again")
        mail = self._mail([str(one["email"]) for one in found.entries if one.get("last_bounce_received")])
        if closely:
            digests = {
                email(one): DeliveryMode.DIGEST for one in found.entries if one.get("delivery_mode") != "regular"
            }
            mail = digests | self._paused() | {key: how for key, how in mail.items() if how != DeliveryMode.ON}
        return {key: ListMember(key, mail.get(key, DeliveryMode.ON)) for key in map(email, found.entries)}

    def _paused(self) -> dict[str, DeliveryMode]:
        """Who paused their mail, or whose mail a moderator paused."""
        here: dict[str, Any] = {"list_id": self.client.list_id, "role": "member", "fields": "email"}
        off = [self.client.post("members/find", long=True, delivery_status=how, **here) for how in PAUSED]
        return {email(one): DeliveryMode.PAUSED for answer in off for one in answer.entries}

    def no_digest(self, keys: Sequence[str]) -> Sequence[str]:
        done = []
        for key in keys:
            here: dict[str, Any] = {"list_id": self.client.list_id, "role": "member", "subscriber": key}
            for one in self.client.post("members/find", **here).entries:
                self.client.patch(f"members/{one['member_id']}", {"delivery_mode": "regular"})
                done.append(key)
        return done

    def _mail(self, bounced: Sequence[str]) -> dict[str, DeliveryMode]:
        """Of those who have ever bounced; who is not in it gets mail, or paused it."""
        here: dict[str, Any] = {"list_id": self.client.list_id, "role": "member"}
        if len(bounced) > FEW:
            off = self.client.post("members/find", long=True, delivery_status="by_bounces", fields="email", **here)
            return {email(one): DeliveryMode.BOUNCED for one in off.entries}
        found = {}
        for address in bounced:
            for one in self.client.post("members/find", subscriber=address, **here).entries:
                said = self.client.get(f"members/{one['member_id']}/preferences", 404)
                found[email(one)] = SWITCHED_OFF.get(str(said.data.get("delivery_status")), DeliveryMode.ON)
        return found

    def subscribe(self, people: Sequence[RecipientEntry]) -> Mapping[str, ListOutcome]:
        """One after the other: Mailman has no other way, and several at once are no quicker."""
        return {person.key: self._subscribe(person) for person in people}

    def _subscribe(self, person: RecipientEntry) -> ListOutcome:
        fields: dict[str, Any] = {
            "list_id": self.client.list_id,
            "subscriber": person.address,
            "display_name": person.name,
            **AT_ONCE,
        }
        said = self.client.post("members", 400, 409, **fields)
        if said.status == 409 and "pending" in said.error.lower():
            # They asked to join by themselves, and that waits for somebody: it is answered by what we do.
            self._discard_request(person.key)
            said = self.client.post("members", 400, 409, **fields)
        return outcome(said)

    def _discard_request(self, key: str) -> None:
        for one in self.client.get(self.client.path("requests"), request_type="subscription").entries:
            if email(one) == key:
                self.client.post(self.client.path("requests", one["token"]), 404, action="discard")

    def remove(self, keys: Sequence[str]) -> Mapping[str, ListOutcome]:
        """All at once."""
        if not keys:
            return {}
        emails = [key.lower() for key in keys]  # so Mailman compares them here
        said = self.client.delete(self.client.path("roster", "member"), long=True, emails=emails).data
        if missing := [key for key in emails if key not in said]:
            raise TemporaryError(f"Mailman says nothing of {len(missing)} that were to leave", "it is asked again")
        return {key: ListOutcome.DONE if said[key.lower()] else ListOutcome.ALREADY for key in keys}

    def leaving(self) -> Sequence[Leaving]:
        """Who asked Mailman to be taken off, which waits for us."""
        asked = self.client.get(self.client.path("requests"), request_type="unsubscription")
        return [Leaving(email(one), str(one["token"])) for one in asked.entries]

    def let_go(self, leaving: Leaving) -> None:
        """They are off the list then. Of a request that is gone, that was so before."""
        self.client.post(self.client.path("requests", leaving.token), 404, action="accept")


def email(entry: Mapping[str, Any]) -> str:
    """The key of an entry that Mailman has."""
    written = str(entry["email"])
    if written.isascii() and "xn--" not in written.lower():
        return written.lower()  # as parse() would say, for ten thousand of them
    try:
        return parse(written).key
    except AddressError:
        return written.lower()  # Mailman takes a few that we do not


def outcome(said: MailmanResponse) -> ListOutcome:
    """What the answer to a subscription means; a text that we do not know is a fault, not the person's."""
    text = said.error.lower()
    if said.status == 201:
        return ListOutcome.DONE
    if said.status == 409:
        return ListOutcome.LATER if "pending" in text else ListOutcome.ALREADY
    if "banned" in text:
        return ListOutcome.BARRED
    if '"subscriber"' in text or "subscriber:" in text or "cannot subscribe" in text:
        return ListOutcome.IMPOSSIBLE
    if "integrityerror" in text:  # somebody else put the same person there at the same moment
        raise TemporaryError("Mailman got into its own way", "it is tried again")
    raise PermanentError(f"Mailman does not let somebody on the list: {said.status} {said.error[:200]}", "see its logs")
