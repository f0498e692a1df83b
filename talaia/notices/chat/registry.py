"""All kinds of chat rooms, one line each."""

from __future__ import annotations

from typing import Any

from talaia.config import Config
from talaia.notices.chat.channel import ChatChannel
from talaia.notices.chat.room import RoomChannel

ROOMS: tuple[RoomChannel[Any], ...] = (ChatChannel(),)


def has_rooms(config: Config) -> bool:
    """Whether notices are said anywhere but in mails."""
    return any(channel.receivers(config) for channel in ROOMS)
