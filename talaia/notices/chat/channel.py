"""Chats of all kinds, through Apprise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from talaia.config import Chat, Config
from talaia.notices.chat import client
from talaia.notices.chat.room import RoomChannel
from talaia.outbox.channel import CheckLine
from talaia.outbox.errors import OutsideError


class ChatChannel(RoomChannel[Chat]):
    """The channel "chat": each `[[chat]]`."""

    name = "chat"
    longest_wait = timedelta(minutes=2)

    def receivers(self, config: Config, /) -> Sequence[Chat]:
        return config.tables.chat

    def say(self, room: Chat, config: Config, title: str, body: str, /) -> None:
        client.say(room, config, title, body)

    def check(self, config: Config, _made: bool, /) -> Iterator[CheckLine]:
        """Whether Apprise would know where to go; nothing is said there."""
        for chat in config.tables.chat:
            try:
                client.check_address(chat, config)
            except OutsideError as fault:
                yield False, str(fault), fault.hint
            else:
                yield True, f"chat {chat.name} has an address that Apprise knows", ""
