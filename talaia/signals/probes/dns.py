"""dns: a name has a record, asked from the system's servers or from one of one's own."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdata
import dns.rdatatype
import dns.resolver

from talaia.config import CheckConfig, Config
from talaia.config.hosts import name_server
from talaia.config.validate_dns import name_in_dns, question_is_wrong
from talaia.signals.probes.answer import Failed, NotMeasured, ProbeAnswer
from talaia.signals.probes.local_faults import is_ours
from talaia.signals.probes.probe import Probe

SHOWN = 5  # answers named in the details


class DnsProbe(Probe):
    kind = "dns"

    async def look(self, check: CheckConfig, _config: Config) -> ProbeAnswer:
        """Ask for `record` of `target`; with `answer`, that one must be among those that come."""
        if wrong := question_is_wrong(check.target, check.record):
            raise NotMeasured(wrong)
        try:
            resolver = await _resolver(check.server) if check.server else dns.asyncresolver.Resolver()
        except dns.resolver.NoResolverConfiguration:
            raise NotMeasured("this machine has no name server: /etc/resolv.conf is missing or empty") from None
        kind, name = check.record.upper(), name_in_dns(check.target)
        patience = check.timeout.total_seconds()
        began = time.monotonic()
        try:
            # Less than there is, so that it can say itself what it met.
            found = await resolver.resolve(name, kind, lifetime=0.95 * patience, search=False)
        except dns.resolver.NXDOMAIN:
            raise Failed(f"there is no name {check.target} (NXDOMAIN)") from None
        except dns.resolver.NoAnswer:
            raise Failed(f"{check.target} has no {kind} record") from None
        except dns.resolver.NoNameservers as error:
            said = f"{check.target}: no server gave an answer: {_complaints(error)}"
            raise (NotMeasured(f"here: {said}") if _blind(error, own=not check.server) else Failed(said)) from None
        except dns.exception.Timeout as error:
            if not check.server:
                raise NotMeasured(f"here: no name server of this machine has answered within {patience:g} s") from None
            if _blind(error, own=False):
                raise NotMeasured(f"here: {_complaints(error)}") from None
            raise TimeoutError from None
        except dns.exception.DNSException as error:  # an answer that cannot be read
            raise Failed(f"{check.target}: {error}") from None
        seconds = time.monotonic() - began
        texts = sorted(rdata.to_text() for rdata in found)  # servers turn the order round
        shown = ", ".join(texts[:SHOWN]) + (f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else "")
        if check.answer and not any(same(rdata, check.answer) for rdata in found):
            raise Failed(f"{kind} of {check.target} is {shown}, not {check.answer}")
        return ProbeAnswer(seconds, f"{kind} of {check.target} is {shown}")

    def waits_for_us(self, check: CheckConfig) -> bool:
        return not check.server


async def _resolver(server: str) -> dns.asyncresolver.Resolver:
    """One that asks `server` alone: `9.9.9.9`, `[2001:db8::1]:5353`, `ns1.example.org`, `ns1.example.org:5353`."""
    try:
        host, port = name_server(server)
    except ValueError as wrong:
        raise NotMeasured(str(wrong)) from None
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise Failed(f"the name server {host} is not known: {error.strerror or error}") from None
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    resolver.port = port
    return resolver


def _blind(error: dns.exception.DNSException, own: bool) -> bool:
    """Whether no server could be asked for a reason of ours. `own`: they are those of this machine, and it is our fault
    when none of them can be talked to; that one of them answers SERVFAIL is an answer, it may be the name's own fault.
    """
    tried = [(server, problem) for server, _, _, problem, _ in error.kwargs.get("errors", ())]
    faults = [(server.removeprefix("Do53:").rpartition("@")[0], problem) for server, problem in tried]
    if not faults or not all(isinstance(problem, Exception) for _, problem in faults):
        return False
    return own or all(isinstance(problem, OSError) and is_ours(problem, [(at, problem)]) for at, problem in faults)


def same(rdata: dns.rdata.Rdata, wanted: str) -> bool:
    """Whether a record says `wanted`, as a zone file writes it; the last dot, quotes and an MX's number may be
    left out. Names are compared without regard to case, texts (TXT) as they are.
    """
    if rdata.rdtype == dns.rdatatype.TXT:
        whole = b"".join(rdata.strings)  # type: ignore[attr-defined]
        return whole in (wanted.encode(), wanted.strip('"').encode(), _joined(wanted))
    if rdata.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
        try:
            return ipaddress.ip_address(rdata.to_text()) == ipaddress.ip_address(wanted)
        except ValueError:
            return False
    try:
        if rdata == dns.rdata.from_text(rdata.rdclass, rdata.rdtype, wanted, origin=dns.name.root):
            return True
        wanted = name_in_dns(wanted) if not wanted.isascii() and " " not in wanted else wanted
    except (dns.exception.DNSException, ValueError):  # what a zone file would not have, but a person may
        pass
    said, asked = (text.lower().rstrip(".").split() for text in (rdata.to_text(), wanted))
    return said == asked or (rdata.rdtype == dns.rdatatype.MX and said[-1:] == asked)


def _joined(wanted: str) -> bytes | None:
    """A text as a zone file has it, in pieces with quotes."""
    try:
        return b"".join(dns.rdata.from_text("IN", "TXT", wanted).strings)  # type: ignore[attr-defined]
    except dns.exception.DNSException:
        return None


def _complaints(error: dns.exception.DNSException) -> str:
    """What each server said: `Do53:127.0.0.1@53 SERVFAIL`."""
    errors = error.kwargs["errors"][:SHOWN]
    return "; ".join(f"{server} {problem}" for server, _, _, problem, _ in errors) or "none was asked"
