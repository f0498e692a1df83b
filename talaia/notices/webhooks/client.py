"""One POST to one address: signed, followed nowhere, ended after its time whatever the other side does."""

from __future__ import annotations

import asyncio
import ssl
from datetime import datetime, timedelta

import httpx

from talaia.config import Config, Webhook
from talaia.config.tls_trust import trusted
from talaia.notices.webhooks.sign import headers
from talaia.outbox.errors import PermanentError, TemporaryError

WHOLE = 2  # times `timeout`: for a whole delivery


def post(hook: Webhook, config: Config, delivery: str, body: bytes, now: datetime) -> None:
    """Raises Temporary where it may go better later, Permanent where a person must mend something."""
    name = f"webhook {hook.name}"
    try:
        secret = config.secret(hook.secret_file) or ""
    except (OSError, UnicodeDecodeError):
        raise PermanentError(
            f"{name}: {hook.secret_file} cannot be read", "it must be readable for talaia alone"
        ) from None
    signed = {
        **headers(secret, delivery, now, body),
        "Content-Type": "application/json",
        "User-Agent": "talaia",
    }
    limit = hook.timeout.total_seconds()
    try:
        verify = trusted(config.beside(hook.ca_file) if hook.ca_file else None)
    except OSError as error:
        raise PermanentError(f"{name}: ca_file cannot be used: {error}", "look at [[webhook]]") from None
    try:
        status, after = asyncio.run(asyncio.wait_for(_post(hook.url, body, signed, limit, verify), WHOLE * limit))
    except TimeoutError:
        raise TemporaryError(
            f"{name} takes more than {WHOLE * limit:g} s", "its receiver must answer first, work later"
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TemporaryError(f"{name} does not answer: {type(error).__name__}", "is it up?") from None
    if 200 <= status < 300:
        return
    if status in (408, 425, 429) or status >= 500:
        raise TemporaryError(f"{name} answers {status}", "look at its logs", after)
    if 300 <= status < 400:
        raise PermanentError(f"{name} sends us elsewhere ({status})", "write the address that answers itself as url")
    raise PermanentError(f"{name} refuses it ({status})", "does it know the secret, and this address?")


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
