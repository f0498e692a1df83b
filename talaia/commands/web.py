"""`talaia web`: only the web server; the work is done by `talaia work` elsewhere."""

from __future__ import annotations

import argparse

from talaia.config import current
from talaia.server.listening import listen_address
from talaia.server.process import END, web

HELP = "Serve the public folder, the desk and the hooks; `talaia work` does the rest."


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen", metavar="ADDRESS:PORT", help="instead of [web] listen")


def run(options: argparse.Namespace) -> int:
    config = current()
    host, port = listen_address(config, options.listen)
    web(config, host, port, END)
    return 0
