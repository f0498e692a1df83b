"""A Mailman that answers wrongly, slowly or not at all: a fault that says what to do, and nothing half done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from django.test import Client as Browser
from pytest_django import Settings

from talaia.audience.actions import kept
from talaia.audience.backend import ListOutcome
from talaia.audience.diff import RecipientEntry
from talaia.audience.mailman.client import MailmanClient, MailmanResponse, UnreachableError
from talaia.audience.mailman.posting import accept, give, post
from talaia.audience.mailman.posting_states import HeldMessage
from talaia.audience.mailman.roster import MailmanList, outcome
from talaia.audience.mailman.watch import MailmanWatch
from talaia.audience.models import ExportCheck, ListPost
from talaia.config import Config
from talaia.desk.people.roles import Role
from talaia.outbox.errors import OutsideError, PermanentError, TemporaryError
from talaia.outbox.models import Fact
from tests.audience.mailman.conftest import written
from tests.audience.mailman.letters import letter, now
from tests.audience.mailman.wire import Faulty
from tests.desk.conftest import member
from tests.journeys.shell import Shell
from tests.servers.process import free_port, release_port


@pytest.fixture
def config(tmp_path: Path, configure: Callable[[str], Config]) -> Config:
    return configure(written("http://127.0.0.1:9", "status@lists.example.org", tmp_path))


def client(config: Config, transport: httpx.BaseTransport) -> MailmanClient:
    assert config.tables.audience
    assert config.tables.audience.mailman
    return MailmanClient(config.tables.audience.mailman, config, transport)


@pytest.mark.parametrize(
    ("faulty", "kind", "words"),
    [
        (Faulty(401), PermanentError, "refuses us"),
        (Faulty(302), PermanentError, "sends us elsewhere"),
        (Faulty(404, {"title": "404 Not Found"}), PermanentError, "404 Not Found"),
        (Faulty(400, {"description": "Unknown field"}), PermanentError, "Unknown field"),
        (Faulty(500), TemporaryError, "answers 500"),
        (Faulty(503, "busy"), TemporaryError, "answers 503"),
        (Faulty(200, "<html>"), TemporaryError, "no JSON"),
        (Faulty(200, "[1]"), TemporaryError, "no JSON"),
        (Faulty(200, {"total_size": 2, "entries": [{"email": "a@example.org"}]}), TemporaryError, "everybody"),
        (Faulty(200, {}), TemporaryError, "everybody"),
        (Faulty(error=httpx.ReadTimeout), TemporaryError, "does not answer"),
        (Faulty(error=httpx.RemoteProtocolError), TemporaryError, "does not answer"),
        (Faulty(error=httpx.ConnectError), UnreachableError, "is not reached"),
        (Faulty(error=httpx.ConnectTimeout), UnreachableError, "is not reached"),
    ],
)
def test_a_wrong_answer_is_a_fault_that_says_what_to_do(
    config: Config, faulty: Faulty, kind: type[OutsideError], words: str
) -> None:
    with client(config, faulty) as server, pytest.raises(kind, match=words) as caught:
        MailmanList(server).read()
    assert caught.value.hint
    assert "a@example.org" not in str(caught.value)


def test_a_password_that_is_gone_is_a_fault_of_the_list_alone(config: Config) -> None:
    (config.folder / "mailman-password").unlink()
    with client(config, Faulty()) as server, pytest.raises(PermanentError, match="password cannot be read"):
        server.get("system/versions")


@pytest.mark.parametrize(
    ("status", "said", "meant"),
    [
        (201, "", ListOutcome.DONE),
        (409, "Member already subscribed", ListOutcome.ALREADY),
        (409, "Subscription request already pending", ListOutcome.LATER),
        (400, "Membership is banned", ListOutcome.BARRED),
        (400, "List posting address cannot subscribe", ListOutcome.IMPOSSIBLE),
        (400, 'Invalid Parameter "subscriber": x.', ListOutcome.IMPOSSIBLE),
    ],
)
def test_what_mailman_answers_to_a_subscription(status: int, said: str, meant: ListOutcome) -> None:
    assert outcome(MailmanResponse(status, {}, said)) == meant


def test_a_refusal_that_we_do_not_know_is_nobodys_fault_but_ours() -> None:
    with pytest.raises(PermanentError, match="No such list"):
        outcome(MailmanResponse(400, {}, "No such list"))


def test_where_mailman_stumbles_over_itself_it_is_tried_again() -> None:
    with pytest.raises(TemporaryError):
        outcome(MailmanResponse(400, {}, "(sqlite3.IntegrityError) UNIQUE constraint failed: address.email"))


def test_who_was_to_leave_and_is_not_in_the_answer_is_asked_for_again(config: Config) -> None:
    with (
        client(config, Faulty(200, {"other@example.org": True})) as server,
        pytest.raises(TemporaryError, match="1 that"),
    ):
        MailmanList(server).remove(["anna@example.org"])
    with client(config, Faulty(500)) as server, pytest.raises(TemporaryError):
        MailmanList(server).subscribe([RecipientEntry("anna@example.org", "anna@example.org")])


class Queue(Faulty):
    """Everything is well but for the queue that is given a letter."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("queues/in"):
            return super().handle_request(request)
        holding = {"default_member_action": "hold", "default_nonmember_action": "hold"}
        lists = [f"{word}_these_nonmembers" for word in ("accept", "hold", "reject", "discard")]
        return httpx.Response(200, json={**holding, **{name: [] for name in lists}})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("queue", "tries"),
    [
        (Queue(201), 1),
        (Queue(error=httpx.ReadTimeout), 1),  # it may be there: it is looked for before it is given again
        (Queue(500), 1),
        (Queue(error=httpx.ConnectError), 0),
        (Queue(400, {"description": "No such list"}), 0),
    ],
)
def test_a_letter_counts_as_given_unless_nobody_can_have_heard_it(config: Config, queue: Queue, tries: int) -> None:
    row = ListPost.objects.create(message_id="m@x", list_id="status.lists.example.org", began_at=now())
    with client(config, queue) as server:
        try:
            give(server, letter("<m@x>").decode(), "<m@x>", now)
        except OutsideError:
            assert queue.error or queue.status >= 400
    row.refresh_from_db()
    assert (row.tries, row.tried_at is not None) == (tries, tries > 0)


def test_after_an_accept_that_may_have_been_heard_it_is_waited(config: Config) -> None:
    with client(config, Faulty(error=httpx.ReadTimeout)) as server, pytest.raises(TemporaryError) as caught:
        accept(server, HeldMessage("2026-11-26T03:00:00", 1))
    assert caught.value.after is not None
    assert caught.value.after.total_seconds() >= 10


class Discarding(Queue):
    """It throws a letter away unseen, as a filter of the whole site may, until that is `mended`."""

    def __init__(self) -> None:
        super().__init__(201)
        self.given, self.mended, self.held = 0, False, list[dict[str, object]]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("queues/in") and request.method == "POST":
            self.given += 1
            if self.mended:
                self.held = [{"message_id": "<m@x>", "request_id": 1, "hold_date": "2026-11-25T12:00:00"}]
        elif path.endswith("/held/1"):
            self.held = []
        elif path.endswith("/held"):
            return httpx.Response(200, json={"entries": self.held})
        return super().handle_request(request)


@pytest.mark.django_db
def test_a_letter_that_mailman_lost_three_times_goes_out_once_that_is_mended_and_it_is_tried_again(
    config: Config,
) -> None:
    wire, at = Discarding(), [now()]

    def tried() -> None:
        at[0] += timedelta(hours=1)
        post(server, letter("<m@x>"), "<m@x>", lambda: at[0], wait)

    def wait(_seconds: float) -> None:
        at[0] += timedelta(seconds=30)

    with client(config, wire) as server:
        for times in (3, 6):  # also when it is tried again too early
            with pytest.raises(PermanentError, match="does not hold it"):
                tried()
            assert wire.given == times
        wire.mended = True
        tried()
    assert (wire.given, wire.held, ListPost.objects.get().state) == (7, [], "sent")


@pytest.mark.django_db
def test_a_mailman_that_is_away_is_told_of_once_and_tried_again(
    tmp_path: Path, configure: Callable[[str], Config]
) -> None:
    port = free_port()
    config = configure(written(f"http://127.0.0.1:{port}", "status@lists.example.org", tmp_path))
    watch = MailmanWatch(lambda: config, now)
    for _ in range(3):
        watch.looked = None
        watch.step(now())
    release_port(port)
    assert "is not reached" in ExportCheck.objects.get(export="status@lists.example.org").error["text"]
    assert Fact.objects.filter(kind="audience.list_troubled").count() == 1
    assert watch.followed is None


@pytest.mark.django_db
@pytest.mark.parametrize("error", [{}, {"text": "1 message is in Mailman's queue shunt", "hint": "mailman unshunt"}])
def test_desk_metrics_and_shell_tell_how_the_list_is(
    config: Config,
    error: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setenv("TALAIA_CONFIG", str(config.path))
    kept("status@lists.example.org", now(), error)
    browser = Browser(headers={"accept-language": "en"})
    browser.force_login(member("anna", Role.ADMIN))
    page = browser.get("/desk/audience/").content.decode()
    assert ("status@lists.example.org has a problem" in page) is bool(error)
    assert ("status@lists.example.org is well" in page) is (not error)
    assert f"talaia_list_troubled {float(bool(error))}" in browser.get("/metrics").content.decode()
    said = Shell(capsys, monkeypatch)("audience", "show")
    assert ("queue shunt; mailman unshunt" in said.out) is bool(error)
    assert "list status@lists.example.org looked at" in said.out
