"""A real blackbox exporter: looks at HTTP and TCP targets on behalf of Prometheus."""

import json
from collections.abc import Mapping
from typing import Any

from tests.servers.prometheus import Job
from tests.servers.server import HttpServer


class Blackbox(HttpServer):
    """Has the modules http_2xx and tcp_connect; `modules` adds more, as the exporter's own configuration has them."""

    program = "prometheus-blackbox-exporter"
    package = "prometheus-blackbox-exporter"
    health = "/-/healthy"

    def __init__(self, modules: Mapping[str, Mapping[str, Any]] | None = None, timeout: str = "800ms") -> None:
        """`timeout`: of one probe; Prometheus' scrape timeout less 0.1 s is a second limit."""
        super().__init__()
        self._modules = {
            "http_2xx": {"prober": "http", "timeout": timeout, "http": {"preferred_ip_protocol": "ip4"}},
            "tcp_connect": {"prober": "tcp", "timeout": timeout, "tcp": {"preferred_ip_protocol": "ip4"}},
            **(modules or {}),
        }

    def prepare(self) -> None:
        """Write the configuration; JSON is YAML too."""
        (self.folder / "blackbox.yml").write_text(json.dumps({"modules": self._modules}, indent=1))

    def arguments(self) -> list[str]:
        """The command line after the program's name."""
        return [
            f"--config.file={self.folder}/blackbox.yml",
            f"--web.listen-address={self.address}",
            # It takes this off Prometheus' scrape timeout; the usual 0.5 s would leave half of our short one.
            "--timeout-offset=0.1",
        ]

    def job(self, name: str, module: str = "http_2xx") -> Job:
        """A job for Prometheus whose targets are probed here."""
        return Job(name, self.address, module)

    def probe(self, module: str, target: str) -> bool:
        """Probe once, now."""
        answer = self.client.get(f"{self.url}/probe", params={"module": module, "target": target})
        assert answer.status_code == 200, answer.text
        return "\nprobe_success 1\n" in answer.text
