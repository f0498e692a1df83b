"""The membership export: 10,000 addresses of which nothing changed, and an export of 200,000 rows.

And the same 10,000 with a list at a real Mailman, beside one plain read of that list. Every figure is a whole
`talaia audience sync`, from the start of the process to its end.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scripts.benches import roster
from tests.product import ROOT

UNCHANGED = 5.0  # seconds
CONFIG = """
[site]
name = "Cooperativa Exemple"
address = "https://status.example.org"

[audience.columns]
address = "Correu"
name = "Nom"
language = "Idioma"
member = "Sòcia"
member_until = "Baixa"
invoice = "Factura"
area = "Zona"
"""


def write(file: Path, rows: int, changed: int = 0) -> None:
    """An export as administrative tools make them: some have two contracts, some are no members any more."""
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, delimiter=";")
        writer.writerow(["Codi", "Nom", "Correu", "Idioma", "Sòcia", "Baixa", "Factura", "Zona"])
        for n in range(rows):
            name = f"Persona Número {n}" + (" Nova" if n < changed else "")
            member = "no" if n % 7 == 0 else "sí"
            writer.writerow(
                [
                    n,
                    name,
                    f"Persona.{n}@example{n % 50}.org",
                    "ca",
                    member,
                    "",
                    n if n % 7 == 0 else "",
                    f"Zona {n % 20}",
                ]
            )


def sync(home: Path, file: Path, *more: str) -> tuple[float, float, str]:
    """Seconds, megabytes at most, and what it printed."""
    environment = {**os.environ, "TALAIA_CONFIG": str(home / "talaia.toml"), "TALAIA_HOME": str(home)}
    command = [sys.executable, "-m", "talaia", "audience", "sync", str(file), *more]
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    took = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, said
    return took, used.ru_maxrss / 1024, said


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench audience", description=__doc__)
    parser.add_argument("--addresses", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--without-servers", action="store_true", help="leave out the list at a real Mailman")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="talaia-bench-") as folder:
        home = Path(folder)
        (home / "talaia.toml").write_text(CONFIG)
        migrate = [sys.executable, "-m", "django", "migrate", "-v0", "--settings", "talaia.settings"]
        environment = {**os.environ, "TALAIA_CONFIG": str(home / "talaia.toml"), "TALAIA_HOME": str(home)}
        subprocess.run(migrate, env=environment, cwd=ROOT, check=True)
        export = home / "export.csv"

        def measured(what: str, *more: str) -> float:
            took, megabytes, said = sync(home, export, *more)
            print(f"{what}: {took:.1f} s, {megabytes:.0f} MB ({said.splitlines()[-1]})")
            return took

        write(export, options.addresses)
        measured(f"{options.addresses:,} addresses, all new")
        unchanged = [measured("nothing changed") for _ in range(options.times)]
        write(export, options.addresses, options.addresses // 10)
        measured("one in ten has another name")
        write(export, options.rows)
        measured(f"{options.rows:,} rows, of them {options.addresses:,} known", "--yes")
        measured(f"{options.rows:,} rows, nothing changed")
        held = True
        if not options.without_servers:
            write(export, options.addresses)
            sync(home, export, "--yes")
            people = [f"Persona.{n}@example{n % 50}.org" for n in range(options.addresses)]
            held = roster.measure(home, CONFIG, people, options.times, lambda: sync(home, export)[0])
    slowest = max(unchanged)
    print(f"{options.addresses:,} addresses, nothing changed: {slowest:.1f} s at most (bar: {UNCHANGED:g} s)")
    return 0 if slowest <= UNCHANGED and held else 1
