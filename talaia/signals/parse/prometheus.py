"""Prometheus' bodies: the answers of its API, and what it posts when talaia is one of its Alertmanagers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from talaia.signals.parse.report import Alert, Malformed, Report, decode, instant

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Point = tuple[float, str]
T = TypeVar("T")


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
    alerts: list[_Alert]


class _Rule(msgspec.Struct):
    name: str
    health: str = "ok"
    lastError: str = ""


class _Group(msgspec.Struct):
    rules: list[_Rule]


class _Groups(msgspec.Struct):
    groups: list[_Group]


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
    result: list[_Range]


class _Scalar(msgspec.Struct):
    resultType: Literal["scalar"]
    result: Point


class _Sent(msgspec.Struct):
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    startsAt: Moment | None = None
    endsAt: Moment | None = None


@dataclass(frozen=True)
class Sample:
    """One series of an instant query."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Span:
    """One series of a range query: when it had a sample, in seconds by the source's clock, and of which value."""

    labels: Mapping[str, str]
    times: tuple[float, ...]
    values: tuple[float, ...] = ()


def _data(answer: object, shape: type[T]) -> T:
    outer = decode(answer, _Answer)
    if outer.status != "success":
        raise Malformed(outer.error or f"status {outer.status!r}")
    try:
        return decode(outer.data, shape)
    except Malformed as error:
        raise Malformed(str(error).replace("`$", "`$.data", 1)) from None


def error_of(answer: object) -> str:
    """What an answer says that went wrong; empty when it says nothing that can be understood."""
    try:
        return decode(answer, _Answer).error
    except Malformed:
        return ""


def alerts(answer: object) -> tuple[Alert, ...]:
    """The firing alerts of `GET /api/v1/alerts`; pending ones have not been judged yet. Raises Malformed."""
    return tuple(
        Alert(alert.labels, True, alert.annotations, instant(alert.activeAt))
        for alert in _data(answer, _Alerts).alerts
        if alert.state == "firing"
    )


def broken_rules(answer: object) -> tuple[Mapping[str, Any], ...]:
    """A note for each rule of `GET /api/v1/rules` that cannot be evaluated. Raises Malformed."""
    return tuple(
        {"code": "broken_rule", "rule": rule.name, "error": rule.lastError}
        for group in _data(answer, _Groups).groups
        for rule in group.rules
        if rule.health == "err"
    )


def clock(answer: object) -> float:
    """The source's own time, from the answer to the query `time()`. Raises Malformed."""
    return _number(_data(answer, _Scalar).result[1])


def vector(answer: object) -> tuple[Sample, ...]:
    """The series of an instant query; those that are not a number are left out. Raises Malformed."""
    samples = (Sample(series.metric, _number(series.value[1])) for series in _data(answer, _Vector).result)
    return tuple(sample for sample in samples if not math.isnan(sample.value))


def matrix(answer: object) -> tuple[Span, ...]:
    """The series of a range query. Raises Malformed."""
    return tuple(
        Span(
            series.metric,
            tuple(time for time, _ in series.values),
            tuple(_number(value) for _, value in series.values),
        )
        for series in _data(answer, _Matrix).result
    )


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


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Malformed(f"{text!r} is no number") from None
