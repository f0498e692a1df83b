"""A small house as a provider writes it down: talaia.toml, the people in an export, and everybody's address."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from tests.oracle.history import Person, Service, SmallHouse

CHECK_TIMEOUT = 3
HEAD = """
[site]
name = "Cooperativa Exemple"
address = "https://status.example.org"
languages = ["en"]
zone = "Europe/Madrid"

[audience]
everybody = true
[audience.columns]
address = "Correu"
connection = "Enllaç"

[subscribe]

[[groups]]
id = "all"
name = "Tot"
"""


def address(person: str) -> str:
    return f"{person}@example.net"


def query(service: str) -> str:
    """The evidence of a service of Prometheus."""
    return f'probe_success{{job="{service}"}}'


def export(people: Iterable[Person]) -> bytes:
    """What the administration exports."""
    rows = [f"{address(person.key)},{person.connection or ''}" for person in people]
    return ("\n".join(["Correu,Enllaç", *rows]) + "\n").encode()


def toml(house: SmallHouse, listed: Collection[str], slugs: Mapping[str, str], port: int) -> str:
    """talaia.toml, with the services that are listed now, by their slugs; mails go to the server at `port`."""
    return HEAD + "\n".join(
        [
            *_mail(house, port),
            *_sources(house),
            *(
                line
                for service in house.services
                if service.key in listed
                for line in _service(house, service, slugs[service.key])
            ),
            *_connections(house),
            *(
                line
                for service, names in house.behind.items()
                if service in listed
                for line in _behind(slugs[service], names)
            ),
        ]
    )


def _mail(house: SmallHouse, port: int) -> Iterator[str]:
    yield "[mail]"
    yield 'sender = "estat@example.org"'
    yield f'port = {port}\nhold = "{house.hold}s"\ntold_from = "{house.told_from}"\ncap = 100000\ntimeout = "5s"'


def _sources(house: SmallHouse) -> Iterator[str]:
    for id in ("prometheus", "alertmanager"):
        yield f'[[sources]]\nid = "{id}"\nkind = "{id}"\nurl = "http://{id}.example.org"'
        yield f'stale_after = "{house.stale_after(id)}s"'


def _service(house: SmallHouse, service: Service, slug: str) -> Iterator[str]:
    yield f'[[services]]\nslug = "{slug}"\ngroup = "all"\nname = "{service.key.title()}"'
    yield f'hold_worse = "{service.hold_worse}s"\nhold_better = "{service.hold_better}s"'
    yield f'unstable_within = "{service.unstable_within}s"'
    if service.source == "prometheus":
        yield f"evidence = {{ source = \"prometheus\", query = '{query(service.key)}' }}"
    if service.reference:
        said = service.reference
        names = ", ".join(f'"{name}"' for name in said.connections)
        levels = ", ".join(
            f"{level} = {_threshold(str(getattr(said, level)))}"
            for level in ("degraded", "partial", "disruption", "measured")
        )
        yield f"reference = {{ connections = [{names}], {levels} }}"
    if service.source == "checks":
        every = (house.stale_after("checks") - CHECK_TIMEOUT) // 3
        yield f'[[checks]]\nid = "{service.key}"\nkind = "tcp"\ntarget = "{service.key}.example.org:443"'
        yield f'service = "{slug}"\nimpact = "{service.check_impact}"\nfailures = 1'
        yield f'every = "{every}s"\ntimeout = "{CHECK_TIMEOUT}s"'


def _threshold(written: str) -> str:
    return written if written.isdigit() else f'"{written}"'


def _connections(house: SmallHouse) -> Iterator[str]:
    for service in house.services:
        for name in service.reference.connections if service.reference else ():
            yield f'[[connections]]\nid = "{name}"\nname = "{name}"'


def _behind(service: str, names: Iterable[str]) -> Iterator[str]:
    listed = ", ".join(f'"{name}"' for name in names)
    yield f'[[audience.behind]]\nservice = "{service}"\nconnections = [{listed}]'
