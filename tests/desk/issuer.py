"""An OpenID Connect issuer on loopback: small, and as strict as the standards are about codes, PKCE and secrets."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "talaia", "a secret between us"
KEY = rsa.generate_private_key(65537, 2048)


@dataclass
class Issuer:
    """Who logs in there is `person`; what is wrong with its answers is said by the other fields."""

    address: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    audience: str = CLIENT
    signs_as: str = ""  # another issuer's name in its word
    another_sub: str = ""  # what the id_token says when userinfo says otherwise
    refuses: bool = False
    moves: str = ""  # to where its token endpoint sends whoever posts there
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)  # what a strict issuer would have refused

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "userinfo_endpoint": f"{self.address}/userinfo",
            "jwks_uri": f"{self.address}/keys",
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        }

    def authorize(self, address: str) -> str:
        """What the person's browser does there: it comes with our question, and is sent back with a code."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        back = asked["redirect_uri"]
        if self.refuses:
            return f"{back}?{urlencode({'error': 'access_denied', 'state': asked['state']})}"
        wanted = {"response_type": "code", "client_id": CLIENT, "code_challenge_method": "S256"}
        self.faults += [name for name, value in wanted.items() if asked.get(name) != value]
        self.faults += [name for name in ("code_challenge", "state") if len(asked.get(name, "")) < 16]
        self.faults += ["scope"] if not {"openid", "email"} <= set(asked["scope"].split()) else []
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{back}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, sent: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """A code is good once, for who has the verifier of its challenge and our secret."""
        asked = self.codes.pop(sent.get("code", ""), None)
        verifier = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != sent.get("redirect_uri"):
            self.faults.append("invalid_grant")
            return 400, {"error": "invalid_grant"}
        if (sent.get("client_id"), sent.get("client_secret")) != (CLIENT, SECRET):
            self.faults.append("invalid_client")
            return 401, {"error": "invalid_client"}
        token = secrets.token_urlsafe(16)
        self.tokens.add(token)
        word = {
            "iss": self.signs_as or self.address,
            "aud": self.audience,
            "sub": self.another_sub or self.person["sub"],
            "iat": int(time.time()),
            "exp": int(time.time()) + 60,
        }
        return 200, {"access_token": token, "token_type": "Bearer", "id_token": jwt.encode(word, KEY, "RS256")}


@contextmanager
def issuer() -> Iterator[Issuer]:
    """One that runs."""
    told = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/.well-known/openid-configuration":
                self.answer(200, told.discovery())
            elif self.path == "/userinfo":
                is_right = self.headers.get("Authorization", "").removeprefix("Bearer ") in told.tokens
                self.answer(*((200, told.person) if is_right else (401, {"error": "invalid_token"})))
            else:
                self.answer(404, {})

        def do_POST(self) -> None:
            if told.moves:
                self.send_response(307)
                self.send_header("Location", told.moves)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.answer(*told.token({name: values[0] for name, values in parse_qs(body).items()}))

        def answer(self, status: int, body: dict[str, Any]) -> None:
            sent = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_given: Any) -> None:
            """It keeps quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
