"""`talaia`: finds the command, reads the configuration, sets Django up, and turns refusals into one clear line."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from django.db import Error as DatabaseError

import talaia
from talaia import config as configuration
from talaia.config.extras import missing
from talaia.errors import UserError
from talaia.file_modes import UMASK
from talaia.log import formatters
from talaia.outbox.disk_reserve import free
from talaia.outbox.errors import OutsideError
from talaia.outbox.failure_kinds import HINTS, in_one_line, trouble
from talaia.terminal import only_words

# Name → one line of help. The module of each is talaia/commands/<name>.py.
COMMANDS = {
    "init": "write a talaia.toml to begin with",
    "up": "everything in one process: page, desk, hooks, worker",
    "web": "only the web server",
    "work": "only the worker: signals, publishing, clock",
    "demo": "a told story on this machine; leaves nothing behind",
    "check": "read the configuration and look whether all is well",
    "panel": "print the panel, or explain a state",
    "publish": "make the public folder anew",
    "service": "say by hand how a service is, or give it another slug",
    "incident": "open, update, correct and resolve incidents",
    "maintenance": "plan, start, complete and cancel maintenance",
    "audience": "who is told: read the membership export, opt people out, explain",
    "answer": "read a mail that somebody wrote to us, so that they are led to the page",
    "bounce": "read mails that came back, so that dead addresses get no more",
    "forum": "the forum in which the history lives: is it ready?",
    "user": "people who may use the desk",
    "token": "secrets with which machines may post to the hooks",
}
# A mail server runs these: a failure is "not now" (EX_TEMPFAIL), so that it keeps the mail and tries again.
BY_MAIL = {"answer", "bounce"}
NOT_NOW = 75
# These run without a configuration.
BARE = {"init", "demo"}


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="talaia", description="The page that stays up when everything else is down.")
    top.add_argument("--version", action="version", version=f"talaia {talaia.__version__}")
    top.add_argument("--config", metavar="FILE", help="the configuration (default: $TALAIA_CONFIG or ./talaia.toml)")
    top.add_argument(
        "--log", choices=formatters.CHOICES, help="how lines of the log look (default: $TALAIA_LOG or auto)"
    )
    names = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, line in COMMANDS.items():
        # Both may stand behind the command, too, written in full: what is shortened is the command's own.
        own = names.add_parser(name, help=line, add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)
        own.add_argument("--config")
        own.add_argument("--log", choices=formatters.CHOICES)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 refused or failed (one line on stderr), 2 usage."""
    try:
        with only_words():
            try:
                return _run(argv)
            finally:
                sys.stdout.flush()
    except BrokenPipeError:  # `talaia check | head`: whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1


def _run(argv: Sequence[str] | None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    known, rest = parser().parse_known_args(arguments)
    if known.config:
        os.environ["TALAIA_CONFIG"] = known.config
    if known.log:
        os.environ["TALAIA_LOG"] = known.log
    for argument in filter(unspoken, rest):
        print(f"talaia: {argument!a} is not UTF-8; set the terminal to it, and write it again", file=sys.stderr)
        return 2
    try:
        if known.command not in BARE:
            set_up(bare=asks_for_help(rest))
        command = importlib.import_module(f"talaia.commands.{known.command}")
        own = argparse.ArgumentParser(prog=f"talaia {known.command}", description=command.HELP)
        command.arguments(own)
        return int(command.run(own.parse_args(rest)))
    except (UserError, configuration.ConfigError) as error:
        print(formatters.refusal(f"talaia: {error}"), file=sys.stderr)
        return NOT_NOW if known.command in BY_MAIL else 1
    except OutsideError as fault:
        print(formatters.refusal(f"talaia: {fault}" + (f"; {fault.hint}" if fault.hint else "")), file=sys.stderr)
        return NOT_NOW if known.command in BY_MAIL else 1
    except KeyboardInterrupt:
        return 130
    except DatabaseError as error:
        print(formatters.refusal(f"talaia: the database refuses: {refused(error)}"), file=sys.stderr)
        return NOT_NOW if known.command in BY_MAIL else 1
    except OSError as error:
        if (kind := trouble(error)) is None:
            raise
        said = f"talaia: {error.filename or error.strerror}: {error.strerror}; {HINTS[kind]}"
        print(formatters.refusal(said), file=sys.stderr)
        return NOT_NOW if known.command in BY_MAIL else 1


def refused(error: DatabaseError) -> str:
    """What the database said, and what is to be done about it."""
    kind = trouble(error, free(configuration.current().home))
    return in_one_line(error) + (f"; {HINTS[kind]}" if kind else "")


def unspoken(argument: str) -> bool:
    """Whether it holds half a letter, which no page could show; the name of a file may."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return not os.path.exists(argument)  # noqa: PTH110 - as it was given
    return False


def asks_for_help(arguments: Sequence[str]) -> bool:
    """Whether a command is only to say what it does."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return not {"-h", "--help"}.isdisjoint(own)


def set_up(bare: bool = False) -> None:
    """Read the configuration (all its mistakes are reported) and start Django with it.

    `bare`: without one, so that whoever has none yet, or a wrong one, is helped.
    """
    os.umask(UMASK)  # whatever is made from now on is the state; what others may read is said where it is written
    path, home = configuration.paths()
    if bare:
        os.environ.pop("TALAIA_CONFIG", None)
        configuration.use(configuration.bare())
    elif not path.exists():
        raise UserError(f"there is no {path}; `talaia init` writes one, TALAIA_CONFIG or --config names another")
    else:
        os.environ["TALAIA_CONFIG"] = str(path.resolve())
        configuration.use(configuration.read(path, home))
        if lacking := missing(configuration.current()).get("postgresql"):
            raise UserError("; ".join(lacking))
    try:
        start_django()
    except OSError as error:  # the state folder, or the key in it, is not ours
        what = f"{error.filename or configuration.current().home}: {error.strerror}"
        raise UserError(f"{what}; run it as the account that runs talaia") from None


def start_django() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "talaia.settings"
    import django

    django.setup()
    from talaia.outbox.actions import PLACE

    PLACE.set("shell")  # from where people act here; what a request does has its own place


if __name__ == "__main__":
    sys.exit(main())
