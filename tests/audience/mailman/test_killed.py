"""kill -9 at every line of a post: everybody gets the letter once."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from talaia.audience.mailman import queues
from tests.audience.mailman.conftest import Listed
from tests.product import ROOT

pytestmark = [pytest.mark.servers, pytest.mark.torture]
PEOPLE = [f"p{n}@example.com" for n in range(3)]


def test_a_post_that_is_killed_between_any_two_steps_goes_out_once(listed: Listed) -> None:
    listed.core.fill(listed.name, PEOPLE)
    done = subprocess.run(
        [sys.executable, "-m", "tests.audience.mailman.killed_poster"],
        env={**os.environ, "TALAIA_CONFIG": str(listed.config.path), "TALAIA_HOME": str(listed.config.home)},
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    names = json.loads(done.stdout)
    assert len(names) > 40  # so many points there are at least
    listed.core.at_rest(60)
    copies = {name: listed.core.sink.copies(name) for name in names}
    assert copies == dict.fromkeys(names, dict.fromkeys(PEOPLE, 1))
    assert not queues.stuck(listed.client)
