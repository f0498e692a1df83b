"""What people carry: an authenticator app and a passkey, each by its own standard and without a browser."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import struct
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


def code(secret: str, later: int = 0) -> str:
    """The six digits of an authenticator app (RFC 6238), some half-minutes later."""
    key = base64.b32decode(secret.replace(" ", "") + "=" * (-len(secret.replace(" ", "")) % 8))
    counter = int(time.time()) // 30 + later
    digest = hmac.new(key, struct.pack(">Q", counter), "sha1").digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Passkey:
    """A key with a finger on it (`verified`), or with nobody who proves to be its owner."""

    def __init__(self, origin: str = "https://testserver", place: str = "testserver", verified: bool = True) -> None:
        self.origin, self.place, self.verified = origin, place, verified
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id, self.owner, self.count = secrets.token_bytes(16), "", 0

    def make(self, question: dict[str, Any]) -> str:
        """What a browser sends after `navigator.credentials.create`."""
        self.owner = question["publicKey"]["user"]["id"]
        cose = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))  # type: ignore[no-untyped-call]
        key = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cose
        made = cbor.encode({"fmt": "none", "attStmt": {}, "authData": self._data(WITH_KEY) + key})
        told = self._told("webauthn.create", question)
        return self._sent({"clientDataJSON": text(told), "attestationObject": text(made)}, {"credProps": {"rk": True}})

    def show(self, question: dict[str, Any]) -> str:
        """What a browser sends after `navigator.credentials.get`."""
        told, data = self._told("webauthn.get", question), self._data(0)
        signature = self.key.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": text(told),
            "authenticatorData": text(data),
            "signature": text(signature),
            "userHandle": self.owner,
        }
        return self._sent(response, {})

    def _data(self, more: int) -> bytes:
        self.count += 1
        flags = PRESENT | (VERIFIED if self.verified else 0) | more
        return hashlib.sha256(self.place.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count)

    def _told(self, kind: str, question: dict[str, Any]) -> bytes:
        told = {"type": kind, "challenge": question["publicKey"]["challenge"], "origin": self.origin}
        return json.dumps(told).encode()

    def _sent(self, response: dict[str, str], extensions: dict[str, Any]) -> str:
        sent = {"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": response}
        return json.dumps({**sent, "clientExtensionResults": extensions})
