"""An import: proposed, confirmed, written in steps, finished; or dropped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from django.db import transaction

from talaia.audience.actions.rows import store
from talaia.audience.diff import Diff, What, diff
from talaia.audience.guard import ImportObjection
from talaia.audience.models import ExportCheck, Import, Recipient
from talaia.audience.recipients import entries, forgotten, last_done
from talaia.audience.roster import Roster, WantedRecipient
from talaia.audience.serialize import InvalidSnapshot, digest, not_taken, pack
from talaia.errors import UserError
from talaia.outbox.actions import record
from talaia.outbox.batches import batches
from talaia.outbox.locks import in_turn


def propose(
    roster: Roster,
    found: Diff,
    objections: Sequence[ImportObjection],
    after: int,
    source: str,
    now: datetime,
    *,
    owners: Sequence[Sequence[str]] = (),
    by: str = "",
) -> Import:
    """Keep what an export would change until somebody confirms it. What waited before is dropped.

    The same export again is the same import. `after`: the import on which that was judged; raises Refused where it is
    not the last any more, as somebody may have looked for an hour before they wanted it. owners: whose each refused row
    is.
    """
    packed = pack(roster)
    with transaction.atomic():
        if after != last_done():
            raise UserError("another import was applied after this export was read; read it again")
        waiting = Import.objects.select_for_update().filter(state=Import.WAITING)
        for one in waiting:
            if one.digest == digest(packed) and one.after == after:
                one.counts, one.total = found.counts, len(found.to_write)
                one.objections = [objection_json(objection) for objection in objections]
                one.refused = _refused(roster, owners)
                one.save(update_fields=["counts", "total", "objections", "refused"])
                return one
            _over(one, Import.DROPPED, now)
        row = Import.objects.create(
            at=now,
            by=by,
            source=source[:300],
            digest=digest(packed),
            after=after,
            roster=packed,
            counts=found.counts,
            refused=_refused(roster, owners),
            ended=roster.ended,
            objections=[objection_json(objection) for objection in objections],
            total=len(found.to_write),
        )
        record("audience.proposed", f"import/{row.pk}", now, by, {**found.counts, "refused": len(roster.refused)})
    return row


def confirm(import_id: int, now: datetime, *, by: str = "") -> Import:
    """Let an import be applied, although the guard may object. Confirming twice is once. Raises Refused."""
    with transaction.atomic():
        row = _find(import_id)
        if row.state in (Import.CONFIRMED, Import.DONE):
            return row
        if row.state == Import.DROPPED:
            raise UserError(
                f"import {import_id} was dropped, as a newer one came or somebody did not want it; read it again"
            )
        if row.after != last_done():
            raise UserError(f"another import was applied after import {import_id} was read; read the export again")
        if any(one["final"] for one in row.objections):
            raise UserError(
                f"import {import_id} has nobody in it; no confirmation lets that pass. Make the export again"
            )
        if Import.objects.filter(state=Import.CONFIRMED).exists():
            raise UserError("another import is being applied; wait until it is done, then read the export again")
        row.state, row.decided_at, row.decided_by = Import.CONFIRMED, now, by
        row.save(update_fields=["state", "decided_at", "decided_by"])
        record("audience.confirmed", f"import/{import_id}", now, by)
    return row


def drop(import_id: int, now: datetime, *, by: str = "") -> None:
    """Nobody wants it. Raises Refused once it is being applied."""
    with transaction.atomic():
        row = _find(import_id)
        if row.state == Import.DROPPED:
            return
        if row.state != Import.WAITING:
            raise UserError(f"import {import_id} is already being applied")
        row.decided_at, row.decided_by = now, by
        row.save(update_fields=["decided_at", "decided_by"])
        _over(row, Import.DROPPED, now)
        record("audience.dropped", f"import/{import_id}", now, by)


def write(
    import_id: int,
    keys: Collection[str],
    wanted: Mapping[str, WantedRecipient],
    held: Collection[str],
    by_hand: Literal["leave", "adopt"],
    now: datetime,
) -> int:
    """One step of an import: what these addresses need, judged anew by what the ledger says now. Returns how many.

    An opt-out that came after the diff was shown is seen here; a step that was written before changes nothing.
    """
    with transaction.atomic():
        in_turn("ledger")
        row = _find(import_id)
        if row.state != Import.CONFIRMED:
            return 0
        rows = Recipient.objects.select_for_update().filter(key__in=keys)
        since = dict(rows.values_list("key", "since"))
        ledger = entries(rows)
        mine = {key: wanted[key] for key in keys if key in wanted}
        found = diff(mine, held, ledger, forgotten(mine.keys() - ledger.keys()), by_hand, now)
        changes = found.to_write
        if changes:
            store([(change.after, change.before) for change in changes], since, now)
            # They may have been taken off the list without our writing it down: it is told of them anew.
            back = [change.after.key for change in found.of(What.RETURNS)]
            rows.filter(key__in=back).exclude(listed_at=None).update(listed_at=None, joining_at=now)
            row.done += len(changes)
            row.save(update_fields=["done"])
            record("audience.applied", f"import/{import_id}", now, row.decided_by, found.counts)
    return len(changes)


def finish(import_id: int, now: datetime) -> bool:
    """All of it is in the ledger. Returns whether it was not finished before."""
    with transaction.atomic():
        row = _find(import_id)
        if row.state != Import.CONFIRMED:
            return False
        row.done = row.total
        row.save(update_fields=["done"])
        _over(row, Import.DONE, now)
        record("audience.synced", f"import/{import_id}", now, row.decided_by, row.counts)
    return True


def looked(
    export: str, now: datetime, *, digest: str = "", etag: str = "", modified: str = "", error: Mapping[str, Any] = {}
) -> None:
    """Remember what the configured export was when it was looked at. No fact: nothing happened."""
    values = {"looked_at": now, "error": dict(error)}
    if not error:
        values |= {"digest": digest, "etag": etag[:300], "modified": modified[:100]}
    with transaction.atomic():
        ExportCheck.objects.update_or_create(export=export[:300], defaults=values)


def objection_json(objection: ImportObjection) -> dict[str, Any]:
    return {"code": objection.code, "data": dict(objection.data), "final": objection.final}


def _refused(roster: Roster, owners: Sequence[Sequence[str]]) -> list[list[Any]]:
    """People are named by the numbers of their rows: these tell nothing once the rows are gone."""
    keys = {key for some in owners for key in some}
    numbers: dict[str, int] = {}
    for some in batches(keys, 900):
        numbers |= dict(Recipient.objects.filter(key__in=some).values_list("key", "pk"))
    theirs = [sorted(numbers[key] for key in some if key in numbers) for some in owners] or [[]] * len(roster.refused)
    return [
        InvalidSnapshot(one.line, one.code, one.word, one.text, tuple(found), one.of_above).as_list()
        for one, found in zip(roster.refused, theirs, strict=True)
    ]


def _find(import_id: int) -> Import:
    # A roster of many megabytes is not read for every step.
    row = Import.objects.select_for_update().defer("roster", "refused").filter(pk=import_id).first()
    if row is None:
        raise UserError(f"there is no import {import_id}")
    return row


def _over(row: Import, state: str, now: datetime) -> None:
    """What it carried of people goes; numbers stay."""
    row.state, row.finished_at, row.roster = state, now, b""
    row.refused = [one.as_list(over=True) for one in not_taken(row.refused)]
    row.save(update_fields=["state", "finished_at", "roster", "refused"])
