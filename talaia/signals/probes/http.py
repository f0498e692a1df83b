"""http: a page comes, whole and in time, with the status, the text and the certificate that it should have."""

from __future__ import annotations

import ssl
import time
import zlib
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import httpx
import idna

from talaia import __version__
from talaia.config import CheckConfig, Config
from talaia.config.hosts import is_here, shown, web_address
from talaia.config.tls_trust import trusted
from talaia.signals.probes.answer import Failed, NotMeasured, ProbeAnswer
from talaia.signals.probes.http_wire import WireTransport
from talaia.signals.probes.page_text import stands_in
from talaia.signals.probes.probe import Probe

REDIRECTS = 10
ENOUGH = 1_000_000  # bytes of a body that are read; a text must stand in these


class HttpProbe(Probe):
    kind = "http"

    async def look(self, check: CheckConfig, config: Config) -> ProbeAnswer:
        """GET the page, through its redirects unless a status 3xx is what is asked for."""
        follow = not any(300 <= status < 400 for status in check.status)
        context = _trust(check, config)
        try:
            target = web_address(check.target)
        except ValueError as wrong:
            raise NotMeasured(str(wrong)) from None
        headers = {
            "User-Agent": f"talaia/{__version__} (+{config.site.address})",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        ends: list[datetime] = []
        began = time.monotonic()
        transport = WireTransport(context)
        async with httpx.AsyncClient(transport=transport, timeout=None, trust_env=False, headers=headers) as client:  # noqa: S113 - the whole probe has one
            request = client.build_request("GET", target, headers=_credentials(check, config))
            asked = request.url
            for _ in range(REDIRECTS + 1):
                try:
                    response = await client.send(request, stream=True)
                except idna.InvalidCodepoint as error:  # browsers open 😀.example, and httpx does not
                    raise NotMeasured(f"redirected to a name that cannot be asked here: {error}") from None
                try:
                    if (end := certificate_end(response)) is not None:
                        ends.append(end)
                    if not (follow and response.next_request):
                        body, whole = await _read(response)
                        break
                    request = response.next_request
                    if is_here(request.url.host) and not check.at_home:  # a stranger's word sends us nowhere at home
                        raise Failed(f"redirected to this machine itself, {_short(shown(str(request.url)))}")
                finally:
                    await response.aclose()
            else:
                raise Failed(f"redirected more than {REDIRECTS} times, last to {_short(shown(str(request.url)))}")
        seconds = time.monotonic() - began
        _judge(check, response, asked, body, whole)
        return ProbeAnswer(seconds, f"status {response.status_code}", min(ends, default=None))


def _credentials(check: CheckConfig, config: Config) -> dict[str, str]:
    """For this host alone: a redirect to another one does not take them along."""
    try:
        password = config.secret(check.password_file)
    except (OSError, UnicodeDecodeError) as error:
        raise NotMeasured(f"password_file cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if password is None:
        return {}
    return {"Authorization": "Basic " + b64encode(f"{check.username}:{password}".encode()).decode()}


def _judge(check: CheckConfig, response: httpx.Response, asked: httpx.URL, body: bytes, whole: bool) -> None:
    status = response.status_code
    where = "" if response.url == asked else f" from {_short(shown(str(response.url)))}"
    if check.status and status not in check.status:
        raise Failed(f"status {status}{where} instead of {', '.join(map(str, check.status))}")
    if not check.status and not 200 <= status < 300:
        raise Failed(f"status {status} {response.reason_phrase}{where}".rstrip())
    if check.text and not stands_in(check.text, _unpacked(response, body), response.headers.get("content-type", "")):
        place = "the page" if whole else f"the first {len(body):,} bytes"
        raise Failed(f"status {status}{where}, but {_short(check.text)!r} does not stand in {place}")


async def _read(response: httpx.Response) -> tuple[bytes, bool]:
    """The body up to ENOUGH bytes, and whether that was all."""
    body = bytearray()
    async for chunk in response.aiter_raw(65536):
        body += chunk
        if len(body) > ENOUGH:
            return bytes(body[:ENOUGH]), False
    return bytes(body), True


def _unpacked(response: httpx.Response, body: bytes) -> bytes:
    """Some servers compress although asked not to; a bomb is not unpacked further than ENOUGH."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in ("gzip", "x-gzip", "deflate"):
        # Many send deflate without the head that RFC 9110 §8.4.1.2 asks for.
        form = -15 if encoding == "deflate" and body[:1] != b"\x78" else 47
        try:
            return zlib.decompressobj(wbits=form).decompress(body, ENOUGH)
        except zlib.error as error:
            raise Failed(f"status {response.status_code}, but the body is no {encoding}: {error}") from None
    if encoding not in ("", "identity", "none", "utf-8"):
        raise Failed(f"status {response.status_code}, but the body is packed as {_short(encoding)}, unasked")
    return body


def certificate_end(response: httpx.Response) -> datetime | None:
    """Until when the server's certificate is valid; None without TLS."""
    shown = response.extensions.get("certificate")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(shown["notAfter"]), UTC) if shown else None


def _trust(check: CheckConfig, config: Config) -> ssl.SSLContext:
    """Whom to believe. That this cannot be known is no fault of the target."""
    folder = config.path.parent if config.path else Path.cwd()
    try:
        return trusted(folder / check.ca_file if check.ca_file else None)
    except OSError as error:
        what = f"ca_file {check.ca_file}" if check.ca_file else "the authorities of this system"
        raise NotMeasured(f"{what} cannot be used: {error}") from None


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:99] + "…"
