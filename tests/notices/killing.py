"""An installation of the product with an audience and a mail server, to be measured and to be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.product import ROOT, Talaia
from tests.servers.process import Process

USUAL = (ROOT / "tests" / "talaia.toml").read_text()


def mailing(home: Path, port: int, people: int, more: str = "") -> Talaia:
    """An installation whose ledger has so many people, and whose mails go to `port` of this machine."""
    mail = f'\n[mail]\nsender = "estat@example.org"\nbounces = "torna@example.org"\nport = {port}\nhold = "1s"\n'
    talaia = Talaia(home, USUAL + mail + more)
    migrate(talaia)
    python(
        talaia,
        "-c",
        "from talaia.cli import set_up; set_up()\n"
        "from django.utils import timezone; from talaia.audience.models import Recipient\n"
        "now, languages = timezone.now(), ('ca', 'es', 'en')\n"
        "from talaia.panel.listing.actions import list_services; from talaia.panel.catalogue import headings\n"
        "from talaia.config import current; list_services(headings(current()), now)\n"
        "Recipient.objects.bulk_create([Recipient(key=f'p{n}@example.net', address=f'p{n}@example.net',\n"
        f"    language=languages[n % 3], standing='on', first_at=now, since=now) for n in range({people})])",
    )
    return talaia


def open_incident(talaia: Talaia) -> None:
    title = ["--title", "Sense connexió", "--service", "links=disruption"]
    talaia.run("incident", "open", *title, text="Des de les 03:12 hi ha **dos enllaços** sense servei.\n")


def worker(talaia: Talaia) -> Process:
    """`talaia work`, to be killed."""
    command = [sys.executable, "-m", "talaia", "work"]
    return Process(command, talaia.home / "work.log", folder=ROOT, environment=talaia.environment)


def migrate(talaia: Talaia) -> None:
    """Make its database."""
    python(talaia, "-m", "django", "migrate", "-v0", "--settings", "talaia.settings")


def python(talaia: Talaia, *arguments: str) -> str:
    """Run Python in its environment; what it printed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **talaia.environment},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout
