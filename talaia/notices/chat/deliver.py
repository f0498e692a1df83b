"""Brings notices to chats: one delivery for each notice and chat, at the moment at which the mail begins to go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from talaia.config import Chat, Config, current
from talaia.notices.chat import client
from talaia.notices.chat.write import message
from talaia.notices.letterhead import letterhead
from talaia.notices.models import Notice
from talaia.notices.values import Story
from talaia.notices.write import Calendars
from talaia.outbox.faults import Permanent
from talaia.outbox.turns import asked_for, wait_for_turn

CHANNEL = "chat"


def target_of(chat: Chat, subject: str) -> str:
    """`matrix/notice/17`."""
    return f"{chat.name}/{subject}"


def deliver(targets: Sequence[str], calendars: Calendars, now: datetime) -> None:
    """Say each of them. A kill between the chat's yes and our mark says it twice: Apprise has no way to ask.

    Raises Temporary, Permanent.
    """
    for target in targets:
        name, _, subject = target.partition("/")
        say(name, int(subject.partition("/")[2]), target, calendars, now)


def say(name: str, notice_id: int, target: str, calendars: Calendars, now: datetime) -> None:
    config = current()
    chat = find(config, name)
    notice = Notice.objects.filter(pk=notice_id).first()
    if chat is None or notice is None or not notice.story or not notice.began_at:
        return  # the chat left talaia.toml
    if now - notice.began_at > config.mail.give_up and not asked_for(CHANNEL, target):
        raise Permanent(
            f"chat {name}: after {config.mail.give_up} it is no news any more",
            "let it go, or try again if it is worth it",
        )
    wait_for_turn(CHANNEL, target, now)
    told = Story.from_json(notice.story)
    title, body = message(told, letterhead(config), calendars, chat.language or config.site.languages[0])
    client.say(chat, config, title, body)


def find(config: Config, name: str) -> Chat | None:
    return next((chat for chat in config.tables.chat if chat.name == name), None)
