"""The people that tests of the audience know, and what talaia.toml says of the columns."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from talaia.audience.diff import Origin, RecipientEntry, RecipientStatus
from talaia.config import Audience, Columns, Threshold

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
COLUMNS = Columns(
    address="Correu electrònic",
    name="Nom",
    language="Idioma",
    member="Sòcia",
    member_until="Baixa",
    invoice="Factura",
    invoice_until="Baixa",
    area="Zona",
)
AUDIENCE = Audience(columns=COLUMNS, refused=Threshold(share=0.2))
CONFIG = """
[audience.columns]
address = "Correu electrònic"
name = "Nom"
language = "Idioma"
member = "Sòcia"
member_until = "Baixa"
invoice = "Factura"
invoice_until = "Baixa"
area = "Zona"
"""


def known(
    address: str, name: str = "", standing: RecipientStatus = RecipientStatus.ON, reasons: tuple[str, ...] = ("member",)
) -> RecipientEntry:
    return RecipientEntry(address, address, name, standing=standing, reasons=reasons)


def ledger() -> dict[str, RecipientEntry]:
    """Six people of whom five are in exports; eva left a month ago, and ferran was added by hand."""
    people = (
        replace(known("anna@example.org", "Anna Puig"), language="ca", areas=("Sants",)),
        replace(known("berta@example.org", "Berta Solé", reasons=("invoice 123",)), language="es"),
        known("carme@example.org", "Carme Roig", RecipientStatus.OPTED_OUT),
        known("dolors@example.org", "Dolors Vall", RecipientStatus.BOUNCED),
        replace(known("eva@example.org", "Eva Mas", RecipientStatus.LEFT, ()), left_at=NOW - timedelta(days=30)),
        known("hug@example.org", "Hug Serra"),
        replace(known("ferran@example.org", reasons=()), origin=Origin.HAND),
    )
    return {entry.key: entry for entry in people}
