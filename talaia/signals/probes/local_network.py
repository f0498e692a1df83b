"""Whether it is our own line that leads nowhere: what the kernel of this machine knows of the way to an address.

"No route to host" is said of two things: a machine far away that a router cannot reach, and our own gateway that does
not answer. Only the latter is ours.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress

# rtnetlink(7)
ROUTE, ASK_ROUTE, ASK_NEIGHBOURS = 0, 26, 30
REQUEST, DUMP = 0x1, 0x300
DONE, ERROR = 3, 2
TO, GATEWAY, NEIGHBOUR = 1, 5, 1
LOST = 0x01 | 0x20  # NUD_INCOMPLETE, NUD_FAILED


def leads_nowhere(address: str) -> bool:
    """Whether no way leads from here to `address`: there is no route, or the gateway to it does not answer.

    False when the kernel cannot be asked.
    """
    with suppress(OSError, ValueError, struct.error):
        found = ipaddress.ip_address(address)
        route = next(_ask(ASK_ROUTE, _route_to(found), "BBBBBBBBI"), None)
        if route is None:
            return True
        gateway = route[1].get(GATEWAY)
        if gateway is None:  # it is our neighbour: if it does not answer, that is its own fault
            return False
        for head, told in _ask(ASK_NEIGHBOURS, struct.pack("=BxxxiHBB", _family(found), 0, 0, 0, 0), "BxxxiHBB", DUMP):
            if told.get(NEIGHBOUR) == gateway and head[2] & LOST:
                return True
    return False


def _family(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> int:
    return socket.AF_INET6 if address.version == 6 else socket.AF_INET


def _route_to(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bytes:
    asked = struct.pack("=BBBBBBBBI", _family(address), address.max_prefixlen, 0, 0, 0, 0, 0, 0, 0)
    return asked + struct.pack("=HH", 4 + len(address.packed), TO) + address.packed


def _ask(kind: int, body: bytes, form: str, more: int = 0) -> Iterator[tuple[tuple[int, ...], dict[int, bytes]]]:
    """Each message that the kernel answers: its head, and its attributes by their number."""
    size = struct.calcsize("=" + form)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, ROUTE) as kernel:
        kernel.settimeout(1)
        kernel.send(struct.pack("=IHHII", 16 + len(body), kind, REQUEST | more, 1, 0) + body)
        while True:
            came = kernel.recv(65536)
            while came:
                length, what = struct.unpack_from("=IH", came)
                if what in (DONE, ERROR) or length < 16:
                    return
                yield struct.unpack_from("=" + form, came, 16), _attributes(came[16 + size : length])
                came = came[(length + 3) & ~3 :]
            if not more:
                return


def _attributes(came: bytes) -> dict[int, bytes]:
    found = {}
    while len(came) >= 4:
        length, kind = struct.unpack_from("=HH", came)
        if length < 4:
            break
        found[kind & 0x3FFF] = came[4:length]
        came = came[(length + 3) & ~3 :]
    return found
