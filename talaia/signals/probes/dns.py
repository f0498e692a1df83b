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

from talaia.config import Check
from talaia.signals.probes.answer import Answer, Failed, NotMeasured
from talaia.signals.probes.tcp import host_and_port

SHOWN = 5  # answers named in the details


async def look(check: Check) -> Answer:
    """Ask for `record` of `target`; with `answer`, that one must be among those that come."""
    try:
        resolver = await _resolver(check.server) if check.server else dns.asyncresolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        raise NotMeasured("this machine has no name server: /etc/resolv.conf is missing or empty") from None
    kind = check.record.upper()
    began = time.monotonic()
    try:
        found = await resolver.resolve(check.target, kind, lifetime=check.timeout.total_seconds(), search=False)
    except dns.rdatatype.UnknownRdatatype:
        raise NotMeasured(f"{kind!r} is no kind of record; for example A, AAAA, MX, TXT") from None
    except dns.resolver.NXDOMAIN:
        raise Failed(f"there is no name {check.target} (NXDOMAIN)") from None
    except dns.resolver.NoAnswer:
        raise Failed(f"{check.target} has no {kind} record") from None
    except dns.resolver.NoNameservers as error:
        raise Failed(f"{check.target}: no server gave an answer: {_complaints(error)}") from None
    except dns.exception.Timeout:
        raise TimeoutError from None
    except dns.exception.DNSException as error:  # a name that can be none, an answer that cannot be read
        raise Failed(f"{check.target}: {error}") from None
    seconds = time.monotonic() - began
    texts = sorted(rdata.to_text() for rdata in found)  # servers turn the order round
    shown = ", ".join(texts[:SHOWN]) + (f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else "")
    if check.answer and not any(same(rdata, check.answer) for rdata in found):
        raise Failed(f"{kind} of {check.target} is {shown}, not {check.answer}")
    return Answer(seconds, f"{kind} of {check.target} is {shown}")


async def _resolver(server: str) -> dns.asyncresolver.Resolver:
    """One that asks `server` alone: `9.9.9.9`, `[2001:db8::1]:5353`, `ns1.example.org`, `ns1.example.org:5353`."""
    try:
        host, port = str(ipaddress.ip_address(server.removeprefix("[").removesuffix("]"))), 53
    except ValueError:
        host, port = host_and_port(server) if server.rpartition(":")[2].isdigit() else (server, 53)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise Failed(f"the name server {host} is not known: {error.strerror or error}") from None
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    resolver.port = port
    return resolver


def same(rdata: dns.rdata.Rdata, wanted: str) -> bool:
    """Whether a record says `wanted`, as a zone file writes it; the last dot, quotes and an MX's number may be
    left out. Names are compared without regard to case, texts (TXT) as they are.
    """
    if rdata.rdtype == dns.rdatatype.TXT:
        return b"".join(rdata.strings) == wanted.strip('"').encode()  # type: ignore[attr-defined]
    if rdata.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
        try:
            return ipaddress.ip_address(rdata.to_text()) == ipaddress.ip_address(wanted)
        except ValueError:
            return False
    said, asked = (text.lower().rstrip(".").split() for text in (rdata.to_text(), wanted))
    return said == asked or (rdata.rdtype == dns.rdatatype.MX and said[-1:] == asked)


def _complaints(error: dns.resolver.NoNameservers) -> str:
    """What each server said: `Do53:127.0.0.1@53 SERVFAIL`."""
    errors = error.kwargs["errors"][:SHOWN]
    return "; ".join(f"{server} {problem}" for server, _, _, problem, _ in errors) or "none was asked"
