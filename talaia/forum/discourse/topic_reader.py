"""A category of a forum, read: its topics by their keys, what stands in them, and what is new there."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from talaia.config import Config, MirrorConfig
from talaia.forum.backend import Gone, MirroredDocument, Recent
from talaia.forum.discourse import rate_limit, responses
from talaia.forum.discourse.client import MOVES, DiscourseClient
from talaia.forum.discourse.names import (
    external_id,
    topic_in,
)
from talaia.forum.discourse.responses import DiscourseResponse, permitted
from talaia.outbox.errors import PermanentError, TemporaryError

DELETED = "a moderator can recover it there; or let it go, and it stays only on our own pages"


class TopicReader:
    """A category of a forum, as far as it is read."""

    def __init__(
        self,
        mirror: MirrorConfig,
        config: Config,
        clock: Callable[[], datetime],
        pause: Callable[[float], None] = time.sleep,
        burst: int = rate_limit.BURST,
    ) -> None:
        self.mirror, self.clock = mirror, clock
        self.client = DiscourseClient(mirror, config, clock, pause, burst)
        self.host, self.base = self.client.host, self.client.base
        self.category: responses.Category | None = None
        self.tags_are_objects: bool | None = None
        self.refused: dict[str, tuple[str, datetime]] = {}
        self.without_key: set[str] = set()  # what the key's scopes do not cover and everybody may read

    def close(self) -> None:
        self.client.close()

    def find(self, key: str) -> MirroredDocument | Gone | None:
        answer = self._open(f"/t/external_id/{external_id(key)}.json", follow=False)
        if answer.status == 404:
            self._sure_of_nothing()
            return None
        if answer.status not in MOVES:
            permitted(self.host, answer, "look a topic up by its external id", "topics: read")
            raise TemporaryError(
                f"{self.host} answers {answer.status} to a look-up", "is it a Discourse of this decade?"
            )
        topic = topic_in(self.client.moved(answer).partition("?")[0])
        if topic is None:
            raise TemporaryError(
                f"{self.host} sends a look-up to {answer.location}", "is it a Discourse of this decade?"
            )
        found = self._topic(topic)
        return found if isinstance(found, Gone) else replace(found, key=key)

    def read(self, place: str) -> tuple[MirroredDocument, str] | Gone:
        found, post, editor = self._look(int(place))
        if isinstance(found, Gone) or post is None:
            return found if isinstance(found, Gone) else Gone(f"topic {place} has no first post", DELETED)
        return found, self._editor(post.id) or editor if post.version > 1 else editor

    def recent(self, since: datetime) -> Iterator[Recent]:
        """Those that were written to, by the category's list. An edit inside an older topic does not show there."""
        category = self._category()
        about = topic_in(category.topic_url or "")
        page = 0
        while True:
            answer = self._open(f"/c/{category.slug}/{category.id}.json", {"page": str(page)})
            permitted(self.host, answer, "list the category", "topics: read_lists")
            if answer.status != 200:
                raise self._no_category(answer)
            listed = self.client.read(answer, responses.TopicListResponse).topic_list
            for row in listed.topics:
                if row.touched >= since and row.id != about:
                    yield Recent(str(row.id), row.touched, max(0, row.posts_count - 1))
            older = any(row.touched < since and not row.pinned for row in listed.topics)
            if older or len(listed.topics) < listed.per_page or not listed.topics:
                return
            page += 1

    def ask(self) -> None:
        self._category()

    def _open(self, path: str, query: dict[str, str] | None = None, follow: bool = True) -> DiscourseResponse:
        """Read with the key, and where a key with narrow scopes may not, as everybody may."""
        ask = self.client.get if follow else self._once
        kind = "/".join(part for part in path.split("/") if not re.search(r"\d", part))
        if kind not in self.without_key:
            answer = ask(path, query, anonymous=False)
            if answer.status not in (401, 403):
                return answer
        answer = ask(path, query, anonymous=True)
        if answer.status not in (401, 403):
            self.without_key.add(kind)
        return answer

    def _sure_of_nothing(self) -> None:
        """Who looks without the key sees no topic of a closed category. Raises Permanent."""
        if "/t/external_id" in self.without_key and self._category().read_restricted:
            what = f"{self.host} does not let the key look a topic up by its external id, and the category is closed"
            raise PermanentError(what, "give the key the scope global: read")

    def _once(self, path: str, query: dict[str, str] | None = None, anonymous: bool = False) -> DiscourseResponse:
        return self.client.ask("GET", path, query=query, anonymous=anonymous)

    def _topic(self, topic_id: int) -> MirroredDocument | Gone:
        return self._look(topic_id)[0]

    def _look(self, topic_id: int) -> tuple[MirroredDocument | Gone, responses.PostResponse | None, str]:
        """The topic with its first post, and who wrote it first."""
        answer = self.client.get(f"/t/{topic_id}.json", {"include_raw": "true"})
        if answer.status in (404, 410):
            return Gone(f"topic {topic_id} is not there any more", DELETED), None, ""
        permitted(self.host, answer, f"read topic {topic_id}", "topics: read")
        topic = self.client.read(answer, responses.TopicResponse)
        if topic.deleted_at:
            return Gone(f"topic {topic_id} was deleted", f"{DELETED}: {self.base}/t/{topic_id}"), None, ""
        first = topic.first
        if first is None or first.raw is None:
            return Gone(f"topic {topic_id} shows no first post", DELETED), None, ""
        return responses.standing(topic, first, first.raw, self.base), first, first.username

    def _editor(self, post: int) -> str:
        """Who edited a post last; empty when the forum keeps that to itself."""
        answer = self._open(f"/posts/{post}/revisions/latest.json")
        return self.client.read(answer, responses.Revision).username if answer.status == 200 else ""

    def _category(self) -> responses.Category:
        if self.category is None:
            answer = self._open(f"/c/{self.mirror.category}/show.json")
            permitted(self.host, answer, "see the category", "global: read")
            if answer.status != 200:
                raise self._no_category(answer)
            self.category = self.client.read(answer, responses.CategoryResponse).category
        return self.category

    def _no_category(self, answer: DiscourseResponse) -> PermanentError:
        hint = "look at category in [mirror], and whether the bot may see it"
        return PermanentError(f"{self.host} has no category {self.mirror.category} for us: {answer.errors}", hint)
