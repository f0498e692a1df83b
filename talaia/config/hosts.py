"""Hosts as people write them, pure: with accents, capitals, a final dot, in brackets; and as machines want them."""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import unquote, urlsplit, urlunsplit

import idna

LETTERS = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
ZONE = re.compile(r"[A-Za-z0-9._~-]{1,64}")
PASSWORD = re.compile(r"(?<=://)([^/?#:]*):[^/?#]*@")


def host(text: str) -> str:
    """The name in ASCII, or the address, that `text` means. Raises ValueError with what is wrong with it."""
    inside = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if (found := address(inside)) is not None:
        return found
    if text.startswith("["):
        raise ValueError(f"{text!r} is no IPv6 address")
    if ":" in text or "/" in text:
        raise ValueError(f"{text!r} must be a name or an address alone, without http://, port or path")
    name = _ascii(text)
    labels = name.removesuffix(".").split(".")
    if len(name.removesuffix(".")) > 253 or not all(LETTERS.fullmatch(label) and len(label) <= 63 for label in labels):
        raise ValueError(f"{text!r} cannot be the name of a machine")
    if labels[-1].isdigit() or re.fullmatch(r"0x[0-9a-f]*", labels[-1]):
        raise ValueError(f"{text!r} is no IPv4 address")
    return name


def address(text: str) -> str | None:
    """An address in its usual form, with its zone if it has one; None for a name."""
    text = text.replace("%25", "%", 1) if ":" in text else text
    _, percent, zone = text.partition("%")
    if percent and not ZONE.fullmatch(zone):  # "eth0]:53" would be a zone to the standard library
        return None
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _ascii(text: str) -> str:
    """A name as it stands in the DNS: `Àgora.exemple.cat` is `xn--gora-zna.exemple.cat`, however its accent is made."""
    if text.isascii():
        return text.lower()
    try:
        return idna.encode(text, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValueError(f"{text!r} cannot be a name: {error}") from None


def is_here(name: str) -> bool:
    """Whether a host is this machine itself, however it is written: what connects reads `%6c`, `127.1` and `0x7f.1`."""
    name = unquote(name).rstrip(".")
    found = address(name.removeprefix("[").removesuffix("]")) or _old_form(name)
    if found is None:
        return name.lower() == "localhost" or name.lower().endswith(".localhost")
    there = ipaddress.ip_address(found)
    there = getattr(there, "ipv4_mapped", None) or there
    return there.is_loopback or there.is_unspecified  # what connects to 0.0.0.0 comes here


def _old_form(name: str) -> str | None:
    """An IPv4 address as BSD wrote them: in fewer parts, in octal or hexadecimal. getaddrinfo takes these, too."""
    try:
        return socket.inet_ntoa(socket.inet_aton(name)) if re.fullmatch(r"[0-9a-fx.]+", name, re.IGNORECASE) else None
    except OSError:
        return None


def asked_by(text: str) -> str:
    """A name as it comes in a Host head: in ASCII, without the final dot, an IPv6 address in brackets.

    A dot before it, for all names below it, stays. Raises ValueError.
    """
    below = "." if text.startswith(".") else ""
    name = host(text.removeprefix(".")).removesuffix(".")
    return f"[{name}]" if ":" in name else f"{below}{name}"


def own_address(text: str) -> str:
    """The address of a page as machines write it: in mails, heads and links. Raises ValueError.

    With nothing but a scheme, a host and a port.
    """
    parts = urlsplit(web_address(text))
    if "@" in parts.netloc or parts[2:] not in (("", "", ""), ("/", "", "")):
        raise ValueError(f"{text!r} has more than a host")
    name = asked_by(parts.hostname or "")
    return urlunsplit(parts._replace(netloc=f"{name}:{parts.port}" if parts.port else name))


def host_and_port(text: str) -> tuple[str, int]:
    """`mail.example.org:25`, `[2001:db8::1]:25`. Raises ValueError with what is wrong."""
    name, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit() and 0 < int(port) <= 65535):
        raise ValueError(f'{text!r} must be "host:port"')
    if ":" in name and not name.startswith("["):
        raise ValueError(f'{text!r} must be "host:port"; an IPv6 address stands in brackets, as in "[2001:db8::1]:25"')
    return host(name), int(port)


def name_server(text: str) -> tuple[str, int]:
    """`9.9.9.9`, `2001:db8::53`, `ns1.example.org`, `[2001:db8::53]:5353`: port 53 unless another one is given."""
    if address(text.removeprefix("[").removesuffix("]")) or ":" not in text:
        return host(text), 53
    return host_and_port(text)


def without_password(text: str) -> str:
    """An address as people may see it: `https://me:secret@example.org` is `https://me:…@example.org`."""
    return PASSWORD.sub(r"\1:…@", text)


def shown(address: str) -> str:
    """An address as it may be told, logged and kept: without what may be a secret in it. Whatever it is, no error."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
        name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    except ValueError:
        return "an address that is none"
    return f"{parts.scheme}://{name}{port}{parts.path}" if name else parts.path


def web_address(text: str) -> str:
    """An http address with its host as machines want it. Raises ValueError with what is wrong."""
    wrong = ValueError(f"{text!r} is no http address: it begins with https:// or http://, and has no blanks inside")
    if not text.isprintable() or text != text.strip():
        raise wrong
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # a bracket or a port that is none
        raise wrong from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or " " in parts.netloc:
        raise wrong
    user, at, place = parts.netloc.rpartition("@")
    written = place[: place.index("]") + 1] if place.startswith("[") else place.partition(":")[0]
    name = host(written)
    try:
        idna.decode(name.removesuffix(".") if "xn--" in name else "a")
    except idna.IDNAError as error:
        raise ValueError(f"{text!r} has a name that cannot be asked over http: {error}") from None
    if ":" in name:
        name = f"[{name.replace('%', '%25')}]"
    return urlunsplit(parts._replace(netloc=f"{user}{at}{name}" + (f":{port}" if port else "")))
