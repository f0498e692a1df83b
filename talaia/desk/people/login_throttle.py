"""A limit against guessing passwords that keeps no operator out.

Five tries in a row are free; after them each failure asks for a pause before the next try: 1 s, 2 s, 4 s … at most a
minute. Whoever guesses gets some 1,500 tries a day from one place, which a password of ten characters outlasts.

What is counted is the place (an IPv4 address, an IPv6 /64), never the account: a stranger elsewhere cannot shut out
whom he names. A browser in which that person has logged in before carries a signed cookie and is counted by itself,
so that even a guesser behind the same address (our own network, a shared connection) does not slow it down. Who is
logged in is not asked at all, and `talaia incident` works from the shell whatever happens here.

A second step is reached only with the right password. There, a browser that the person has never used is counted for
the person, wherever it comes from: who has stolen a password gets some 1,500 of the million codes a day, and slows down
nobody who comes with a passkey or with a browser of their own. A passkey is never asked to wait: it cannot be guessed.

It counts in the memory of this process: a restart forgets, and several processes count each for itself. It does not
help against a guesser with very many addresses; good passwords do.
"""

from __future__ import annotations

import ipaddress
import math
import secrets
import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from talaia.config import current

FREE = 5
LONGEST = timedelta(minutes=1)
FORGOTTEN = timedelta(hours=1)
ROOM = 20_000  # places remembered at most; the longest unheard are forgotten first

PLACE = "place "
COOKIE = "talaia-browser"
SALT = "talaia.desk.browser"
YEAR = 365 * 24 * 3600


def pause(failures: int) -> timedelta:
    """How long to wait after so many failures in a row."""
    if failures < FREE:
        return timedelta(0)
    return min(timedelta(seconds=2.0 ** min(failures - FREE, 10)), LONGEST)


class LoginAttempts:
    """Who has tried how often, and when each may try again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, tuple[int, datetime]] = OrderedDict()  # tries in a row, the latest

    def begin(self, who: str, now: datetime) -> int:
        """Seconds to wait before trying; 0: try now. A try counts when it begins, so that many at once are many."""
        with self._lock:
            tries, latest = self._seen.get(who, (0, now))
            if latest > now:  # the clock was set back: nobody waits longer for that
                latest = now
                self._seen[who] = (tries, now)  # else the wait would begin anew at each look
            if now - latest > FORGOTTEN:
                tries = 0
            if (left := latest + pause(tries) - now) > timedelta(0):
                return math.ceil(left.total_seconds())
            self._seen[who] = (tries + 1, now)
            self._seen.move_to_end(who)
            while len(self._seen) > ROOM:
                self._seen.popitem(last=False)
            return 0

    def forgive(self, who: str) -> None:
        """The password was right. A place gets back that one try: who guesses there may have an account, too."""
        with self._lock:
            tries, latest = self._seen.pop(who, (0, None))
            if who.startswith(PLACE) and latest and tries > 1:
                self._seen[who] = (tries - 1, latest)


def place(address: str) -> str:
    """The network that an address counts for; a guesser has a whole IPv6 /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def address(request: HttpRequest) -> str:
    """Where a request comes from."""
    direct = str(request.META.get("REMOTE_ADDR", ""))
    if not current().web.behind_proxy:
        return direct
    # The last one was written by our own proxy; those before it by anybody.
    return str(request.META.get("HTTP_X_FORWARDED_FOR", direct)).rpartition(",")[2].strip()


def whose(request: HttpRequest, name: str) -> str:
    """Whom this try counts for: the browser that `name` has used before, else the place it comes from."""
    return _browser(request, name) or f"{PLACE}{place(address(request))}"


def second(request: HttpRequest, name: str) -> str:
    """Whom a try at the second step counts for."""
    return _browser(request, name) or f"second step of {name}"


def _browser(request: HttpRequest, name: str) -> str:
    try:
        known = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=YEAR)
    except signing.BadSignature:
        return ""
    return f"browser {known[1]}" if isinstance(known, list) and len(known) == 2 and known[0] == name else ""


def remember(request: HttpRequest, response: HttpResponseBase, name: str) -> None:
    """Let this browser be known as one that `name` uses."""
    if _browser(request, name):
        return
    value = signing.dumps([name, secrets.token_urlsafe(9)], salt=SALT)
    secure = current().site.address.startswith("https:")
    response.set_cookie(COOKIE, value, max_age=YEAR, path="/desk/", secure=secure, httponly=True, samesite="Strict")


TRIES = LoginAttempts()
