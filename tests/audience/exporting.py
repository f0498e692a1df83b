"""An export of invented members in a form that tests may break: its rows, its bytes, and what it does to a ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from talaia.audience import reading
from talaia.audience.diff import RecipientEntry, What
from talaia.audience.evaluate import Assessment, judge
from talaia.audience.guard import NOTHING_BEFORE, Last
from talaia.audience.roster import roster
from talaia.audience.row_cells import names
from talaia.config import Audience, Columns
from tests.audience.ledger import NOW

COLUMNS = Columns(
    address="Correu",
    name="Nom",
    member="Sòcia",
    member_from="Alta",
    member_until="Baixa",
    invoice="Factura",
    invoice_until="Fi factura",
    connection="Enllaç",
)
AUDIENCE = Audience(columns=COLUMNS)
HEADER = ("Nom", "Correu", "Sòcia", "Alta", "Baixa", "Factura", "Fi factura", "Enllaç", "Notes")
NAMES = (
    *("anna", "berta", "carme", "dolors", "eva", "ferran", "gemma", "hug", "iris", "joan"),
    *("karim", "laia", "marc", "neus", "oriol", "pau", "quim", "rosa", "sergi", "teresa"),
)
Rows = Sequence[Sequence[str]]


def row(name: str, member: str = "sí", invoice: str = "", until: str = "", **cells: str) -> tuple[str, ...]:
    """A member whose name and address say who it is. `cells`: by their heads, others than these."""
    usual = {
        "Nom": f"{name.title()} Puig",
        "Correu": f"{name}@example.org",
        "Sòcia": member,
        "Factura": invoice,
        "Baixa": until,
    }
    return tuple((usual | cells).get(head, "") for head in HEADER)


def members(*names: str) -> list[tuple[str, ...]]:
    return [row(name) for name in names or NAMES]


def text(rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER, delimiter: str = ",") -> str:
    """As programs write it that put nothing between quotation marks."""
    return "".join(delimiter.join(cells) + "\n" for cells in (header, *rows))


def ledger(rows: Iterable[Sequence[str]]) -> dict[str, RecipientEntry]:
    """As it is after these rows were applied."""
    return {one.after.key: one.after for one in judged(text(rows), {}).diff.changes}


def judged(
    export: str | bytes,
    before: Mapping[str, RecipientEntry],
    audience: Audience = AUDIENCE,
    last: Last = NOTHING_BEFORE,
    opted_out: Iterable[str] = (),
) -> Assessment:
    """Raises Unreadable."""
    data = export.encode() if isinstance(export, str) else export
    table = reading.read(data, [*names(audience.columns).values()], audience.columns.address)
    return judge(roster(table, audience, NOW.date()), before, {*opted_out}, audience, NOW, last)


def of(found: Assessment, what: What) -> list[str]:
    return sorted(change.after.key.removesuffix("@example.org") for change in found.diff.of(what))


def codes(found: Assessment) -> list[str]:
    return [one.code for one in found.objections]
