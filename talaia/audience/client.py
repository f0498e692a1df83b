"""The export at an https address. Every fault is Temporary or Permanent, with what the sysadmin can do."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from talaia.audience.reading import LARGEST
from talaia.config import Audience, Config
from talaia.config.hosts import shown
from talaia.config.tls_trust import trusted
from talaia.outbox.errors import PermanentError, TemporaryError
from talaia.outbox.http_deadline import DeadlineTransport

PATIENCE = 10  # times `timeout` for the whole file: that is how long each of its parts may take


@dataclass(frozen=True)
class Fetched:
    """`data` None: it is as it was when it had this etag, or was modified then."""

    data: bytes | None
    etag: str = ""
    modified: str = ""


def fetch(
    audience: Audience,
    config: Config,
    etag: str = "",
    modified: str = "",
    transport: httpx.BaseTransport | None = None,
) -> Fetched:
    """The export, whole. Redirects are not followed: our secret is for this address. Raises Temporary, Permanent."""
    address = audience.export or ""
    name, seconds = shown(address), audience.timeout.total_seconds()
    marks = {"If-None-Match": etag, "If-Modified-Since": "" if etag else modified}
    headers = {mark: value for mark, value in marks.items() if value and value.isascii()}
    try:
        if secret := config.secret(audience.header_file):
            headers[audience.header] = secret
        verify = trusted(config.beside(audience.ca_file) if audience.ca_file else None)
    except (OSError, UnicodeDecodeError) as error:
        raise PermanentError(f"{name}: header_file or ca_file cannot be used: {error}", "look at [audience]") from None
    if secret and not (secret.isascii() and secret.isprintable()):  # said here: the words of the error would hold it
        raise PermanentError(f"{name}: header_file has a letter or a line end that no header may have", "write it anew")
    content = bytearray()
    try:
        with (
            httpx.Client(
                timeout=seconds, transport=transport or DeadlineTransport(verify, PATIENCE * seconds), trust_env=False
            ) as http,
            http.stream("GET", address, headers=headers) as response,
        ):
            status = response.status_code
            if status == 304 and (etag or modified):
                return Fetched(None, etag, modified)
            if status in (401, 403):
                raise PermanentError(f"{name} refuses us ({status})", "look at header and header_file in [audience]")
            if 300 <= status < 400:
                raise PermanentError(f"{name} sends us elsewhere", "write the address that answers itself as export")
            if status in (404, 410):
                raise PermanentError(f"{name} is not there ({status})", "look at export in [audience]")
            if status != 200:
                raise TemporaryError(f"{name} answers {status}", "is the administrative tool well?")
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > LARGEST:
                    raise PermanentError(f"{name} is larger than {LARGEST // 1_000_000} MB", "is it the right export?")
            told = response.headers.get("content-length", "")
            if told.isdigit() and "content-encoding" not in response.headers and len(content) != int(told):
                raise TemporaryError(f"{name} ended before it was whole", "it is asked again")
            found = Fetched(bytes(content), response.headers.get("etag", ""), response.headers.get("last-modified", ""))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        what = str(error) or type(error).__name__
        raise TemporaryError(f"{name} does not answer: {what}", "may this machine reach it?") from None
    return found
