"""Is the forum ready for us? Asks what can be asked without writing anything, and says what to change where."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from talaia.config import Config, MirrorConfig
from talaia.forum.discourse import responses
from talaia.forum.discourse.client import DiscourseClient
from talaia.forum.discourse.names import EXTERNAL_IDS_SINCE, numbers
from talaia.forum.discourse.responses import DiscourseResponse
from talaia.outbox.errors import PermanentError

SHORTEST_SECRET = 12  # the forum takes none that is shorter
TITLE = 15  # characters that our shortest titles have
TAGS = 2  # kind and state
NO_EDIT = {"post": {"raw": "", "edit_reason": ""}}  # of post 0, which no forum has
NO_FORUM = "is address that of the forum? If visitors must log in there, the key needs the scope global: read"
NOBODY = "talaia-incident-0000-000"  # no event has this external id


@dataclass(frozen=True)
class SetupFinding:
    """One line: is it well (None: worth a look), what was looked at, what to change and where."""

    well: bool | None
    what: str
    mend: str = ""


def looks(mirror: MirrorConfig, config: Config, client: DiscourseClient) -> Iterator[SetupFinding]:
    """Everything in turn, until something makes the rest pointless. Raises Temporary, Permanent."""
    about = _either(client, "/about.json")
    if about.status != 200:
        yield SetupFinding(False, f"{client.base} does not say what it is: {about.errors}", NO_FORUM)
        return
    yield _version(client, client.read(about, responses.AboutAnswer).about.version)
    key = _key(client, mirror)
    yield key
    if key.well is False:
        return
    yield from _person(client, mirror)
    found, category = _category(client, mirror)
    yield from found
    if category:
        yield from _reading(client, category)
    yield from _writing(client)
    yield from _settings(client, mirror)
    yield from _webhook(mirror, config)


def _either(client: DiscourseClient, path: str) -> DiscourseResponse:
    """As everybody may read it, and where nobody may, with the key."""
    answer = client.get(path, anonymous=True)
    return answer if answer.status == 200 else client.get(path)


def _version(client: DiscourseClient, version: str) -> SetupFinding:
    told = f"{client.base} is Discourse {version}"
    if numbers(version) < EXTERNAL_IDS_SINCE:
        return SetupFinding(False, told, "topics have an external id only since 2.9: bring the forum up to date")
    return SetupFinding(True, told)


def _key(client: DiscourseClient, mirror: MirrorConfig) -> SetupFinding:
    """Whether the key opens anything at all; a wrong one is refused everywhere."""
    questions = (
        ("GET", f"/t/external_id/{NOBODY}.json", None),
        ("GET", f"/c/-/{mirror.category}.json", None),
        ("GET", "/session/current.json", None),
        ("PUT", "/posts/0.json", NO_EDIT),
    )
    for method, path, body in questions:
        if client.ask(method, path, body).status not in (401, 403):
            return SetupFinding(True, f"the key lets us in as {mirror.user}")
    mend = (
        f"Admin → API keys: is the key that of {mirror.user} (a single user, or all users), not revoked, not limited "
        "to other addresses, and has it the scopes of docs/forum.md?"
    )
    return SetupFinding(False, "the key is refused whatever we ask with it", mend)


def _person(client: DiscourseClient, mirror: MirrorConfig) -> Iterator[SetupFinding]:
    answer = client.get("/session/current.json")
    if answer.status != 200:
        mend = f"see by yourself that {mirror.user} is a moderator, or give the key the scope global: read"
        yield SetupFinding(None, f"the key does not show what {mirror.user} is", mend)
        return
    person = client.read(answer, responses.SessionResponse).current_user
    if person.is_staff:
        yield SetupFinding(True, f"{person.username} is staff: no limits for newcomers, no review")
    else:
        mend = (
            f"Admin → Users → {person.username} → Grant moderation. Otherwise limits for topics and edits a day hold, "
            "deleted topics are not seen, and closing needs trust level 4"
        )
        yield SetupFinding(None if person.trust_level >= 4 else False, f"{person.username} is no moderator", mend)


def _category(client: DiscourseClient, mirror: MirrorConfig) -> tuple[list[SetupFinding], responses.Category | None]:
    answer = client.get(f"/c/{mirror.category}/show.json")
    if answer.status in (401, 403):
        answer = client.get(f"/c/{mirror.category}/show.json", anonymous=True)
    if answer.status != 200:
        mend = (
            "the number is the last part of the category's address, …/c/history/12; the bot must be allowed to see it"
        )
        return [SetupFinding(False, f"there is no category {mirror.category} for us", mend)], None
    category = client.read(answer, responses.CategoryResponse).category
    looks = [SetupFinding(True, f"category {category.id} is {category.name}")]
    if category.read_restricted:
        mend = "the category → Security: let everyone see it, or the page links to topics that visitors cannot open"
        looks.append(SetupFinding(None, f"{category.name} is not open to everybody", mend))
    if category.category_setting and category.category_setting.require_topic_approval:
        mend = "the category → Moderation: no approval of new topics, or not for the bot's group"
        looks.append(SetupFinding(None, f"new topics in {category.name} wait for approval", mend))
    return looks, category


def _reading(client: DiscourseClient, category: responses.Category) -> Iterator[SetupFinding]:
    """What the key covers, and what of the rest everybody may read."""
    for what, path, scope in (
        ("look topics up", f"/t/external_id/{NOBODY}.json", "topics: read, or global: read"),
        ("list the category", f"/c/{category.slug}/{category.id}.json", "topics: read lists, or global: read"),
    ):
        if client.get(path).status not in (401, 403):
            yield SetupFinding(True, f"the key may {what}")
        elif client.get(path, anonymous=True).status in (200, 404) and not category.read_restricted:
            yield SetupFinding(True, f"the key may not {what}, but everybody may")
        else:
            yield SetupFinding(False, f"the key may not {what}", f"make a key with the scope {scope}")


def _writing(client: DiscourseClient) -> Iterator[SetupFinding]:
    """Asks for what cannot be done: who may not is told so before that is found out."""
    for what, method, path, body, scope in (
        ("open topics", "POST", "/posts.json", {"raw": ""}, "topics: write"),
        ("edit posts", "PUT", "/posts/0.json", NO_EDIT, "posts: edit"),
    ):
        if client.ask(method, path, body).status in (401, 403):
            yield SetupFinding(False, f"the key may not {what}", f"make a key with the scope {scope}")
        else:
            yield SetupFinding(True, f"the key may {what}")
    mend = "`talaia check --forum` makes a topic, and finds out"
    yield SetupFinding(None, "whether the key may rename, tag and close topics shows only when it does", mend)


def _settings(client: DiscourseClient, mirror: MirrorConfig) -> Iterator[SetupFinding]:
    answer = _either(client, "/site/settings.json")
    if answer.status != 200:
        yield SetupFinding(None, "the forum does not show its settings", "`talaia check --forum` finds out what counts")
        return
    given = client.read(answer, responses.SiteSettings)
    if given.min_topic_title_length > TITLE:
        mend = f"Admin → Settings → min topic title length: {TITLE} or less"
        yield SetupFinding(None, f"titles must have {given.min_topic_title_length} characters", mend)
    if mirror.tags and not given.tagging_enabled:
        mend = "Admin → Settings → tagging enabled, or tags = false in [mirror]"
        yield SetupFinding(False, "the forum has no tags", mend)
    elif mirror.tags and given.max_tags_per_topic < TAGS:
        mend = f"Admin → Settings → max tags per topic: {TAGS} or more, or tags = false in [mirror]"
        yield SetupFinding(False, f"tags that a topic may have: {given.max_tags_per_topic}", mend)
    elif mirror.tags:
        mend = "Admin → Settings → create tag allowed groups, tag topic allowed groups: with the bot's"
        yield SetupFinding(True, "topics may be tagged; the bot must be allowed to make tags", mend)
    told = f"a post may have {given.max_post_length:,} characters"
    if given.max_post_length < 32_000:
        yield SetupFinding(
            None, told, "Admin → Settings → max post length: 32000, for a long incident with its analysis"
        )
    else:
        yield SetupFinding(True, told)


def _webhook(mirror: MirrorConfig, config: Config) -> Iterator[SetupFinding]:
    """Our side of it; that it rings shows when the forum's administrator presses Ping."""
    if mirror.webhook_secret_file is None:
        mend = "webhook_secret_file in [mirror], and a webhook in Admin → Webhooks: docs/forum.md"
        yield SetupFinding(None, "no webhook: what people write there is seen within the hour", mend)
        return
    secret = config.secret(mirror.webhook_secret_file) or ""
    if len(secret) < SHORTEST_SECRET or any(letter.isspace() for letter in secret):
        mend = f"at least {SHORTEST_SECRET} characters without a blank: the forum takes no other"
        yield SetupFinding(False, "the webhook's secret is too short, or has a blank in it", mend)
        return
    address = f"{config.site.address.rstrip('/')}/hooks/discourse"
    mend = "Admin → Webhooks: this address, application/json, events of topics and posts, this category"
    yield SetupFinding(True, f"the webhook's address is {address}", mend)
    if not _is_public(address):
        yield SetupFinding(None, "the forum calls no private address", "allowed internal hosts in the forum's settings")


def _is_public(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host


def mirror_of(config: Config) -> MirrorConfig:
    """The forum that is set. Raises Permanent."""
    mirror = config.tables.mirror
    if mirror is None or mirror.kind != "discourse":
        raise PermanentError("no forum is set", '[mirror] kind = "discourse" in talaia.toml; docs/forum.md tells how')
    return mirror
