"""`talaia check`: is the configuration right, and does everything that it names answer?"""

from __future__ import annotations

import argparse
import tempfile
import tomllib
from collections.abc import Iterator

from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone

from talaia import forwarded, schema
from talaia.api.db_timeout import statement_timeout
from talaia.audience.mailing import chosen_in_vain
from talaia.audience.mailman.client import MailmanClient as MailmanClient
from talaia.channels import channels
from talaia.commands.check_sources import asked, checks, odd
from talaia.commands.forum import try_out
from talaia.config import Config, current
from talaia.config.extras import missing
from talaia.file_modes import loose_public, loose_state, make_private, make_public, readable_by_others
from talaia.log.known_secrets import secret_files
from talaia.outbox.actions import write_test
from talaia.outbox.channel import CheckLine
from talaia.outbox.disk_reserve import free, room
from talaia.outbox.failure_kinds import HINTS, FailureKind, in_one_line, trouble
from talaia.outbox.models import Delivery
from talaia.signals.evaluate import read_odd
from talaia.site.integrity_check import compared

HELP = "Read the configuration and look whether database, folder, sources and checks are well. Exit code 1 if not."

AS_OURS, OWN = "run it as the account that runs talaia", "that account must own all of it (chown -R)"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--offline",
        action="store_true",
        help="ask nobody: no source, no target of a check, no mail or list server, no chat, webhook or forum",
    )
    parser.add_argument(
        "--forum", action="store_true", help="make an unlisted topic in the forum, edit it, close it, delete it"
    )


def run(options: argparse.Namespace) -> int:
    config = current()
    lines: list[CheckLine] = [(True, f"{config.path}: no mistake in it", "")]
    made, said = database(options.offline)
    lines += said
    lines += folder(config)
    lines += proxy(config)
    lines += readers(config)
    lines += extras(config)
    lines += former_words(config)
    if not options.offline:
        for source in config.tables.sources:
            lines += asked(source, config, made)
        lines += checks(config)
        for channel in channels(config):
            lines += channel.check(config, made)
    if made:
        polled = {source.id for source in config.tables.sources if source.polled} if not options.offline else ()
        lines += chosen(config)
        lines += [odd(one) for one in read_odd(config, polled)]
    for well, what, mend in lines:
        mark = {True: "ok  ", False: "FAIL", None: "look"}[well]
        print(f"{mark}  {what}" + (f"\n      → {mend}" if mend else ""))
    failed = any(well is False for well, _, _ in lines)
    if options.forum:
        failed |= bool(try_out())
    return int(failed)


def former_words(config: Config) -> Iterator[CheckLine]:
    """What is still called as it was before: it works, and is said, so that one thing has one word in a file."""
    written = tomllib.loads(config.path.read_text(encoding="utf-8")) if config.path else {}
    for source in written.get("sources", ()):
        if source.get("kind") == "webhook":
            what = f'source {source.get("id")}: kind = "webhook" is called "push" now, as [[webhook]] is what goes out'
            yield None, what, 'write kind = "push"; the former word works on'


PATIENCE = 3.0  # seconds in which another writer may be done


def database(offline: bool) -> tuple[bool, list[CheckLine]]:
    """Whether its tables can be read, and what is said of it.

    Offline its silence is no failure: until it answers, `talaia up` serves the finished pages. Before the first `talaia
    up` there are no tables: all else is looked at all the same.
    """
    try:
        found = schema.inspect_schema()
        if found.kind == "ours":
            with statement_timeout(PATIENCE):
                write_test(timezone.now())  # what is locked or full can be read all the same
    except DatabaseError as error:
        well, kind = None if offline else False, trouble(error, free(current().home))
        mend = HINTS[kind or FailureKind.AWAY]
        return False, [(well, f"the database does not answer: {in_one_line(error)}", mend)]
    if found.kind != "ours":
        return False, [(None if found.usable else False, found.what, found.mend)]
    said: list[CheckLine] = [(True, f"database ({connection.vendor}) answers and is of this version", "")]
    if parked := Delivery.objects.filter(state=Delivery.PARKED).count():
        said.append((None, f"{parked} deliveries are parked", "the desk shows them with their errors"))
    return True, said


def chosen(config: Config) -> Iterator[CheckLine]:
    """People's choices of services that talaia.toml does not list: of these they are told nothing."""
    for slug, count in chosen_in_vain([service.slug for service in config.tables.services]).items():
        people = "1 person" if count == 1 else f"{count:,} people"
        mend = f"if it has another name now: `talaia service rename {slug} NEW`; else they hear nothing of it any more"
        yield None, f"{people} chose {slug!r}, which is not listed any more", mend


def folder(config: Config) -> Iterator[CheckLine]:
    public = config.home / "public"
    try:
        make_private(config.home, config.web.behind_proxy)
        make_public(public, public)
        with tempfile.NamedTemporaryFile(dir=public, prefix=".draft-check-"):
            pass
    except OSError as error:
        kind = trouble(error)
        mend = HINTS[kind] if kind else "the account that runs talaia must own it"
        yield False, f"{public} cannot be written: {error.strerror}", mend
        return
    yield True, f"{public} can be written", ""
    if (left := room(config.home)) and (left.is_little or left.is_ill):
        mend = "make room: once it is full, only the news is written, as long as the reserve lasts"
        yield False if left.is_ill else None, f"{left.free / 1e6:,.0f} MB are left on the disk of {config.home}", mend
    try:
        damaged = compared(config)
    except OSError as error:
        yield None, f"whether {public} is as it was written cannot be seen: {error}", ""
        return
    if damaged:
        named = ", ".join(damaged[:3]) + (", …" if len(damaged) > 3 else "")
        what = f"{len(damaged)} files of {public} are not as they were written: {named}"
        yield None, what, "`talaia up` makes them anew; find out who was there"


def readers(config: Config) -> Iterator[CheckLine]:
    """Who else on this machine can read the state, what talaia.toml names as secret, the export; or not the page."""
    loose = [*loose_state(config.home, config.web.behind_proxy), *loose_public(config.home / "public")]
    if loose:
        names = ", ".join(map(str, loose[:3])) + (f" and {len(loose) - 3} more" if len(loose) > 3 else "")
        mend = "`talaia up` mends it at its start" if all(one.ours for one in loose) else f"{AS_OURS}; {OWN}"
        yield None, f"not for talaia alone, or not for everybody where it should be: {names}", mend
    else:
        yield True, f"{config.home} is for talaia alone, all but the public folder", ""
    named = [config.beside(file) for file in secret_files(config.tables)]
    audience = config.tables.audience
    if audience and audience.export and not audience.fetched:
        export = config.beside(audience.export)
        named.append(export)
        if not export.exists():
            mend = "whoever writes it puts it there, or [audience] export is another path; until then the list stays"
            yield None, f"there is no export at {export}", mend
    for file in named:
        if readable_by_others(file):
            yield None, f"everybody on this machine can read {file}", f"chmod o= {file}"


def extras(config: Config) -> Iterator[CheckLine]:
    """What is configured and could not be done, as what it needs is not installed."""
    yield from ((False, what, mend) for what, mend in missing(config).values())


def proxy(config: Config) -> Iterator[CheckLine]:
    """Whether requests came through a proxy of which we are not told."""
    if forwarded.is_forgotten(config.home, config.web.behind_proxy, timezone.now()):
        yield None, forwarded.WHAT, forwarded.MEND
