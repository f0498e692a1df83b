"""The double is honest: it keeps the contract in both directions; where no contract tells, it is as the real one."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.servers.discourse import Discourse
from tests.servers.discourse.contract import Breach, contract
from tests.servers.discourse.forum import prettified
from tests.servers.discourse.overlay import HERE, differences, overlaid, published
from tests.servers.discourse.server import signed_body

# Where the server differs from its published contract, and the overlay says so. `+` the server has more, `-` less.
DIFFERENCES = """
GET /about.json: is there
GET /posts/{id}/revisions/latest.json: is there
GET /session/current.json: is there
GET /site/settings.json: is there
GET /t/{slug}/{id}.json: is there
GET /c/{slug}/{id}.json: answers 301
POST /posts.json: asks tags
POST /posts.json: asks no_bump
POST /posts.json: asks unlist_topic
POST /posts.json: asks skip_validations
POST /posts.json: asks import_mode
POST /posts.json: answers one of two
PUT /posts/{id}.json: asks title
PUT /posts/{id}.json: asks post original_text
PUT /posts/{id}.json: answers post reply_to_post_number
PUT /t/-/{id}.json: asks title
PUT /t/-/{id}.json: asks category_id
PUT /t/-/{id}.json: asks tags
PUT /t/-/{id}.json: asks original_title
PUT /t/-/{id}.json: asks original_tags
PUT /t/{id}/status.json: asks enabled
PUT /t/{id}/status.json: answers topic_status_update
GET /t/{id}.json: answers tags
GET /t/{id}.json: answers external_id
GET /t/{id}.json: answers post_stream posts name
GET /t/{id}.json: answers post_stream posts display_username
GET /t/{id}.json: answers post_stream posts raw
GET /t/{id}.json: answers post_stream posts reply_to_post_number
GET /t/{id}/posts.json: requestBody
GET /t/{id}/posts.json: answers post_stream posts raw
GET /t/{id}/posts.json: answers post_stream posts reply_to_post_number
GET /c/{slug}/{id}.json: answers topic_list topics tags
"""
# What every operation has besides: a key may be missing, and it may be refused.
EVERYWHERE = {"parameters", *(f"responses {status}" for status in ("400", "403", "404", "409", "422", "429", "503"))}
SCHEMA = "content application/json schema"
HEADERS = {"Api-Key": "k" * 64, "Api-Username": "talaia"}
TEXT = "La fibra es va tallar a les 4.05 al carrer Major."


def told(difference: str) -> str:
    """A line of DIFFERENCES; empty for what is so everywhere."""
    _, path, *rest = difference.split()
    if not rest:
        return f"GET {path}: is there"
    method, place = rest[0].upper(), " ".join(rest[1:])
    if place.startswith(tuple(EVERYWHERE)):
        return ""
    place = place.replace(f"requestBody {SCHEMA}", "asks").replace(f"responses 200 {SCHEMA}", "answers")
    place = re.sub("^responses ", "answers ", place)
    if path == "/posts.json" and place.startswith("answers"):
        place = "answers one of two"
    names = [part for part in place.split() if part not in ("properties", "items", "type", "oneOf", "enum", "required")]
    if "tags" in names:
        names = names[: names.index("tags") + 1]
    return f"{method} {path}: {' '.join(names)}"


def test_the_overlay_is_this_list_and_no_more() -> None:
    found = {told(line) for line in differences(published()["paths"], overlaid()["paths"])} - {""}
    assert found == set(DIFFERENCES.strip().splitlines())


def test_every_operation_may_refuse_in_the_ways_of_the_server() -> None:
    for methods in overlaid()["paths"].values():
        for operation in methods.values():
            assert {"400", "403", "404", "409", "422", "429", "503"} <= operation["responses"].keys()
            assert operation["responses"]["429"]["content"].keys() == {"application/json", "text/plain"}


def test_the_contract_is_the_published_one_and_its_licence_lies_beside_it() -> None:
    file = HERE / "discourse-openapi.json"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert digest == "4c0c6b17371cd8b9fb1045afe2e02d6d4c493a68072c0509f8a401d62e8cffbe"
    assert "MIT License" in (HERE / "discourse-openapi.LICENSE.txt").read_text()


def test_the_contract_refuses_what_it_does_not_know_whether_asked_or_answered() -> None:
    contract().request("POST /posts.json", "POST", "/posts.json", {}, {"raw": TEXT})
    with pytest.raises(Breach):
        contract().request("POST /posts.json", "POST", "/posts.json", {}, {"raw": TEXT, "colour": "red"})
    with pytest.raises(Breach):
        contract().request("PUT status", "PUT", "/t/1/status.json", {}, {"status": "shut", "enabled": "true"})
    with pytest.raises(Breach):
        contract().response("GET topic", "GET", "/t/1.json", 200, "application/json", b'{"id": 1}')
    with pytest.raises(Breach):
        contract().response("GET topic", "GET", "/t/1.json", 418, "application/json", b'{"errors": ["x"]}')


@pytest.fixture
def forum() -> Iterator[Discourse]:
    with Discourse() as double:
        yield double


class Bot:
    def __init__(self, double: Discourse) -> None:
        self.http = httpx.Client(base_url=double.address, headers=HEADERS, trust_env=False)

    def __call__(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        answer = self.http.request(method, path, json=body)
        kind = answer.headers.get("content-type", "")
        return answer.status_code, answer.json() if "json" in kind else answer.text

    def create(self, title: str = "[2026-014] Tall de fibra al Centre", **more: object) -> tuple[int, Any]:
        asked = {"title": title, "raw": TEXT, "category": 5, "external_id": "talaia-incident-2026-014"}
        return self("POST", "/posts.json", asked | more)


@pytest.fixture
def bot(forum: Discourse) -> Iterator[Bot]:
    one = Bot(forum)
    yield one
    one.http.close()


def test_a_topic_is_made_once_found_again_edited_and_closed(forum: Discourse, bot: Bot) -> None:
    status, made = bot.create()
    assert (status, made["raw"], made["version"]) == (200, TEXT, 1)
    answer = bot.http.get("/t/external_id/talaia-incident-2026-014.json")
    assert answer.status_code == 301
    topic = bot.http.get(answer.headers["location"], params={"include_raw": "true"}).json()
    assert (topic["id"], topic["external_id"]) == (made["topic_id"], "talaia-incident-2026-014")
    assert topic["post_stream"]["posts"][0]["raw"] == TEXT
    change = {"post": {"raw": TEXT + " Ja està.", "edit_reason": "resolt", "original_text": TEXT}}
    assert bot("PUT", f"/posts/{made['id']}.json", change)[1]["post"]["version"] == 2
    assert bot("PUT", f"/posts/{made['id']}.json", change)[0] == 409
    assert bot("PUT", f"/t/{made['topic_id']}/status.json", {"status": "closed", "enabled": "true"})[0] == 200
    assert forum.forum.topics[made["topic_id"]].closed


REFUSALS = [
    pytest.param({"title": "Curt"}, "short", id="a short title"),
    pytest.param({"raw": "Massa curt."}, "short", id="a short text"),
    pytest.param({"title": "TALL DE FIBRA AL CENTRE"}, "unclear", id="a shouted title"),
    pytest.param({"raw": "x" * 32_001 + TEXT}, "limited", id="a long text"),
    pytest.param({"external_id": "talaia incident"}, "invalid", id="an external id with a blank"),
    pytest.param({"title": "[2026-013] la mateixa cosa"}, "already been used", id="the title of another"),
    pytest.param({"external_id": "TALAIA-incident-2026-013"}, "already been taken", id="the external id of another"),
]


@pytest.mark.parametrize(("change", "says"), REFUSALS)
def test_what_the_real_one_refuses_is_refused(bot: Bot, change: dict[str, object], says: str) -> None:
    assert bot.create("[2026-013] La mateixa cosa", external_id="talaia-incident-2026-013")[0] == 200
    status, answer = bot.create(**change)  # type: ignore[arg-type]
    assert (status, answer["action"]) == (422, "create_post")
    assert says in answer["errors"][0]


def test_an_answer_is_remembered_for_two_minutes_a_refusal_too(forum: Discourse, bot: Bot) -> None:
    other = forum.forum.write("[2026-014] Tall de fibra al Centre", TEXT)
    assert bot.create()[0] == 422
    forum.forum.delete(other.id)
    assert bot.create()[0] == 422
    forum.clock.forward(121)
    first = bot.create()
    assert first[0] == 200
    assert bot.create() == first  # the same answer, and no second topic
    assert len(forum.forum.standing()) == 1


def test_a_deleted_topic_is_found_by_nobody_and_keeps_its_external_id(forum: Discourse, bot: Bot) -> None:
    _, made = bot.create()
    forum.forum.delete(made["topic_id"])
    forum.clock.forward(121)
    assert bot("GET", "/t/external_id/talaia-incident-2026-014.json")[0] == 404
    status, answer = bot.create()
    assert (status, answer["errors"]) == (422, ["External has already been taken"])
    forum.forum.settings.bot_is_staff = False
    assert bot("GET", f"/t/{made['topic_id']}.json")[0] == 404


def test_the_same_text_and_a_small_soon_one_are_no_new_version(forum: Discourse, bot: Bot) -> None:
    topic = forum.forum.write("Avaria de la setmana passada", TEXT)
    assert forum.forum.edit(topic.id, "marta", TEXT).version == 1
    forum.clock.forward(20)
    assert forum.forum.edit(topic.id, "marta", TEXT + " Ai.").version == 1
    assert forum.forum.edit(topic.id, "joan", TEXT + " Ai, ai.").version == 2
    assert bot("GET", f"/posts/{topic.posts[0]}/revisions/latest.json")[1]["username"] == "joan"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("sense majúscula al principi.", "Sense majúscula al principi"),
        ("Què passa ara ???", "Què passa ara?"),
        ("[2026-014] Tall\u00a0de  fibra!!!", "[2026-014] Tall de fibra!"),
        ("iPhone sense cobertura", "iPhone sense cobertura"),
    ],
)
def test_titles_are_made_pretty(given: str, kept: str) -> None:
    assert prettified(given) == kept


def test_a_nested_title_is_silently_ignored(forum: Discourse, bot: Bot) -> None:
    topic = forum.forum.write("Avaria de la setmana passada", TEXT)
    assert bot("PUT", f"/t/-/{topic.id}.json", {"topic": {"title": "Un altre títol ben clar"}})[0] == 200
    assert topic.title == "Avaria de la setmana passada"
    assert bot("PUT", f"/t/-/{topic.id}.json", {"title": "Un altre títol ben clar"})[0] == 200
    assert topic.title == "Un altre títol ben clar"


def test_a_key_may_do_what_its_scopes_say(forum: Discourse, bot: Bot) -> None:
    forum.forum.key.scopes = frozenset({"topics:read"})
    assert bot.create()[0] == 403
    assert bot("GET", f"/t/{forum.forum.about}.json")[0] == 200
    forum.forum.settings.external_id_in_topics_read = False
    assert bot("GET", "/t/external_id/none.json")[0] == 403
    bot.http.headers["Api-Key"] = "wrong"
    status, answer = bot("GET", f"/t/{forum.forum.about}.json")
    assert (status, answer["error_type"]) == (403, "invalid_access")


def test_both_limits_refuse_each_in_its_shape(forum: Discourse, bot: Bot) -> None:
    path = f"/t/{forum.forum.about}.json"
    for _ in range(50):
        assert bot("GET", path)[0] == 200
    answer = bot.http.get(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")
    assert answer.headers["content-type"].startswith("text/plain")
    forum.clock.forward(11)
    for _ in range(10):
        assert bot("GET", path)[0] == 200
    status, refused = bot("GET", path)
    assert (status, refused["error_type"], refused["extras"]["wait_seconds"]) == (429, "rate_limit", 49)


def test_in_read_only_it_is_read(forum: Discourse, bot: Bot) -> None:
    forum.forum.settings.read_only = True
    assert bot.create()[1]["error_type"] == "read_only"
    assert bot("GET", f"/t/{forum.forum.about}.json")[0] == 200


def test_what_waits_for_review_is_no_topic(forum: Discourse, bot: Bot) -> None:
    forum.forum.settings.approval = True
    assert bot.create()[1]["action"] == "enqueued"
    assert forum.forum.standing() == []


def test_misfortunes_happen_when_wanted_and_once(forum: Discourse, bot: Bot) -> None:
    forum.fail("commit then drop", "POST")
    with pytest.raises(httpx.TransportError):
        bot.create()
    assert len(forum.forum.standing()) == 1
    forum.fail("drop", "GET")
    with pytest.raises(httpx.TransportError):
        bot("GET", "/about.json")
    forum.fail("bad gateway")
    assert bot("GET", "/about.json")[1].startswith("<html>")
    forum.fail("truncated")
    with pytest.raises(json.JSONDecodeError):
        bot("GET", "/about.json")
    assert bot("GET", "/about.json")[0] == 200


def test_the_category_lists_pinned_ones_first_and_the_last_touched_next(forum: Discourse, bot: Bot) -> None:
    ids = []
    for number in range(31):
        forum.clock.forward(60)
        ids.append(forum.forum.write(f"Avaria número {number} del mes", TEXT).id)
    forum.clock.forward(60)
    forum.forum.reply(ids[0], "joan")
    answer = bot.http.get("/c/x/5.json")
    assert answer.status_code == 301
    page = bot("GET", "/c/historial/5.json")[1]["topic_list"]
    listed = [topic["id"] for topic in page["topics"]]
    assert listed[:3] == [forum.forum.about, ids[0], ids[30]]
    assert len(listed) == page["per_page"] == 30
    assert [topic["id"] for topic in bot("GET", "/c/historial/5.json?page=1")[1]["topic_list"]["topics"]] == ids[2:0:-1]


def test_the_webhook_signs_tells_each_event_once_and_ends_with_an_answer_of_404(forum: Discourse, bot: Bot) -> None:
    _, headers = signed_body(b'{"ping":"OK"}', 1, "ping", "ping", secret="my_lovely_secret_for_web_hook")
    wanted = "sha256=162f107f6b5022353274eb1a7197885cfd35744d8d08e5bcea025d309386b7d6"
    assert headers["X-Discourse-Event-Signature"] == wanted
    bot.create()
    told = [(headers["X-Discourse-Event"], json.loads(body)) for body, headers in forum.events()]
    assert [name for name, _ in told] == ["post_created", "topic_created"]
    assert told[0][1]["post"]["category_id"] == 5
    assert list(forum.events()) == []
    forum.forum.close(forum.forum.standing()[0].id)
    assert forum.ring(lambda body, headers: 404) == [404]
    forum.forum.close(forum.forum.standing()[0].id, closed=False)
    assert forum.ring(lambda body, headers: 200) == []


def test_a_request_against_the_contract_fails_the_test() -> None:
    double = Discourse()
    double.__enter__()
    answer = httpx.post(f"{double.address}/posts.json", json={"raw": TEXT, "colour": "red"}, headers=HEADERS)
    assert answer.status_code == 500
    with pytest.raises(AssertionError, match="colour"):
        double.__exit__(None, None, None)
