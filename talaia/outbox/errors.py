"""What can go wrong outside: a Temporary fault is tried again, a Permanent one is parked for a person."""

from __future__ import annotations

from datetime import timedelta

from talaia.config import sanitize


class OutsideError(Exception):
    """A failure of something outside. `hint` says in one line what an operator can do.

    What the other side said may stand in both: nothing in it acts on a page or in a terminal.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(sanitize.lines(what))
        self.hint = sanitize.lines(hint)

    @property
    def sentence(self) -> str:
        """What is wrong and what can be done about it."""
        return sentence(str(self), self.hint)


def sentence(what: str, hint: str) -> str:
    """A failure and its hint as one sentence: hints begin small."""
    return f"{what.rstrip(' .')}; {hint}" if hint else what


class TemporaryError(OutsideError):
    """Worth another try; `after` when the other side said how long to wait."""

    def __init__(self, what: str, hint: str = "", after: timedelta | None = None) -> None:
        super().__init__(what, hint)
        self.after = after


class RetryLater(TemporaryError):
    """Nothing is wrong: it was asked before its time, and is asked again once that has come."""


class PermanentError(OutsideError):
    """Trying again would bring the same answer."""
