"""Mailman's REST 3.1, as thin as it can be. Every fault is Temporary or Permanent, with what an operator can do.

What is asked and what the answers mean is known to the files beside this one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from talaia.config import Config, Mailman
from talaia.config.tls_trust import trusted
from talaia.outbox.errors import PermanentError, TemporaryError
from talaia.outbox.http_deadline import DeadlineTransport

LARGEST = 200_000_000  # bytes of one answer: a roster of half a million
LONG = 10  # times `timeout`: for a whole answer, and for what grows with the list


class UnreachableError(TemporaryError):
    """It was not even connected to, so nothing of what was asked can have been done."""


@dataclass(frozen=True)
class MailmanResponse:
    """`data` is the JSON of it, or {}; `error` what Mailman says where it refuses."""

    status: int
    data: Mapping[str, Any]
    error: str = ""

    @property
    def entries(self) -> tuple[Mapping[str, Any], ...]:
        """Those of a collection; Mailman leaves the key out where there are none."""
        return tuple(self.data.get("entries", ()))


class MailmanClient:
    """One Mailman and one list of it. Keeps its connections; `transport` is the seam for tests."""

    def __init__(self, mailman: Mailman, config: Config, transport: httpx.BaseTransport | None = None) -> None:
        self.mailman, self.config = mailman, config
        self.list_id = mailman.list.replace("@", ".", 1)
        self.timeout = mailman.timeout.total_seconds()
        try:
            verify = trusted(config.beside(mailman.ca_file) if mailman.ca_file else None)
        except OSError as error:
            raise PermanentError(f"Mailman: ca_file cannot be used: {error}", "look at [audience.mailman]") from None
        self.http = httpx.Client(
            base_url=f"{mailman.url.rstrip('/')}/3.1/",
            transport=transport or DeadlineTransport(verify, LONG * self.timeout),
            trust_env=False,
        )

    def __enter__(self) -> MailmanClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    def path(self, *parts: str) -> str:
        """Of something that belongs to the list: `path("held", "3")`."""
        return "/".join(["lists", quote(self.list_id), *(quote(part, safe="") for part in parts)])

    def get(self, path: str, *allowed: int, long: bool = False, **fields: Any) -> MailmanResponse:
        """Read. A status that is not 2xx nor in `allowed` is raised."""
        return self.ask("GET", path, fields, allowed, long)

    def post(self, path: str, *allowed: int, long: bool = False, **fields: Any) -> MailmanResponse:
        return self.ask("POST", path, fields, allowed, long)

    def patch(self, path: str, fields: Mapping[str, Any]) -> MailmanResponse:
        return self.ask("PATCH", path, fields, (), False)

    def delete(self, path: str, *allowed: int, long: bool = False, **fields: Any) -> MailmanResponse:
        return self.ask("DELETE", path, fields, allowed, long)

    def ask(
        self, method: str, path: str, fields: Mapping[str, Any], allowed: tuple[int, ...] = (), long: bool = False
    ) -> MailmanResponse:
        """One request. Raises Temporary or Permanent; Unreached where it cannot have been heard."""
        name, seconds = f"Mailman at {self.mailman.url.rstrip('/')}", self.timeout * (LONG if long else 1)
        parts: dict[str, Any] = {"params": fields} if method == "GET" else {"data": {**fields}} if fields else {}
        content = bytearray()
        try:
            with self.http.stream(
                method, path, auth=self._credentials(), timeout=httpx.Timeout(seconds, connect=self.timeout), **parts
            ) as response:
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > LARGEST:
                        raise PermanentError(f"{name} answers with more than {LARGEST:,} bytes", "is it a Mailman?")
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            hint = "is it running, and may this machine reach it? `talaia check` asks again"
            raise UnreachableError(f"{name} is not reached: {str(error) or type(error).__name__}", hint) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            what = str(error) or type(error).__name__
            raise TemporaryError(
                f"{name} does not answer: {what}", "is it overloaded? `talaia check` asks again"
            ) from None
        return self._judged(name, path, response, bytes(content), allowed)

    def _judged(
        self, name: str, path: str, response: httpx.Response, content: bytes, allowed: tuple[int, ...]
    ) -> MailmanResponse:
        status = response.status_code
        try:
            data: Any = json.loads(content) if content else {}
        except (ValueError, RecursionError):
            data = None
        read = data if isinstance(data, dict) else {}
        said = str(read.get("description") or read.get("title") or content[:200].decode(errors="replace"))
        if status == 401:
            raise PermanentError(f"{name} refuses us (401)", "username and password_file must be those of [webservice]")
        if 300 <= status < 400:
            raise PermanentError(f"{name} sends us elsewhere", "write the address that answers itself as url")
        if status in allowed:
            return MailmanResponse(status, read, said)
        where = "/".join(path.split("/")[:3]).partition("?")[0]  # what follows may be an address
        if 200 <= status < 300:
            if data is None or not isinstance(data, dict):
                raise TemporaryError(f"{name} answers {where} with something that is no JSON", "is url Mailman's REST?")
            return MailmanResponse(status, read)
        if status in (408, 429) or status >= 500:
            raise TemporaryError(f"{name} answers {status} to {where}", "look at Mailman's logs")
        raise PermanentError(f"{name} refuses {where}: {status} {said[:200]}", "`talaia audience setup` may mend it")

    def _credentials(self) -> tuple[str, str]:
        """Read for each request: the file may change."""
        try:
            return self.mailman.username, self.config.secret(self.mailman.password_file) or ""
        except (OSError, UnicodeDecodeError) as error:
            raise PermanentError(f"Mailman's password cannot be read: {error}", "look at password_file") from None
