"""A real nginx with one worker that serves a folder, precompressed files included."""

import os
from pathlib import Path

from tests.servers.process import children
from tests.servers.server import HttpServer

CONFIGURATION = """\
daemon off;
worker_processes 1;
pid {own}/pid;
error_log stderr warn;
{user}
events {{ worker_connections 4096; }}
http {{
    types {{
        text/html html; text/css css; text/javascript js; application/json json; image/svg+xml svg; image/png png;
        application/atom+xml atom; application/rss+xml rss; text/calendar ics; text/plain txt; text/xml xml;
    }}
    charset utf-8;
    access_log off;
    server_tokens off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    gzip_static on;
    gzip_vary on;
    client_body_temp_path {own}/body;
    proxy_temp_path {own}/proxy;
    fastcgi_temp_path {own}/fastcgi;
    uwsgi_temp_path {own}/uwsgi;
    scgi_temp_path {own}/scgi;
    {extra}
    server {{
        listen {address};
        root {root};
        index index.html;
        location / {{ try_files $uri $uri/ =404; }}
    }}
}}
"""


class Nginx(HttpServer):
    """Serves `root`; `extra`: more lines for nginx' http block, say open_file_cache."""

    program = "nginx"
    package = "nginx-light"

    def __init__(self, root: Path, extra: str = "") -> None:
        super().__init__()
        self.root = root
        self._extra = extra

    def prepare(self) -> None:
        """Write the configuration. As root, the worker stays root: only so can it read a folder of mode 0700."""
        text = CONFIGURATION.format(
            own=self.folder,
            user="user root;" if os.geteuid() == 0 else "",
            address=self.address,
            root=self.root.resolve(strict=True),
            extra=self._extra,
        )
        (self.folder / "nginx.conf").write_text(text)

    def arguments(self) -> list[str]:
        """The command line after the program's name."""
        return ["-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", "stderr"]

    def answers(self) -> bool:
        """Anything at all: the folder may be empty."""
        return self.client.get(self.url, timeout=1.0).status_code > 0

    def worker_pid(self) -> int:
        """The process that does the work (the started one only supervises): whose CPU time counts."""
        workers = children(self.process.pid)
        assert len(workers) == 1, f"nginx has {len(workers)} workers\n{self.log_tail()}"
        return workers[0]
