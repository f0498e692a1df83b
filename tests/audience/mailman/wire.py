"""Between talaia and a real Mailman: what is asked, how long the answers take, and answers that never arrive."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import httpx


class Wire(httpx.BaseTransport):
    """`asked`: method and path of each request; `seconds`: that it took the other side to answer, all together.

    `cut(request)`: whether an answer is lost, after Mailman has done what was asked.
    """

    def __init__(self, cut: Callable[[httpx.Request], bool] = lambda _: False) -> None:
        self.real, self.cut = httpx.HTTPTransport(), cut
        self.asked: list[str] = []
        self.seconds = 0.0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        begun = time.monotonic()
        response = self.real.handle_request(request)
        response.read()
        self.seconds += time.monotonic() - begun
        if self.cut(request):
            raise httpx.ReadTimeout("cut by the test", request=request)
        return response

    def close(self) -> None:
        self.real.close()


class Faulty(httpx.BaseTransport):
    """A Mailman that answers every request in one wrong way."""

    def __init__(self, status: int = 200, body: object = None, error: type[httpx.TransportError] | None = None) -> None:
        self.status, self.error = status, error
        self.content = body.encode() if isinstance(body, str) else b"" if body is None else json.dumps(body).encode()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.error:
            raise self.error("by the test", request=request)
        return httpx.Response(self.status, content=self.content, headers={"location": "https://elsewhere.example.org"})
