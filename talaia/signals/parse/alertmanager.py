"""Alertmanager's bodies: what it posts (webhook version 4, and Grafana's of the same shape) and what its API answers.

Facts from captured bodies: `endsAt` is the year 1 in a webhook that fires, past in one that resolves, and in the future
in `/api/v2/alerts`; the `status` of the group is `firing` if any of its alerts is, so each alert's own counts;
`commonLabels` change with the set, so only `alerts[].labels` are read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from talaia.config.matchers import Matcher
from talaia.signals.parse.report import Alert, MalformedBody, Report, Silence, decode, each, instant

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
# "4" since Alertmanager 0.1; Grafana's own alerting sends the same shape as "1".
VERSIONS = ("4", "1")


class _Told(msgspec.Struct):
    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    startsAt: Moment | None = None
    endsAt: Moment | None = None


class _Webhook(msgspec.Struct):
    version: str
    alerts: list[_Told]
    truncatedAlerts: int = 0


class _State(msgspec.Struct):
    state: str
    silencedBy: list[str] = []


class _Listed(msgspec.Struct):
    labels: dict[str, str]
    status: _State
    annotations: dict[str, str] = {}
    startsAt: Moment | None = None
    endsAt: Moment | None = None
    updatedAt: Moment | None = None


class _Status(msgspec.Struct):
    uptime: Moment


class _Matcher(msgspec.Struct):
    name: str
    value: str
    isRegex: bool = False
    isEqual: bool = True


class _Silence(msgspec.Struct):
    id: str
    matchers: list[_Matcher]
    startsAt: Moment
    endsAt: Moment
    status: _State
    comment: str = ""


class _Made(msgspec.Struct):
    silenceID: str


def webhook(body: object) -> Report:
    """What a posted notification says. Raises Malformed."""
    told = decode(body, _Webhook)
    if told.version not in VERSIONS:
        raise MalformedBody(f'version "{told.version}" is not known here; this understands "4" - at `$.version`')
    return Report(
        tuple(
            Alert(
                labels=alert.labels,
                firing=alert.status == "firing",
                annotations=alert.annotations,
                starts_at=instant(alert.startsAt),
                ends_at=instant(alert.endsAt),
            )
            for alert in told.alerts
        ),
        truncated=told.truncatedAlerts,
    )


def alerts(answer: object) -> tuple[Alert, ...]:
    """The alerts of `GET /api/v2/alerts`, all of them firing. Raises Malformed."""
    return tuple(each(decode(answer, list[object]), alert))


def check_alerts(answer: object) -> None:
    """Whether what is around the alerts is what it should be. Raises Malformed."""
    decode(answer, list[object])


def alert(value: object) -> Alert:
    """One of them. Raises Malformed."""
    listed = decode(value, _Listed)
    return Alert(
        labels=listed.labels,
        firing=True,
        annotations=listed.annotations,
        starts_at=instant(listed.startsAt),
        silenced=bool(listed.status.silencedBy),
        updated_at=instant(listed.updatedAt),
    )


def started_at(answer: object) -> datetime | None:
    """Since when it runs, from `GET /api/v2/status`. Raises Malformed."""
    return instant(decode(answer, _Status).uptime)


def silences(answer: object) -> tuple[Silence, ...]:
    """The silences of `GET /api/v2/silences`. Raises Malformed."""
    return tuple(each(decode(answer, list[object]), silence))


def check_silences(answer: object) -> None:
    """Whether what is around the silences is what it should be. Raises Malformed."""
    decode(answer, list[object])


def silence(value: object) -> Silence:
    """One of them. Raises Malformed."""
    found = decode(value, _Silence)
    return Silence(
        id=found.id,
        matchers=tuple(
            Matcher(
                matcher.name,
                {(False, True): "=", (False, False): "!=", (True, True): "=~", (True, False): "!~"}[
                    matcher.isRegex, matcher.isEqual
                ],
                matcher.value,
            )
            for matcher in found.matchers
        ),
        starts_at=found.startsAt,
        ends_at=found.endsAt,
        comment=found.comment,
        active=found.status.state != "expired",
    )


def silence_id(answer: object) -> str:
    """The id in the answer to `POST /api/v2/silences`. Raises Malformed."""
    return decode(answer, _Made).silenceID
