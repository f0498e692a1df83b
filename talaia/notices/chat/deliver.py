"""Brings notices to chats: one delivery for each notice and chat, at the moment at which the mail begins to go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse

from talaia.config import Chat, Config, current
from talaia.events.reading import event_of, window_of
from talaia.events.window_schedule import late
from talaia.localization.texts import words
from talaia.notices.chat import client
from talaia.notices.chat.questions import question
from talaia.notices.chat.write import message
from talaia.notices.models import Notice
from talaia.notices.sender import letterhead
from talaia.notices.values import NoticeStory
from talaia.outbox.errors import PermanentError
from talaia.outbox.models import Fact
from talaia.outbox.ordering import asked_for, wait_for_turn

CHANNEL = "chat"


def target_of(chat: Chat, subject: str) -> str:
    """`matrix/notice/17`."""
    return f"{chat.name}/{subject}"


def deliver(targets: Sequence[str], now: datetime) -> None:
    """Say each of them. A kill between the chat's yes and our mark says it twice: Apprise has no way to ask.

    Targets: "<chat>/notice/<id>", or "<chat>/fact/<id>" for what operators are asked. Raises Temporary, Permanent.
    """
    for target in targets:
        name, kind, number = target.split("/")
        if kind == "fact":
            ask(name, int(number), now)
        else:
            say(name, int(number), target, now)


def ask(name: str, fact_id: int, now: datetime) -> None:
    """Operators, unless it is answered already."""
    config = current()
    chat, fact = find(config, name), Fact.objects.filter(pk=fact_id).first()
    event = event_of(fact.subject) if fact else None
    window = window_of(event) if event else None
    why = late(event, now) if event else None
    if chat is None or event is None or window is None or why is None:
        return
    desk = config.site.address.rstrip("/") + reverse("desk-maintenance", args=[event.ref])
    language = chat.language or config.site.languages[0]
    titles = words(event.titles, event.language)
    title, body = question(why, event.ref, titles, window, desk, letterhead(config), language)
    client.say(chat, config, title, body)


def say(name: str, notice_id: int, target: str, now: datetime) -> None:
    config = current()
    chat = find(config, name)
    notice = Notice.objects.filter(pk=notice_id).first()
    if chat is None or notice is None or not notice.story or not notice.began_at:
        return  # the chat left talaia.toml
    if now - notice.began_at > config.mail.give_up and not asked_for(CHANNEL, target):
        raise PermanentError(
            f"chat {name}: after {config.mail.give_up} it is no news any more",
            "let it go, or try again if it is worth it",
        )
    wait_for_turn(CHANNEL, target, now)
    told = NoticeStory.from_json(notice.story).as_of(now)
    title, body = message(told, letterhead(config), chat.language or config.site.languages[0])
    client.say(chat, config, title, body)


def find(config: Config, name: str) -> Chat | None:
    return next((chat for chat in config.tables.chat if chat.name == name), None)
