"""The double as a server: routes, keys and their scopes, rates, redirects, faults, the webhook."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from tests.servers.discourse import answers
from tests.servers.discourse.contract import Breach, contract
from tests.servers.discourse.forum import Clock, Event, Forum, Refused, not_found

Way = Literal["commit then drop", "drop", "slow", "bad gateway", "truncated", "elsewhere"]
SECRET = "a secret of the webhook"
# Method, address, the contract's name of it, and the scope that a granular key needs; what none lets in is read by
# whoever has them all.
ROUTES = [
    ("POST", r"/posts\.json", "/posts.json", "topics:write"),
    ("PUT", r"/posts/(?P<id>\d+)\.json", "/posts/{id}.json", "posts:edit"),
    ("GET", r"/posts/(?P<id>\d+)/revisions/latest\.json", "/posts/{id}/revisions/latest.json", "global:read"),
    ("PUT", r"/t/-/(?P<id>\d+)\.json", "/t/-/{id}.json", "topics:update"),
    ("PUT", r"/t/(?P<id>\d+)/status\.json", "/t/{id}/status.json", "topics:update"),
    ("PUT", r"/t/(?P<id>\d+)/change-timestamp\.json", "/t/{id}/change-timestamp.json", "all"),
    ("GET", r"/t/external_id/(?P<external_id>[\w-]+)\.json", "/t/external_id/{external_id}.json", "topics:read"),
    ("GET", r"/t/(?P<id>\d+)\.json", "/t/{id}.json", "topics:read"),
    ("DELETE", r"/t/(?P<id>\d+)\.json", "/t/{id}.json", "topics:delete"),
    ("GET", r"/t/(?P<slug>[\w-]+)/(?P<id>\d+)\.json", "/t/{slug}/{id}.json", "topics:read"),
    ("GET", r"/t/(?P<id>\d+)/posts\.json", "/t/{id}/posts.json", "topics:read"),
    ("GET", r"/c/(?P<id>\d+)/show\.json", "/c/{id}/show.json", "global:read"),
    ("GET", r"/c/(?P<slug>[\w-]+)/(?P<id>\d+)\.json", "/c/{slug}/{id}.json", "topics:read_lists"),
    ("GET", r"/site/settings\.json", "/site/settings.json", "global:read"),
    ("GET", r"/about\.json", "/about.json", "global:read"),
    ("GET", r"/session/current\.json", "/session/current.json", "global:read"),
]


# What visitors read of a forum whose category is closed.
OPEN = ("/about.json", "/site/settings.json")


@dataclass(frozen=True)
class Fail:
    """A misfortune of the next request that fits. `asked`: its beginning, as "POST /posts" or "GET"."""

    way: Way
    asked: str = ""
    seconds: float = 0.0
    address: str = ""


@dataclass(frozen=True)
class Seen:
    """A request that came in, and the status of the answer (0: none was sent)."""

    asked: str  # "POST /posts.json"
    headers: Mapping[str, str]
    body: Any
    status: int


@dataclass(frozen=True)
class Asked:
    """A request, understood."""

    method: str
    path: str
    query: dict[str, str]
    ids: list[int]  # post_ids[]
    headers: Mapping[str, str]
    body: Any


@dataclass
class Answer:
    status: int
    body: bytes = b""
    kind: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def _json(status: int, body: object, *headers: tuple[str, str]) -> Answer:
    return Answer(status, json.dumps(body).encode(), headers=headers)


class Discourse:
    """A forum that listens on a free port while its `with` lasts. `base`: a folder of the host in which it lives."""

    def __init__(self, clock: Clock | None = None, base: str = "") -> None:
        self.forum, self.base = Forum(clock), base
        self.seen: list[Seen] = []
        self.breaches: list[str] = []  # what the contract does not allow: a test fails for it
        self.failing: list[Fail] = []
        self.coming: list[tuple[str, Callable[[], object]]] = []
        self.requests: deque[datetime] = deque()
        self.with_key: deque[datetime] = deque()
        self.hook_is_on = True
        self.told = 0

    @property
    def clock(self) -> Clock:
        return self.forum.clock

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}{self.base}"

    def __enter__(self) -> Self:
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                double.handle(self)

            do_GET = do_POST = do_PUT = do_DELETE = handle_any

            def log_message(self, *_given: Any) -> None:
                """It keeps quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_given: Any) -> None:
                """Clients that went away are what some tests are about."""

        self.http = Server(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()
        assert kind or not self.breaches, self.breaches

    # What tests do with it ----------------------------------------------------------------------------------

    def fail(self, way: Way, asked: str = "", times: int = 1, seconds: float = 0.0, address: str = "") -> None:
        """So many of the next requests that begin with `asked` ("POST /posts", "GET", "") meet with a misfortune."""
        self.failing += [Fail(way, asked, seconds, address)] * times

    def before(self, asked: str, act: Callable[[], object]) -> None:
        """Just before the next request that begins with `asked` is looked at, somebody does something."""
        self.coming.append((asked, act))

    def asked(self, begins: str = "") -> list[Seen]:
        """The requests that came in and begin so."""
        return [seen for seen in self.seen if seen.asked.startswith(begins)]

    def events(self) -> Iterator[tuple[bytes, dict[str, str]]]:
        """Body and headers of what the webhook has to tell and has not told, each once."""
        while self.told < len(self.forum.events):
            event = self.forum.events[self.told]
            self.told += 1
            yield signed(event, self.address)

    def ring(self, post: Callable[[bytes, dict[str, str]], int]) -> list[int]:
        """Tell the webhook through `post`, which gives the status of the answer. Told once: nothing is tried again.

        An answer of 404 or 410 turns the webhook off."""
        statuses = []
        for body, headers in self.events():
            if self.hook_is_on:
                statuses.append(post(body, headers))
                self.hook_is_on = statuses[-1] not in (404, 410)
        return statuses

    # A request ----------------------------------------------------------------------------------------------

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        raw = handler.rfile.read(length)
        parts = urlsplit(handler.path)
        asked = Asked(
            handler.command,
            parts.path.removeprefix(self.base),
            dict(parse_qsl(parts.query)),
            [int(value) for name, value in parse_qsl(parts.query) if name == "post_ids[]"],
            {name.lower(): value for name, value in handler.headers.items()},
            json.loads(raw) if raw else None,
        )
        fault = self._misfortune(f"{asked.method} {asked.path}")
        if fault and fault.way == "drop":
            return self._finish(handler, asked, None)
        if fault and fault.way == "bad gateway":
            page = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
            return self._finish(handler, asked, Answer(502, page, "text/html"))
        if fault and fault.way == "elsewhere":
            return self._finish(handler, asked, Answer(301, headers=(("Location", fault.address),)))
        with self.forum.lock:
            for coming in [one for one in self.coming if f"{asked.method} {asked.path}".startswith(one[0])]:
                self.coming.remove(coming)
                coming[1]()
            answer = self.answer(asked)
        if fault and fault.way == "commit then drop":
            return self._finish(handler, asked, None)
        if fault and fault.way == "slow":
            time.sleep(fault.seconds)
        if fault and fault.way == "truncated":
            answer.body = answer.body[: len(answer.body) // 2]
        return self._finish(handler, asked, answer)

    def _misfortune(self, asked: str) -> Fail | None:
        for fault in self.failing:
            if asked.startswith(fault.asked):
                self.failing.remove(fault)
                return fault
        return None

    def _finish(self, handler: BaseHTTPRequestHandler, asked: Asked, answer: Answer | None) -> None:
        status = answer.status if answer else 0
        self.seen.append(Seen(f"{asked.method} {asked.path}", asked.headers, asked.body, status))
        handler.close_connection = answer is None
        if answer is None:
            linger = struct.pack("ii", 1, 0)  # a reset, not a polite end
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.connection.close()
            return None
        try:
            handler.send_response(answer.status)
            for name, value in answer.headers:
                handler.send_header(name, value)
            if answer.body:
                handler.send_header("Content-Type", f"{answer.kind}; charset=utf-8")
            handler.send_header("Content-Length", str(len(answer.body)))
            handler.end_headers()
            handler.wfile.write(answer.body)
        except OSError:
            handler.close_connection = True
        return None

    def answer(self, asked: Asked) -> Answer:
        """What the forum says, held against the contract in both directions."""
        found = self._route(asked)
        name = found[0] if found else ""
        try:
            if self._too_many(self.requests, 10, self.forum.settings.per_ip_per_10_seconds):
                return self._slow_down(10, "ip_10_secs_limit")
            if self._too_many(self.requests, 60, self.forum.settings.per_ip_per_minute):
                return self._slow_down(60, "ip_60_secs_limit")
            self.requests.append(self.clock())
            user = self._who(asked, found[2] if found else "")
            if not found:
                raise not_found()
            contract().request(f"{asked.method} {name}", asked.method, asked.path, asked.query, asked.body)
            if self.forum.settings.read_only and asked.method != "GET":
                raise Refused(503, "The site is in read only mode.", kind="read_only")
            answer = self._do(f"{asked.method} {name}", found[1], asked, user)
        except Refused as refused:
            wait = refused.body.get("extras", {}).get("wait_seconds")
            answer = _json(refused.status, refused.body, *((("Retry-After", str(wait)),) if wait else ()))
        except Breach as breach:
            self.breaches.append(str(breach))
            return _json(500, {"errors": [str(breach)]})
        if found:
            try:
                contract().response(
                    f"{asked.method} {name}", asked.method, asked.path, answer.status, answer.kind, answer.body
                )
            except Breach as breach:
                self.breaches.append(str(breach))
        return answer

    def _route(self, asked: Asked) -> tuple[str, dict[str, str], str] | None:
        for method, pattern, name, scope in ROUTES:
            if method == asked.method and (found := re.fullmatch(pattern, asked.path)):
                return name, found.groupdict(), scope
        return None

    # Who asks, and how often --------------------------------------------------------------------------------

    def _who(self, asked: Asked, scope: str) -> str:
        """The user; empty for nobody. Raises Refused."""
        secret, user = asked.headers.get("api-key"), asked.headers.get("api-username", "")
        key, settings = self.forum.key, self.forum.settings
        denied = Refused(403, "You are not permitted to view the requested resource.", kind="invalid_access")
        if secret is None:
            if asked.method != "GET":
                raise denied
            if not settings.public and asked.path not in OPEN:
                raise not_found()
            return ""
        if not hmac.compare_digest(secret, key.secret) or (key.user and user.lower() != key.user.lower()):
            raise denied
        if self._too_many(self.with_key, 60, settings.max_admin_api_reqs_per_minute):
            left = 60 - (self.clock() - self.with_key[0]).total_seconds()
            more = {"wait_seconds": round(left), "time_left": f"{left:.0f} seconds"}
            raise Refused(429, "You've performed this action too many times.", kind="rate_limit", extras=more)
        self.with_key.append(self.clock())
        if key.scopes is not None:
            reads = asked.method == "GET" and "global:read" in key.scopes
            in_older = "external_id" in asked.path and not settings.external_id_in_topics_read
            if not reads and (scope not in key.scopes or in_older):
                raise denied
        return user

    def _too_many(self, times: deque[datetime], seconds: int, most: int) -> bool:
        while times and (self.clock() - times[0]).total_seconds() >= 60:
            times.popleft()
        return sum((self.clock() - at).total_seconds() < seconds for at in times) >= most

    def _slow_down(self, seconds: int, code: str) -> Answer:
        words = "Slow down, you're making too many requests. Please retry again in {} seconds. Error code: {}."
        headers = (("Retry-After", str(seconds)), ("Discourse-Rate-Limit-Error-Code", code))
        return Answer(429, words.format(seconds, code).encode(), "text/plain", headers)

    # What is done -------------------------------------------------------------------------------------------

    def _do(self, name: str, at: dict[str, str], asked: Asked, user: str) -> Answer:
        forum, id, body = self.forum, int(at.get("id", 0)), asked.body
        match name:
            case "POST /posts.json":
                made = forum.api_create(body, user, "127.0.0.1")
                if "enqueued" in made:
                    return _json(200, answers.enqueued())
                return _json(200, answers.created(forum, made["post"]))
            case "PUT /posts/{id}.json":
                return _json(200, answers.edited(forum, forum.api_edit(id, body, user)))
            case "GET /posts/{id}/revisions/latest.json":
                return _json(200, answers.revision(forum, id))
            case "PUT /t/-/{id}.json":
                return _json(200, answers.renamed(forum.api_rename(id, body)))
            case "PUT /t/{id}/status.json":
                forum.api_status(id, body)
                return _json(200, {"success": "OK", "topic_status_update": None})
            case "PUT /t/{id}/change-timestamp.json":
                forum.api_date(id, body)
                return _json(200, {"success": "OK"})
            case "GET /t/external_id/{external_id}.json":
                return self._moved(answers.path(forum.api_by_external_id(at["external_id"])))
            case "DELETE /t/{id}.json":
                forum.api_delete(id)
                return Answer(200)
            case "GET /t/{id}.json" | "GET /t/{slug}/{id}.json":
                topic = forum.api_topic(id)
                if "slug" in at and answers.path(topic) != asked.path:
                    return self._moved(answers.path(topic))
                return _json(200, answers.topic(forum, topic, "include_raw" in asked.query))
            case "GET /t/{id}/posts.json":
                return _json(
                    200, answers.some_posts(forum, forum.api_topic(id), asked.ids, "include_raw" in asked.query)
                )
            case "GET /c/{id}/show.json" | "GET /c/{slug}/{id}.json" if id not in forum.categories:
                raise not_found()
            case "GET /c/{id}/show.json":
                return _json(200, answers.category(forum, id))
            case "GET /c/{slug}/{id}.json":
                if at["slug"] != forum.categories[id]:
                    return self._moved(f"/c/{forum.categories[id]}/{id}.json")
                return _json(200, answers.listing(forum, id, int(asked.query.get("page", 0))))
            case "GET /site/settings.json":
                return _json(200, answers.settings(forum))
            case "GET /about.json":
                return _json(200, {"about": {"version": forum.settings.version}})
            case "GET /session/current.json" if user:
                return _json(200, answers.session(forum, user))
        raise not_found()

    def _moved(self, path: str) -> Answer:
        """As behind a proxy that keeps TLS for itself: the scheme may be another."""
        return Answer(301, headers=(("Location", f"{self.address}{path}"),))


def signed(event: Event, instance: str, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """An event as the webhook sends it."""
    return signed_body(json.dumps(event.body).encode(), event.number, event.kind, event.name, instance, secret)


def signed_body(
    body: bytes, number: int | str, kind: str, name: str, instance: str = "", secret: str = SECRET
) -> tuple[bytes, dict[str, str]]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return body, {
        "X-Discourse-Instance": instance,
        "X-Discourse-Event-Id": str(number),
        "X-Discourse-Event-Type": kind,
        "X-Discourse-Event": name,
        "X-Discourse-Event-Signature": f"sha256={digest}",
    }
