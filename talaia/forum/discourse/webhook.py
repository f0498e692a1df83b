"""What the forum's webhook tells, pure. It is a doorbell: what it says of a text is not believed, but read again."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

LONGEST = 2_000_000  # bytes; the longest post that a forum can be set to take is far below, cooked and all
TOLD = ("post", "topic")  # kinds of events that may concern us
NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


class MalformedHook(Exception):
    """Signed, and still nothing that a forum sends."""


@dataclass(frozen=True, slots=True)
class DiscourseHookEvent:
    """One ring. `topic` None: it concerns no topic of the category."""

    number: int  # grows; unique within one forum
    kind: str
    name: str  # post_edited, topic_destroyed …
    topic: int | None


def signed(secret: str, body: bytes, signature: str) -> bool:
    """Whether who sent `body` knows the secret. Looked at before anything in it is read."""
    wanted = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.strip().encode("utf-8", "surrogateescape"))


def mark(secret: str) -> str:
    """Which webhook it is: another secret begins to count its events anew."""
    return hashlib.sha256(f"webhook {secret}".encode()).hexdigest()[:12]


def read(headers: Mapping[str, str], body: bytes, category: int) -> DiscourseHookEvent:
    """The event in a request whose signature is right. Raises Malformed."""
    number = headers.get("X-Discourse-Event-Id", "")
    if not NUMBER.fullmatch(number):
        raise MalformedHook("X-Discourse-Event-Id is no number")
    kind, name = headers.get("X-Discourse-Event-Type", ""), headers.get("X-Discourse-Event", "")
    try:
        told: object = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedHook("the body is no JSON; the webhook must send application/json") from None
    if not isinstance(told, dict):
        raise MalformedHook("the body is no object")
    return DiscourseHookEvent(int(number), kind[:40], name[:80], _topic(kind, told.get(kind), category))


def _topic(kind: str, thing: object, category: int) -> int | None:
    if kind not in TOLD or not isinstance(thing, dict) or thing.get("category_id") != category:
        return None
    number = thing.get("topic_id" if kind == "post" else "id")
    return number if isinstance(number, int) and not isinstance(number, bool) and 0 < number < 2**53 else None
