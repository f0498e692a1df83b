"""An installation of the product with an audience, to be killed."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.product import ROOT, Talaia


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
