"""Whether the tables are those of this version: whose they are is looked at before anything is done to them.

From 0.1.0 on migrations are only added, so a database says by them how old it is. What its tables really hold is
compared with what those migrations make: a database that was made otherwise fails at a start, not at every tick.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from talaia.errors import UserError

Kind = Literal["ours", "empty", "older", "newer", "foreign"]
BACKUP = "bring back the copy of it that was made before"


@dataclass(frozen=True)
class Schema:
    """`what`: in one line for whoever runs it, with what to do in `mend`."""

    kind: Kind
    what: str = ""
    mend: str = ""

    @property
    def usable(self) -> bool:
        """Whether a start makes it ours, or it is already."""
        return self.kind in ("ours", "empty", "older")


# The applied migrations with which the tables were found to agree: they are not compared again in this process.
_agreed: set[frozenset[tuple[str, str]]] = set()


def inspect_schema() -> Schema:
    """Raises django.db.Error where the database does not answer."""
    loader = known()
    applied = frozenset(MigrationRecorder(connection).applied_migrations())
    tables = set(connection.introspection.table_names())
    if not any(app == "talaia" for app, _ in applied):
        if tables - {"django_migrations"}:
            what = f"the database holds {len(tables)} tables, none of them of talaia"
            return Schema("foreign", what, "name an empty one in [database], or another TALAIA_HOME")
        return Schema("empty", "the database is empty", "`talaia up` makes its tables at its start")
    if unknown := sorted(name for app, name in applied - set(loader.graph.nodes) if app == "talaia"):
        return Schema(
            "newer", f"the database is of a newer talaia (it has {unknown[-1]})", f"install that one, or {BACKUP}"
        )
    newest = all(leaf in applied for leaf in loader.graph.leaf_nodes())
    if applied not in _agreed:
        made = apps if newest else loader.project_state([*applied & set(loader.graph.nodes)]).apps
        if differs := difference(made.get_models(include_auto_created=True), tables):
            what = f"the database was made by another talaia than the released ones: {differs}"
            return Schema("foreign", what, f"{BACKUP}, or begin with an empty one")
        _agreed.add(applied)
    if not newest:
        return Schema(
            "older", "the database is of an older talaia", "`talaia up` brings it to this version at its start"
        )
    return Schema("ours")


@cache
def known() -> MigrationLoader:
    """The migrations of this version."""
    return MigrationLoader(None)


def difference(models: Iterable[type[Any]], tables: set[str]) -> str:
    """The first table that is not what a model says; "": all are."""
    with connection.cursor() as cursor:
        for model in models:
            options = model._meta
            if options.proxy or not options.managed:
                continue
            if options.db_table not in tables:
                return f"there is no table {options.db_table}"
            columns = connection.introspection.get_table_description(cursor, options.db_table)
            found = {column.name: column.null_ok for column in columns}
            wanted = {field.column: field.null for field in options.local_concrete_fields}
            if missing := sorted(wanted.keys() - found.keys()):
                return f"{options.db_table} has no {missing[0]}"
            if strange := sorted(found.keys() - wanted.keys()):
                return f"{options.db_table} has a {strange[0]}"
            # what may not be empty and is, fails only once it is written
            if other := sorted(name for name, may in wanted.items() if may != found[name]):
                return f"{options.db_table} has a {other[0]} that {'may' if found[other[0]] else 'must not'} be empty"
    return ""


def must_be_usable() -> None:
    """Raises Refused where a start would only break what is there."""
    found = inspect_schema()
    if not found.usable:
        raise UserError(f"{found.what}; {found.mend}")
