"""What `talaia audience` says of an import, of the people, and of one of them."""

from __future__ import annotations

import json

from talaia.audience import words
from talaia.audience.address import parse
from talaia.audience.diff import RecipientStatus, What
from talaia.audience.formatting import as_json, trouble, why
from talaia.audience.importing import Plan, audience_of
from talaia.audience.models import ExportCheck, Import, OptOut, Recipient
from talaia.audience.recipients import entries, forgotten, how_many_stand
from talaia.config import current
from talaia.events.formatting import local

SHOWN = 20  # addresses of each kind on a terminal, without --all


def report(found: Plan, source: str, people: bool, everything: bool) -> None:
    """What would change. Without a terminal only numbers: what is printed there ends in a log."""
    wanted, rows = len(found.roster.wanted), found.roster.rows
    print(f"{source}: {rows} rows, {wanted} addresses to tell")
    for what in What:
        changes = found.diff.of(what)
        if changes:
            print(f"  {len(changes):>6}  {words.what(what, len(changes))}")
        if people or everything:
            for change in changes if everything else changes[:SHOWN]:
                print(f"          {change.after.address}  ({why(change)})")
            if len(changes) > SHOWN and not everything:
                print(f"          … and {len(changes) - SHOWN} more; --all prints them")
    refused = found.roster.refused
    if refused:
        print(f"  {len(refused):>6}  refused rows")
    kept = {change.after.key: change.after for change in found.diff.of(What.KEPT)}
    for one, keys in list(zip(refused, found.owners, strict=True))[: None if everything else SHOWN]:
        print(f"          line {one.line}: {words.refusal(one.code, one.word if people or everything else '')}")
        if people or everything:
            print(f"              {words.shortened(one.text)}")
            print(f"              {words.whose([words.named(kept[key]) for key in keys if key in kept], one.of_above)}")
    if len(refused) > SHOWN and not everything:
        print(f"          … and {len(refused) - SHOWN} more; --all prints them")


def show(as_json_too: bool) -> None:
    zone = current().site.tz
    counts, quiet = how_many_stand()
    last = Import.objects.filter(state=Import.DONE).order_by("-finished_at").first()
    open_ones = Import.objects.filter(state__in=[Import.WAITING, Import.CONFIRMED]).order_by("pk")
    export = audience_of(current()).export
    look = ExportCheck.objects.filter(export=export).first() if export else None
    error = trouble(look.error) if look else ""
    mailman = audience_of(current()).mailman
    seen = ExportCheck.objects.filter(export=mailman.list).first() if mailman else None
    if as_json_too:
        told = {
            "addresses": {one.value: counts[one] for one in RecipientStatus},
            "at_list": quiet,
            "by_hand": Recipient.objects.filter(origin="hand").count(),
            "opted_out_and_forgotten": OptOut.objects.count(),
            "last_import": {"id": last.pk, "at": iso(last), "source": last.source, **last.counts} if last else None,
            "open": [{"id": one.pk, "state": one.state, "source": one.source, **one.counts} for one in open_ones],
            "looked_at": look.looked_at.isoformat() if look else None,
            "error": error or None,
            "list": seen.export if seen else None,
            "list_looked_at": seen.looked_at.isoformat() if seen else None,
            "list_error": (trouble(seen.error) or None) if seen else None,
        }
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for one in RecipientStatus:
        print(f"{counts[one]:>8}  {words.standing(one, counts[one])}")
    for at_list, count in quiet.items():
        if count:
            print(f"{count:>8}  {words.at_list(at_list, count)}")
    when = f"{last.pk}, {local(last.finished_at, zone)}, {last.source}" if last and last.finished_at else "none yet"
    print(f"last import: {when}")
    for row in open_ones:
        state = "waits to be confirmed" if row.state == Import.WAITING else f"is applied: {row.done} of {row.total}"
        numbers = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in row.counts.items() if count)
        print(f"import {row.pk} ({row.source}) {state}: {numbers}")
    if look:
        print(f"export looked at: {local(look.looked_at, zone)}" + (f"; {error}" if error else ""))
    if seen:
        said = trouble(seen.error)
        print(
            f"list {seen.export} looked at: {local(seen.looked_at, zone)}" + (f"; {said}" if said else "; it is well")
        )


def iso(row: Import) -> str | None:
    return row.finished_at.isoformat() if row.finished_at else None


def print_list(standing: str | None, as_json_too: bool) -> None:
    rows = Recipient.objects.order_by("key")
    found = entries(rows.filter(standing=standing) if standing else rows).values()
    quiet = dict(
        Recipient.objects.filter(standing=RecipientStatus.ON).exclude(at_list="").values_list("key", "at_list")
    )
    if as_json_too:
        told = [{**as_json(entry), "at_list": quiet.get(entry.key, "")} for entry in found]
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for entry in found:
        why = ", ".join(words.reason(one) for one in entry.reasons) or entry.origin.value
        print(f"{entry.address:<40}  {quiet.get(entry.key, entry.standing.value):<9}  {why}")


def explain(address: str) -> None:
    key, zone = parse(address).key, current().site.tz
    row = Recipient.objects.filter(key=key).first()
    entry = entries(Recipient.objects.filter(key=key)).get(key)
    since = local(row.since, zone) if row else ""
    print("\n".join(words.explained(entry, bool(forgotten([key])), since, zone, row.at_list if row else "")))
