"""The port on which we listen."""

from __future__ import annotations

import socket

from talaia.config import Config
from talaia.config.addresses import is_host_and_port
from talaia.errors import UserError

TCP_NOTSENT_LOWAT = 25  # of Linux; Python has no name for it before 3.12


UNSENT = 16_384  # bytes of answers that wait in the kernel, for each connection


def listen_address(config: Config, option: str | None) -> tuple[str, int]:
    """Where to listen: what the command line says, else `[web] listen`."""
    if option is None:
        return config.web.host_and_port
    if not is_host_and_port(option):
        raise UserError(f'--listen {option}: write it as "127.0.0.1:8000"')
    host, _, port = option.rpartition(":")
    return host.strip("[]"), int(port)


def claim_port(host: str, port: int) -> None:
    """Refuse at once, in one line, when the address cannot be listened on; port 0 is the system's choice nowhere."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UserError(f"cannot listen on {host}:{port}: {error.strerror}; choose another port") from None
