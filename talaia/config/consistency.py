"""What single values cannot tell: names that point nowhere, doubles, services that could never be green."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import msgspec

from talaia.config.tables import Check, Config, Connection, Service, Source, Tables

Place = tuple[str | int, ...]


def inconsistencies(config: Config) -> Iterator[tuple[Place, str]]:
    """What single values cannot tell: names that point nowhere, doubles, services that could never be green."""
    from_tables = config.tables
    yield from _site(config)
    yield from _doubles(from_tables)
    sources = {source.id: source for source in from_tables.sources}
    groups = {group.id for group in from_tables.groups}
    services = {service.slug for service in from_tables.services}
    connections = {connection.id: connection for connection in from_tables.connections}
    for n, source in enumerate(from_tables.sources):
        if source.kind == "prometheus" and not source.url:
            yield ("sources", n), "a prometheus source is polled: give it a url"
        if source.url and urlsplit(source.url).scheme not in ("http", "https"):
            yield ("sources", n, "url"), f"{source.url!r} is no http address"
        if source.stale_after < source.poll_every:
            yield ("sources", n, "stale_after"), "is shorter than poll_every: the source would always be stale"
    checked = {check.service for check in from_tables.checks}
    for n, service in enumerate(from_tables.services):
        place: Place = ("services", n)
        if service.group not in groups:
            yield (
                (*place, "group"),
                f"there is no group {service.group!r}; groups: {', '.join(sorted(groups)) or 'none'}",
            )
        if not service.kept_by_hand and not service.evidence and service.slug not in checked:
            yield (
                place,
                (
                    f"{service.slug!r} could never be operational: give it evidence = {{ source = …, query = … }}, "
                    "a [[checks]] entry, or kept_by_hand = true"
                ),
            )
        if service.evidence and service.evidence.source not in sources:
            yield (*place, "evidence"), f"there is no source {service.evidence.source!r}"
        elif service.evidence and (sources[service.evidence.source].kind == "prometheus") != bool(
            service.evidence.query
        ):
            yield (*place, "evidence"), "a query goes with a prometheus source, and a prometheus source needs one"
        for m, alert in enumerate(service.alerts):
            if alert.source and alert.source not in sources:
                yield (*place, "alerts", m), f"there is no source {alert.source!r}"
        yield from _reference(place, service, connections)
    for n, check in enumerate(from_tables.checks):
        yield from _check(("checks", n), check, services, connections)
    for table in (from_tables.database, from_tables.web, *from_tables.sources):
        for struct_field in msgspec.structs.fields(table):
            file = getattr(table, struct_field.name)
            if struct_field.name.endswith("_file") and file and struct_field.name != "secret_key_file":
                try:
                    config.secret(file)
                except OSError as error:
                    name = type(table).__name__.lower()
                    spot: Place = (
                        ("sources", from_tables.sources.index(table)) if isinstance(table, Source) else (name,)
                    )
                    yield (*spot, struct_field.name), f"cannot be read: {error}"


def _site(config: Config) -> Iterator[tuple[Place, str]]:
    site = config.site
    parts = urlsplit(site.address)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/") or parts.query:
        yield ("site", "address"), f"{site.address!r} must be an address such as https://status.example.org"
    if site.zone not in available_timezones():
        yield ("site", "zone"), f"{site.zone!r} is no time zone; for example Europe/Madrid"
    if not site.languages or len(set(site.languages)) != len(site.languages):
        yield ("site", "languages"), "needs at least one language, each of them once"
    host, _, port = config.web.listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        yield ("web", "listen"), f'{config.web.listen!r} must be "address:port", for example "127.0.0.1:8000"'


def _doubles(from_tables: Tables) -> Iterator[tuple[Place, str]]:
    keyed: dict[str, list[str]] = {
        "sources": [source.id for source in from_tables.sources],
        "groups": [group.id for group in from_tables.groups],
        "services": [service.slug for service in from_tables.services],
        "connections": [connection.id for connection in from_tables.connections],
        "checks": [check.id for check in from_tables.checks],
    }
    for table, ids in keyed.items():
        for n, id in enumerate(ids):
            if id in ids[:n]:
                yield (table, n), f"{id!r} stands twice"
            if not id or not all(part.isalnum() for part in id.replace("_", "-").split("-")) or not id.isascii():
                yield (table, n), f"{id!r} goes into addresses: use small letters, digits and hyphens"
            if table == "sources" and id == "checks":
                yield (table, n), "'checks' is the name of the built-in checks; take another"


def _reference(place: Place, service: Service, connections: dict[str, Connection]) -> Iterator[tuple[Place, str]]:
    if not service.reference:
        return
    if not service.reference.connections:
        yield (*place, "reference"), "needs at least one connection"
    for id in service.reference.connections:
        if id not in connections:
            yield (*place, "reference"), f"there is no connection {id!r}; add it as [[connections]]"
        elif connections[id].experimental:
            yield (*place, "reference"), f"{id!r} is experimental and would never count; take it off the list"


def _check(
    place: Place, check: Check, services: set[str], connections: dict[str, Connection]
) -> Iterator[tuple[Place, str]]:
    if check.service not in services:
        yield (*place, "service"), f"there is no service {check.service!r}"
    if check.connection and check.connection not in connections:
        yield (*place, "connection"), f"there is no connection {check.connection!r}"
    if check.failures < 1:
        yield (*place, "failures"), "must be 1 or more"
    if check.kind == "http" and urlsplit(check.target).scheme not in ("http", "https"):
        yield (*place, "target"), f"{check.target!r} is no http address"
    if check.kind == "tcp" and not check.target.rpartition(":")[2].isdigit():
        yield (*place, "target"), f'{check.target!r} must be "host:port"'
