"""A step of a loop that nothing ends: what goes wrong in it is in the log, and the next one comes."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import Error, connection

from talaia.log.episodes import lasts, well
from talaia.outbox.errors import OutsideError
from talaia.outbox.failure_kinds import UNFIT, in_one_line


def attempt(log: logging.Logger, who: str, step: Callable[[], object], *, quiet: bool = False) -> bool:
    """Whether `step` went well. `who` takes it, for the log. `quiet`: an error's words may hold a row, and stay out."""
    try:
        step()
    except UNFIT as error:
        away(log, who, error)
    except OutsideError as error:  # of something outside, such as a full disk: known, and told in a line
        why = type(error).__name__ if quiet else error.sentence
        lasts(log, f"fault of {who}", who, "%s cannot go on: %s", who, why)
    except Exception as error:  # noqa: BLE001 - nothing may end the loop
        said = "%s goes on after %s" if quiet else "%s goes on after %s: %s"
        given = (who, type(error).__name__) if quiet else (who, type(error).__name__, error)
        lasts(log, f"fault of {who}", who, said, *given, level=logging.ERROR, error=None if quiet else error)
    else:
        answers(log, who)
        well(log, f"fault of {who}", who, "%s is well again", who)
        return True
    connection.close()
    return False


def away(log: logging.Logger, who: str, error: Error) -> None:
    """`who` was refused by the database, as others may be."""
    lasts(log, "database", who, "the database does not answer: %s", in_one_line(error))


def answers(log: logging.Logger, who: str) -> None:
    """`who` was not refused by it."""
    well(log, "database", who, "the database answers again")
