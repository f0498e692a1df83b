"""What an answer of the forum means, pure. Its words are in the forum's language: they are shown, never understood."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from talaia.config import sanitize
from talaia.forum.backend import MirroredDocument
from talaia.forum.discourse import rate_limit
from talaia.forum.discourse.names import key_of, version
from talaia.outbox.errors import PermanentError, TemporaryError


@dataclass(frozen=True, slots=True)
class DiscourseResponse:
    """One answer. `body` None: it is no JSON."""

    status: int
    body: object
    text: str = ""
    location: str = ""
    retry_after: str = ""

    @property
    def errors(self) -> str:
        """The forum's own words for a refusal."""
        given = self.body.get("errors") if isinstance(self.body, dict) else None
        words = " ".join(str(one) for one in given) if isinstance(given, list) else ""
        return words[:500] or f"answer {self.status}"

    @property
    def kind(self) -> str:
        return str(self.body.get("error_type", "")) if isinstance(self.body, dict) else ""


class Person(msgspec.Struct, frozen=True):
    username: str
    moderator: bool = False
    admin: bool = False
    trust_level: int = 0

    @property
    def is_staff(self) -> bool:
        return self.moderator or self.admin


class Tag(msgspec.Struct, frozen=True):
    name: str


class PostResponse(msgspec.Struct, frozen=True):
    id: int
    post_number: int
    version: int
    username: str
    raw: str | None = None


class Stream(msgspec.Struct, frozen=True):
    posts: list[PostResponse]
    stream: list[int] = []  # the ids of all posts


class Posts(msgspec.Struct, frozen=True):
    post_stream: Stream


class TopicResponse(msgspec.Struct, frozen=True):
    """A topic with its first posts."""

    id: int
    title: str
    posts_count: int
    post_stream: Stream
    closed: bool = False
    visible: bool = True
    tags: list[str | Tag] = []
    deleted_at: str | None = None
    external_id: str | None = None

    @property
    def first(self) -> PostResponse | None:
        return next((post for post in self.post_stream.posts if post.post_number == 1), None)

    @property
    def tag_names(self) -> tuple[str, ...]:
        return tuple(tag if isinstance(tag, str) else tag.name for tag in self.tags)


class Made(msgspec.Struct, frozen=True):
    """What a create is answered with: a post, or that it waits for somebody's approval."""

    id: int = 0
    topic_id: int = 0
    version: int = 0
    raw: str | None = None
    action: str = ""


class EditedPost(msgspec.Struct, frozen=True):
    id: int
    version: int
    raw: str


class EditResponse(msgspec.Struct, frozen=True):
    post: EditedPost


class Row(msgspec.Struct, frozen=True):
    """A topic in the list of a category."""

    id: int
    posts_count: int
    created_at: str
    bumped_at: str | None = None
    last_posted_at: str | None = None
    pinned: bool = False

    @property
    def touched(self) -> datetime:
        """When it was written to; an edit of a post that is not the last one is not seen here."""
        return max(moment(given) for given in (self.created_at, self.bumped_at, self.last_posted_at) if given)


class Rows(msgspec.Struct, frozen=True):
    topics: list[Row]
    per_page: int = 30


class TopicListResponse(msgspec.Struct, frozen=True):
    topic_list: Rows


class CategorySettings(msgspec.Struct, frozen=True):
    require_topic_approval: bool | None = None


class Category(msgspec.Struct, frozen=True):
    id: int
    name: str
    slug: str
    topic_url: str | None = None
    read_restricted: bool = False
    category_setting: CategorySettings | None = None


class CategoryResponse(msgspec.Struct, frozen=True):
    category: Category


class Revision(msgspec.Struct, frozen=True):
    username: str


class About(msgspec.Struct, frozen=True):
    version: str


class AboutAnswer(msgspec.Struct, frozen=True):
    about: About


class SessionResponse(msgspec.Struct, frozen=True):
    current_user: Person


class SiteSettings(msgspec.Struct, frozen=True):
    """Those of the settings that everybody may read and that concern us, at a new forum's defaults."""

    min_topic_title_length: int = 15
    max_topic_title_length: int = 255
    min_first_post_length: int = 20
    max_post_length: int = 32_000
    tagging_enabled: bool = True
    max_tags_per_topic: int = 5
    max_tag_length: int = 20


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def standing(topic: TopicResponse, first: PostResponse, raw: str, base: str) -> MirroredDocument:
    return MirroredDocument(
        key=key_of(topic.external_id or ""),
        place=str(topic.id),
        version=version(first.version, raw),
        title=topic.title,
        text=raw,
        tags=topic.tag_names,
        closed=topic.closed,
        address=f"{base}/t/{topic.id}",
        replies=max(0, topic.posts_count - 1),
    )


def understood(name: str, status: int, content: bytes, headers: dict[str, str]) -> DiscourseResponse:
    """An answer that says yes or no. Raises Temporary for what says neither, or says "later"."""
    text = content.decode("utf-8", "replace")
    try:
        body = sanitize.storable(json.loads(text)) if text.strip() else None
    except (ValueError, RecursionError):
        body = None
    answer = DiscourseResponse(status, body, text[:500], headers.get("location", ""), headers.get("retry-after", ""))
    if status == 429:
        extras = body.get("extras") if isinstance(body, dict) else None
        wait = rate_limit.told_to_wait(answer.retry_after, extras, text[:500])
        code = headers.get("discourse-rate-limit-error-code", "")
        raise TemporaryError(
            f"{name} has had enough for now{f' ({code})' if code else ''}",
            "if this comes often: lower rate in [mirror], or make the bot a moderator",
            wait,
        )
    if status == 503 and answer.kind == "read_only":
        raise TemporaryError(f"{name} is read-only for now", "a backup or an upgrade runs there", rate_limit.READ_ONLY)
    if status >= 500 or status == 408:
        raise TemporaryError(f"{name} answers {status}", "is the forum well?")
    if status < 300 and body is None and text.strip():
        raise TemporaryError(f"{name} answers with something that is no JSON", "is address that of the forum?")
    return answer


def permitted(name: str, answer: DiscourseResponse, what: str, scope: str) -> None:
    """Raises Permanent for an answer that says we may not."""
    if answer.status in (401, 403):
        hint = (
            f"the key must be that of the user in [mirror], not revoked, and have the scope {scope}; "
            "`talaia forum setup` tells more"
        )
        raise PermanentError(f"{name} does not let us {what}: {answer.errors}", hint)
    if answer.status == 400:
        raise PermanentError(f"{name} does not understand how we {what}: {answer.errors}", "is this a Discourse forum?")
