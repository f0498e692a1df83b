"""One POST to one address: signed, followed nowhere, ended after its time whatever the other side does."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx

from talaia.config import Config, Webhook
from talaia.config.tls_trust import trusted
from talaia.notices.webhooks.sign import headers
from talaia.outbox.errors import PermanentError, TemporaryError

Answer = TypeVar("Answer")
WHOLE = 2  # times `timeout`: for a whole delivery


def post(hook: Webhook, config: Config, delivery: str, body: bytes, now: datetime) -> None:
    """Raises Temporary where it may go better later, Permanent where a person must mend something."""
    name = f"webhook {hook.name}"
    signed = {
        **headers(_secret(hook, config), delivery, now, body),
        "Content-Type": "application/json",
        "User-Agent": "talaia",
    }
    limit, verify = hook.timeout.total_seconds(), _trusted(hook, config)
    status, after = _in_time(hook, _post(hook.url, body, signed, limit, verify))
    if 200 <= status < 300:
        return
    if status in (408, 425, 429) or status >= 500:
        raise TemporaryError(f"{name} answers {status}", "look at its logs", after)
    if 300 <= status < 400:
        raise PermanentError(f"{name} sends us elsewhere ({status})", "write the address that answers itself as url")
    raise PermanentError(f"{name} refuses it ({status})", "does it know the secret, and this address?")


def check_reachable(hook: Webhook, config: Config) -> None:
    """Whether it could be told: connect, ask for the heads of nothing, and say nothing. Raises as `post`."""
    _secret(hook, config)
    _in_time(hook, _reach(hook.url, hook.timeout.total_seconds(), _trusted(hook, config)))


def _secret(hook: Webhook, config: Config) -> str:
    try:
        return config.secret(hook.secret_file) or ""
    except (OSError, UnicodeDecodeError):
        said = f"webhook {hook.name}: {hook.secret_file} cannot be read"
        raise PermanentError(said, "it must be readable for talaia alone") from None


def _trusted(hook: Webhook, config: Config) -> ssl.SSLContext:
    try:
        return trusted(config.beside(hook.ca_file) if hook.ca_file else None)
    except OSError as error:
        said = f"webhook {hook.name}: ca_file cannot be used: {error}"
        raise PermanentError(said, "look at [[webhook]]") from None


def _in_time(hook: Webhook, asked: Coroutine[Any, Any, Answer]) -> Answer:
    name, limit = f"webhook {hook.name}", WHOLE * hook.timeout.total_seconds()
    try:
        return asyncio.run(asyncio.wait_for(asked, limit))
    except TimeoutError:
        raise TemporaryError(
            f"{name} takes more than {limit:g} s", "its receiver must answer first, work later"
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TemporaryError(f"{name} does not answer: {type(error).__name__}", "is it up?") from None


async def _reach(url: str, limit: float, verify: ssl.SSLContext) -> None:
    """A receiver answers HEAD with whatever it likes: that it answers is enough."""
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=limit, verify=verify) as http:
        await http.head(url, headers={"User-Agent": "talaia"})


async def _post(
    url: str, body: bytes, signed: dict[str, str], limit: float, verify: ssl.SSLContext
) -> tuple[int, timedelta | None]:
    """Only the status counts: what else the other side says is not read."""
    async with (
        httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=limit, verify=verify) as http,
        http.stream("POST", url, content=body, headers=signed) as response,
    ):
        told = response.headers.get("Retry-After", "")
        seconds = min(int(told), 3600) if told.isascii() and told.isdigit() and len(told) < 9 else 0
        return response.status_code, timedelta(seconds=seconds) if seconds else None
