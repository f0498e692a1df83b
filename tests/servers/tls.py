"""Throw-away certificates of any period, and a TLS target that shows one."""

import ssl
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.servers.programs import find_program
from tests.servers.targets import HttpTarget
from tests.servers.undertaker import fresh_folder, remove_folder

# `openssl req` refuses periods in the past; `openssl ca` takes any two dates but wants these files.
CONFIGURATION = """\
[ca]
default_ca = own
[own]
new_certs_dir = {folder}
database = {folder}/index.txt
rand_serial = yes
default_md = sha256
unique_subject = no
policy = any
x509_extensions = shown
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
[shown]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:{name}, DNS:localhost, IP:127.0.0.1
"""


@dataclass(frozen=True)
class Certificate:
    """A certificate that vouches for itself, valid for a name, localhost and 127.0.0.1; PEM files."""

    certificate: Path
    key: Path
    ends: datetime

    def server_context(self) -> ssl.SSLContext:
        """For a server that shows it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def client_context(self) -> ssl.SSLContext:
        """For a client that trusts it and nothing else."""
        return ssl.create_default_context(cafile=str(self.certificate))


def make_certificate(folder: Path, days: float, name: str = "localhost") -> Certificate:
    """Into `folder`: valid for `days` from now (to the second); since ten days ago, so negative days down to -10 give
    an expired one."""
    ends = (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0)
    starts = datetime.now(UTC) - timedelta(days=10)
    assert starts < ends, "a certificate cannot have ended more than ten days ago"
    made = Certificate(folder / "certificate.pem", folder / "key.pem", ends)
    configuration, request = folder / "openssl.cnf", folder / "request.pem"
    configuration.write_text(CONFIGURATION.format(folder=folder, name=name))
    (folder / "index.txt").write_text("")
    curve: list[str | Path] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", made.key]
    _openssl("req", "-new", *curve, "-config", configuration, "-subj", f"/CN={name}", "-out", request)
    period = ["-startdate", f"{starts:%Y%m%d%H%M%SZ}", "-enddate", f"{ends:%Y%m%d%H%M%SZ}"]
    sign: list[str | Path] = [
        "-batch",
        "-notext",
        "-selfsign",
        "-keyfile",
        made.key,
        "-in",
        request,
        "-out",
        made.certificate,
    ]
    _openssl("ca", "-config", configuration, *sign, *period)
    return made


def _openssl(*arguments: str | Path) -> None:
    program = find_program("openssl", "openssl")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"openssl {arguments[0]}\n{done.stderr}"


class TlsTarget(HttpTarget):
    """An HTTPS target whose certificate ends in `days` (negative: has ended)."""

    def __init__(self, days: float = 90, name: str = "localhost", body: str = "ok") -> None:
        self.folder = fresh_folder("tls")
        self._name = name
        try:
            self.certificate = make_certificate(self.folder, days, name)
            super().__init__(body, tls=self.certificate.server_context())
        except BaseException:
            remove_folder(self.folder)
            raise

    def renew(self, days: float) -> None:
        """Show a new certificate (of a new key) from the next connection on."""
        self.certificate = make_certificate(self.folder, days, self._name)
        self._tls = self.certificate.server_context()

    def close(self) -> None:
        """Down for good; repeatable."""
        super().close()
        remove_folder(self.folder)
