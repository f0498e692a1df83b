"""Which mirror talaia.toml chooses. One object for the process: it keeps the rate, and the clone."""

from __future__ import annotations

import threading

from django.utils import timezone

from talaia.config import Config
from talaia.forum.discourse.topics import Discourse
from talaia.forum.git import Git
from talaia.forum.seam import Mirror

_lock = threading.Lock()
_kept: dict[str, Mirror] = {}


def chosen(config: Config) -> Mirror | None:
    """The mirror that the configuration in force asks for; None when it asks for none."""
    mirror = config.tables.mirror
    if mirror is None:
        return None
    mark = f"{config.home} {mirror!r}"
    with _lock:
        if mark not in _kept:
            _put_away()  # another configuration is in force
            _kept[mark] = Discourse(mirror, config, timezone.now) if mirror.kind == "discourse" else Git(mirror, config)
        return _kept[mark]


def put_away() -> None:
    """Close the connections of the one in use; the next who asks for it gets a new one."""
    with _lock:
        _put_away()


def _put_away() -> None:
    for mirror in _kept.values():
        if isinstance(mirror, Discourse):
            mirror.close()
    _kept.clear()
