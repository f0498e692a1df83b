"""From the bytes of an export to the ledger: plan (nothing is written), propose, apply in steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from talaia.audience import actions
from talaia.audience.backend import ListBackend
from talaia.audience.diff import Diff
from talaia.audience.direct import Direct
from talaia.audience.evaluate import judge
from talaia.audience.guard import ImportObjection
from talaia.audience.list_sync import follow
from talaia.audience.mailman.apply_settings import checked
from talaia.audience.mailman.client import MailmanClient
from talaia.audience.mailman.roster import MailmanList
from talaia.audience.models import Import
from talaia.audience.reading import UnreadableFile, sandbox
from talaia.audience.recipients import before, entries, forgotten, last_done
from talaia.audience.roster import Roster, roster
from talaia.audience.row_cells import names
from talaia.audience.row_owners import held
from talaia.audience.serialize import unpack
from talaia.audience.sympa import TOKEN as SYMPA
from talaia.config import Audience, Config, current
from talaia.errors import UserError
from talaia.outbox.batches import batches
from talaia.outbox.channel import Channel, CheckLine
from talaia.outbox.errors import OutsideError
from talaia.signals.models import Token

STEP = 500  # addresses in one transaction
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Plan:
    """What an export says, what that would change, and what the guard thinks of it. `after`: the import before it.

    `owners`: of each refused row, the keys of the people who stay as they are because of it.
    """

    roster: Roster
    diff: Diff
    objections: tuple[ImportObjection, ...]
    after: int
    owners: tuple[tuple[str, ...], ...] = ()

    @property
    def changes_nothing(self) -> bool:
        return not self.diff.to_write


def audience_of(config: Config) -> Audience:
    """Raises Refused where talaia.toml says nothing of an audience."""
    if config.tables.audience is None:
        raise UserError("talaia.toml has no [audience]; docs/audience.md tells how to begin")
    return config.tables.audience


def plan(data: bytes, config: Config, now: datetime) -> Plan:
    """Read an export. Writes nothing. Raises Unreadable."""
    audience = audience_of(config)
    table = sandbox.read(data, [*names(audience.columns).values()], audience.columns.address)
    zone = config.site.tz
    return judged(roster(table, audience, now.astimezone(zone).date(), zone), audience, now)


def judged(found: Roster, audience: Audience, now: datetime) -> Plan:
    """A roster against the ledger as it is now."""
    after = last_done()  # before the ledger: what is applied in between is noticed
    ledger = entries()
    opted_out = forgotten(found.wanted.keys() - ledger.keys())
    judged = judge(found, ledger, opted_out, audience, now, before(after))
    return Plan(judged.roster, judged.diff, judged.objections, after, judged.owners)


def planned(row: Import, config: Config, now: datetime) -> Plan:
    """What an import that waits would change now."""
    return judged(unpack(bytes(row.roster)), audience_of(config), now)


def propose(found: Plan, source: str, now: datetime, *, by: str = "") -> Import:
    """Raises Refused where another import was applied since the plan was made."""
    return actions.propose(
        found.roster, found.diff, found.objections, found.after, source, now, owners=found.owners, by=by
    )


def apply(import_id: int, config: Config, now: Callable[[], datetime], progress: Progress = lambda *_: None) -> None:
    """Bring a confirmed import into the ledger, and the list after it. Killed at any line, it is begun again.

    Two that apply the same import at once do each other no harm: every step is judged anew under a lock.
    """
    row = Import.objects.filter(pk=import_id).first()
    if row and row.state == Import.CONFIRMED:
        audience = audience_of(config)
        found = planned(row, config, now())
        changes = found.diff.to_write
        done, total = row.total - len(changes), row.total
        for keys in batches((change.after.key for change in changes), STEP):
            actions.write(import_id, keys, found.roster.wanted, held(found.owners), audience.by_hand, now())
            done += len(keys)
            progress(min(done, total), total)
        actions.finish(import_id, now())
    with list_of(config) as backend:
        follow(backend, audience_of(config).shrink, now, closely=True)


def unfinished() -> list[int]:
    """Imports that were confirmed and are not applied: somebody was killed in the middle, or is at it."""
    return [*Import.objects.filter(state=Import.CONFIRMED).order_by("pk").values_list("pk", flat=True)]


@contextmanager
def list_of(config: Config) -> Iterator[ListBackend]:
    """What keeps the list, for as long as the block lasts. A Sympa reads the ledger itself, as if there were none."""
    mailman = config.tables.audience.mailman if config.tables.audience else None
    if mailman is None:
        yield Direct()
        return
    with MailmanClient(mailman, config) as client:
        yield MailmanList(client)


class AudienceChannel(Channel):
    """The channel "audience": `import/7` is brought into the ledger, and the list follows."""

    name = "audience"

    def deliver(self, targets: Sequence[str], _now: datetime, /) -> None:
        for target in targets:
            apply(int(target.partition("/")[2]), current(), timezone.now)

    def check(self, config: Config, made: bool, /) -> Iterator[CheckLine]:
        """Whether the list server answers, and holds and answers mail as it must; whether its queues are empty."""
        audience = config.tables.audience
        if audience and audience.mailman:
            try:
                with MailmanClient(audience.mailman, config) as client:
                    yield from checked(client, config.site)
            except OutsideError as fault:
                yield False, str(fault), fault.hint
        if audience and audience.sympa and not (made and Token.objects.filter(source=SYMPA).exists()):
            yield None, "Sympa cannot read the addresses yet", f"talaia token create {SYMPA}"


__all__ = ["AudienceChannel", "Plan", "UnreadableFile", "apply", "plan", "planned", "propose", "unfinished"]
