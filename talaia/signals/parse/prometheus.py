"""Prometheus' bodies: the answers of its API, and what it posts when talaia is one of its Alertmanagers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar, cast

import msgspec

from talaia.config import sanitize
from talaia.signals.parse.report import Alert, MalformedBody, Report, decode, each, instant

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Point = tuple[float, str | float]
T = TypeVar("T")

LATEST = 1e10  # seconds since 1970: what is later, or not a number, is no time

# Where the lists stand in the answers.
ALERTS = ("data", "alerts")
RULES = ("data", "groups", "", "rules")
RESULT = ("data", "result")


class _Answer(msgspec.Struct):
    status: str
    data: Any = None
    error: str = ""


class _Alert(msgspec.Struct):
    labels: dict[str, str]
    state: str
    annotations: dict[str, str] = {}
    activeAt: Moment | None = None


class _Alerts(msgspec.Struct):
    alerts: list[Any] | None  # Go writes an empty list as null where it was never made


class _Rule(msgspec.Struct):
    name: str
    health: str = "ok"
    lastError: str = ""


class _Group(msgspec.Struct):
    rules: list[Any] | None = None


class _Groups(msgspec.Struct):
    groups: list[_Group] | None


class _Series(msgspec.Struct):
    metric: dict[str, str]
    value: Point


class _Vector(msgspec.Struct):
    resultType: Literal["vector"]
    result: list[_Series]


class _Range(msgspec.Struct):
    metric: dict[str, str]
    values: list[Point]


class _Matrix(msgspec.Struct):
    resultType: Literal["matrix"]
    result: list[Any]


class _Scalar(msgspec.Struct, tag_field="resultType", tag="scalar"):
    result: Point


class _One(msgspec.Struct, tag_field="resultType", tag="vector"):
    """Servers of Prometheus' API that know no scalars (VictoriaMetrics, M3) answer `time()` with a series."""

    result: Annotated[list[_Series], msgspec.Meta(min_length=1, max_length=1)]


class _Path(msgspec.Struct, tag_field="resultType", tag="matrix"):
    result: Annotated[list[_Range], msgspec.Meta(min_length=1, max_length=1)]


class _Sent(msgspec.Struct):
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    startsAt: Moment | None = None
    endsAt: Moment | None = None


_Time = _Scalar | _One | _Path


@dataclass(frozen=True)
class PrometheusSample:
    """One series of an instant query."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class SampleSpan:
    """One series of a range query: when it had a sample, in seconds by the source's clock, and of which value."""

    labels: Mapping[str, str]
    times: tuple[float, ...]
    values: tuple[float, ...] = ()


def _data(answer: object, shape: type[T]) -> T:
    outer = decode(answer, _Answer)
    if outer.status != "success":
        raise MalformedBody(outer.error or f"status {outer.status!r}")
    try:
        return decode(outer.data, shape)
    except MalformedBody as error:
        raise MalformedBody(str(error).replace("`$", "`$.data", 1)) from None


def error_of(answer: object) -> str:
    """What an answer says that went wrong; empty when it says nothing that can be understood."""
    try:
        return decode(answer, _Answer).error
    except MalformedBody:
        return ""


def alerts(answer: object) -> tuple[Alert, ...]:
    """The firing alerts of `GET /api/v1/alerts`; pending ones have not been judged yet. Raises Malformed."""
    return tuple(filter(None, each(_data(answer, _Alerts).alerts, alert, ALERTS)))


def check_alerts(answer: object) -> None:
    """Whether what is around the alerts (at ALERTS) is what it should be. Raises Malformed."""
    _data(answer, _Alerts)


def alert(value: object) -> Alert | None:
    """One of them; None while it is pending. Raises Malformed."""
    listed = decode(value, _Alert)
    if listed.state != "firing":
        return None
    return Alert(listed.labels, True, listed.annotations, instant(listed.activeAt))


def broken_rules(answer: object) -> tuple[Mapping[str, Any], ...]:
    """A note for each rule of `GET /api/v1/rules` that cannot be evaluated. Raises Malformed."""
    groups = _data(answer, _Groups).groups or ()
    return tuple(note for group in groups for notes in each(group.rules, broken_rule, RULES) for note in notes)


def check_rules(answer: object) -> None:
    """Whether what is around the rules (at RULES) is what it should be. Raises Malformed."""
    _data(answer, _Groups)


def broken_rule(value: object) -> list[Mapping[str, Any]]:
    """A note, if this rule cannot be evaluated. Raises Malformed."""
    rule = decode(value, _Rule)
    if rule.health != "err":
        return []
    return [{"code": "broken_rule", "rule": sanitize.line(rule.name), "error": sanitize.line(rule.lastError)}]


def clock(answer: object) -> float:
    """The source's own time, from the answer to the query `time()`. Raises Malformed."""
    said: _Time = _data(answer, cast(Any, _Time))
    match said:
        case _Scalar():
            value = _number(said.result[1])
        case _One():
            value = _number(said.result[0].value[1])
        case _Path():
            value = _number(said.result[0].values[-1][1]) if said.result[0].values else math.nan
    if not abs(value) < LATEST:
        raise MalformedBody("time() brings no time")
    return value


def vector(answer: object) -> tuple[PrometheusSample, ...]:
    """The series of an instant query. Raises Malformed."""
    return tuple(
        PrometheusSample(_labels(series.metric), _number(series.value[1])) for series in _data(answer, _Vector).result
    )


def matrix(answer: object) -> tuple[SampleSpan, ...]:
    """The series of a range query. Raises Malformed."""
    return tuple(each(_data(answer, _Matrix).result, span, RESULT))


def span(value: object) -> SampleSpan:
    """One of them. Raises Malformed."""
    series = decode(value, _Range)
    times = tuple(time for time, _ in series.values)
    if not all(abs(time) < LATEST for time in times):
        raise MalformedBody("a sample has no time")
    return SampleSpan(_labels(series.metric), times, tuple(_number(value) for _, value in series.values))


def push(body: object, received_at: datetime) -> Report:
    """What Prometheus posts to `/api/v2/alerts`: each alert it has, again and again, until `endsAt` lies in the past.

    A heartbeat never ends. When one seems to have, the clocks disagree, and nothing in the body can be believed.
    Raises Malformed.
    """
    found = []
    for sent in decode(body, list[_Sent]):
        ends_at = instant(sent.endsAt)
        firing = ends_at is None or ends_at > received_at
        found.append(Alert(sent.labels, firing, sent.annotations, instant(sent.startsAt), ends_at))
    behind = [received_at - alert.ends_at for alert in found if alert.heartbeat and not alert.firing and alert.ends_at]
    notes = ({"code": "skew", "seconds": -round(max(behind).total_seconds() + 240)},) if behind else ()
    return Report(tuple(found), notes=notes)


def _labels(metric: Mapping[str, str]) -> dict[str, str]:
    """In the form in which those of alerts are read, so that they can be compared."""
    return {sanitize.line(name): sanitize.line(value) for name, value in metric.items()}


def _number(text: str | float) -> float:
    try:
        return float(text)
    except ValueError:
        raise MalformedBody(f"{text!r} is no number") from None
