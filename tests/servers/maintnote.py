"""What a program of another network reads in our mails: circuit-maintenance-parser, in an environment of its own."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".cache" / "maintnote" / "bin" / "python"
READ = Path(__file__).with_name("maintnote_read.py")


def read(mails: Iterable[bytes], folder: Path) -> list[dict[str, Any]]:
    """The one maintenance that it finds in each of these mails. `folder`: where they may lie."""
    subprocess.run([ROOT / "scripts" / "tool-venv", "maintnote"], check=True)
    files = []
    for number, mail in enumerate(mails):
        files.append(folder / f"maintenance-{number}.eml")
        files[-1].write_bytes(mail)
    done = subprocess.run(
        [str(PYTHON), "-I", "-W", "ignore", str(READ), *map(str, files)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = []
    for one in json.loads(done.stdout):
        (maintenance,) = one
        found.append(maintenance)
    return found
