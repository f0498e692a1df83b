"""The unit that is shipped: bounded, and open to little."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from talaia.server.admission import MOST, bounds
from tests.contrib.shipped import CONTRIB

UNIT = CONTRIB / "systemd" / "talaia.service"
EXPOSED = 1.3


def setting(name: str) -> str:
    found = re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)
    assert len(found) == 1, f"{name} stands {len(found)} times"
    return str(found[0])


def test_everything_that_a_crowd_could_take_is_bounded() -> None:
    assert bounds(int(setting("LimitNOFILE"))).connections == MOST
    assert setting("MemoryMax") == "2G"
    assert int(setting("TasksMax")) >= 256
    assert setting("UMask") == "0077"


@pytest.mark.servers
def test_systemd_finds_little_exposed_and_nothing_to_say_against_it() -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("apt install systemd")
    done = subprocess.run(
        [program, "security", "--offline=yes", "--no-pager", str(UNIT)], capture_output=True, text=True, check=False
    )
    overall = re.search(r"exposure level for talaia.service: ([\d.]+)", done.stdout)
    assert overall, done.stdout + done.stderr
    assert float(overall[1]) <= EXPOSED, "\n".join(line for line in done.stdout.splitlines() if "✗" in line)
