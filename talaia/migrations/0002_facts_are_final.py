"""A fact is written once. The database refuses to change what it says; only `spread` is a mark of the worker's.

A later migration that alters the table on SQLite makes it anew and so loses the trigger: it must put it back (a test
looks whether it is there after all migrations).
"""

from django.db import migrations

FINAL = ("at", "kind", "subject", "by", "place", "data")
WORDS = "facts are final: what was written down is not changed"


def put(apps, schema_editor):
    columns = ", ".join(f'"{name}"' for name in FINAL)
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(
            f"CREATE TRIGGER talaia_fact_final BEFORE UPDATE OF {columns} ON talaia_fact "
            f"BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
        )
    else:
        schema_editor.execute(
            "CREATE FUNCTION talaia_fact_final() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        schema_editor.execute(
            f"CREATE TRIGGER talaia_fact_final BEFORE UPDATE OF {columns} ON talaia_fact "
            "FOR EACH ROW EXECUTE FUNCTION talaia_fact_final()"
        )


def take_away(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER talaia_fact_final")
    else:
        schema_editor.execute("DROP TRIGGER talaia_fact_final ON talaia_fact")
        schema_editor.execute("DROP FUNCTION talaia_fact_final()")


class Migration(migrations.Migration):
    dependencies = [("talaia", "0001_initial")]
    operations = [migrations.RunPython(put, take_away)]
