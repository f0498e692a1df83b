"""What the forum knows and how it behaves, without HTTP: rules of titles and texts, revisions, the memo, deletions.

Methods that begin with `api_` do what the bot asks for and may raise Refused; those of people do what people do in a
browser, and ring the webhook likewise.
"""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

MEMO = timedelta(seconds=120)
SPACES = re.compile("[\u00a0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
EXTERNAL_ID = re.compile(r"[\w-]{1,50}", re.ASCII)


class Refused(Exception):
    """A no of the forum's, with its answer."""

    def __init__(self, status: int, *errors: str, kind: str = "", **more: Any) -> None:
        super().__init__(f"{status} {errors}")
        self.status = status
        self.body: dict[str, Any] = {"errors": list(errors), **({"error_type": kind} if kind else {}), **more}


@dataclass
class Settings:
    """The forum's settings, at the defaults of a new forum."""

    version: str = "3.5.2"
    min_topic_title_length: int = 15
    max_topic_title_length: int = 255
    title_min_entropy: int = 10
    min_first_post_length: int = 20
    min_post_length: int = 20
    max_post_length: int = 32_000
    body_min_entropy: int = 7
    title_prettify: bool = True
    allow_duplicate_topic_titles: bool = False
    tagging_enabled: bool = True
    max_tags_per_topic: int = 5
    max_tag_length: int = 20
    editing_grace_period: int = 300
    max_admin_api_reqs_per_minute: int = 60
    per_ip_per_minute: int = 200
    per_ip_per_10_seconds: int = 50
    rate_limit_create_topic: int = 15
    # What is no setting by that name, but differs from forum to forum.
    public: bool = True  # the category is read without logging in
    bot_is_staff: bool = True
    bot_may_tag: bool = True
    approval: bool = False  # what the bot writes waits in the review queue
    read_only: bool = False
    tags_as_objects: bool = False  # since 2026.01
    external_id_in_topics_read: bool = True  # not so in older versions
    unlisted_when_made: bool = True  # older versions do not look at unlist_topic


@dataclass
class Revision:
    number: int
    user: str
    at: datetime
    raw: str
    reason: str


@dataclass
class Post:
    id: int
    topic: int
    number: int
    user: str
    raw: str
    created_at: datetime
    updated_at: datetime
    last_editor: str
    version: int = 1
    edit_reason: str | None = None
    deleted_at: datetime | None = None
    revisions: list[Revision] = field(default_factory=list)


@dataclass
class Topic:
    id: int
    title: str
    category: int
    user: str
    created_at: datetime
    bumped_at: datetime
    external_id: str | None = None
    tags: list[str] = field(default_factory=list)
    posts: list[int] = field(default_factory=list)
    closed: bool = False
    archived: bool = False
    visible: bool = True
    pinned: bool = False
    deleted_at: datetime | None = None


@dataclass
class Key:
    """An API key. `user` None: for all users; `scopes` None: for everything."""

    secret: str
    user: str | None = None
    scopes: frozenset[str] | None = None


@dataclass(frozen=True)
class Event:
    """What the webhook tells."""

    number: int
    kind: str  # topic, post
    name: str  # post_edited …
    body: dict[str, Any]


class Clock:
    """The forum's time: it stands still until somebody moves it."""

    def __init__(self, now: datetime = datetime(2026, 10, 3, 9, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Forum:
    """One forum with two categories: number 5 is ours, number 6 is not."""

    BOT = "talaia"

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock, self.settings, self.lock = clock or Clock(), Settings(), threading.RLock()
        self.categories = {5: "historial", 6: "converses"}
        self.key = Key("k" * 64, self.BOT)
        self.topics: dict[int, Topic] = {}
        self.posts: dict[int, Post] = {}
        self.events: list[Event] = []
        self.memo: dict[str, tuple[datetime, Any]] = {}
        self.last_made: dict[str, datetime] = {}
        self.counted = 0
        self.about = self._new_topic("Sobre la categoria Historial", "De què parla aquesta categoria.", "system", 5).id
        self.topics[self.about].pinned = True
        self.events.clear()

    # What people do in their browsers -----------------------------------------------------------------------

    def edit(self, topic: int, by: str, change: str | Callable[[str], str], reason: str = "") -> Post:
        """Somebody edits the first post."""
        post = self.first(topic)
        raw = change(post.raw) if callable(change) else change
        self._revise(post, by, clean(raw), reason)
        return post

    def reply(self, topic: int, by: str, raw: str = "Gràcies per avisar, bona feina!") -> Post:
        found, now = self.topics[topic], self.clock()
        found.bumped_at = now
        return self._new_post(found, raw, by, now)

    def rename(self, topic: int, by: str, title: str) -> None:
        del by
        self.topics[topic].title = self._pretty(title)
        self._tell_topic(self.topics[topic], "topic_edited")

    def tag(self, topic: int, *tags: str) -> None:
        self.topics[topic].tags = [*self.topics[topic].tags, *tags]
        self._tell_topic(self.topics[topic], "topic_edited")

    def close(self, topic: int, closed: bool = True) -> None:
        self.topics[topic].closed = closed
        self._tell_topic(self.topics[topic], "topic_closed_status_updated")

    def delete(self, topic: int) -> None:
        self.topics[topic].deleted_at = self.clock()
        self.first(topic).deleted_at = self.clock()
        self._tell_post(self.first(topic), "post_destroyed")
        self._tell_topic(self.topics[topic], "topic_destroyed")

    def recover(self, topic: int) -> None:
        self.topics[topic].deleted_at = self.first(topic).deleted_at = None
        self._tell_post(self.first(topic), "post_recovered")

    def write(self, title: str, raw: str, by: str = "marta", category: int = 5, at: datetime | None = None) -> Topic:
        """Somebody opens a topic."""
        return self._new_topic(title, raw, by, category, at)

    def standing(self) -> list[Topic]:
        """The topics of ours that are there, but for the one about the category."""
        return [t for t in self.topics.values() if t.category == 5 and not t.deleted_at and t.id != self.about]

    def first(self, topic: int) -> Post:
        return self.posts[self.topics[topic].posts[0]]

    # What the bot asks for ----------------------------------------------------------------------------------

    def api_create(self, asked: dict[str, Any], user: str, ip: str) -> dict[str, Any]:
        """{"post": Post} or what stands instead; raises Refused. Remembered for two minutes, refusals too."""
        signature = json.dumps([user, ip, asked], sort_keys=True)
        at, kept = self.memo.get(signature, (datetime.min.replace(tzinfo=UTC), None))
        if self.clock() - at >= MEMO:
            try:
                kept = self._create(asked, user)
            except Refused as refused:
                if refused.status != 422:
                    raise
                kept = refused
            self.memo[signature] = (self.clock(), kept)
        if isinstance(kept, Refused):
            raise kept
        return dict(kept)

    def _create(self, asked: dict[str, Any], user: str) -> dict[str, Any]:
        if not str(asked.get("raw", "")).strip():
            raise Refused(400, "param is missing or the value is empty: raw", kind="invalid_parameters")
        raw = clean(asked["raw"])
        if "topic_id" in asked:
            return self._reply(asked["topic_id"], raw, user)
        if asked.get("category") not in self.categories:
            raise Refused(403, "You are not permitted to view the requested resource.", kind="invalid_access")
        title = self._pretty(str(asked.get("title", "")))
        wrong = self._wrong_title(title) + self._wrong_text(raw, self.settings.min_first_post_length)
        external_id = asked.get("external_id")
        if external_id is not None:
            if not EXTERNAL_ID.fullmatch(external_id):
                wrong.append("External is invalid")
            # A deleted topic keeps its own.
            elif external_id.lower() in {(topic.external_id or "").lower() for topic in self.topics.values()}:
                wrong.append("External has already been taken")
        tags = self._tags(asked.get("tags", []))
        if wrong:
            raise Refused(422, *wrong, action="create_post")
        self._not_too_often(user)
        if self.settings.approval:
            return {"enqueued": True}
        at = datetime.fromisoformat(asked["created_at"]) if "created_at" in asked else self.clock()
        topic = self._new_topic(title, raw, user, asked["category"], at, external_id, tags)
        topic.visible = not (asked.get("unlist_topic", False) and self.settings.unlisted_when_made)
        return {"post": self.first(topic.id)}

    def _reply(self, id: int, raw: str, user: str) -> dict[str, Any]:
        topic = self._there(id)
        if wrong := self._wrong_text(raw, self.settings.min_post_length):
            raise Refused(422, *wrong, action="create_post")
        topic.bumped_at = self.clock()
        return {"post": self._new_post(topic, raw, user, self.clock())}

    def _not_too_often(self, user: str) -> None:
        if self.settings.bot_is_staff:
            return
        wait = self.settings.rate_limit_create_topic
        if user in self.last_made and (self.clock() - self.last_made[user]).total_seconds() < wait:
            raise Refused(429, "You're creating topics too quickly.", kind="rate_limit", extras={"wait_seconds": wait})
        self.last_made[user] = self.clock()

    def api_edit(self, id: int, asked: dict[str, Any], user: str) -> Post:
        post = self.posts.get(id)
        if post is None or (post.deleted_at and not self.settings.bot_is_staff):
            raise not_found()
        change = asked["post"]
        if change.get("original_text") and change["original_text"] != post.raw:
            raise Refused(409, "That post was edited by somebody else and your changes can no longer be saved.")
        raw, topic = clean(change["raw"]), self.topics[post.topic]
        wrong = self._wrong_text(raw, self.settings.min_first_post_length)
        title = self._pretty(asked["title"]) if post.number == 1 and "title" in asked else topic.title
        if title != topic.title:
            wrong += self._wrong_title(title, topic)
        if wrong:
            raise Refused(422, *wrong)
        if title != topic.title:
            topic.title = title
            self._tell_topic(topic, "topic_edited")
        self._revise(post, user, raw, change.get("edit_reason", ""), bump=not asked.get("bypass_bump", False))
        return post

    def api_rename(self, id: int, asked: dict[str, Any]) -> Topic:
        """Title and tags, flat; what stands under "topic" is not looked at."""
        topic = self.topics.get(id)
        if topic is None or topic.deleted_at:
            raise Refused(403, "You are not permitted to view the requested resource.", kind="invalid_access")
        if asked.get("original_title", topic.title) != topic.title:
            raise Refused(409, "That topic was edited by somebody else.")
        if sorted(asked.get("original_tags") or topic.tags) != sorted(topic.tags):
            raise Refused(409, "That topic was edited by somebody else.")
        before = (topic.title, sorted(topic.tags))
        title = self._pretty(asked.get("title", topic.title))
        if title != topic.title and (wrong := self._wrong_title(title, topic)):
            raise Refused(422, *wrong)
        tags = self._tags(asked["tags"]) if "tags" in asked else topic.tags
        topic.title, topic.tags = title, tags
        if before != (topic.title, sorted(topic.tags)):
            self._tell_topic(topic, "topic_edited")
        return topic

    def api_status(self, id: int, asked: dict[str, Any]) -> None:
        topic = self.topics.get(id)
        if topic is None or topic.deleted_at:
            raise Refused(403, "You are not permitted to view the requested resource.", kind="invalid_access")
        name, on = asked["status"], asked["enabled"] in ("true", True)
        if name in ("closed", "archived", "visible") and getattr(topic, name) != on:
            setattr(topic, name, on)
            self._tell_topic(topic, f"topic_{name}_status_updated")

    def api_date(self, id: int, asked: dict[str, Any]) -> None:
        topic = self._there(id)
        topic.created_at = self.first(id).created_at = datetime.fromtimestamp(float(asked["timestamp"]), UTC)

    def api_delete(self, id: int) -> None:
        self._there(id)
        self.delete(id)

    def api_topic(self, id: int) -> Topic:
        """Staff sees what was deleted, too."""
        topic = self.topics.get(id)
        if topic is None or (topic.deleted_at and not self.settings.bot_is_staff):
            raise not_found()
        return topic

    def api_by_external_id(self, external_id: str) -> Topic:
        """Capitals count here, and what was deleted is nowhere, for staff neither."""
        for topic in self.topics.values():
            if topic.external_id == external_id and not topic.deleted_at:
                return topic
        raise not_found()

    # Rules --------------------------------------------------------------------------------------------------

    def _there(self, id: int) -> Topic:
        topic = self.topics.get(id)
        if topic is None or topic.deleted_at:
            raise not_found()
        return topic

    def _pretty(self, title: str) -> str:
        return prettified(title) if self.settings.title_prettify else clean(title)

    def _wrong_title(self, title: str, of: Topic | None = None) -> list[str]:
        rules, wrong = self.settings, []
        if len(title) < rules.min_topic_title_length:
            wrong.append(f"Title is too short (minimum is {rules.min_topic_title_length} characters)")
        if len(title) > rules.max_topic_title_length:
            wrong.append(f"Title is too long (maximum is {rules.max_topic_title_length} characters)")
        if len(set(title)) < rules.title_min_entropy or title == title.upper() != title.lower():
            wrong.append("Title seems unclear, is it a complete sentence?")
        others = [t for t in self.topics.values() if t is not of and not t.deleted_at]
        if not rules.allow_duplicate_topic_titles and title.casefold() in {t.title.casefold() for t in others}:
            wrong.append("Title has already been used")
        return wrong

    def _wrong_text(self, raw: str, shortest: int) -> list[str]:
        wrong = []
        if len(raw) < shortest:
            wrong.append(f"Body is too short (minimum is {shortest} characters)")
        if len(raw) > self.settings.max_post_length:
            wrong.append(f"Body is limited to {self.settings.max_post_length} characters; you entered {len(raw)}.")
        if len(set(raw)) < self.settings.body_min_entropy or raw == raw.upper() != raw.lower():
            wrong.append("Body seems unclear, is it a complete sentence?")
        return wrong

    def _tags(self, asked: list[Any]) -> list[str]:
        """Old servers drop objects, new ones refuse names. Who may not tag is not told so."""
        if not self.settings.tagging_enabled or not self.settings.bot_may_tag:
            return []
        if self.settings.tags_as_objects and any(isinstance(tag, str) for tag in asked):
            raise Refused(400, "tags must be objects", kind="invalid_parameters")
        names = [tag["name"] if isinstance(tag, dict) else tag for tag in asked]
        if not self.settings.tags_as_objects:
            names = [tag for tag in asked if isinstance(tag, str)]
        cleaned = [tag.strip().lower().replace(" ", "-")[: self.settings.max_tag_length] for tag in names]
        return list(dict.fromkeys(cleaned))[: self.settings.max_tags_per_topic]

    # Rows ---------------------------------------------------------------------------------------------------

    def _new_topic(
        self,
        title: str,
        raw: str,
        user: str,
        category: int,
        at: datetime | None = None,
        external_id: str | None = None,
        tags: list[str] | None = None,
    ) -> Topic:
        at, id = at or self.clock(), len(self.topics) + 300
        topic = Topic(id, title, category, user, at, at, external_id, list(tags or ()))
        self.topics[topic.id] = topic
        self._new_post(topic, raw, user, at)
        self._tell_topic(topic, "topic_created")
        return topic

    def _new_post(self, topic: Topic, raw: str, user: str, at: datetime) -> Post:
        post = Post(len(self.posts) + 1200, topic.id, len(topic.posts) + 1, user, clean(raw), at, at, user)
        self.posts[post.id] = post
        topic.posts.append(post.id)
        self._tell_post(post, "post_created")
        return post

    def _revise(self, post: Post, user: str, raw: str, reason: str, bump: bool = True) -> None:
        """The same text is no revision; a small one soon after, by the same person without a reason, is no new one."""
        if raw == post.raw:
            return
        now = self.clock()
        small = abs(len(raw) - len(post.raw)) < 100
        soon = (now - post.updated_at).total_seconds() < self.settings.editing_grace_period
        post.raw, before = raw, post.raw
        if not (soon and small and not reason and user == post.last_editor):
            post.version += 1
            post.revisions.append(Revision(post.version, user, now, before, reason))
        post.updated_at, post.last_editor, post.edit_reason = now, user, reason or None
        topic = self.topics[post.topic]
        if bump and post.id == topic.posts[-1]:
            topic.bumped_at = now
        self._tell_post(post, "post_edited")

    def _tell_post(self, post: Post, name: str) -> None:
        topic = self.topics[post.topic]
        told = {
            "id": post.id,
            "topic_id": post.topic,
            "post_number": post.number,
            "version": post.version,
            "username": post.user,  # who wrote it, not who edited it
            "raw": post.raw,
            "cooked": f"<p>{post.raw}</p>",
            "edit_reason": post.edit_reason,
            "created_at": post.created_at.isoformat(),
            "updated_at": post.updated_at.isoformat(),
            "topic_title": topic.title,
            "topic_slug": slug(topic.title),
            "category_id": topic.category,
        }
        self._tell("post", name, told)

    def _tell_topic(self, topic: Topic, name: str) -> None:
        told = {
            "id": topic.id,
            "title": topic.title,
            "slug": slug(topic.title),
            "category_id": topic.category,
            "closed": topic.closed,
            "archived": topic.archived,
            "visible": topic.visible,
            "posts_count": len(topic.posts),
            "deleted_at": topic.deleted_at.isoformat() if topic.deleted_at else None,
        }
        if topic.external_id:
            told["external_id"] = topic.external_id
        self._tell("topic", name, told)

    def _tell(self, kind: str, name: str, told: dict[str, Any]) -> None:
        self.counted += 1
        self.events.append(Event(40_000 + self.counted, kind, name, {kind: told}))


def not_found() -> Refused:
    return Refused(404, "The requested URL or resource could not be found.", kind="not_found")


def clean(text: str) -> str:
    """As texts are kept: one kind of blank but for tabs, and none at the end."""
    return SPACES.sub(" ", text).rstrip()


def prettified(title: str) -> str:
    """As titles are kept."""
    text = re.sub(r"\s+", " ", clean(title)).replace("\u200b", "").strip()
    text = re.sub(r"!!+", "!", text)
    text = re.sub(r"\?\?+", "?", text)
    text = re.sub(r"([^.])\.+$", r"\1", text)
    text = re.sub(r"\s+([!?])$", r"\1", text)
    first = text.split(" ")[0]
    return text[:1].upper() + text[1:] if first == first.lower() else text


def slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "topic"
