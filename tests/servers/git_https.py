"""Git over https as git's own documentation sets it up: nginx, fcgiwrap, `git http-backend`; with name and password."""

import subprocess
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.nginx import Nginx
from tests.servers.process import Process, free_port, release_port, wait_until
from tests.servers.programs import find_program
from tests.servers.tls import Certificate, make_certificate
from tests.servers.undertaker import fresh_folder, remove_folder

USER, PASSWORD = "talaia", "s3cret"
SERVER = """\
server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    location /silent/ {{ proxy_pass http://127.0.0.1:{silent}; }}
    location /broken/ {{ return 503; }}
    location /closed/ {{ return 403; }}
    location / {{
        auth_basic git;
        auth_basic_user_file {folder}/users;
        client_max_body_size 10m;
        fastcgi_pass unix:{folder}/git.sock;
        fastcgi_param SCRIPT_FILENAME {backend};
        fastcgi_param GIT_PROJECT_ROOT {root};
        fastcgi_param GIT_HTTP_EXPORT_ALL 1;
        fastcgi_param PATH_INFO $uri;
        fastcgi_param REMOTE_USER $remote_user;
        fastcgi_param REQUEST_METHOD $request_method;
        fastcgi_param QUERY_STRING $query_string;
        fastcgi_param CONTENT_TYPE $content_type;
        fastcgi_param CONTENT_LENGTH $content_length;
        fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
    }}
}}
"""


class GitHttps:
    """Serves the bare repositories below `root` to `talaia`, `s3cret`. `certificate` is what a client has to trust.

    `/broken/…` answers 503, `/closed/…` 403, and `/silent/…` nothing at all while `silent` is listened on.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.stack = root, ExitStack()
        self.port, self.silent = free_port(), free_port()
        self.folder = fresh_folder("git-https")
        self.certificate: Certificate = make_certificate(self.folder, 30)

    def address_of(self, path: str) -> str:
        return f"https://localhost:{self.port}/{path}"

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.callback(release_port, self.port)
            stack.callback(release_port, self.silent)
            stack.callback(remove_folder, self.folder)
            core = subprocess.run(["git", "--exec-path"], check=True, capture_output=True, text=True).stdout.strip()
            openssl = [find_program("openssl", "openssl"), "passwd", "-apr1", PASSWORD]
            hashed = subprocess.run(openssl, check=True, capture_output=True, text=True).stdout.strip()
            (self.folder / "users").write_text(f"{USER}:{hashed}\n")
            sock = self.folder / "git.sock"
            wrap = Process([find_program("fcgiwrap", "fcgiwrap"), "-s", f"unix:{sock}"], self.folder / "wrap.log")
            stack.callback(wrap.stop)
            wait_until(sock.exists, 10, "fcgiwrap listens", wrap)
            server = SERVER.format(
                port=self.port,
                silent=self.silent,
                certificate=self.certificate.certificate,
                key=self.certificate.key,
                folder=self.folder,
                backend=f"{core}/git-http-backend",
                root=self.root,
            )
            stack.enter_context(Nginx(self.root, server))
            self.stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.stack.close()
