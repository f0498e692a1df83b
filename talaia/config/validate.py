"""What single values cannot tell: names that point nowhere, doubles, services that could never be green."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from talaia.config.addresses import LONGEST, SLUG, has_password, is_host_and_port, is_web_address, nowhere, positive
from talaia.config.hosts import asked_by, own_address
from talaia.config.panel_tables import ConnectionConfig, ServiceConfig, SourceConfig
from talaia.config.positions import Path as Place
from talaia.config.tables import Config, Tables
from talaia.config.validate_channels import inconsistencies as channels_fit
from talaia.config.validate_checks import check_fits
from talaia.config.validate_mail import audience_fits, mail_fits, mirror_fits

# Checks are in no address.
LABEL = re.compile(r"[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*")


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
    yield from mail_fits(config)
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
        yield from check_fits(("checks", n), check, services, connections)
    if given.audience:
        yield from audience_fits(("audience",), given.audience, services, set(connections))
        if given.audience.mailman and given.mail.to:
            yield ("mail", "to"), "there is [audience.mailman] too, and mails go to its list; leave out one of them"
    yield from positive(("maintenance",), {"remind": given.maintenance.remind})
    if given.mirror:
        yield from mirror_fits(("mirror",), given.mirror)
    yield from channels_fit(config)
    yield from _files(config)


def _site(config: Config) -> Iterator[tuple[Place, str]]:
    site = config.site
    try:
        own_address(site.address)
    except ValueError:
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
    yield from positive(("site",), {"refresh": site.refresh})
    if site.stale_after is not None and site.stale_after < 3 * site.refresh:
        least = f"{3 * site.refresh.total_seconds():.0f}s"
        yield ("site", "stale_after"), f"must be at least three times refresh ({least}): a page is renewed so often"
    if not is_host_and_port(config.web.listen):
        yield (
            ("web", "listen"),
            f'{config.web.listen!r} must be "address:port", for example "127.0.0.1:8000" or "[::1]:8000"',
        )
    for n, name in enumerate(config.web.hosts):
        try:
            asked_by(name)
        except ValueError as wrong:
            yield ("web", "hosts", n), str(wrong)
    database = config.tables.database
    if database.url and database.url_file:
        yield ("database", "url_file"), "url is given too; keep one of the two"
    elif database.url and urlsplit(database.url).scheme not in ("postgresql", "postgres"):
        yield ("database", "url"), "must begin with postgresql://; leave it out for SQLite in the state folder"


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
        for n, named in enumerate(ids):
            place: Place = (table, n, "slug" if table == "services" else "id")
            if named in ids[:n]:
                yield place, f"{named!r} stands twice"
            if table == "connections":
                # The value of a label, whatever stands in it: BCNExample12Rd1, 192.0.2.10:9115, https://antenna.example/
                if not named or not named.isprintable() or named != named.strip():
                    yield place, f"{named!r} must be the value of a label, in one line, without blanks around it"
            elif table == "checks":
                if not LABEL.fullmatch(named):
                    yield place, f"{named!r} must be letters without accents, digits, and single - _ . between them"
            elif not SLUG.fullmatch(named):
                yield place, f"{named!r} goes into addresses: use small letters, digits and hyphens"
            if len(named) > LONGEST:
                yield place, f"has {len(named)} characters; {LONGEST} at most"
            if table == "sources" and named in RESERVED:
                yield place, f"{named!r} is the name of {RESERVED[named]}; take another"


def _source(place: Place, source: SourceConfig) -> Iterator[tuple[Place, str]]:
    if source.traits.needs_url and not source.url:
        yield place, f"a {source.kind} source is polled: give it a url"
    if source.url and not is_web_address(source.url):
        yield (*place, "url"), f"{source.url!r} is no http address"
    if source.url and has_password(source.url):
        yield (*place, "url"), "holds a password; write username and password_file"
    if source.stale_after < source.poll_every:
        yield (*place, "stale_after"), "is shorter than poll_every: the source would always be stale"
    if source.password_file and not source.username:
        yield (*place, "password_file"), "a password goes with a username"
    if source.username and not source.password_file:
        yield (*place, "username"), "goes with a password_file, and there is none: nobody would be logged in"
    times = {"poll_every": source.poll_every, "stale_after": source.stale_after, "timeout": source.timeout}
    yield from positive(place, times)


def _sources_of(place: Place, service: ServiceConfig, sources: dict[str, SourceConfig]) -> Iterator[tuple[Place, str]]:
    if service.evidence and service.evidence.source not in sources:
        yield (*place, "evidence", "source"), nowhere("source", service.evidence.source, sources)
    elif service.evidence and sources[service.evidence.source].traits.evaluates != bool(service.evidence.query):
        yield (*place, "evidence"), "a query goes with a prometheus source, and a prometheus source needs one"
    for m, alert in enumerate(service.alerts):
        if alert.source and alert.source not in sources:
            yield (*place, "alerts", m, "source"), nowhere("source", alert.source, sources)


def _reference(
    place: Place, service: ServiceConfig, connections: dict[str, ConnectionConfig]
) -> Iterator[tuple[Place, str]]:
    reference = service.reference
    if not reference:
        return
    inside: Place = (*place, "reference")
    listed = reference.connections
    if not listed:
        yield (*inside, "connections"), "needs at least one connection"
    for n, named in enumerate(listed):
        spot: Place = (*inside, "connections", n)
        if named not in connections:
            yield spot, f"there is no connection {named!r}; add it as [[connections]]"
        elif connections[named].experimental:
            yield spot, f"{named!r} is experimental and would never count; take it off the list"
        if named in listed[:n]:
            yield spot, f"{named!r} stands twice and would count twice"
    worse = [(name, getattr(reference, name)) for name in ("degraded", "partial", "disruption")]
    for (milder, less), (name, more) in pairwise(worse):
        if listed and min(less.needed(len(listed)), len(listed)) > more.needed(len(listed)):
            what = f"{more} of {len(listed)} connections is reached before {milder} ({less}), which could never show"
            yield (*inside, name), what
    for name in ("degraded", "partial", "disruption", "measured"):
        if listed and getattr(reference, name).count > len(listed):
            yield (*inside, name), f"{getattr(reference, name)} of {len(listed)} connections can never be"


def _files(config: Config) -> Iterator[tuple[Place, str]]:
    """Every file that is named can be read and holds something."""
    for place, table in _tables((), config.tables):
        for struct_field in msgspec.structs.fields(table):
            file = getattr(table, struct_field.name)
            if not struct_field.name.endswith("_file") or file is None:
                continue
            if wrong := _unreadable(config, file):
                yield (*place, struct_field.name), wrong
    for language, file in config.site.about.words if config.site.about else ():
        if wrong := _unreadable(config, file):
            yield ("site", "about", language) if language else ("site", "about"), wrong


def _tables(place: Place, table: msgspec.Struct) -> Iterator[tuple[Place, msgspec.Struct]]:
    """A table, and each that stands in it."""
    yield place, table
    for struct_field in msgspec.structs.fields(table):
        value, inside = getattr(table, struct_field.name), (*place, struct_field.name)
        if isinstance(value, msgspec.Struct):
            yield from _tables(inside, value)
        elif isinstance(value, tuple):
            for n, one in enumerate(value):
                if isinstance(one, msgspec.Struct):
                    yield from _tables((*inside, n), one)


def _unreadable(config: Config, file: str) -> str:
    """What is wrong with a file that the configuration names; empty when nothing is."""
    try:
        return "" if config.secret(file) else f"{file!r} is empty"
    except UnicodeDecodeError:
        return f"{file!r} is not text"
    except OSError as error:
        return f"cannot be read: {error.filename}: {error.strerror}"
