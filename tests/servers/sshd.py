"""A real OpenSSH server that lets one key in, as the account that runs the tests, and runs whatever git asks of it."""

import getpass
import shutil
import socket
import subprocess
from pathlib import Path

from tests.servers.programs import find_program
from tests.servers.server import Server

CONFIGURATION = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
PidFile {folder}/pid
AuthorizedKeysFile {folder}/allowed
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
LogLevel VERBOSE
"""


class Sshd(Server):
    """`key` is the private key that it lets in, `host_line` what a known_hosts file says of it."""

    program = "sshd"
    package = "openssh-server"

    def __init__(self) -> None:
        super().__init__()
        self.key, self.user = self.folder / "key", getpass.getuser()
        for name in ("host", "key"):
            command = [find_program("ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", ""]
            subprocess.run([*command, "-f", str(self.folder / name)], check=True)
        shutil.copy(self.folder / "key.pub", self.folder / "allowed")

    @property
    def host_line(self) -> str:
        kind, key = (self.folder / "host.pub").read_text().split()[:2]
        return f"[127.0.0.1]:{self.port} {kind} {key}\n"

    def address_of(self, path: Path) -> str:
        """The `ssh://` address of a repository on this machine."""
        return f"ssh://{self.user}@{self.address}{path}"

    def prepare(self) -> None:
        Path("/run/sshd").mkdir(exist_ok=True)  # it goes there before it lets anybody in
        (self.folder / "sshd_config").write_text(CONFIGURATION.format(port=self.port, folder=self.folder))

    def arguments(self) -> list[str]:
        return ["-D", "-e", "-f", str(self.folder / "sshd_config")]

    def answers(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), 1) as line:
            return line.recv(4) == b"SSH-"
