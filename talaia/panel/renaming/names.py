"""What services are called today. Reads; `actions.py` writes it."""

from __future__ import annotations

from collections.abc import Iterable

from talaia.panel.models import FormerSlug


def today(slug: str) -> str:
    """The slug by which a service goes today; what never was another's is given back as it is."""
    return FormerSlug.objects.filter(pk=slug).values_list("service_id", flat=True).first() or slug


def former() -> dict[str, str]:
    """Every slug that services went by before → the one of today."""
    return dict(FormerSlug.objects.order_by("pk").values_list("slug", "service_id"))


def all_today(slugs: Iterable[str]) -> set[str]:
    """These slugs, and what they are called today where that is something else."""
    given = set(slugs)
    return given | set(FormerSlug.objects.filter(pk__in=given).values_list("service_id", flat=True))
