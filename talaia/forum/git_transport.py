"""How a repository is reached: a path, `https://` or `ssh://`; and what it means when it is not."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import ceil
from typing import Any
from urllib.parse import urlparse

from dulwich.client import (
    GitClient,
    HTTPUnauthorized,
    SSHGitClient,
    SubprocessSSHVendor,
    Urllib3HttpGitClient,
    get_transport_and_path,
)
from dulwich.config import ConfigDict
from dulwich.errors import GitProtocolError, HangupException, NotGitRepository
from dulwich.protocol import Protocol
from urllib3.exceptions import HTTPError, MaxRetryError

from talaia.config import Config, MirrorConfig
from talaia.outbox.errors import PermanentError, TemporaryError
from talaia.outbox.shutdown import waits

UNHEARD = "is it there, and may this machine reach it?"
WRONG_PLACE = "look at repository in [mirror]"
NOT_LET_IN = "look at user and key_file in [mirror]: they must be allowed to push there"
HINTS = {
    "certificate": "name the authority of its certificate as ca_file in [mirror]",
    "Host key": "put what `ssh-keyscan HOST` says, once you have compared it, into known_hosts_file of [mirror]",
    "Permission denied": NOT_LET_IN,
    "git repository": WRONG_PLACE,
}


@contextmanager
def reached(mirror: MirrorConfig, config: Config) -> Iterator[tuple[GitClient, str]]:
    """A client, and the path with which it is asked. Whatever it started is over at the end.

    Raises Temporary and Permanent for what goes wrong with the repository inside.
    """
    where = mirror.repository or ""
    try:
        client, path = _client(where, mirror, config)
    except (OSError, UnicodeError) as error:
        raise PermanentError(f"key_file of [mirror] cannot be read: {error}", NOT_LET_IN) from error
    try:
        yield client, path
    except NotGitRepository as error:
        raise PermanentError(f"{where} is no git repository", WRONG_PLACE) from error
    except HTTPUnauthorized as error:
        raise PermanentError(f"{where} does not let us in", NOT_LET_IN) from error
    except (GitProtocolError, HangupException, HTTPError, OSError) as error:
        said = str(error.reason if isinstance(error, MaxRetryError) else error) or type(error).__name__
        if "http resp 403" in said:
            raise PermanentError(f"{where} answers 403", NOT_LET_IN) from error
        hint = next((hint for words, hint in HINTS.items() if words in said), UNHEARD)
        raise TemporaryError(f"{where} does not answer: {said}", hint) from error
    finally:
        if isinstance(client, Ssh):
            client.end()
        pool: object = getattr(client, "pool_manager", None)
        if isinstance(pool, Answers):
            pool.close()


def _client(where: str, mirror: MirrorConfig, config: Config) -> tuple[GitClient, str]:
    seconds = mirror.timeout.total_seconds()
    if where.startswith("https://"):
        settings = ConfigDict()
        settings.set(b"http", b"timeout", str(seconds))
        if mirror.ca_file:
            settings.set(b"http", b"sslCAInfo", str(config.beside(mirror.ca_file)))
        name, password = mirror.user or "talaia", config.secret(mirror.key_file)
        client, path = get_transport_and_path(where, config=settings, username=name, password=password)
        if isinstance(client, Urllib3HttpGitClient):
            client.pool_manager = Answers(client.pool_manager)  # type: ignore[assignment]  # it does what a pool does
        return client, path
    if where.startswith("ssh://"):
        # Nobody sits before it who could answer a question.
        options = ["BatchMode=yes", f"ConnectTimeout={ceil(seconds)}", f"ServerAliveInterval={ceil(seconds)}"]
        key = str(config.beside(mirror.key_file)) if mirror.key_file else None
        if key:
            options.append("IdentitiesOnly=yes")
        if mirror.known_hosts_file:
            options.append(f'UserKnownHostsFile="{config.beside(mirror.known_hosts_file)}"')
        command = shlex.join(["ssh", *(word for option in options for word in ("-o", option))])
        parts = urlparse(where)
        return Ssh.from_parsedurl(parts, ssh_command=command, key_filename=key), parts.path
    return get_transport_and_path(str(config.beside(where)) if "://" not in where else where.removeprefix("file://"))


class Answers:
    """A pool of connections that is closed when we are done: dulwich leaves some answers open."""

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self.given: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.pool, name)

    def request(self, *given: Any, **named: Any) -> Any:
        answer = self.pool.request(*given, **named)
        self.given.append(answer)
        return answer

    def close(self) -> None:
        for answer in self.given:
            answer.close()
        self.pool.clear()


class Ssh(SSHGitClient):
    """dulwich leaves an ssh that failed running, with its pipes; this one ends what it began."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.vendor, self.lines = Vendor(), list[Protocol]()
        self.ssh_vendor = self.vendor
        waits(self)

    def _connect(self, *given: Any, **named: Any) -> Any:
        found = super()._connect(*given, **named)
        self.lines.append(found[0])
        return found

    def call_off(self) -> None:
        for process in self.vendor.begun:
            process.kill()

    def end(self) -> None:
        self.call_off()
        for line in self.lines:
            with suppress(OSError):
                line.close()


class Vendor(SubprocessSSHVendor):
    """Remembers the programs."""

    def __init__(self) -> None:
        self.begun: list[subprocess.Popen[bytes]] = []

    def run_command(self, *given: Any, **named: Any) -> Any:
        line = super().run_command(*given, **named)
        self.begun.append(line.proc)
        return line
