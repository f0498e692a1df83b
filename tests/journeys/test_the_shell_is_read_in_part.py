"""Whoever reads only the first lines of a command ends it without a word about Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_a_reader_who_has_seen_enough_is_told_nothing_more(tmp_path: Path) -> None:
    config = tmp_path / "talaia.toml"
    config.write_text('[site]\nname = "Cooperativa Exemple"\naddress = "https://status.example.org"\n')
    program = [sys.executable, "-m", "talaia", "--config", str(config), "check", "--offline"]
    environment = {**os.environ, "TALAIA_HOME": str(tmp_path)}
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as command:
        assert command.stdout is not None and command.stderr is not None
        command.stdout.close()
        assert command.stderr.read() == ""
        assert command.wait(30) in (0, 1)
