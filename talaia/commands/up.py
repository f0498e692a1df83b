"""`talaia up`: everything in one process."""

from __future__ import annotations

import argparse

from talaia.config import current
from talaia.server.listening import listen_address
from talaia.server.process import END, up

HELP = "Serve the page, the desk and the hooks, and do all the work behind them, in one process."


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen", metavar="ADDRESS:PORT", help="instead of [web] listen")


def run(options: argparse.Namespace) -> int:
    config = current()
    host, port = listen_address(config, options.listen)
    up(config, host, port, lambda: print(f"talaia listens on http://{host}:{port}", flush=True), end=END)
    return 0
