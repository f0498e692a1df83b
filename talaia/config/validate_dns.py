"""What a dns check may ask, pure: questions that no name can answer are mistakes of talaia.toml, and no outage."""

from __future__ import annotations

import ipaddress
import re

import dns.exception
import dns.name
import dns.rdatatype
import dns.reversename

from talaia.config.hosts import address, host

# An address backwards: whole, or of a part that was handed on (RFC 2317).
BACKWARDS = re.compile(r"([0-9a-z/_-]+\.)+(in-addr|ip6)\.arpa")
OF_ADDRESSES = {"A": 4, "AAAA": 6}
OF_NAMES = ("CNAME", "DNAME", "MX", "NS", "PTR", "SRV")


def name_in_dns(text: str) -> str:
    """A name in ASCII; `_dmarc.…` and `.` are names as well. Raises ValueError for what is none."""
    name = text if text.isascii() else host(text)
    # The DNS would take them into a label; nobody means that.
    if ":" in text or " " in text or ("/" in text and not BACKWARDS.fullmatch(text.lower().removesuffix("."))):
        raise ValueError(f"{text!r} must be a name alone, without http://, port, path or blanks")
    try:
        dns.name.from_text(name)
    except dns.exception.DNSException as error:
        raise ValueError(f"{text!r} cannot be a name: {error}") from None
    return name


def question_is_wrong(target: str, record: str) -> str:
    """Why nobody can answer it; empty when it is a question."""
    return record_is_wrong(record) or target_is_wrong(target, record)


def record_is_wrong(record: str) -> str:
    try:
        kind = dns.rdatatype.from_text(record)
    except (dns.exception.DNSException, ValueError):
        return f"{record!r} is no kind of record; for example A, AAAA, MX, TXT"
    if dns.rdatatype.is_metatype(kind):
        return (
            f"{record!r} is no record of its own, and servers refuse to be asked for it; for example A, AAAA, MX, TXT"
        )
    return ""


def target_is_wrong(target: str, record: str) -> str:
    kind = record.upper()
    if (found := address(target.removeprefix("[").removesuffix("]"))) is not None:
        if kind == "PTR":
            backwards = dns.reversename.from_address(found.partition("%")[0]).to_text(omit_final_dot=True)
            return f"{target!r} is an address; its PTR record stands at {backwards!r}"
        return f"{target!r} is an address, and addresses have no {kind} record; write a name"
    try:
        name = name_in_dns(target).lower().removesuffix(".")
    except ValueError as wrong:
        return str(wrong)
    if kind == "PTR" and not name.startswith("_") and not BACKWARDS.fullmatch(name):
        return f"{target!r} has no PTR record; it stands at the address backwards, as in 1.2.0.192.in-addr.arpa"
    return ""


def answer_is_wrong(answer: str, record: str) -> str:
    """Why such a record can never say so; empty when it can."""
    kind = record.upper()
    try:
        found = ipaddress.ip_address(answer)
    except ValueError:
        if kind in OF_ADDRESSES:
            return f"{answer!r} is no IPv{OF_ADDRESSES[kind]} address, and a record {kind} is one"
        return ""
    if kind in OF_ADDRESSES and found.version != OF_ADDRESSES[kind]:
        return f"{answer!r} is no IPv{OF_ADDRESSES[kind]} address, and a record {kind} is one"
    if kind in OF_NAMES:
        return f"{answer!r} is an address, and a record {kind} has a name"
    return ""
