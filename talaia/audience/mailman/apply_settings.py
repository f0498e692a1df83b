"""Makes the list as expected_settings.py wants it, and looks whether it is. Repeating changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from talaia.audience.mailman import queues
from talaia.audience.mailman.client import MailmanClient
from talaia.audience.mailman.expected_settings import AROUND_A_LETTER, Difference, as_fields, differences, wanted
from talaia.config import SiteConfig
from talaia.outbox.errors import OutsideError, PermanentError

OLDEST = (3, 3, 8)
AROUND = ("accept", "defer", "reject", "discard")  # what may be said of one sender, and is not "hold"
OLD_SQL_HINT = (
    "it answers 500 to whatever lists members? Mailman up to 3.3.10 needs SQLAlchemy below 2.1; look at its logs"
)


@dataclass(frozen=True)
class ListSettings:
    """How the list is. `around`: how many senders have a rule of their own, which passes holding by."""

    domain: bool
    list: bool
    differences: tuple[Difference, ...]
    framing: tuple[Difference, ...] = ()  # what stands above and below each letter
    around: tuple[str, ...] = ()  # the ids of their memberships

    @property
    def right(self) -> bool:
        return self.domain and self.list and not (self.differences or self.framing or self.around)


def read_settings(client: MailmanClient, site: SiteConfig) -> ListSettings:
    """Raises Temporary and Permanent."""
    name = client.mailman.list
    domain = client.get(f"domains/{name.partition('@')[2]}", 404).status == 200
    if client.get(client.path(), 404).status == 404:
        return ListSettings(domain, False, differences(wanted(site, name), {}))
    framing = {str(one.get("name")): one.get("uri") for one in client.get(client.path("uris")).entries}
    return ListSettings(
        domain,
        True,
        differences(wanted(site, name), client.get(client.path("config")).data),
        differences(AROUND_A_LETTER, framing),
        tuple(around(client)),
    )


def around(client: MailmanClient) -> Iterator[str]:
    """Of members it does not matter: nobody can post by mail at all, and talaia is no member."""
    for action in AROUND:
        found = client.post(
            "members/find", list_id=client.list_id, role="nonmember", moderation_action=action, long=True
        )
        yield from (str(one["member_id"]) for one in found.entries)


def apply(client: MailmanClient, site: SiteConfig, found: ListSettings) -> None:
    """What read_settings() found wanting. Raises Temporary and Permanent."""
    name = client.mailman.list
    if not found.domain:
        client.post("domains", 400, mail_host=name.partition("@")[2])  # 400: somebody else was quicker
    if not found.list:
        client.post("lists", 400, fqdn_listname=name, style_name="legacy-announce")
        found = read_settings(client, site)
    if found.differences:
        client.patch(client.path("config"), as_fields(found.differences))
    if found.framing:
        client.patch(client.path("uris"), as_fields(found.framing))
    for member in found.around:
        client.patch(f"members/{member}", {"moderation_action": "hold"})
    after = read_settings(client, site)
    if not after.right:
        left = "; ".join(map(str, (*after.differences, *after.framing))) or "the list is not as it was set"
        raise PermanentError(
            f"{name}: Mailman does not take it: {left}", "does somebody else set this list? Is it 3.3.8?"
        )


def version(client: MailmanClient) -> tuple[int, ...]:
    """Of Mailman, such as (3, 3, 10)."""
    said = str(client.get("system/versions").data.get("mailman_version", ""))
    words = [word for word in said.split() if word[:1].isdigit()]
    return tuple(int(part) for part in words[0].split(".") if part.isdigit()) if words else ()


# A line of `talaia check`: is it well, what was looked at, what to do when it is not.
Line = tuple[bool | None, str, str]


def checked(client: MailmanClient, site: SiteConfig) -> Iterator[Line]:
    """For `talaia check`. Changes nothing, raises nothing."""
    name = client.mailman.list
    try:
        number = version(client)
        shown = ".".join(map(str, number)) or "unknown"
        if number < OLDEST:
            yield None, f"Mailman is of version {shown}; talaia is tried with 3.3.8 and 3.3.10", "bring it up to date"
        found = read_settings(client, site)
        if not found.list:
            yield False, f"Mailman {shown} answers and has no list {name}", "talaia audience setup"
            return
        yield True, f"Mailman {shown} answers and has the list {name}", ""
        for one in (*found.differences, *found.framing):
            yield False, f"list {name}: {one}", "talaia audience setup"
        if found.around:
            what = f"list {name}: {len(found.around)} senders have a rule of their own, which lets their mail by"
            yield False, what, "talaia audience setup"
        for queue in queues.stuck(client):
            yield False, str(queue), queue.hint
        try:
            client.get(client.path("roster", "member"), count=1, page=1)
        except OutsideError as fault:
            yield False, str(fault), OLD_SQL_HINT
        asked = client.get(client.path("requests", "count"), request_type="subscription").data.get("count", 0)
        if asked:
            mend = "`talaia audience add ADDRESS` lets one in; the others wait in Mailman"
            yield None, f"list {name}: {asked} people ask to be let in", mend
    except OutsideError as fault:
        yield False, str(fault), fault.hint
