"""The kinds of sources, one row each. How each of them is asked and read stands in signals/sources/<kind>.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

SourceKindName = Literal["prometheus", "alertmanager", "prometheus-push", "push"]
SOURCE_KINDS: tuple[SourceKindName, ...] = get_args(SourceKindName)


@dataclass(frozen=True)
class SourceKind:
    """What a kind of source is like.

    `asked`: whether it can be asked at its url, which it then may have; `needs_url`: it must.
    `hooks`: where it posts, `{}` its id; `talaia token` shows the first.
    `evaluates`: the alerts are its own, so what it lists no more is over whoever else still repeats it; and it answers
    queries, of now and of the past.
    `relays`: it repeats what others tell it, for a while also after they have ended it, and it can be asked to keep
    silent. That something is over is no proof where it cannot be asked.
    `restates`: it posts all that goes on again and again.
    `own_clock`: it is written by anybody, and its times are those of a clock that nobody has looked at.
    """

    asked: bool = False
    needs_url: bool = False
    hooks: tuple[str, ...] = ()
    evaluates: bool = False
    relays: bool = False
    restates: bool = False
    own_clock: bool = False


KINDS: dict[str, SourceKind] = {
    "prometheus": SourceKind(asked=True, needs_url=True, evaluates=True),
    "alertmanager": SourceKind(asked=True, hooks=("/hooks/alertmanager/{}",), relays=True),
    "prometheus-push": SourceKind(hooks=("/hooks/alertmanager/{}/api/v2/alerts",), restates=True),
    "push": SourceKind(hooks=("/hooks/generic/{}", "/hooks/alertmanager/{}"), own_clock=True),
}
if KINDS.keys() != set(SOURCE_KINDS):
    raise TypeError("config/source_kinds.py: each SourceKindName has a row in KINDS, and no other one has")
