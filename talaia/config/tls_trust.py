"""Whose certificates are believed: the authorities of one file and nobody else, or the system's and certifi's."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path

import certifi


def trusted(file: Path | None) -> ssl.SSLContext:
    """For https to an outside system. Raises OSError (ssl.SSLError is one) where `file` cannot be used.

    What was installed on this machine (`update-ca-certificates`, SSL_CERT_FILE) is believed as curl believes it; where
    a system brings no authorities (a Debian without ca-certificates), certifi's are.
    """
    return _system() if file is None else _only(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _system() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


@lru_cache(maxsize=64)
def _only(file: Path, _changed: int) -> ssl.SSLContext:
    """Read again when the file has changed."""
    return ssl.create_default_context(cafile=str(file))
