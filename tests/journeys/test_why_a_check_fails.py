"""Operators read why a check fails, wherever they look; the public reads that it does not answer, and no host."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from tests.product import Talaia
from tests.servers.process import wait_until
from tests.servers.targets import HttpTarget
from tests.servers.tls import TlsTarget

CONFIG = """
[site]
name = "Cooperativa Exemple"
address = "https://status.example.org"
languages = ["en"]

[[groups]]
id = "web"
name = "Web"
"""
SERVICE = """
[[services]]
slug = "{0}"
group = "web"
name = "{0}"

[[checks]]
id = "{0}-from-here"
service = "{0}"
kind = "{1}"
target = "{2}"
every = "1s"
timeout = "2s"
"""


def test_every_reason_is_read_in_the_shell_and_the_log_and_none_in_public(tmp_path: Path) -> None:
    with (
        HttpTarget(status=404) as gone,
        TlsTarget(days=-1) as expired,
        HttpTarget(delay=30) as late,
        HttpTarget() as well,
        socket.create_server(("127.0.0.1", 0)) as closing,
    ):
        refused = closing.getsockname()[1]
        closing.close()
        targets = {
            "status": f"http://localhost:{gone.port}/is-not-there",
            "certificate": f"https://localhost:{expired.port}/",
            "timeout": f"http://localhost:{late.port}/",
            "name": "http://intern.exemple.invalid/",
            "refused": f"http://localhost:{refused}/",
            "well": f"http://localhost:{well.port}/",
        }
        reasons = {
            "status": "status 404 Not Found",
            "certificate": "the certificate is not valid: ",
            "timeout": "no answer within 2 s",
            "name": "intern.exemple.invalid",
            "refused": "cannot connect: Connection refused",
            "well": "status 200, in 0.",
        }
        text = CONFIG + "".join(SERVICE.format(slug, "http", target) for slug, target in targets.items())
        with Talaia(tmp_path, text) as product:
            down = {"status", "certificate", "timeout", "refused"}
            wait_until(
                lambda: {slug for slug, state in product.states().items() if state == "disruption"} >= down,
                30,
                "what fails to be red",
                product,
            )
            for slug, reason in reasons.items():
                explained = product.run("panel", "--explain", slug, "--language", "en")
                (line,) = (line for line in explained.splitlines() if line.startswith(f"  check {slug}-from-here"))
                assert f"(http {targets[slug]})" in line
                assert reason in line
                assert " since 20" in line
            data = {one["service"]: one["checks"] for one in json.loads(product.run("panel", "--json"))}
            assert {slug: reasons[slug] in checks[0]["what"] for slug, checks in data.items()} == dict.fromkeys(
                reasons, True
            )
            assert data["status"][0]["finds"] == "failing"
            assert data["well"][0]["finds"] == "well"
            assert data["status"][0]["since"] <= data["status"][0]["at"]
            whole = product.run("panel", "--language", "en")
            assert "  check status-from-here (http" in whole
            assert "check well-from-here" not in whole
            looked = product.run("check")
            assert all(reason in looked for reason in reasons.values())
            assert "ok    check well-from-here" in looked
            assert "look  check status-from-here" in looked
            log = (tmp_path / "up.log").read_text()
            for slug in down:
                assert log.count(f"check {slug}-from-here fails: {reasons[slug]}") == 1, "said once while it is so"
            gone.status = 200
            wait_until(lambda: "check status-from-here is well: " in (tmp_path / "up.log").read_text(), 15, "log")
            public = [path for path in (tmp_path / "public").rglob("*") if path.is_file()]
            assert len(public) > 10
            for path in public:
                body = path.read_bytes()
                for secret in (
                    b"from-here",
                    b"is-not-there",
                    b"exemple.invalid",
                    b"status 404",
                    b"localhost",
                    b"Connection refused",
                ):
                    assert secret not in body, (path, secret)
