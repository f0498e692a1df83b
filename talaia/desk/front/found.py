"""What a built-in check found, in the reader's language, pure: it is stored, logged and told to machines in English.

Whatever is not among the sentences here stays as it is; the page marks it as English.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

ANSWER = re.compile(
    r"(?P<answer>.+), in (?P<seconds>[\d.]+) s"
    r"(?:, slower than (?P<limit>[\d.e+-]+) s)?"
    r"(?:, certificate until (?P<until>\S+ \S+ UTC) \((?P<days>-?\d+) days\))?"
)


def in_reader_words(what: str) -> str:
    """`what` in the language in force; empty where it is none of the sentences that we know."""
    if what.startswith("here: "):
        rest = what.removeprefix("here: ")
        said = _sentence(rest) or _errors().get(rest, "")
        # Translators: before what is wrong at talaia's own machine
        return _("here: %(said)s") % {"said": said} if said else ""
    return _answer(what) or _sentence(what)


def _answer(what: str) -> str:
    match = ANSWER.fullmatch(what)
    if match is None or not (answer := _sentence(match["answer"])):
        return ""
    said = [answer, _("in %(seconds)s s") % {"seconds": match["seconds"]}]
    if match["limit"]:
        said.append(_("slower than %(limit)s s") % {"limit": match["limit"]})
    if match["until"]:
        said.append(_("certificate until %(until)s (days left: %(days)s)") % match.groupdict())
    return ", ".join(said)


def _sentence(what: str) -> str:
    for pattern, translated in _sentences():
        if match := re.fullmatch(pattern, what):
            given = {name: _errors().get(value, value) for name, value in match.groupdict().items()}
            return translated % given
    return ""


def _sentences() -> tuple[tuple[str, str], ...]:
    """The sentences of `signals/checks.py` and `signals/probes/`; the first that matches is it."""
    return (
        (
            r"status (?P<status>\d+), but (?P<text>.+) does not stand in the page",
            _("answers with code %(status)s, but %(text)s does not stand in the page"),
        ),
        (
            r"status (?P<status>\d+) instead of (?P<right>[\d, ]+)",
            _("answers with code %(status)s instead of %(right)s"),
        ),
        (r"status (?P<status>\d+[^,]*)", _("answers with code %(status)s")),
        (r"accepts connections", _("accepts connections")),
        (r"no answer within (?P<seconds>\S+) s", _("no answer within %(seconds)s s")),
        (r"the certificate is not valid: (?P<error>.+)", _("the certificate is not valid: %(error)s")),
        (r"TLS fails: (?P<error>.+)", _("TLS fails: %(error)s")),
        (r"the name of (?P<name>\S+) is not known: (?P<error>.+)", _("the name of %(name)s is not known: %(error)s")),
        (
            r"the name servers of this machine do not tell the name of (?P<name>\S+): (?P<error>.+)",
            _("the name servers of this machine do not tell the name of %(name)s: %(error)s"),
        ),
        (r"cannot connect: (?P<error>.+)", _("cannot connect: %(error)s")),
        (r"there is no name (?P<name>\S+) \(NXDOMAIN\)", _("there is no name %(name)s (NXDOMAIN)")),
        (r"(?P<name>\S+) has no (?P<kind>\S+) record", _("%(name)s has no %(kind)s record")),
        (
            r"(?P<kind>[A-Z]+) of (?P<name>\S+) is (?P<found>.+), not (?P<right>.+)",
            _("%(kind)s of %(name)s is %(found)s, not %(right)s"),
        ),
        (
            r"(?P<name>\S+) does not answer: (?P<lost>\d+) of \d+ echoes lost",
            _("%(name)s does not answer: %(lost)s echoes, all lost"),
        ),
        (r"the gateway of this machine does not answer", _("the gateway of this machine does not answer")),
        (
            r"no name server (?:of this machine )?has answered within (?P<seconds>\S+) s(?:; see /etc/resolv.conf)?",
            _("no name server of this machine has answered within %(seconds)s s; see /etc/resolv.conf"),
        ),
    )


def _errors() -> dict[str, str]:
    """The commonest errors, by what the system calls them; others stay in its words."""
    return {
        "Connection refused": _("connection refused"),
        "Connection reset by peer": _("connection reset"),
        "Connection timed out": _("no answer in time"),
        "No route to host": _("no route to that machine"),
        "Network is unreachable": _("that network cannot be reached"),
        "Name or service not known": _("no such name"),
        "Temporary failure in name resolution": _("the name servers do not answer"),
        "certificate has expired": _("it has expired"),
        "self-signed certificate": _("it is signed by itself"),
    }
