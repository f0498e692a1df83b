"""`talaia audience`: who is told. Addresses are printed only where somebody asks for them: output ends in logs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.utils import timezone, translation

from talaia.audience import actions, client, folder, words
from talaia.audience.address import AddressError, parse
from talaia.audience.cells import CellRefused
from talaia.audience.diff import RecipientStatus, What
from talaia.audience.formatting import as_json
from talaia.audience.importing import Plan, apply, audience_of, list_of, plan, propose, unfinished
from talaia.audience.list_sync import follow, learn_quiet
from talaia.audience.mailman import apply_settings
from talaia.audience.mailman.client import MailmanClient
from talaia.audience.mailman.roster import MailmanList
from talaia.audience.models import Recipient
from talaia.audience.reading import UnreadableFile
from talaia.audience.recipients import entries
from talaia.audience.row_cells import person
from talaia.commands.audience_reports import SHOWN, explain, print_list, report, show
from talaia.commands.shared_options import author, json_argument, refusing
from talaia.config import current
from talaia.config.hosts import shown
from talaia.errors import UserError
from talaia.notices.replies.actions import forget_one as forget_reply
from talaia.outbox.errors import OutsideError
from talaia.outbox.locks import alone

HELP = "Who is told: the ledger of addresses that follows the membership export."
OF_PEOPLE = ("list", "explain", "add", "opt-out", "opt-in", "forget")  # also where they come by subscribing alone


def arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    syncing = commands.add_parser("sync", help="read an export, say what changes, and apply it")
    syncing.add_argument("file", metavar="FILE", nargs="?", help="the export; - is standard input (default: as set)")
    syncing.add_argument("--dry-run", action="store_true", help="only say what would change")
    syncing.add_argument("--yes", action="store_true", help="ask nothing, even where the guard objects")
    syncing.add_argument("--all", action="store_true", help=f"print every address, not {SHOWN} of each kind")
    json_argument(syncing)
    json_argument(commands.add_parser("show", help="how many, the last import, what waits"))
    listing = commands.add_parser("list", help="print the addresses")
    listing.add_argument("--standing", choices=[one.value for one in RecipientStatus], help="only these")
    json_argument(listing)
    for name, line in (
        ("opt-out", "this person wants no mail; no import changes that"),
        ("opt-in", "this person asks to be told again, or their mail arrives again"),
        ("explain", "why is this person told, or not?"),
        ("add", "tell somebody who is in no export"),
    ):
        one = commands.add_parser(name, help=line)
        one.add_argument("address", metavar="ADDRESS")
        if name == "add":
            one.add_argument("--name", default="")
    making = commands.add_parser("setup", help="make the list of [audience.mailman], and set it as it must be")
    making.add_argument("--dry-run", action="store_true", help="only say what would be set")
    forgetting = commands.add_parser("forget", help="delete one address, or all whose time is over")
    forgetting.add_argument("address", metavar="ADDRESS", nargs="?")


def run(options: argparse.Namespace) -> int:
    if options.action not in OF_PEOPLE or current().tables.subscribe is None:
        audience_of(current())
    with refusing(), translation.override("en"):
        try:
            match options.action:
                case "sync":
                    return sync(options)
                case "show":
                    show(options.json)
                case "list":
                    print_list(options.standing, options.json)
                case "explain":
                    explain(options.address)
                case "forget":
                    forget(options.address)
                case "setup":
                    set_up(options.dry_run)
                case _:
                    change(options)
        except AddressError as wrong:
            raise UserError(words.refusal(wrong.code)) from None
    return 0


def sync(options: argparse.Namespace) -> int:
    config, by = current(), author()
    for import_id in unfinished():
        if not options.dry_run:
            print(f"finishing import {import_id}, which was begun before", file=sys.stderr)
            apply(import_id, config, timezone.now, progress())
    source, data = given(options.file)
    try:
        found = plan(data, config, timezone.now())
    except UnreadableFile as error:
        raise UserError(f"{source}: {words.unreadable(error.code, error.data)}. Nothing was changed") from None
    asked = sys.stdin.isatty() and sys.stdout.isatty() and not options.yes and not options.json
    against = [words.objection(one.code, one.data) for one in found.objections]
    final = any(one.final for one in found.objections)
    if not options.json:
        report(found, source, sys.stdout.isatty(), options.all)
    if options.dry_run:
        tell(options, found, source, None, "nothing was changed: --dry-run")
        if against:
            print(f"the guard would stop it: {'; '.join(against)}", file=sys.stderr)
        return 1 if against else 0
    if final or (against and not options.yes):
        if final or not asked or not ask(f"The guard objects: {'; '.join(against)}. Apply it anyway?"):
            stop(options, found, source, by)
    elif found.changes_nothing:
        with list_of(config) as backend:
            follow(backend, audience_of(config).shrink, timezone.now)
        tell(options, found, source, None, "nothing changes")
        return 0
    elif asked and not ask("Apply it?"):
        print("nothing was changed")
        return 0
    row = propose(found, source, timezone.now(), by=by)
    actions.confirm(row.pk, timezone.now(), by=by)
    try:
        apply(row.pk, config, timezone.now, progress())
    except OutsideError as fault:
        goes_on = f"import {row.pk} is confirmed, and goes on while talaia runs, or with `talaia audience sync`"
        raise UserError(f"{fault}; {fault.hint}; {goes_on}") from None
    tell(options, found, source, row.pk, f"done: import {row.pk}")
    return 0


def stop(options: argparse.Namespace, found: Plan, source: str, by: str) -> None:
    """The guard's word. What may be confirmed waits for it. Raises Refused."""
    against = "; ".join(words.objection(one.code, one.data) for one in found.objections)
    tell(options, found, source, None, "")
    if any(one.final for one in found.objections):
        raise UserError(f"the guard stops: {against}. Nothing was changed; make the export again")
    row = propose(found, source, timezone.now(), by=by)
    mend = f"look with --dry-run --all; then --yes, or confirm import {row.pk} at the desk"
    raise UserError(f"the guard stops: {against}. Nothing was changed; {mend}")


def given(file: str | None) -> tuple[str, bytes]:
    """What the export is called, and its bytes. Raises Refused."""
    config = current()
    audience = audience_of(config)
    if file == "-":
        return "standard input", sys.stdin.buffer.read()
    if file is not None:
        return Path(file).name, folder.content(Path(file))
    if audience.export is None:
        raise UserError("name the export: talaia audience sync FILE; or set export in [audience]")
    if audience.fetched:
        return shown(audience.export), client.fetch(audience, config).data or b""
    place = config.folder / audience.export
    found = folder.newest(place)
    if found is None:
        raise UserError(f"{place} has no export")
    return found.name, folder.content(found)


def ask(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes", "s", "sí", "si")
    except EOFError:  # Ctrl-D
        print()
        return False


def progress() -> Callable[[int, int], None]:
    """How far long work is, on standard error: on a terminal a line that changes, elsewhere ten lines in all."""
    told = 0

    def say(done: int, total: int) -> None:
        nonlocal told
        if total < 1000:
            return
        if sys.stderr.isatty():
            print(f"{done} of {total} addresses", end="\n" if done == total else "\r", file=sys.stderr, flush=True)
        elif done * 10 // total > told:
            told = done * 10 // total
            print(f"{done} of {total} addresses", file=sys.stderr, flush=True)

    return say


def tell(options: argparse.Namespace, found: Plan, source: str, number: int | None, said: str) -> None:
    """One line, or everything as JSON."""
    if not options.json:
        if said:
            print(said)
        return
    told: dict[str, Any] = {
        "source": source,
        "rows": found.roster.rows,
        "wanted": len(found.roster.wanted),
        "counts": found.diff.counts,
        "refused": [
            {
                "line": one.line,
                "code": one.code,
                "reason": words.refusal(one.code, one.word),
                "row": one.text,
                "stay": list(keys),
            }
            for one, keys in zip(found.roster.refused, found.owners, strict=True)
        ],
        "objections": [{"code": one.code, "text": words.objection(one.code, one.data)} for one in found.objections],
        "applied": number is not None,
        "import": number,
        **{what.value: [as_json(change.after) for change in found.diff.of(what)] for what in What},
    }
    print(json.dumps(told, ensure_ascii=False, indent=2))


def forget(address: str | None) -> None:
    now = timezone.now()
    if address is None:
        before, count = now - audience_of(current()).forget_after, 0
        while batch := actions.forget_old(before, now, by=author()):
            count += batch
        print(f"{count} forgotten")
        return
    key = parse(address).key
    wanted = Recipient.objects.filter(key=key, left_at=None, origin="export").exists()
    # Whom the list has and the ledger does not, the next look takes for put there by hand; nobody may look in between.
    with list_of(current()) as backend, alone("list", wait=True):
        actions.parting(key, now)
        backend.remove([key])
        done = actions.forget(address, now, by=author())
    waited = forget_reply(key, now)
    if not done and not waited:
        raise UserError("there is no such address in the ledger")
    print("forgotten" + ("; the next export that has it brings it back, unless the person opts out" if wanted else ""))


def set_up(dry_run: bool) -> None:
    config, mailman = current(), audience_of(current()).mailman
    if mailman is None:
        raise UserError("talaia.toml has no [audience.mailman]; docs/mailing-lists.md tells how to begin")
    with MailmanClient(mailman, config) as server:
        found = apply_settings.read_settings(server, config.site)
        if not found.list:
            print(f"{mailman.list}: {'is to be made' if dry_run else 'is made'}")
        else:
            print(
                "\n".join(map(str, (*found.differences, *found.framing))) or f"{mailman.list}: every setting is right"
            )
        if found.around:
            print(f"{len(found.around)} senders have a rule of their own, which lets their mail by")
        if not dry_run and not found.right:
            apply_settings.apply(server, config.site, found)
            actions.kept(mailman.list, timezone.now(), {}, len(found.differences) + len(found.framing), author())
            print("set; `talaia check` looks at it again")
        if not dry_run and found.list:
            roster = MailmanList(server)
            learn_quiet(roster, roster.read(closely=True))


def change(options: argparse.Namespace) -> None:
    now, by = timezone.now(), author()
    match options.action:
        case "opt-out":
            new = actions.opt_out(options.address, now, by=by)
            print("opted out: no import changes that" if new else "had opted out before")
        case "opt-in":
            standing = actions.opt_in(options.address, now, by=by)
            if standing == RecipientStatus.ON:
                print("is told")
            else:
                print("is not told: no export has the address; the next one that has it does, or `talaia audience add`")
        case "add":
            try:
                name = person(options.name)
            except CellRefused as refusal:
                raise UserError(words.refusal(refusal.code)) from None
            print("added" if actions.add(options.address, name, now, by=by) else "is there already")
    if audience := current().tables.audience:
        with list_of(current()) as backend:
            follow(backend, audience.shrink, timezone.now)
        row = Recipient.objects.filter(key=parse(options.address).key, standing=RecipientStatus.ON).first()
        if row and row.at_list:
            print(
                *words.explained(
                    entries(Recipient.objects.filter(pk=row.pk))[row.key], False, "", current().site.tz, row.at_list
                )
            )
