"""What a built-in check must look like, pure: what can never be looked at is a mistake here, and no outage there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from talaia.config.addresses import has_password, nowhere, positive
from talaia.config.check_kinds import KINDS
from talaia.config.hosts import host, host_and_port, name_server, web_address
from talaia.config.panel_tables import CheckConfig, ConnectionConfig
from talaia.config.positions import Path as Place
from talaia.config.validate_dns import answer_is_wrong, record_is_wrong, target_is_wrong

ONLY_FOR = {key: kind for kind, row in KINDS.items() for key in row.keys}


# Raises ValueError with what is wrong with the target.
TARGETS: dict[str, Callable[[str], object]] = {"http": web_address, "tcp": host_and_port, "ping": host}


def check_fits(
    place: Place, check: CheckConfig, services: set[str], connections: dict[str, ConnectionConfig]
) -> Iterator[tuple[Place, str]]:
    if check.canary:
        if check.service or check.connection:
            yield (*place, "canary"), "a canary tells how our own line is, and speaks for no service or connection"
        if check.at_home:
            yield (*place, "canary"), f"{check.target!r} is this machine itself: it answers when the line is cut, too"
    elif check.service is None:
        yield place, "'service' is missing: whose health does it check? (or canary = true)"
    elif check.service not in services:
        yield (*place, "service"), nowhere("service", check.service, services)
    if check.connection and check.connection not in connections:
        yield (*place, "connection"), nowhere("connection", check.connection, connections)
    if check.failures < 1:
        yield (*place, "failures"), "must be 1 or more"
    if check.certificate_days is not None and check.certificate_days < 0:
        yield (*place, "certificate_days"), "must be 0 or more"
    for name, other in (("username", "password_file"), ("password_file", "username")):
        if getattr(check, name) and not getattr(check, other):
            yield (*place, name), f"goes with {other}"
    if has_password(check.target):
        yield (*place, "target"), "holds a password; write username and password_file"
    yield from _target(place, check)
    if check.slower_than and check.slower_than >= check.timeout:
        yield (*place, "slower_than"), "must be shorter than timeout, or it would never be reached"
    for struct_field in msgspec.structs.fields(CheckConfig):
        only = ONLY_FOR.get(struct_field.name)
        if only and check.kind != only and getattr(check, struct_field.name) != struct_field.default:
            yield (*place, struct_field.name), f"goes with kind = {only!r} only, and this is a {check.kind} check"
    yield from positive(place, {"every": check.every, "timeout": check.timeout})


def _target(place: Place, check: CheckConfig) -> Iterator[tuple[Place, str]]:
    """What a check can never look at is a mistake here; it must not look like an outage there."""
    if is_wrong := TARGETS.get(check.kind):
        try:
            is_wrong(check.target)
        except ValueError as wrong:
            yield (*place, "target"), str(wrong)
    else:
        yield from QUESTIONS[check.kind](place, check)


def _question(place: Place, check: CheckConfig) -> Iterator[tuple[Place, str]]:
    if wrong := record_is_wrong(check.record):
        yield (*place, "record"), wrong
    elif wrong := target_is_wrong(check.target, check.record):
        yield (*place, "target"), wrong
    if check.answer and (wrong := answer_is_wrong(check.answer, check.record)):
        yield (*place, "answer"), wrong
    if check.server:
        try:
            name_server(check.server)
        except ValueError as error:
            yield (*place, "server"), str(error)


# Of the kinds that are more than a target.
QUESTIONS = {"dns": _question}
if TARGETS.keys() | QUESTIONS.keys() != KINDS.keys():
    raise TypeError("config/validate_checks.py: each kind of check says which targets it cannot look at")
