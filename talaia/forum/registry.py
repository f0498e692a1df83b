"""Which mirror talaia.toml chooses. One object for the process: it keeps the rate, and the clone."""

from __future__ import annotations

import threading
from datetime import timedelta

from django.utils import timezone

from talaia.config import Config
from talaia.config.extras import missing
from talaia.forum.backend import MirrorBackend
from talaia.forum.discourse.topics import Discourse
from talaia.outbox.errors import TemporaryError

UNTIL_INSTALLED = timedelta(minutes=15)
_lock = threading.Lock()
_kept: dict[str, MirrorBackend] = {}


def chosen(config: Config) -> MirrorBackend | None:
    """The mirror that the configuration in force asks for; None when it asks for none.

    Raises Temporary where what it needs is not installed.
    """
    mirror = config.tables.mirror
    if mirror is None:
        return None
    mark = f"{config.home} {mirror!r}"
    with _lock:
        if mark not in _kept:
            _put_away()  # another configuration is in force
            _kept[mark] = Discourse(mirror, config, timezone.now) if mirror.kind == "discourse" else _git(config)
        return _kept[mark]


def _git(config: Config) -> MirrorBackend:
    """Imported here, as what it needs is an extra: whoever mirrors nothing in git need not have it."""
    if (lacking := missing(config).get("git")) is not None:
        raise TemporaryError(*lacking, after=UNTIL_INSTALLED)
    from talaia.forum.git import Git

    assert config.tables.mirror
    return Git(config.tables.mirror, config)


def put_away() -> None:
    """Close the connections of the one in use; the next who asks for it gets a new one."""
    with _lock:
        _put_away()


def _put_away() -> None:
    for mirror in _kept.values():
        if isinstance(mirror, Discourse):
            mirror.close()
    _kept.clear()
