"""What single values cannot tell: names that point nowhere, doubles, services that could never be green."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from email.utils import parseaddr
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from talaia.config.addresses import LONGEST, SLUG, is_host_and_port, is_web_address
from talaia.config.addresses import is_safe as _is_safe
from talaia.config.addresses import positive as _positive
from talaia.config.channels import inconsistencies as _channels
from talaia.config.places import Path as Place
from talaia.config.tables import Audience, Check, Config, Connection, Mailman, Service, Source, Tables

# Connections and checks are in no address; their names are the labels of the monitoring, such as BCNExample12Rd1.
LABEL = re.compile(r"[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*")
MAILBOX = re.compile(r"[^\s<>()\[\],;:\\\"@]+@[^\s<>()\[\],;:\\\"@]+")
ONLY_FOR = {
    "status": "http",
    "text": "http",
    "certificate_days": "http",
    "ca_file": "http",
    "server": "dns",
    "record": "dns",
    "answer": "dns",
}


# No source may be called so.
RESERVED = {
    "checks": "the built-in checks",
    "metrics": "the token that reads /metrics",
    "sympa": "the token that reads addresses",
}


def inconsistencies(config: Config) -> Iterator[tuple[Place, str]]:
    """Each mistake with its place. The values themselves are right by now."""
    given = config.tables
    yield from _site(config)
    yield from _mail(config)
    yield from _people(config)
    yield from _doubles(given)
    sources = {source.id: source for source in given.sources}
    groups = {group.id for group in given.groups}
    services = {service.slug for service in given.services}
    connections = {connection.id: connection for connection in given.connections}
    for n, source in enumerate(given.sources):
        yield from _source(("sources", n), source)
    checked = {check.service for check in given.checks}
    for n, service in enumerate(given.services):
        place: Place = ("services", n)
        if service.group not in groups:
            yield (*place, "group"), nowhere("group", service.group, groups)
        if not service.kept_by_hand and not service.evidence and service.slug not in checked:
            yield (
                place,
                (
                    f"{service.slug!r} could never be operational: give it evidence = {{ source = …, query = … }}, "
                    "a [[checks]] entry, or kept_by_hand = true"
                ),
            )
        yield from _sources_of(place, service, sources)
        yield from _reference(place, service, connections)
    for n, check in enumerate(given.checks):
        yield from _check(("checks", n), check, services, connections)
    if given.audience:
        yield from _audience(("audience",), given.audience, services, set(connections))
        if given.audience.mailman and given.mail.to:
            yield ("mail", "to"), "there is [audience.mailman] too, and mails go to its list; leave out one of them"
    yield from _positive(("maintenance",), {"remind": given.maintenance.remind})
    yield from _channels(config)
    yield from _files(config)


def nowhere(what: str, id: str | None, known: Iterable[str]) -> str:
    """`there is no service 'wbe'; did you mean 'web'?`"""
    names = sorted(known)
    near = difflib.get_close_matches(id or "", names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"{what}s: {', '.join(names) or 'none'}"
    return f"there is no {what} {id!r}; {hint}"


def _site(config: Config) -> Iterator[tuple[Place, str]]:
    site = config.site
    if not is_web_address(site.address) or urlsplit(site.address)[2:] not in (("", "", ""), ("/", "", "")):
        yield ("site", "address"), f"{site.address!r} must be an address such as https://status.example.org"
    try:
        ZoneInfo(site.zone)
    except (OSError, ValueError, KeyError):
        near = difflib.get_close_matches(site.zone, available_timezones(), 1)
        yield ("site", "zone"), f"{site.zone!r} is no time zone; for example {near[0] if near else 'Europe/Madrid'}"
    if not site.languages or len(set(site.languages)) != len(site.languages):
        yield ("site", "languages"), "needs at least one language, each of them once"
    for n, link in enumerate(site.links):
        if not is_web_address(link.address) and not re.match(r"(mailto|tel|xmpp|matrix):.", link.address):
            place: Place = ("site", "links", n, "address")
            yield place, f"{link.address!r} must begin with https://, http://, mailto: or tel:"
    yield from _positive(("site",), {"refresh": site.refresh})
    if not is_host_and_port(config.web.listen):
        yield ("web", "listen"), f'{config.web.listen!r} must be "address:port", for example "127.0.0.1:8000"'
    database = config.tables.database
    if database.url and database.url_file:
        yield ("database", "url_file"), "url is given too; keep one of the two"
    elif database.url and urlsplit(database.url).scheme not in ("postgresql", "postgres"):
        yield ("database", "url"), "must begin with postgresql://; leave it out for SQLite in the state folder"


def _mail(config: Config) -> Iterator[tuple[Place, str]]:
    mail = config.mail
    for name in ("sender", "reply_to", "owner", "to", "bounces"):
        given = getattr(mail, name)
        named = name in ("sender", "reply_to")
        address = parseaddr(given)[1] if given and named else given
        if given is not None and not (address and MAILBOX.fullmatch(address) and given.isprintable()):
            right = "estat@example.org" + (" or Estat <estat@example.org>" if named else "")
            yield ("mail", name), f"{given!r} is no mail address; write it as {right}"
    if mail.sender is None and mail.to:
        yield ("mail",), "'sender' is missing: from whom do the mails come?"
    if mail.answer and (mail.sender is None or mail.reply_to is None):
        yield ("mail", "answer"), "needs sender and reply_to: from whom, and what is written where, is answered?"
    if mail.password_file and not mail.username:
        yield ("mail", "password_file"), "a password goes with a username"
    if mail.username and mail.tls == "none" and mail.host not in ("localhost", "127.0.0.1", "::1"):
        yield ("mail", "tls"), 'the password would travel in the clear; write tls = "starttls", or "tls" on port 465'
    if not 0 < mail.port <= 65535:
        yield ("mail", "port"), f"{mail.port} is no port"
    for name, least in (("rate", 0), ("cap", 1), ("hard_bounces", 1)):
        if getattr(mail, name) < least:
            yield ("mail", name), f"must be {least} or more"
    yield from _positive(("mail",), {"timeout": mail.timeout, "give_up": mail.give_up})


def _people(config: Config) -> Iterator[tuple[Place, str]]:
    given = config.tables
    for n, openid in enumerate(given.login.openid):
        place: Place = ("login", "openid", n)
        if not SLUG.fullmatch(openid.id):
            yield (*place, "id"), f"{openid.id!r} goes into addresses: use small letters, digits and hyphens"
        if openid.id in [before.id for before in given.login.openid[:n]]:
            yield (*place, "id"), f"{openid.id!r} stands twice"
        if len(openid.id) > LONGEST:
            yield (*place, "id"), f"has {len(openid.id)} characters; {LONGEST} at most"
        parts = urlsplit(openid.issuer) if is_web_address(openid.issuer) else None
        if parts is None or parts.query or parts.fragment:
            yield (*place, "issuer"), f"{openid.issuer!r} must be an address such as https://login.example.org/realms/x"
        elif parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            yield (*place, "issuer"), "must begin with https://: who speaks for it lets people in"
        if not openid.client_id.strip():
            yield (*place, "client_id"), "is empty; the issuer gives it to you"
        for scope in ("openid", "email"):
            if scope not in openid.scopes:
                yield (*place, "scopes"), f"{scope!r} is missing: people are known by the address that the issuer says"
    if given.log.keep < timedelta(days=30):
        yield ("log", "keep"), "is shorter than 30 days: nobody could look up what was done"


def _doubles(given: Tables) -> Iterator[tuple[Place, str]]:
    keyed: dict[str, list[str]] = {
        "sources": [source.id for source in given.sources],
        "groups": [group.id for group in given.groups],
        "services": [service.slug for service in given.services],
        "connections": [connection.id for connection in given.connections],
        "checks": [check.id for check in given.checks],
    }
    for table, ids in keyed.items():
        for n, id in enumerate(ids):
            place: Place = (table, n, "slug" if table == "services" else "id")
            if id in ids[:n]:
                yield place, f"{id!r} stands twice"
            if table in ("connections", "checks"):
                if not LABEL.fullmatch(id):
                    yield place, f"{id!r} must be letters without accents, digits, and single - _ . between them"
            elif not SLUG.fullmatch(id):
                yield place, f"{id!r} goes into addresses: use small letters, digits and hyphens"
            if len(id) > LONGEST:
                yield place, f"has {len(id)} characters; {LONGEST} at most"
            if table == "sources" and id in RESERVED:
                yield place, f"{id!r} is the name of {RESERVED[id]}; take another"


def _source(place: Place, source: Source) -> Iterator[tuple[Place, str]]:
    if source.kind == "prometheus" and not source.url:
        yield place, "a prometheus source is polled: give it a url"
    if source.url and not is_web_address(source.url):
        yield (*place, "url"), f"{source.url!r} is no http address"
    if source.stale_after < source.poll_every:
        yield (*place, "stale_after"), "is shorter than poll_every: the source would always be stale"
    if source.password_file and not source.username:
        yield (*place, "password_file"), "a password goes with a username"
    times = {"poll_every": source.poll_every, "stale_after": source.stale_after, "timeout": source.timeout}
    yield from _positive(place, times)


def _sources_of(place: Place, service: Service, sources: dict[str, Source]) -> Iterator[tuple[Place, str]]:
    if service.evidence and service.evidence.source not in sources:
        yield (*place, "evidence", "source"), nowhere("source", service.evidence.source, sources)
    elif service.evidence and (sources[service.evidence.source].kind == "prometheus") != bool(service.evidence.query):
        yield (*place, "evidence"), "a query goes with a prometheus source, and a prometheus source needs one"
    for m, alert in enumerate(service.alerts):
        if alert.source and alert.source not in sources:
            yield (*place, "alerts", m, "source"), nowhere("source", alert.source, sources)


def _reference(place: Place, service: Service, connections: dict[str, Connection]) -> Iterator[tuple[Place, str]]:
    reference = service.reference
    if not reference:
        return
    inside: Place = (*place, "reference")
    listed = reference.connections
    if not listed:
        yield (*inside, "connections"), "needs at least one connection"
    for n, id in enumerate(listed):
        spot: Place = (*inside, "connections", n)
        if id not in connections:
            yield spot, f"there is no connection {id!r}; add it as [[connections]]"
        elif connections[id].experimental:
            yield spot, f"{id!r} is experimental and would never count; take it off the list"
        if id in listed[:n]:
            yield spot, f"{id!r} stands twice and would count twice"
    for name in ("degraded", "partial", "disruption", "measured"):
        if listed and getattr(reference, name).count > len(listed):
            yield (*inside, name), f"{getattr(reference, name)} of {len(listed)} connections can never be"


def _check(
    place: Place, check: Check, services: set[str], connections: dict[str, Connection]
) -> Iterator[tuple[Place, str]]:
    if check.service is None:
        yield place, "'service' is missing: whose health does it check?"
    elif check.service not in services:
        yield (*place, "service"), nowhere("service", check.service, services)
    if check.connection and check.connection not in connections:
        yield (*place, "connection"), nowhere("connection", check.connection, connections)
    if check.failures < 1:
        yield (*place, "failures"), "must be 1 or more"
    if check.kind == "http" and not is_web_address(check.target):
        yield (*place, "target"), f"{check.target!r} is no http address"
    if check.kind == "tcp" and not is_host_and_port(check.target):
        yield (*place, "target"), f'{check.target!r} must be "host:port"'
    if check.kind in ("dns", "ping") and not re.fullmatch(r"[^\s/]+", check.target):
        yield (*place, "target"), f"{check.target!r} must be a name or an address, without http:// or a path"
    if check.slower_than and check.slower_than >= check.timeout:
        yield (*place, "slower_than"), "must be shorter than timeout, or it would never be reached"
    for struct_field in msgspec.structs.fields(Check):
        only = ONLY_FOR.get(struct_field.name)
        if only and check.kind != only and getattr(check, struct_field.name) != struct_field.default:
            yield (*place, struct_field.name), f"goes with kind = {only!r} only, and this is a {check.kind} check"
    yield from _positive(place, {"every": check.every, "timeout": check.timeout})


def _audience(
    place: Place, audience: Audience, services: set[str], connections: set[str]
) -> Iterator[tuple[Place, str]]:
    columns = audience.columns
    inside: Place = (*place, "columns")
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
    if audience.fetched and not _is_safe(audience.export or ""):
        yield (*place, "export"), f"{audience.export!r} must begin with https://: it carries personal data"
    for name in ("header_file", "ca_file"):
        if getattr(audience, name) and not audience.fetched:
            yield (*place, name), "goes with an export that is an address, https://…"
    if both := {word.casefold() for word in audience.yes} & {word.casefold() for word in audience.no}:
        yield (*place, "no"), f"{min(both)!r} stands under yes too"
    yield from _positive(place, {"timeout": audience.timeout, "every": audience.every})
    for n, behind in enumerate(audience.behind):
        spot: Place = (*place, "behind", n)
        if (behind.service is None) == (behind.connection is None):
            yield spot, "needs a service or a connection, and not both"
        if behind.service and behind.service not in services:
            yield (*spot, "service"), nowhere("service", behind.service, services)
        if behind.connection and behind.connection not in connections:
            yield (*spot, "connection"), nowhere("connection", behind.connection, connections)
        if not behind.connections and not behind.areas:
            yield spot, "says of nobody that they are behind it: give it connections or areas"
        if behind.connections and not columns.connection:
            yield (*spot, "connections"), "needs the column of connections: columns.connection"
        if behind.areas and not columns.area:
            yield (*spot, "areas"), "needs the column of areas: columns.area"
    if audience.mailman and audience.sympa:
        yield (*place, "sympa"), "there is [audience.mailman] too; one server keeps the list"
    if audience.mailman:
        yield from _mailman((*place, "mailman"), audience.mailman)
    if audience.sympa:
        yield from _positive((*place, "sympa"), {"stale_after": audience.sympa.stale_after})


def _mailman(place: Place, mailman: Mailman) -> Iterator[tuple[Place, str]]:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.+-]*@[a-z0-9-]+(\.[a-z0-9-]+)+", mailman.list):
        what = "must be the list's address in small letters: status@lists.example.org"
        yield (*place, "list"), f"{mailman.list!r} {what}"
    if not _is_safe(mailman.url) or urlsplit(mailman.url)[2:] not in (("", "", ""), ("/", "", "")):
        yield (
            (*place, "url"),
            f"{mailman.url!r} must be http://127.0.0.1:8001 or https://…, without a path: addresses go over it",
        )
    if mailman.ca_file and not mailman.url.startswith("https://"):
        yield (*place, "ca_file"), "goes with an url that is https://…"
    yield from _positive(place, {"timeout": mailman.timeout, "every": mailman.every})


def _files(config: Config) -> Iterator[tuple[Place, str]]:
    """Every file that is named can be read and holds something."""
    given = config.tables
    tables: list[tuple[Place, msgspec.Struct]] = [(("web",), given.web), (("database",), given.database)]
    tables += [(("mail",), given.mail)]
    tables += [(("audience",), given.audience)] if given.audience else []
    if given.audience and given.audience.mailman:
        tables.append((("audience", "mailman"), given.audience.mailman))
    tables += [(("chat", n), chat) for n, chat in enumerate(given.chat)]
    tables += [(("webhook", n), hook) for n, hook in enumerate(given.webhook)]
    tables += [(("sources", n), source) for n, source in enumerate(given.sources)]
    tables += [(("login", "openid", n), openid) for n, openid in enumerate(given.login.openid)]
    tables += [(("checks", n), check) for n, check in enumerate(given.checks)]
    for place, table in tables:
        for struct_field in msgspec.structs.fields(table):
            file = getattr(table, struct_field.name)
            if not struct_field.name.endswith("_file") or file is None:
                continue
            if wrong := _unreadable(config, file):
                yield (*place, struct_field.name), wrong
    for language, file in config.site.about.words if config.site.about else ():
        if wrong := _unreadable(config, file):
            yield ("site", "about", language) if language else ("site", "about"), wrong


def _unreadable(config: Config, file: str) -> str:
    """What is wrong with a file that the configuration names; empty when nothing is."""
    try:
        return "" if config.secret(file) else f"{file!r} is empty"
    except UnicodeDecodeError:
        return f"{file!r} is not text"
    except OSError as error:
        return f"cannot be read: {error.filename}: {error.strerror}"
