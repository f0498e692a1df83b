"""What each kind of chat room has in common: when it is told, what it is told, and that it is told in order.

A new kind is a table in config/channel_tables.py with its line in config/tables.py, a class of this, and its line in
registry.py.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar

from django.urls import reverse

from talaia.config import ChatRoom, Config, current
from talaia.events.reading import event_of, window_of
from talaia.events.window_schedule import late
from talaia.localization.texts import words
from talaia.notices.chat.questions import question
from talaia.notices.chat.write import message
from talaia.notices.models import Notice
from talaia.notices.sender import letterhead
from talaia.notices.values import NoticeStory
from talaia.outbox.channel import NamedChannel
from talaia.outbox.errors import PermanentError
from talaia.outbox.models import Fact

Kind = TypeVar("Kind", bound=ChatRoom)


class RoomChannel(NamedChannel[Kind]):
    """One delivery for each notice and room, at the moment at which the mail begins to go.

    Targets: "<room>/notice/<id>", or "<room>/fact/<id>" for what operators are asked.
    """

    @abstractmethod
    def say(self, room: Kind, config: Config, title: str, body: str, /) -> None:
        """Say it there, as Markdown. Raises Temporary where it may go better later, Permanent for a person to mend."""

    def wanting(self, config: Config, kind: str) -> Iterator[Kind]:
        """The rooms that are told of notices of `kind`."""
        return (room for room in self.receivers(config) if not room.notices or kind in room.notices)

    def of_operators(self, config: Config) -> Iterator[Kind]:
        """The rooms in which operators are asked what only they can answer."""
        return (room for room in self.receivers(config) if room.operators)

    def tell(self, receiver: Kind, target: str, now: datetime, /) -> None:
        _, what, number = target.split("/")
        if what == "fact":
            self.ask(receiver, int(number), now)
        else:
            self.bring(receiver, int(number), target, now)

    def ask(self, room: Kind, fact_id: int, now: datetime) -> None:
        """Operators, unless it is answered already."""
        config, fact = current(), Fact.objects.filter(pk=fact_id).first()
        event = event_of(fact.subject) if fact else None
        window = window_of(event) if event else None
        why = late(event, now) if event else None
        if event is None or window is None or why is None:
            return
        desk = config.site.address.rstrip("/") + reverse("desk-maintenance", args=[event.ref])
        titles = words(event.titles, event.language)
        self.say(
            room, config, *question(why, event.ref, titles, window, desk, letterhead(config), spoken(room, config))
        )

    def bring(self, room: Kind, notice_id: int, target: str, now: datetime) -> None:
        """A kill between the room's yes and our mark says it twice: no room can be asked what it has."""
        config, notice = current(), Notice.objects.filter(pk=notice_id).first()
        if notice is None or not notice.story or not notice.began_at:
            return
        after = config.mail.give_up
        old = PermanentError(
            f"{self.name} {room.name}: after {after} it is no news any more",
            "let it go, or try again if it is worth it",
        )
        self.give_up(target, notice.began_at, after, now, old)
        self.wait_for_turn(target, now)
        told = NoticeStory.from_json(notice.story).as_of(now)
        self.say(room, config, *message(told, letterhead(config), spoken(room, config)))


def spoken(room: ChatRoom, config: Config) -> str:
    """The language of a room."""
    return room.language or config.site.languages[0]
