"""The seam in a forum: an event is a topic, found by its external id; its document is the first post.

Everything may be repeated. What was asked and not answered is looked up before it is asked again. Tags that people give
a topic stay. A `place` is the number of the topic.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from typing import Any

from talaia.forum.backend import Document, EditedElsewhere, Gone, MirroredDocument
from talaia.forum.discourse import rate_limit, responses
from talaia.forum.discourse.client import Query
from talaia.forum.discourse.names import (
    OBJECTS_SINCE,
    external_id,
    news,
    numbers,
    same_title,
    spelled,
    tags_after,
    version,
)
from talaia.forum.discourse.responses import DiscourseResponse, permitted
from talaia.forum.discourse.topic_reader import DELETED, TopicReader
from talaia.forum.post import every_tag
from talaia.outbox.errors import PermanentError, TemporaryError

log = logging.getLogger(__name__)

LATEST = 50  # replies among which our own are looked for
TEXT_REFUSED = "the forum's own words say why; mend the title or the text, or the forum's limits, and try again"


class Discourse(TopicReader):
    """A category of a forum, as a Mirror. One object for the whole process: it keeps the rate."""

    name = "discourse"

    def make(self, document: Document) -> MirroredDocument | Gone:
        found = self.find(document.key)
        if found is None:
            found = self._create(document)
        if (
            isinstance(found, MirroredDocument)
            and found.closed != document.closed
            and found.text == spelled(document.text)
        ):
            return self._close(found, document.closed)
        return found

    def change(self, document: Document, base: MirroredDocument, why: str) -> MirroredDocument | EditedElsewhere | Gone:
        there, post, _ = self._look(int(base.place))
        if isinstance(there, Gone) or post is None:
            return there if isinstance(there, Gone) else Gone(f"topic {base.place} has no first post", DELETED)
        there, text = replace(there, key=document.key), spelled(document.text)
        if there.text not in (base.text, text):
            return EditedElsewhere(there, self._editor(post.id))
        if not same_title(there.title, base.title) and not same_title(there.title, document.title):
            return EditedElsewhere(there)
        if there.text != text:
            written = self._write(there, post, text, why)
            if not isinstance(written, MirroredDocument):
                return written
            there = written
        named = self._name(there, document)
        if not isinstance(named, MirroredDocument):
            return named
        if self.mirror.replies:
            self._reply(named, [line for at, line in news(document.text).items() if at not in news(base.text)])
        return self._close(named, document.closed) if named.closed != document.closed else named

    def _create(self, document: Document) -> MirroredDocument | Gone:
        """A new topic; whatever is not a clear yes is looked up before anything is believed of it."""
        body: dict[str, Any] = {
            "title": document.title,
            "raw": document.text,
            "category": self.mirror.category,
            "external_id": external_id(document.key),
            "auto_track": False,
        }
        if document.began < self.clock():
            body["created_at"] = document.began.isoformat()
        if document.tags and self.mirror.tags:
            body["tags"] = self.tags(document.tags)
        try:
            answer = self.client.ask("POST", "/posts.json", body)
        except TemporaryError as fault:
            try:
                found = self.find(document.key)
            except TemporaryError:
                raise fault from None  # its hint and its wait are the ones that count
            if found is None:
                raise
            return found
        if answer.status == 422 and (found := self.find(document.key)) is not None:
            return found
        if answer.status == 422:
            return self._refused(document, answer)
        permitted(self.host, answer, "open a topic", "topics: write")
        if answer.status != 200:
            raise PermanentError(
                f"{self.host} answers {answer.status} to a new topic: {answer.errors}", "look at [mirror]"
            )
        made = self.client.read(answer, responses.Made)
        if made.action == "enqueued":
            hint = (
                "reject it in the review queue, let the bot post without approval (its group, or the category), retry"
            )
            return Gone("the forum lets no topic of ours stand without approval", hint)
        self.refused.pop(document.key, None)
        text = made.raw if made.raw is not None else spelled(document.text)
        return MirroredDocument(
            key=document.key,
            place=str(made.topic_id),
            version=version(made.version, text),
            title=document.title,
            text=text,
            tags=document.tags if self.mirror.tags else (),
            closed=False,
            address=f"{self.base}/t/{made.topic_id}",
        )

    def _refused(self, document: Document, answer: DiscourseResponse) -> Gone:
        """The first refusal may be one that is remembered from an earlier question: it is asked once more, later."""
        asked = hashlib.sha256(f"{document.title}\0{document.text}".encode()).hexdigest()
        before, at = self.refused.get(document.key, ("", self.clock()))
        if before == asked and self.clock() - at >= rate_limit.MEMO - rate_limit.MARGIN:
            del self.refused[document.key]
            hint = f"{TEXT_REFUSED}. If its topic was deleted there, a moderator must recover it"
            return Gone(f"the forum refuses to open a topic: {answer.errors}", hint)
        if before != asked:
            self.refused[document.key] = (asked, self.clock())
        raise TemporaryError(f"{self.host} refuses to open a topic: {answer.errors}", TEXT_REFUSED, rate_limit.MEMO)

    def _write(
        self, there: MirroredDocument, post: responses.PostResponse, text: str, why: str
    ) -> MirroredDocument | EditedElsewhere | Gone:
        """Rewrites the first post, if it is still as `there` says."""
        body = {
            "post": {"raw": text, "edit_reason": why[:255], "original_text": there.text},
            "bypass_bump": True,
        }
        answer = self.client.ask("PUT", f"/posts/{post.id}.json", body)
        if refusal := self._no(answer, there, "edit posts", "posts: edit"):
            return refusal
        edited = self.client.read(answer, responses.EditResponse).post
        return replace(there, text=edited.raw, version=version(edited.version, edited.raw))

    def _name(self, there: MirroredDocument, document: Document) -> MirroredDocument | EditedElsewhere | Gone:
        """Brings title and tags to the document's."""
        ours = document.tags if self.mirror.tags else ()
        body: dict[str, Any] = {}
        if not same_title(there.title, document.title):
            body |= {"title": document.title, "original_title": there.title}
        wanted = tags_after(there.tags, every_tag(), ours)
        if self.mirror.tags and set(wanted) != set(there.tags):
            body["tags"] = self.tags(wanted)
        if body:
            answer = self.client.ask("PUT", f"/t/-/{there.place}.json", body)
            if refusal := self._no(answer, there, "rename and tag topics", "topics: update"):
                return refusal
        return replace(there, title=document.title if "title" in body else there.title, tags=ours)

    def _close(self, there: MirroredDocument, closed: bool) -> MirroredDocument | Gone:
        body = {"status": "closed", "enabled": "true" if closed else "false"}
        answer = self.client.ask("PUT", f"/t/{there.place}/status.json", body)
        refusal = self._no(answer, there, "close topics", "topics: update")
        return refusal if isinstance(refusal, Gone) else replace(there, closed=closed)

    def _reply(self, there: MirroredDocument, lines: list[str]) -> None:
        """A reply for each of these entries that has none yet, so that who watches the topic hears of it."""
        said = self._replies(int(there.place)) if lines else ""
        for line in lines:
            if line.rpartition("](")[2] not in said:
                answer = self.client.ask("POST", "/posts.json", {"topic_id": int(there.place), "raw": line})
                permitted(self.host, answer, "reply to a topic", "topics: write")
                if answer.status != 200:
                    log.warning("%s takes no reply to topic %s: %s", self.host, there.place, answer.errors)

    def _replies(self, topic: int) -> str:
        """What has been written below the first post: the last posts, and those that come with the topic."""
        answer = self.client.get(f"/t/{topic}.json", {"include_raw": "true"})
        permitted(self.host, answer, f"read topic {topic}", "topics: read")
        stream = self.client.read(answer, responses.TopicResponse).post_stream
        here = {post.id for post in stream.posts}
        posts = [post for post in stream.posts if post.post_number > 1]
        if others := [topic_id for topic_id in stream.stream if topic_id not in here][-LATEST:]:
            query: Query = {"post_ids[]": [str(topic_id) for topic_id in others], "include_raw": "true"}
            answer = self.client.get(f"/t/{topic}/posts.json", query)
            permitted(self.host, answer, f"read topic {topic}", "topics: read")
            posts += self.client.read(answer, responses.Posts).post_stream.posts
        return "\n".join(post.raw or "" for post in posts)

    def _no(
        self, answer: DiscourseResponse, there: MirroredDocument, what: str, scope: str
    ) -> EditedElsewhere | Gone | None:
        """What a refusal to change a topic means; None when it is none. Raises Permanent."""
        if answer.status == 200:
            return None
        if answer.status == 422:
            return Gone(f"the forum refuses to {what}: {answer.errors}", TEXT_REFUSED)
        now = self.read(there.place)  # 404 and 403 come for a topic that was deleted, too
        if isinstance(now, Gone):
            return now
        if answer.status == 409:
            return EditedElsewhere(replace(now[0], key=there.key), now[1])
        permitted(self.host, answer, what, scope)
        raise PermanentError(f"{self.host} answers {answer.status} when we {what}: {answer.errors}", "look at [mirror]")

    def tags(self, names: tuple[str, ...]) -> list[Any]:
        """As the forum's version wants them."""
        if self.tags_are_objects is None:
            answer = self._open("/about.json")
            told = self.client.read(answer, responses.AboutAnswer).about.version if answer.status == 200 else ""
            self.tags_are_objects = numbers(told) >= OBJECTS_SINCE
        return [{"name": name} for name in names] if self.tags_are_objects else list(names)
