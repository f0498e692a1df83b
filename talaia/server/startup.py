"""What is done before anything runs, at a start and at a reload: the database, the folders, the pages to make anew."""

from __future__ import annotations

import hashlib
import logging
import threading
from pathlib import Path

from django.core.management import call_command
from django.db import Error, connection
from django.utils import timezone

import talaia
from talaia import config as configuration
from talaia.config import Config
from talaia.config.extras import missing
from talaia.config.restart_required import waiting_for_a_start
from talaia.errors import UserError
from talaia.file_modes import loose_public, loose_state, make_private, mend
from talaia.log.episodes import lasts, well
from talaia.outbox import disk_reserve
from talaia.outbox.failure_kinds import in_one_line
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.schema import must_be_usable
from talaia.signals.monitoring_gaps import mark_unwatched
from talaia.site import about
from talaia.site.actions import ask_for_all
from talaia.site.folder import Folder

log = logging.getLogger(__name__)

# The folders whose files of these kinds decide what stands on a page.
WORDED = {"site": (".html", ".css", ".js", ".py"), "panel": (".py",), "events": (".py",), "locale": (".mo",)}
CANNOT = "the database cannot be prepared yet, and is tried until it can: %s"
AGAIN = 2.0  # seconds until a database that was away is asked again
PREPARING = threading.Lock()  # a late start and a reload wait for the same database


def prepare(config: Config) -> None:
    """Bring the database to this version, list the services, and have the site made anew where it needs to be.

    Raises Refused where the database is not one of ours, or of a newer version.
    """
    keep_private(config)
    disk_reserve.keep(config.home)
    for what, mend_it in missing(config).values():
        log.error("%s; %s", what, mend_it)
    must_be_usable()
    call_command("migrate", verbosity=0, interactive=False)
    now = timezone.now()
    mark_unwatched(now)  # before anything moves: what was on the panel then was on it unwatched
    list_services(headings(config), now)
    mark, look = config.home / "run" / "site-made-by", fingerprint(config)
    if not mark.exists() or mark.read_text() != look or not Folder(config.home / "public").manifest.exists():
        ask_for_all(now)
        make_private(mark.parent)
        mark.write_text(look)


def keep_private(config: Config) -> None:
    """Have the state read by nobody but us, and the public folder by everybody; what is not ours to mend is told."""
    make_private(config.home, config.web.behind_proxy)
    left = [str(one) for one in mend(loose_state(config.home, config.web.behind_proxy))]
    left += [str(one) for one in mend(loose_public(config.home / "public"))]
    if left:
        more = f" and {len(left) - 3} more" if len(left) > 3 else ""
        log.warning("of another account, and open to others or closed to readers: %s%s", ", ".join(left[:3]), more)


def prepare_at_last(stop: threading.Event) -> bool:
    """`prepare` for what is in force, again and again until it succeeds. False: `stop` was set before."""
    with PREPARING:
        while not stop.is_set():
            try:
                prepare(configuration.current())
                well(log, "prepare", "up", "the database is prepared")
                return True
            except Error as error:
                lasts(log, "prepare", "up", CANNOT, in_one_line(error), level=logging.ERROR)
            except (OSError, UserError) as error:
                lasts(log, "prepare", "up", CANNOT, error, level=logging.ERROR)
            except Exception as error:  # noqa: BLE001 - it may be better next time; the pages are served meanwhile
                lasts(log, "prepare", "up", CANNOT, repr(error), level=logging.ERROR, error=error)
            finally:
                connection.close()
            stop.wait(AGAIN)
    return False


def fingerprint(config: Config) -> str:
    """Changes when every page must be made anew: another version, other templates or words, another [site] or panel."""
    parts = hashlib.sha256(f"{talaia.__version__} {config.tables.site!r} {config.tables.services!r}".encode())
    parts.update(b"open" if config.tables.subscribe else b"")
    parts.update(repr(config.tables.reports).encode())
    # What pages say is put together in panel and events too, and translated: old words must not stay in the archive.
    for folder, suffixes in WORDED.items():
        for file in sorted((Path(talaia.__file__).parent / folder).rglob("*")):
            if file.suffix in suffixes:
                parts.update(file.read_bytes())
    parts.update(repr(about.texts(config)).encode())
    return parts.hexdigest()


def reload(config: Config, stop: threading.Event) -> None:
    """SIGHUP: put the file's new content in force; a file with mistakes changes nothing. Until `stop` is set.

    config: that of the start.
    """
    if config.path is None:
        return
    try:
        new = configuration.read(config.path, config.home)
    except configuration.ConfigError as wrong:
        log.error("the configuration stays as it was:\n%s", wrong)
        return
    waiting = waiting_for_a_start(config, new)
    configuration.use(new)
    if prepare_at_last(stop):
        log.info("%s is in force%s", config.path, f", but for what waits for a restart: {waiting}" if waiting else "")
