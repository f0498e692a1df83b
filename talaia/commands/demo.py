"""`talaia demo`: a told story with live checks, in a folder of its own that goes when it ends."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

import django

from talaia import config as configuration
from talaia.demo import folder, words
from talaia.demo.servers import Servers, Unknown, ask
from talaia.errors import UserError
from talaia.file_modes import UMASK

HELP = "A told story on this machine, with servers to break and mend; it leaves nothing behind."
PORT = 8000
ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=port, default=PORT, help=f"where the page is (default: {PORT})")
    parser.add_argument("--host", default="127.0.0.1", help="on which address (default: 127.0.0.1)")
    parser.set_defaults(action=None, names=[])
    actions = parser.add_subparsers(dest="action", metavar="ACTION", title="with a demo that runs")
    helps = {"break": "break servers, for example: meet", "mend": "mend them", "list": "list them: do they work?"}
    for name, line in helps.items():
        action = actions.add_parser(name, help=line)
        action.add_argument("--port", type=port, default=argparse.SUPPRESS, help="the port of the demo")
        if name != "list":
            action.add_argument("names", nargs="+", metavar="NAME")


def port(text: str) -> int:
    """A port that can be listened on. Raises ValueError."""
    number = int(text)
    if not 0 < number < 65536:
        raise ValueError
    return number


def run(options: argparse.Namespace) -> int:
    if options.action is None:
        return start(options.host, options.port)
    try:
        works = ask(folder.control_of(folder.home_of(options.port)), options.action, options.names)
    except Unknown as error:
        raise UserError(str(error)) from None
    except OSError:
        raise UserError(f"no demo is running with port {options.port}; start one, or name its --port") from None
    wanted = {name.lower() for name in options.names or works}
    shown = {name: well for name, well in works.items() if name.lower() in wanted}
    print(words.servers(shown, words.language(os.environ)))
    return 0


def start(host: str, port: int) -> int:
    """Tell the story until somebody ends it; then everything is gone."""
    for name in ENDS:
        signal.signal(name, lambda *_: sys.exit(0))
    home = folder.home_of(port)
    with folder.made(home):
        servers = Servers(folder.kinds(), folder.control_of(home))
        try:
            servers.start(folder.BROKEN)
            set_up(home, folder.configuration(host, port, servers.ports))
            # Only now: Django reads the configuration when it is first imported.
            from talaia.demo.run import play

            command = (f"{words.typed_here()} demo", "" if port == PORT else f" --port {port}")
            language = words.language(os.environ)
            play(configuration.current(), host, port, command, language, lambda text: print(text, flush=True))
        finally:
            for name in ENDS:  # whoever is impatient must not leave half of it behind
                signal.signal(name, signal.SIG_IGN)
            servers.stop()
    return 0


def set_up(home: Path, text: str) -> None:
    """Put the demo's configuration in force, whatever the environment says of another, and start Django with it."""
    os.umask(UMASK)
    file = home / "talaia.toml"
    file.write_text(text, encoding="utf-8")
    os.environ |= {"TALAIA_CONFIG": str(file), "TALAIA_HOME": str(home), "DJANGO_SETTINGS_MODULE": "talaia.settings"}
    configuration.use(configuration.read(file, home))
    django.setup()
