"""In one state folder one process does the work; whoever comes second is told so, and a kill leaves no lock behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.product import ROOT, Talaia
from tests.servers.process import free_port, release_port

CONFIG = (ROOT / "tests" / "talaia.toml").read_text()
pytestmark = pytest.mark.torture


def refused(product: Talaia, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "talaia", *arguments],
        env={**os.environ, **product.environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def test_a_second_one_is_refused_in_one_line_and_none_is_after_a_kill(tmp_path: Path) -> None:
    port = free_port()
    with Talaia(tmp_path, CONFIG) as product:
        product.started()
        assert product.process
        for arguments in (["up", "--listen", f"127.0.0.1:{port}"], ["work"]):
            said = refused(product, *arguments)
            who = rf"talaia up \(process {product.process.pid}\) works in {tmp_path} already"
            assert re.fullmatch(rf"talaia: {who}; end it first, .*\n", said), said
        assert "ok    database" in product.run("check", "--offline")
        product.kill9()
        product.start()
        product.started()
    release_port(port)
