"""Every request and every answer against the contract with its overlay. The same shape is looked at once."""

from __future__ import annotations

import functools
import json
import threading
from typing import Any

from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from tests.servers.discourse.overlay import Spec, answered, overlaid

BASE = "https://forum.example.org"


class Breach(Exception):
    """What was sent is not what the contract says."""


def shape(value: object, whole: bool = False) -> object:
    """What of a value its schema can see: names and kinds, and short texts, as they may be one of a few (`whole`)."""
    if isinstance(value, dict):
        return frozenset((key, shape(inside, whole)) for key, inside in value.items())
    if isinstance(value, list):
        return ("list", frozenset(shape(inside, whole) for inside in value))
    if whole and isinstance(value, str) and len(value) < 9:
        return value
    return type(value).__name__


class Contract:
    """The OpenAPI document, ready to validate."""

    def __init__(self) -> None:
        self.spec = overlaid()
        self.reader = OpenAPI.from_dict(self.spec)
        self.lock = threading.Lock()
        self.known: set[object] = set()

    def request(self, operation: str, method: str, path: str, query: dict[str, str], body: object) -> None:
        """Raises Breach."""
        known = ("asks", operation, shape(body, whole=True))
        with self.lock:
            if known in self.known:
                return
            try:
                self.reader.validate_request(_asked(method, path, query, body))
            except OpenAPIError as error:
                raise Breach(f"{method} {path}: {error.__cause__ or error}: {body!r}"[:600]) from None
            self.known.add(known)

    def response(self, operation: str, method: str, path: str, status: int, kind: str, body: bytes) -> None:
        """Raises Breach."""
        seen = json.loads(body) if kind == "application/json" and body else kind
        known = ("answers", operation, status, shape(seen))
        with self.lock:
            if known in self.known:
                return
            try:
                self.reader.validate_response(
                    _asked(method, path, {}, None), MockResponse(body, status_code=status, content_type=kind)
                )
            except OpenAPIError as error:
                raise Breach(f"{status} to {method} {path}: {error.__cause__ or error}"[:600]) from None
            self.known.add(known)

    def answer(self, path: str, method: str, **values: Any) -> dict[str, Any]:
        """An answer with everything that the contract requires, and `values` in it."""
        schema = answered(self.spec["paths"][path][method])
        return filled(schema["oneOf"][0] if "oneOf" in schema else schema, values)


def _asked(method: str, path: str, query: dict[str, str], body: object) -> MockRequest:
    data = None if body is None else json.dumps(body).encode()
    return MockRequest(BASE, method.lower(), path, args=query, data=data, content_type="application/json")


def filled(schema: Spec, values: dict[str, Any]) -> dict[str, Any]:
    """An object of `schema`: `values`, and the emptiest thing of its kind for whatever else is required."""
    properties = schema.get("properties", {})
    rest = {name: _empty(properties[name]) for name in schema.get("required", []) if name not in values}
    return {**rest, **values}


def _empty(schema: Spec) -> Any:
    kind = schema.get("type")
    if isinstance(kind, list):
        return None if "null" in kind else _empty({**schema, "type": kind[0]})
    if kind == "object":
        return filled(schema, {})
    return {"string": "", "integer": 0, "number": 0.0, "boolean": False, "array": []}[str(kind)]


@functools.cache
def contract() -> Contract:
    """The one of this process: reading it takes a second."""
    return Contract()
