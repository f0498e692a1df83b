"""Loaded by pytest before Django's settings: a configuration and a home of this run's own, on SQLite or PostgreSQL."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

HOME = Path(tempfile.mkdtemp(prefix="talaia-tests-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

text = (Path(__file__).parent / "talaia.toml").read_text()
if os.environ.get("TALAIA_TEST_DATABASE") == "postgresql":
    from tests.servers.postgres import PostgreSQL

    cluster = PostgreSQL()
    cluster.start()
    atexit.register(cluster.stop)
    text += f'\n[database]\nurl = "{cluster.url}"\n'

(HOME / "talaia.toml").write_text(text)
os.environ["TALAIA_CONFIG"] = str(HOME / "talaia.toml")
os.environ["TALAIA_HOME"] = str(HOME)
# pytest-playwright keeps an event loop in the main thread; Django's ORM is used there by the tests on purpose.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
