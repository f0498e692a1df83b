"""`talaia check` looks whether chats and other systems could be told, and tells them nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from talaia.config import current
from talaia.notices.chat.channel import ChatChannel
from talaia.notices.webhooks.channel import WebhookChannel
from talaia.outbox.channel import CheckLine
from tests.notices.conftest import Configure, set_up
from tests.notices.mailserver import MailServer
from tests.notices.receiver import Receiver
from tests.servers.process import free_port, release_port

pytestmark = pytest.mark.django_db
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def chat(home: Path, address: str) -> str:
    (home / "room").write_text(address)
    return '\n[[chat]]\nname = "room"\nurl_file = "room"\n'


def hook(home: Path, port: int) -> str:
    (home / "secret").write_text(SECRET)
    return f'\n[[webhook]]\nname = "board"\nurl = "http://127.0.0.1:{port}/x"\nsecret_file = "secret"\ntimeout = "1s"\n'


def of_chats() -> list[CheckLine]:
    return list(ChatChannel().check(current(), True))


def of_webhooks() -> list[CheckLine]:
    return list(WebhookChannel().check(current(), True))


def test_a_chat_that_apprise_knows_is_well_and_nothing_is_said_there(
    server: MailServer, configure: Configure, there: Receiver, tmp_path: Path
) -> None:
    set_up(configure, server, chat(tmp_path, f"json://127.0.0.1:{there.port}/t0k3n\n"))
    assert of_chats() == [(True, "chat room has an address that Apprise knows", "")]
    assert there.requests == []


@pytest.mark.parametrize("address", ["nothing-like-it\n", "json://a.example.org json://b.example.org\n"])
def test_an_address_that_is_none_is_said_and_not_shown(
    address: str, server: MailServer, configure: Configure, tmp_path: Path
) -> None:
    set_up(configure, server, chat(tmp_path, address))
    [(well, what, mend)] = of_chats()
    assert (well, what) == (False, "chat room: that is no address of Apprise")
    assert mend == "look at the address in room; it must be one, on one line"


def test_a_chat_whose_file_is_gone_is_said(server: MailServer, configure: Configure, tmp_path: Path) -> None:
    set_up(configure, server, chat(tmp_path, "json://127.0.0.1/\n"))
    (tmp_path / "room").unlink()
    assert [what for _, what, _ in of_chats()] == ["chat room: room cannot be read"]


def test_a_receiver_that_answers_is_well_and_is_told_nothing(
    server: MailServer, configure: Configure, there: Receiver, tmp_path: Path
) -> None:
    set_up(configure, server, hook(tmp_path, there.port))
    assert of_webhooks() == [(True, "webhook board can be reached", "")]
    assert there.requests == []  # of POST


def test_one_that_is_down_is_worth_a_look_as_it_is_tried_again(
    server: MailServer, configure: Configure, tmp_path: Path
) -> None:
    port = free_port()
    set_up(configure, server, hook(tmp_path, port))
    assert of_webhooks() == [(None, "webhook board does not answer: ConnectError", "is it up?")]
    release_port(port)


def test_a_secret_that_is_gone_is_a_failure(
    server: MailServer, configure: Configure, there: Receiver, tmp_path: Path
) -> None:
    set_up(configure, server, hook(tmp_path, there.port))
    (tmp_path / "secret").unlink()
    assert [line[:2] for line in of_webhooks()] == [(False, "webhook board: secret cannot be read")]
