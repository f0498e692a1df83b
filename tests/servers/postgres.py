"""A throw-away PostgreSQL that trusts everybody on the loopback; also where the tests run as root."""

import os
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.servers.process import children, wait_until
from tests.servers.programs import find_program, unprivileged
from tests.servers.server import Server
from tests.servers.undertaker import is_alive

PACKAGE = "postgresql"


class PostgreSQL(Server):
    """One cluster, superuser "talaia"; without fsync it is quick, and still keeps every commit through kill -9."""

    program = "postgres"
    package = PACKAGE
    quit_signal = signal.SIGINT  # "fast": ends open connections instead of waiting for them

    def __init__(self) -> None:
        # /tmp: the other account must get to it, and the path of a unix socket has 107 bytes at the most.
        super().__init__(unprivileged("postgres", "nobody"), within=Path("/tmp"))
        self._has_database = False

    def prepare(self) -> None:
        """Make the cluster, once."""
        if not (self.folder / "data").exists():
            how = ("--username=talaia", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
            self._run("initdb", f"--pgdata={self.folder}/data", *how)

    def arguments(self) -> list[str]:
        """The command line after the program's name."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "full_page_writes": "off",
            "dynamic_shared_memory_type": "mmap",  # in the data folder; /dev/shm may be small and would keep remains
            "lc_messages": "C",
        }
        pairs = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return ["-D", f"{self.folder}/data", "-p", str(self.port), *pairs]

    def answers(self) -> bool:
        """It lets clients in (the port is open some time before that)."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=1):
            pass
        ready = [find_program("pg_isready", PACKAGE), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0

    def kill9(self) -> None:
        """SIGKILL to all of it; port and data stay, `start` brings it back.

        Each connection has a process in a session of its own, and as long as one lives no new server starts.
        """
        family = children(self.process.pid)
        super().kill9()
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(map(is_alive, family)), 5, "all of PostgreSQL is gone", self)

    def start(self) -> Self:
        """Start and wait until it serves; the first start makes the database "talaia"."""
        super().start()
        if not self._has_database:
            self.create_database("talaia")
            self._has_database = True
        return self

    @property
    def url(self) -> str:
        """The address of the database "talaia"."""
        return self.url_of("talaia")

    def url_of(self, database: str) -> str:
        """The address of a database, as Django's settings and psycopg take it."""
        return f"postgresql://talaia@{self.address}/{database}"

    def create_database(self, name: str) -> str:
        """A new empty database; returns its address."""
        self._run("createdb", *self._client(), name)
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Throw it away, also while clients are in it; harmless when there is none."""
        self._run("dropdb", *self._client(), "--if-exists", "--force", name)

    def _client(self) -> list[str]:
        return ["-h", str(self.folder), "-p", str(self.port), "-U", "talaia"]

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [find_program(program, PACKAGE), *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
        )
        assert done.returncode == 0, f"{program} {' '.join(arguments)}\n{done.stderr}{done.stdout}"
