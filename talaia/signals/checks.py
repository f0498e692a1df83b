"""The built-in checks: `probe` looks at one target, once, and always comes back in time with an Outcome."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
import time
from datetime import datetime, timedelta

import httpx
from django.utils import timezone

from talaia.config import CheckConfig, Config
from talaia.log.episodes import lasts, well
from talaia.signals.check_outcome import CheckOutcome
from talaia.signals.probes.answer import GATEWAY, Failed, NotMeasured, ProbeAnswer
from talaia.signals.probes.event_loop import ProbeLoop
from talaia.signals.probes.local_faults import Refusals, chain, is_ours
from talaia.signals.probes.local_network import leads_nowhere
from talaia.signals.probes.registry import PROBES

log = logging.getLogger(__name__)


def probe(check: CheckConfig, config: Config) -> CheckOutcome:
    """Look at the target of `check` once. Blocks for `check.timeout` at the most, whatever the other side does.

    Never raises for what goes wrong outside: that is an Outcome that is not ok, and `what` says what it was.
    """
    at, began = timezone.now(), time.monotonic()
    refusals: Refusals = ()
    try:
        loop = ProbeLoop()
        refusals = loop.refusals
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            answer = runner.run(_within(loop, check, config))
    except Exception as error:  # noqa: BLE001 - whatever a target makes a library raise is an answer, too
        seconds = time.monotonic() - began
        ours = is_ours(error, refusals)
        if foreign := not (ours or expected(error)):
            lasts(log, f"probe {check.id}", "probe", "check %s: %s: %s", check.id, type(error).__name__, error)
        return CheckOutcome(
            check.id, False, False, False, seconds, in_words(error, check, ours), at, not (ours or foreign)
        )
    well(log, f"probe {check.id}", "probe", "check %s: what it gets can be read again", check.id)
    return judged(check, answer, at)


async def _within(loop: ProbeLoop, check: CheckConfig, config: Config) -> ProbeAnswer:
    seconds = check.timeout.total_seconds()
    try:
        async with asyncio.timeout(seconds):
            return await PROBES[check.kind].look(check, config)
    except TimeoutError:
        if loop.resolving or PROBES[check.kind].waits_for_us(check):
            raise NotMeasured(f"here: no name server has answered within {seconds:g} s; see /etc/resolv.conf") from None
        if loop.trying and all(map(leads_nowhere, [*loop.trying, *(address for address, _ in loop.refusals)])):
            raise NotMeasured(GATEWAY) from None
        raise
    finally:
        await loop.hang_up()


def judged(check: CheckConfig, answer: ProbeAnswer, at: datetime) -> CheckOutcome:
    """The outcome of an answer that came: in time or late, and with how much of the certificate left."""
    said = [answer.what, f"in {answer.seconds:.3f} s"]
    slow = check.slower_than is not None and answer.seconds > check.slower_than.total_seconds()
    if slow and check.slower_than is not None:
        said.append(f"slower than {check.slower_than.total_seconds():g} s")
    expiring = False
    if answer.certificate_ends is not None:
        left = answer.certificate_ends - at
        expiring = check.certificate_days is not None and left < timedelta(days=check.certificate_days)
        said.append(f"certificate until {answer.certificate_ends:%Y-%m-%d %H:%M} UTC ({left.days} days)")
    return CheckOutcome(check.id, True, slow, expiring, answer.seconds, ", ".join(said), at)


def expected(error: BaseException) -> bool:
    """Whether networks do such things; anything else is a mistake of ours: it goes to the log and blames nobody."""
    return isinstance(error, Failed | NotMeasured | OSError | httpx.HTTPError | httpx.InvalidURL | UnicodeError)


def in_words(error: BaseException, check: CheckConfig, ours: bool = False) -> str:
    """One line for operators that says what went wrong."""
    if isinstance(error, Failed | NotMeasured):
        return f"here: {error}" if ours and isinstance(error, Failed) else str(error)
    if isinstance(error, TimeoutError) and not error.errno:
        return f"no answer within {check.timeout.total_seconds():g} s"
    for cause in reversed(list(chain(error))):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate is not valid: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"TLS fails: {cause.reason or cause}"
        if isinstance(cause, socket.gaierror) and ours:
            return f"here: the name servers of this machine do not tell the name of {check.shown}: {cause.strerror}"
        if isinstance(cause, socket.gaierror):
            return f"the name of {check.shown} is not known: {cause.strerror}"
        if isinstance(cause, UnicodeError):
            return f"{check.shown} cannot be a name: {cause}"
        if isinstance(cause, OSError) and cause.errno:
            return f"{'here' if ours else 'cannot connect'}: {os.strerror(cause.errno)}"
    return f"{type(error).__name__}: {error}"
