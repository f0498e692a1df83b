"""How the tables of those who are told fit together: [mail], [audience], [mirror]."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import getaddresses
from urllib.parse import urlsplit

import idna
import msgspec

from talaia.config.addresses import MAILBOX, is_safe, is_web_address, nowhere, positive
from talaia.config.hosts import host
from talaia.config.positions import Path as Place
from talaia.config.tables import Audience, Columns, Config, Mailman, MirrorConfig, SegmentConfig

# Which keys of [mirror] go with one kind only, and which it must have.
MIRROR_ONLY = {
    "category": "discourse",
    "webhook_secret_file": "discourse",
    "replies": "discourse",
    "tags": "discourse",
    "rate": "discourse",
    "repository": "git",
    "branch": "git",
    "folder": "git",
    "known_hosts_file": "git",
}
MIRROR_NEEDS = {"discourse": ("address", "key_file", "user", "category"), "git": ("repository",)}
MOST_A_MINUTE = 60  # calls with a key of an administrator, as Discourse comes


def mail_fits(config: Config) -> Iterator[tuple[Place, str]]:
    mail = config.mail
    for name in ("sender", "reply_to", "owner", "to", "bounces"):
        given = getattr(mail, name)
        named = name in ("sender", "reply_to")
        found = getaddresses([given]) if given and named else [("", given)]
        address = found[0][1] if len(found) == 1 else ""
        if given is not None and not (address and MAILBOX.fullmatch(address) and given.isprintable()):
            right = "estat@example.org" + (" or Estat <estat@example.org>" if named else "")
            yield ("mail", name), f"{given!r} is no mail address; write it as {right}"
        elif given is not None and not address.isascii():
            yield ("mail", name), f"{given!r}: {_in_ascii(address)}"
    try:
        host(mail.host)
    except ValueError as wrong:
        yield ("mail", "host"), str(wrong)
    if mail.sender is None and mail.to:
        yield ("mail",), "'sender' is missing: from whom do the mails come?"
    if mail.answer and (mail.sender is None or mail.reply_to is None):
        yield ("mail", "answer"), "needs sender and reply_to: from whom, and what is written where, is answered?"
    if mail.password_file and not mail.username:
        yield ("mail", "password_file"), "a password goes with a username"
    if mail.username and not mail.password_file:
        yield ("mail", "username"), "goes with a password_file, and there is none: nobody would be logged in"
    if mail.username and mail.tls == "none" and mail.host not in ("localhost", "127.0.0.1", "::1"):
        yield ("mail", "tls"), 'the password would travel in the clear; write tls = "starttls", or "tls" on port 465'
    if not 0 < mail.port <= 65535:
        yield ("mail", "port"), f"{mail.port} is no port"
    for name, least in (("rate", 0), ("cap", 1), ("hard_bounces", 1)):
        if getattr(mail, name) < least:
            yield ("mail", name), f"must be {least} or more"
    yield from positive(("mail",), {"timeout": mail.timeout, "give_up": mail.give_up})


def _in_ascii(address: str) -> str:
    local, _at, domain = address.rpartition("@")
    if not local.isascii():
        return "mail servers take no address with letters beyond ASCII before the @"
    try:
        return f"write the domain as mail servers know it: {local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return "there is no such domain"


def audience_fits(
    place: Place, audience: Audience, services: set[str], connections: set[str]
) -> Iterator[tuple[Place, str]]:
    yield from _columns_fit((*place, "columns"), audience)
    if audience.fetched and not is_safe(audience.export or ""):
        yield (*place, "export"), f"{audience.export!r} must begin with https://: it carries personal data"
    for name in ("header_file", "ca_file"):
        if getattr(audience, name) and not audience.fetched:
            yield (*place, name), "goes with an export that is an address, https://…"
    if both := {word.casefold() for word in audience.yes} & {word.casefold() for word in audience.no}:
        yield (*place, "no"), f"{min(both)!r} stands under yes too"
    yield from positive(place, {"timeout": audience.timeout, "every": audience.every})
    for n, behind in enumerate(audience.behind):
        yield from _behind_fits((*place, "behind", n), behind, audience.columns, services, connections)
    if audience.mailman and audience.sympa:
        yield (*place, "sympa"), "there is [audience.mailman] too; one server keeps the list"
    if audience.mailman:
        yield from _mailman((*place, "mailman"), audience.mailman)
    if audience.sympa:
        yield from positive((*place, "sympa"), {"stale_after": audience.sympa.stale_after})


def _columns_fit(inside: Place, audience: Audience) -> Iterator[tuple[Place, str]]:
    columns = audience.columns
    if not (columns.member or columns.invoice or audience.everybody):
        yield (
            inside,
            "name the column that tells members, the one that tells a recurring invoice, or both; "
            "everybody = true in [audience] takes every row",
        )
    for name in ("member", "invoice"):
        for dated in (f"{name}_from", f"{name}_until"):
            if getattr(columns, dated) and not getattr(columns, name):
                yield (*inside, dated), f"goes with {name}, which is missing"


def _behind_fits(
    place: Place, behind: SegmentConfig, columns: Columns, services: set[str], connections: set[str]
) -> Iterator[tuple[Place, str]]:
    if (behind.service is None) == (behind.connection is None):
        yield place, "needs a service or a connection, and not both"
    if behind.service and behind.service not in services:
        yield (*place, "service"), nowhere("service", behind.service, services)
    if behind.connection and behind.connection not in connections:
        yield (*place, "connection"), nowhere("connection", behind.connection, connections)
    if not behind.connections and not behind.areas:
        yield place, "says of nobody that they are behind it: give it connections or areas"
    if behind.connections and not columns.connection:
        yield (*place, "connections"), "needs the column of connections: columns.connection"
    if behind.areas and not columns.area:
        yield (*place, "areas"), "needs the column of areas: columns.area"


def _mailman(place: Place, mailman: Mailman) -> Iterator[tuple[Place, str]]:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.+-]*@[a-z0-9-]+(\.[a-z0-9-]+)+", mailman.list):
        what = "must be the list's address in small letters: status@lists.example.org"
        yield (*place, "list"), f"{mailman.list!r} {what}"
    if not is_safe(mailman.url) or urlsplit(mailman.url)[2:] not in (("", "", ""), ("/", "", "")):
        yield (
            (*place, "url"),
            f"{mailman.url!r} must be http://127.0.0.1:8001 or https://…, without a path: addresses go over it",
        )
    if mailman.ca_file and not mailman.url.startswith("https://"):
        yield (*place, "ca_file"), "goes with an url that is https://…"
    yield from positive(place, {"timeout": mailman.timeout, "every": mailman.every})


def mirror_fits(place: Place, mirror: MirrorConfig) -> Iterator[tuple[Place, str]]:
    for name in MIRROR_NEEDS[mirror.kind]:
        if getattr(mirror, name) is None:
            yield place, f"{name!r} is missing: kind = {mirror.kind!r} needs it"
    for struct_field in msgspec.structs.fields(MirrorConfig):
        only = MIRROR_ONLY.get(struct_field.name, mirror.kind)
        if mirror.kind != only and getattr(mirror, struct_field.name) != struct_field.default:
            yield (*place, struct_field.name), f"goes with kind = {only!r} only"
    if mirror.kind == "discourse" and mirror.address is not None and not is_safe(mirror.address):
        yield (*place, "address"), f"{mirror.address!r} must begin with https://: a key is sent there"
    elif mirror.address is not None and not is_web_address(mirror.address):
        yield (*place, "address"), f"{mirror.address!r} must begin with https:// or http://"
    elif mirror.address is not None and ("?" in mirror.address or "#" in mirror.address):
        yield (*place, "address"), f"{mirror.address!r} must end with the name or the path, without ? or #"
    if mirror.category is not None and mirror.category < 1:
        yield (*place, "category"), "must be the number of a category: the last part of its address, …/c/history/12"
    if not 1 <= mirror.rate <= MOST_A_MINUTE:
        yield (*place, "rate"), f"must be 1 to {MOST_A_MINUTE} calls a minute; a forum allows {MOST_A_MINUTE} in all"
    yield from positive(place, {"timeout": mirror.timeout})
