"""What the pages of the history are made of: a service's year, a month, a year. Frozen values, as in values.py."""

from __future__ import annotations

from dataclasses import dataclass

from talaia.events.published import PublishedEvent
from talaia.site.values import PageService


@dataclass(frozen=True)
class ServiceHistory:
    """What touched a service in a year, newest first; `years`: all in which something did, the latest first."""

    service: PageService
    year: int
    years: tuple[int, ...]
    events: tuple[PublishedEvent, ...]

    @property
    def path(self) -> str:
        return f"{self.service.path}history/{self.year}/"

    @property
    def is_latest(self) -> bool:
        return self.year == self.years[0]


@dataclass(frozen=True)
class Month:
    """A month of the history; `events` newest first, None where they stand on a page of their own."""

    year: int
    number: int
    count: int
    events: tuple[PublishedEvent, ...] | None

    @property
    def path(self) -> str:
        return f"/history/{self.year}/{self.number:02}/"

    @property
    def year_path(self) -> str:
        return f"/history/{self.year}/"


@dataclass(frozen=True)
class Year:
    """A year of the history, newest month first; months without an event are left out."""

    year: int
    months: tuple[Month, ...]

    @property
    def path(self) -> str:
        return f"/history/{self.year}/"

    @property
    def by_month(self) -> bool:
        """Whether it has so many events that each month has a page of its own."""
        return any(month.events is None for month in self.months)
