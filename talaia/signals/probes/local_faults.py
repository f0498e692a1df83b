"""Which failures say something of this machine, and so nothing of the target."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator, Sequence

from talaia.signals.probes.answer import NotMeasured
from talaia.signals.probes.local_network import leads_nowhere

OUR_OWN = (
    errno.EMFILE,  # nothing more can be opened here
    errno.ENFILE,
    errno.ENOMEM,
    errno.ENOBUFS,
    errno.ENETDOWN,  # this machine has no line, or no way that leads there
    errno.ENETUNREACH,
    errno.ENONET,
    errno.EADDRNOTAVAIL,  # no address or port of our own is left
    errno.EAFNOSUPPORT,  # no IPv6 here
    errno.EPROTONOSUPPORT,
    errno.EPERM,  # our own firewall, or the sandbox of the unit
)
# The resolver of this machine does not answer, refuses, or has nobody to ask: nothing is known of the name. That there
# is no such name (EAI_NONAME, EAI_NODATA) is an answer.
OUR_RESOLVER = (socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_MEMORY, socket.EAI_SYSTEM)

Refusals = Sequence[tuple[str, OSError]]


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what led to it, the root last."""
    step: BaseException | None = error
    while step is not None:
        yield step
        step = step.exceptions[0] if isinstance(step, BaseExceptionGroup) else step.__cause__ or step.__context__


def is_ours(error: BaseException, refusals: Refusals = ()) -> bool:
    """Whether `error` says nothing of the target. `refusals`: of each of its addresses that could not be connected to;
    when one of them was refused by the target itself, that counts.
    """
    causes = list(chain(error))
    if any(isinstance(cause, NotMeasured) for cause in causes):
        return True
    if isinstance(error, TimeoutError) and not error.errno:
        return False
    if refusals and any(isinstance(cause, OSError) and not isinstance(cause, socket.gaierror) for cause in causes):
        return all(_of_here(refusal, address) for address, refusal in refusals)
    return any(_of_here(cause) for cause in causes)


def _of_here(error: BaseException, address: str = "") -> bool:
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, RuntimeError):
        return "can't start new thread" in str(error)
    if isinstance(error, socket.gaierror):
        return error.errno in OUR_RESOLVER
    if not isinstance(error, OSError) or isinstance(error, ssl.SSLError):  # whose numbers are OpenSSL's
        return False
    return error.errno in OUR_OWN or (error.errno == errno.EHOSTUNREACH and bool(address) and leads_nowhere(address))
