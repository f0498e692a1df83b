"""The forum's answers: what talaia reads in them is true, and the rest is as empty as the contract allows."""

from __future__ import annotations

from typing import Any

from tests.servers.discourse.contract import contract, filled
from tests.servers.discourse.forum import Forum, Post, Topic, not_found, slug

PER_PAGE = 30


def path(topic: Topic) -> str:
    return f"/t/{slug(topic.title)}/{topic.id}.json"


def _post(forum: Forum, post: Post) -> dict[str, Any]:
    topic = forum.topics[post.topic]
    return {
        "id": post.id,
        "name": None,
        "username": post.user,
        "display_username": None,
        "created_at": post.created_at.isoformat(),
        "updated_at": post.updated_at.isoformat(),
        "cooked": f"<p>{post.raw}</p>",
        "post_number": post.number,
        "post_type": 1,
        "reply_to_post_number": None,
        "topic_id": post.topic,
        "topic_slug": slug(topic.title),
        "version": post.version,
        "edit_reason": post.edit_reason,
        "deleted_at": post.deleted_at.isoformat() if post.deleted_at else None,
    }


def created(forum: Forum, post: Post) -> dict[str, Any]:
    url = f"/t/{slug(forum.topics[post.topic].title)}/{post.topic}/{post.number}"
    return contract().answer("/posts.json", "post", **_post(forum, post), raw=post.raw, post_url=url)


def enqueued() -> dict[str, Any]:
    return {"action": "enqueued", "success": True, "pending_count": 1, "pending_post": {"id": 9}}


def edited(forum: Forum, post: Post) -> dict[str, Any]:
    schema = contract().spec["paths"]["/posts/{id}.json"]["put"]["responses"]["200"]
    inside = schema["content"]["application/json"]["schema"]["properties"]["post"]
    return {"post": filled(inside, {**_post(forum, post), "raw": post.raw})}


def revision(forum: Forum, id: int) -> dict[str, Any]:
    post = forum.posts.get(id)
    if post is None or not post.revisions:
        raise not_found()
    last = post.revisions[-1]
    return {
        "post_id": post.id,
        "current_revision": last.number,
        "current_version": post.version,
        "username": last.user,
        "edit_reason": last.reason or None,
    }


def renamed(topic: Topic) -> dict[str, Any]:
    told = {"title": topic.title, "fancy_title": topic.title, "slug": slug(topic.title)}
    return {"basic_topic": {"id": topic.id, "posts_count": len(topic.posts), **told}}


def _tags(forum: Forum, topic: Topic) -> list[Any]:
    if not forum.settings.tags_as_objects:
        return list(topic.tags)
    return [{"id": number, "name": tag, "slug": tag} for number, tag in enumerate(topic.tags, 1)]


def topic(forum: Forum, topic: Topic, with_raw: bool) -> dict[str, Any]:
    schema = contract().spec["paths"]["/t/{id}.json"]["get"]["responses"]["200"]["content"]["application/json"]
    one = schema["schema"]["properties"]["post_stream"]["properties"]["posts"]["items"]
    there = [forum.posts[id] for id in topic.posts if topic.deleted_at or not forum.posts[id].deleted_at]
    posts = [filled(one, _post(forum, post) | ({"raw": post.raw} if with_raw else {})) for post in there[:20]]
    return contract().answer(
        "/t/{id}.json",
        "get",
        post_stream={"posts": posts, "stream": [post.id for post in there]},
        id=topic.id,
        title=topic.title,
        fancy_title=topic.title,
        slug=slug(topic.title),
        category_id=topic.category,
        created_at=topic.created_at.isoformat(),
        last_posted_at=max(post.created_at for post in there).isoformat(),
        posts_count=len(there),
        highest_post_number=len(topic.posts),
        reply_count=0,
        tags=_tags(forum, topic),
        closed=topic.closed,
        archived=topic.archived,
        visible=topic.visible,
        deleted_at=topic.deleted_at.isoformat() if topic.deleted_at else None,
        **({"external_id": topic.external_id} if topic.external_id else {}),
    )


def some_posts(forum: Forum, topic: Topic, ids: list[int], with_raw: bool) -> dict[str, Any]:
    schema = contract().spec["paths"]["/t/{id}/posts.json"]["get"]["responses"]["200"]["content"]["application/json"]
    one = schema["schema"]["properties"]["post_stream"]["properties"]["posts"]["items"]
    there = [forum.posts[id] for id in topic.posts if id in ids and not forum.posts[id].deleted_at]
    posts = [filled(one, _post(forum, post) | ({"raw": post.raw} if with_raw else {})) for post in there]
    return {"post_stream": {"posts": posts}, "id": topic.id}


def listing(forum: Forum, category: int, page: int) -> dict[str, Any]:
    """Pinned ones first, whatever their age; then by their last bump."""
    there = [t for t in forum.topics.values() if t.category == category and t.visible and not t.deleted_at]
    there.sort(key=lambda t: (t.pinned, t.bumped_at, t.id), reverse=True)
    schema = contract().spec["paths"]["/c/{slug}/{id}.json"]["get"]["responses"]["200"]["content"]["application/json"]
    topics = schema["schema"]["properties"]["topic_list"]["properties"]
    one = topics["topics"]["items"]
    rows = [
        filled(
            one,
            {
                "id": t.id,
                "title": t.title,
                "fancy_title": t.title,
                "slug": slug(t.title),
                "posts_count": len(t.posts),
                "created_at": t.created_at.isoformat(),
                "last_posted_at": forum.posts[t.posts[-1]].created_at.isoformat(),
                "bumped_at": t.bumped_at.isoformat(),
                "pinned": t.pinned,
                "closed": t.closed,
                "visible": t.visible,
                "category_id": t.category,
                "tags": _tags(forum, t),
            },
        )
        for t in there[page * PER_PAGE : (page + 1) * PER_PAGE]
    ]
    inside = filled(schema["schema"]["properties"]["topic_list"], {"per_page": PER_PAGE, "topics": rows})
    return contract().answer("/c/{slug}/{id}.json", "get", users=[], topic_list=inside)


def category(forum: Forum, id: int) -> dict[str, Any]:
    schema = contract().spec["paths"]["/c/{id}/show.json"]["get"]["responses"]["200"]["content"]["application/json"]
    about = f"/t/{slug(forum.topics[forum.about].title)}/{forum.about}" if id == 5 else None
    told = {
        "id": id,
        "name": forum.categories[id].capitalize(),
        "slug": forum.categories[id],
        "topic_url": about,
        "read_restricted": not forum.settings.public,
        "category_setting": {
            "auto_bump_cooldown_days": 1,
            "num_auto_bump_daily": None,
            "require_reply_approval": False,
            "require_topic_approval": forum.settings.approval,
        },
    }
    return {"category": filled(schema["schema"]["properties"]["category"], told)}


def settings(forum: Forum) -> dict[str, Any]:
    names = (
        "min_topic_title_length",
        "max_topic_title_length",
        "min_first_post_length",
        "min_post_length",
        "max_post_length",
        "tagging_enabled",
        "max_tags_per_topic",
        "max_tag_length",
        "title_prettify",
    )
    return {name: getattr(forum.settings, name) for name in names}


def session(forum: Forum, user: str) -> dict[str, Any]:
    staff = forum.settings.bot_is_staff
    return {"current_user": {"id": 7, "username": user, "moderator": staff, "admin": False, "trust_level": 4}}
