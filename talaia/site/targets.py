"""Which files of the public folder a delivery is about, and in which order they are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from talaia.events.models import Event
from talaia.outbox.errors import PermanentError
from talaia.panel.models import Service
from talaia.panel.renaming.names import former
from talaia.site import snapshot
from talaia.site.remaining_trouble import failing_still

# A page must be there before a page that points to it.
KINDS = ("assets", "past", "service", "history", "incident", "maintenance", "search", "front")


EVENTS = ("incident", "maintenance")


TOPS = {
    "incident": "incidents",
    "maintenance": "maintenance",
    "service": "services",
    "past": "services",
    "history": "history",
}


LIVING = "living"  # the pages that speak of now


def _sorted(targets: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The targets by kind, in the order in which they are written, each once."""
    wanted: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for target in dict.fromkeys(_everything() if "all" in targets else targets):
        kind, _, name = target.partition("/")
        if kind not in KINDS or ((kind in (*EVENTS, "service", "past", "search")) != bool(name) and kind != "history"):
            raise PermanentError(f"{target!r} is no page", "an order of another version of talaia; delete it")
        wanted[kind].append(name)
    return ((kind, names) for kind, names in wanted.items() if names)


def _everything() -> Iterator[str]:
    yield from ("front", "assets", "history")
    slugs = [*Service.objects.values_list("pk", flat=True), *former()]
    yield from (f"{kind}/{slug}" for kind in ("service", "past") for slug in slugs)
    yield from (f"{kind}/{number}" for kind in ("history", "search") for number in snapshot.years())
    for event in Event.objects.order_by("-started_at").only("kind", "year", "number").iterator():
        yield f"{event.kind}/{event.ref}"


def _living() -> Iterator[str]:
    """The pages that say how things are now."""
    yield from (f"service/{slug}" for slug in Service.objects.filter(retired_at=None).values_list("pk", flat=True))
    for event in Event.objects.filter(ended_at=None).only("kind", "year", "number"):
        yield f"{event.kind}/{event.ref}"
    shown = Service.objects.filter(retired_at=None).values_list("pk", flat=True)
    yield from (f"{Event.INCIDENT}/{ref}" for ref in failing_still(list(shown)))


def _paths(kind: str, name: str) -> list[str]:
    """The pages that stand where there is something to show of a target, and nowhere else."""
    if kind == "past":
        slug, _, year = name.partition("/")
        every = f"/services/{slug}/history/"
        return [every, f"{every}{year}/"] if year else [every]
    return [f"/{TOPS[kind]}/{name}/"] if name else []
