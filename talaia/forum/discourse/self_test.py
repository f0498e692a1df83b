"""`talaia check --forum`: one unlisted topic is made, edited, tagged, closed and deleted, as for an incident."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from talaia.config import MirrorConfig
from talaia.forum.backend import Gone, MirroredDocument
from talaia.forum.discourse import responses
from talaia.forum.discourse.client import MOVES
from talaia.forum.discourse.responses import DiscourseResponse
from talaia.forum.discourse.setup import SetupFinding
from talaia.forum.discourse.topics import Discourse
from talaia.outbox.errors import OutsideError

TEXT = (
    "This topic tries whether talaia may write here, and deletes itself again. "
    "If it is still here, it may be deleted by hand.\n\nAccents: àèéíòóúç ñ. A name that rings nobody: `@talaia`."
)


def trial(mirror: MirrorConfig, forum: Discourse, now: datetime) -> Iterator[SetupFinding]:
    """Each step with how it went. What was made is deleted whatever happens. Raises Temporary, Permanent."""
    stamp = f"{now:%Y%m%d-%H%M%S}"
    made, look = _make(mirror, forum, stamp)
    yield look
    if made is None:
        return
    try:
        yield from _steps(forum, made, stamp)
    except OutsideError as fault:
        yield SetupFinding(False, str(fault), fault.hint)
    finally:
        deleted: DiscourseResponse | None = None
        with suppress(OutsideError):
            deleted = forum.client.ask("DELETE", f"/t/{made.topic_id}.json")
    address = f"{forum.base}/t/{made.topic_id}"
    if deleted is not None and deleted.status < 300:
        yield SetupFinding(True, "the topic was deleted")
    else:
        why = deleted.errors if deleted else "no answer"
        mend = f"delete {address} by hand; talaia itself deletes nothing, so the scope topics: delete is not needed"
        yield SetupFinding(None, f"the topic could not be deleted: {why}", mend)


def _make(mirror: MirrorConfig, forum: Discourse, stamp: str) -> tuple[responses.Made | None, SetupFinding]:
    body: dict[str, Any] = {
        "title": f"Prova de talaia, s'esborra sola ({stamp})",
        "raw": TEXT,
        "category": mirror.category,
        "external_id": f"talaia-check-{stamp}",
        "unlist_topic": True,
        "auto_track": False,
    }
    if mirror.tags:
        body["tags"] = forum.tags(("talaia-check",))
    answer = forum.client.ask("POST", "/posts.json", body)
    if answer.status != 200:
        mend = "the forum's own words say why; the key needs the scope topics: write, and unlisted topics a moderator"
        return None, SetupFinding(False, f"no topic could be made: {answer.errors}", mend)
    made = forum.client.read(answer, responses.Made)
    if made.action == "enqueued":
        mend = "reject it in the review queue, and let the bot post without approval: its group, or the category"
        return None, SetupFinding(False, "the topic waits for approval", mend)
    return made, SetupFinding(True, f"topic {made.topic_id} was made")


def _steps(forum: Discourse, made: responses.Made, stamp: str) -> Iterator[SetupFinding]:
    place = str(made.topic_id)
    answer = forum.client.ask("GET", f"/t/external_id/talaia-check-{stamp}.json")
    if answer.status in (401, 403):
        answer = forum.client.ask("GET", f"/t/external_id/talaia-check-{stamp}.json", anonymous=True)
    found = answer.status in MOVES
    yield SetupFinding(found, "it is found by its external id" if found else "it is not found by its external id",
               "" if found else "the key needs the scope topics: read, or global: read")  # fmt: skip
    read = forum.read(place)
    if isinstance(read, Gone):
        yield SetupFinding(False, read.why, read.hint)
        return
    there, _ = read
    yield from _unlisted(forum, place)
    yield SetupFinding(
        there.text == TEXT, "its text is as it was sent" if there.text == TEXT else f"it reads: {there.text!r}"
    )
    if forum.mirror.tags:
        tagged = "talaia-check" in there.tags
        mend = "Admin → Settings → create tag / tag topic allowed groups: with the bot's; or tags = false in [mirror]"
        yield SetupFinding(
            tagged, "it is tagged" if tagged else "it was made, but without its tag", "" if tagged else mend
        )
    yield _edit(forum, made, there)
    yield from _status(forum, place)


def _unlisted(forum: Discourse, place: str) -> Iterator[SetupFinding]:
    """Older forums make every topic for all to see."""
    answer = forum.client.get(f"/t/{place}.json")
    if answer.status == 200 and forum.client.read(answer, responses.TopicResponse).visible:
        forum.client.ask("PUT", f"/t/{place}/status.json", {"status": "visible", "enabled": "false"})
        yield SetupFinding(None, "it stood in the category's list for a moment", "this forum makes no topic unlisted")


def _edit(forum: Discourse, made: responses.Made, there: MirroredDocument) -> SetupFinding:
    """Edited once, and then refused, as somebody has edited it meanwhile."""
    body = {"post": {"raw": f"{TEXT} Edited.", "edit_reason": "talaia check", "original_text": there.text}}
    answer = forum.client.ask("PUT", f"/posts/{made.id}.json", body)
    if answer.status != 200:
        return SetupFinding(False, f"it could not be edited: {answer.errors}", "the key needs the scope posts: edit")
    body["post"]["raw"] = f"{TEXT} Edited again."
    if forum.client.ask("PUT", f"/posts/{made.id}.json", body).status != 409:
        mend = "this forum does not tell when somebody edited meanwhile: an edit in the same second could be lost"
        return SetupFinding(False, "it was edited over somebody else's edit", mend)
    return SetupFinding(True, "it was edited, and not over somebody else's edit")


def _status(forum: Discourse, place: str) -> Iterator[SetupFinding]:
    answer = forum.client.ask("PUT", f"/t/{place}/status.json", {"status": "closed", "enabled": "true"})
    if answer.status != 200:
        mend = "the key needs the scope topics: update, and the bot must be a moderator, or of trust level 4"
        yield SetupFinding(False, f"it could not be closed: {answer.errors}", mend)
        return
    read = forum.read(place)
    closed = not isinstance(read, Gone) and read[0].closed
    yield SetupFinding(closed, "it was closed" if closed else "it was not closed, although the forum said so")
