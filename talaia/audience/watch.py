"""Looks at the configured export, proposes what it would change, and forgets who left long ago. A thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from talaia.audience import actions, client, folder
from talaia.audience.importing import list_of, plan, propose
from talaia.audience.list_sync import follow
from talaia.audience.models import ExportCheck
from talaia.audience.polling import again_and_again
from talaia.audience.reading import UnreadableFile
from talaia.config import FORGET_AFTER, Audience, Config, Threshold
from talaia.config.hosts import shown
from talaia.errors import UserError
from talaia.outbox.errors import OutsideError
from talaia.outbox.monotonic import over

log = logging.getLogger(__name__)

LOOK_EVERY = 5  # seconds between two looks at a folder
EVERYBODY = Threshold(share=1)  # where only who asked for it is told, all may leave
SETTLED = timedelta(seconds=10)  # nobody has written a file for so long


class ExportWatch:
    """`step(now)` is one look. What it sees is said at the desk and by `talaia audience show`, never in a log."""

    def __init__(self, config: Callable[[], Config], now: Callable[[], datetime]) -> None:
        self.config, self.now = config, now
        self.seen: tuple[Path, folder.Mark | None, datetime] | None = None
        self.asked: datetime | None = None
        self.day: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        again_and_again(lambda: self.step(self.now()), "export", LOOK_EVERY, stop)

    def step(self, now: datetime) -> None:
        config = self.config()
        audience = config.tables.audience
        if audience is None and config.tables.subscribe is None:
            return
        if self.day is None or over(self.day, now, timedelta(days=1)):
            self.day = now
            if audience is None or audience.mailman is None:  # else mailman/watch.py does
                with list_of(config) as backend:
                    follow(backend, audience.shrink if audience else EVERYBODY, self.now, closely=True)
            while actions.forget_old(now - (audience.forget_after if audience else FORGET_AFTER), now):
                pass
        if audience is None:
            return
        if audience.fetched:
            if self.asked is None or over(self.asked, now, audience.every):
                self.asked = now
                self.ask(audience, config, now)
        elif audience.export:
            self.look(audience, config, now)

    def look(self, audience: Audience, config: Config, now: datetime) -> None:
        """At the folder: a file is read once it has been the same for a while, and again when the day is another."""
        place = config.folder / (audience.export or "")
        try:
            file = folder.newest(place)
            if file is None:
                raise UserError(f"{place} has no export yet" if place.is_dir() else f"{place} is not there")
            here = (file, folder.mark(file))
            if self.seen is None or self.seen[:2] != here:
                self.seen = (*here, now)
            elif over(self.seen[2], now, SETTLED) and self.due(audience, self.seen[2], now):
                self.asked = now
                self.take(folder.content(file), file.name, audience, config, now)
        except UserError as refusal:
            self.failed(audience, {"text": str(refusal)}, now)

    def due(self, audience: Audience, since: datetime, now: datetime) -> bool:
        """Whether a file that has been the same since then is to be read: it is new, or it was long ago."""
        return self.asked is None or self.asked <= since or over(self.asked, now, audience.every)

    def ask(self, audience: Audience, config: Config, now: datetime) -> None:
        """The address: not read again while it says that nothing changed, on the same day."""
        known = ExportCheck.objects.filter(export=audience.export).first()
        same_day = known is not None and known.digest.startswith(self.today(config, now)) and not known.error
        etag, modified = (known.etag, known.modified) if known and same_day else ("", "")
        try:
            found = client.fetch(audience, config, etag, modified)
        except OutsideError as fault:
            self.failed(audience, {"text": str(fault), "hint": fault.hint}, now)
            return
        if found.data is None:
            actions.looked(
                audience.export or "", now, digest=known.digest if known else "", etag=etag, modified=modified
            )
            return
        name = shown(audience.export or "")
        self.take(found.data, name, audience, config, now, found.etag, found.modified)

    def take(
        self,
        data: bytes,
        source: str,
        audience: Audience,
        config: Config,
        now: datetime,
        etag: str = "",
        modified: str = "",
    ) -> None:
        """Propose what an export changes; apply it where talaia.toml and the guard let that be."""
        export = audience.export or ""
        digest = f"{self.today(config, now)} {sha256(data).hexdigest()[:40]}"
        known = ExportCheck.objects.filter(export=export).first()
        if known is None or known.digest != digest or known.error:
            try:
                found = plan(data, config, now)
            except UnreadableFile as error:
                self.failed(audience, {"code": error.code, "data": error.data}, now)
                return
            if any(one.final for one in found.objections):
                one = found.objections[0]
                self.failed(audience, {"code": one.code, "data": dict(one.data), "guard": True}, now)
                return
            if not found.changes_nothing:
                try:
                    row = propose(found, source, now)
                    if audience.automatic and not found.objections:
                        actions.confirm(row.pk, now)
                except UserError:
                    return  # another one is, or was, applied: looked at again, against what it leaves
        actions.looked(export, now, digest=digest, etag=etag, modified=modified)

    def failed(self, audience: Audience, error: Mapping[str, Any], now: datetime) -> None:
        actions.looked(audience.export or "", now, error=error)

    def today(self, config: Config, now: datetime) -> str:
        """The day, by which memberships begin and end."""
        return now.astimezone(config.site.tz).date().isoformat()
