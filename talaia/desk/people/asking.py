"""How an OpenID issuer is asked: each answer has an end and a bound, and few are waited for at once.

It is asked because a stranger presses a button. Of an issuer that is silent, or says one byte now and then, they would
otherwise have all the turns that people have, and with them the desk.
"""

# mypy: disable-error-code="import-untyped"
from __future__ import annotations

import io
import threading
from typing import Any, cast

import httpx
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from talaia.config.tls_trust import trusted
from talaia.outbox.http_deadline import DeadlineTransport

WHOLE = 5.0  # seconds for an answer, names and connection included
LARGEST = 1_000_000  # bytes of it
AT_ONCE = 4  # of the twelve people whom we answer at once (api/concurrency.py)
SHORT = 0.2  # seconds until one of them is done; whoever waits has a turn, too
TURNS = threading.BoundedSemaphore(AT_ONCE)


def session() -> requests.Session:
    """For allauth. No proxy and no password of our environment are used."""
    asking = requests.Session()
    asking.trust_env = False
    for scheme in ("https://", "http://"):
        asking.mount(scheme, Wire())
    return asking


class Wire(BaseAdapter):
    """Below `requests`, which bounds the time between two bytes alone: the wire on which we ask all others."""

    def send(self, request: requests.PreparedRequest, *_given: Any, **_more: Any) -> requests.Response:
        """Raises requests.ConnectionError, whatever it is."""
        if not TURNS.acquire(timeout=SHORT):
            raise requests.ConnectionError(f"{AT_ONCE} others are waiting for its answer", request=request)
        try:
            return _answer(request)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as fault:
            raise requests.ConnectionError(str(fault) or type(fault).__name__, request=request) from fault
        finally:
            TURNS.release()

    def close(self) -> None:
        """Each answer has a connection of its own."""


def _answer(request: requests.PreparedRequest) -> requests.Response:
    content = bytearray()
    with (
        httpx.Client(transport=DeadlineTransport(trusted(None), WHOLE), timeout=WHOLE, trust_env=False) as http,
        http.stream(
            request.method or "GET",
            request.url or "",
            headers={name: str(value) for name, value in request.headers.items() if name.lower() != "connection"},
            content=cast("bytes | str | None", request.body),  # of a form: allauth uploads nothing
        ) as came,
    ):
        if came.is_redirect and request.method != "GET":  # what is sent is our secret: it is for this address
            raise httpx.DecodingError("it sends what we post elsewhere")
        for piece in came.iter_bytes():
            content += piece
            if len(content) > LARGEST:
                raise httpx.DecodingError(f"its answer has more than {LARGEST:,} bytes")
        answer = requests.Response()
        answer.status_code, answer.reason = came.status_code, came.reason_phrase
        answer.headers = CaseInsensitiveDict(came.headers.items())
    answer.raw, answer.url, answer.request = io.BytesIO(bytes(content)), request.url or "", request
    answer.encoding = get_encoding_from_headers(answer.headers)
    return answer
