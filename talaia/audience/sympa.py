"""What a Sympa includes: everybody who is told, as text. Whoever is not in it is taken off Sympa's list.

So nothing is better than too little: Sympa keeps whom it has where it is answered an error, and takes everybody off
where it is answered an empty page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from talaia.audience import folder
from talaia.audience.models import ExportCheck, Import
from talaia.audience.recipients import recipients_told
from talaia.config import Config, Sympa
from talaia.errors import UserError

TOKEN = "sympa"  # noqa: S105 - no source of talaia.toml, but has tokens as a source has


@dataclass(frozen=True)
class Unfit:
    """Why there is no list of addresses to be given now, and what can be done."""

    what: str
    hint: str = ""


def addresses(config: Config, sympa: Sympa, now: datetime) -> str | Unfit:
    """One line for each who is told, in the form of Sympa's include_remote_file: address, blank, name."""
    if Import.objects.filter(state=Import.CONFIRMED).exists():
        return Unfit("an export is being taken over; a part of it would be no list", "ask again in a minute")
    seen = seen_at(config)
    if seen is None or now - seen > sympa.stale_after:
        since = f"since {seen:%Y-%m-%d}" if seen else "yet"
        return Unfit(f"no export has been seen {since}", "talaia audience show")
    lines = [line(entry.address, entry.name) for entry in recipients_told()]
    return "".join(lines) if lines else Unfit("nobody is to be told", "talaia audience show")


def line(address: str, name: str) -> str:
    """A name never becomes a line of its own, nor an address."""
    return f"{address} {' '.join(name.split())}".rstrip() + "\n"


def seen_at(config: Config) -> datetime | None:
    """When an export was last known to be current: applied, said by its address to be so, or written as a file."""
    done = Import.objects.filter(state=Import.DONE).exclude(finished_at=None)
    times = list(done.order_by("-finished_at").values_list("finished_at", flat=True)[:1])
    audience = config.tables.audience
    if audience and audience.export:
        look = ExportCheck.objects.filter(export=audience.export).first()
        if look and not look.error:
            times.append(look.looked_at if audience.fetched else written_at(config, audience.export))
    return max((time for time in times if time), default=None)


def written_at(config: Config, export: str) -> datetime | None:
    """When the newest file of the folder was written; that we read it again and again makes it no newer."""
    try:
        file = folder.newest(config.folder / export)
        return datetime.fromtimestamp(file.stat().st_mtime, UTC) if file else None
    except (OSError, UserError):
        return None
