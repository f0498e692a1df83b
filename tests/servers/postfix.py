"""A real Postfix, in a folder of its own on the loopback: it hands mail to programs and to an LMTP door."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.process import Process, free_port, release_port, wait_until
from tests.servers.programs import find_program

SERVICES = """\
{smtp}   inet  n - n - -  smtpd
pickup   unix  n - n 60 1 pickup
cleanup  unix  n - n - 0  cleanup
qmgr     unix  n - n 1 1  qmgr
rewrite  unix  - - n - -  trivial-rewrite
bounce   unix  - - n - 0  bounce
defer    unix  - - n - 0  bounce
trace    unix  - - n - 0  bounce
smtp     unix  - - n - -  smtp
lmtp     unix  - - n - -  lmtp
local    unix  - n n - -  local
error    unix  - - n - -  error
retry    unix  - - n - -  error
discard  unix  - - n - -  discard
anvil    unix  - - n - 1  anvil
scache   unix  - - n - 1  scache
postlog  unix-dgram n - n - 1 postlogd
answer   unix  - n n - 2  pipe
  flags=R user={user} null_sender= argv={program} --from ${{sender}}
"""
SETTINGS = {
    "compatibility_level": "3.6",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "myhostname": "mx.example.org",
    "mydestination": "",
    "local_recipient_maps": "",
    "alias_maps": "",
    "mynetworks": "127.0.0.0/8",
    "relay_domains": "example.org",
    "smtpd_recipient_restrictions": "permit_mynetworks,reject",
    "message_size_limit": "52428800",
    "mailbox_size_limit": "0",
    "minimal_backoff_time": "1s",
    "queue_run_delay": "1s",
    "maillog_file": "/dev/stdout",
    "smtputf8_enable": "no",
    "import_environment": "MAIL_CONFIG TZ",
}


class Postfix:
    """`with Postfix(transports, program, user) as mail:` takes mail at `mail.port`.

    `transports`: address → what Postfix calls a transport ("answer:", "lmtp:inet:127.0.0.1:8024"); everything else
    goes to `sink`, a port of the loopback. `more`: settings of main.cf. It needs root, as Postfix does.
    """

    def __init__(
        self,
        transports: Mapping[str, str],
        sink: int,
        program: Path | None = None,
        user: str = "nobody",
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self.more = more or {}
        self.transports, self.sink, self.program, self.user = transports, sink, program, user
        self.folder = Path(tempfile.mkdtemp(prefix="talaia-postfix-"))

    def __enter__(self) -> Self:
        postfix = find_program("postfix", "postfix")
        own = self.folder
        own.chmod(0o755)
        for name in ("etc", "spool", "lib"):
            (own / name).mkdir()
        os.chown(own / "lib", pwd.getpwnam("postfix").pw_uid, -1)
        (own / "etc" / "transport").write_text("".join(f"{to} {how}\n" for to, how in self.transports.items()))
        settings = {
            **SETTINGS,
            "queue_directory": str(own / "spool"),
            "data_directory": str(own / "lib"),
            "transport_maps": f"texthash:{own}/etc/transport",
            "default_transport": f"smtp:[127.0.0.1]:{self.sink}",
            "relay_transport": f"smtp:[127.0.0.1]:{self.sink}",
            **self.more,
        }
        for name in ("command_directory", "daemon_directory", "meta_directory", "shlib_directory"):
            settings[name] = _usual(name)
        (own / "etc" / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        services = SERVICES.format(smtp=f"127.0.0.1:{self.port}", user=self.user, program=self.program or "/bin/false")
        (own / "etc" / "master.cf").write_text(services)
        self.process = Process(
            [postfix, "-c", str(own / "etc"), "start-fg"],
            own / "postfix.log",
            quit_signal=signal.SIGTERM,
            environment={"MAIL_CONFIG": str(own / "etc")},
        )
        wait_until(lambda: "starting the Postfix" in self.process.output(), 20, "a Postfix", self.process)
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.process.stop(10)
        release_port(self.port)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_tail(self) -> str:
        return self.process.log_tail(60)


def _usual(name: str) -> str:
    """Where Debian keeps a part of Postfix."""
    done = subprocess.run(
        [find_program("postconf", "postfix"), "-d", "-h", name], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
