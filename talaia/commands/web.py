"""`talaia web`: only the web server; the work is done by `talaia work` elsewhere."""

from __future__ import annotations

import argparse

from talaia.config import current
from talaia.outbox.ending import end_within
from talaia.up import END, claim_port, listen_address, serve
from talaia.up import run as run_until_done

HELP = "Serve the public folder, the desk and the hooks; `talaia work` does the rest."


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen", metavar="ADDRESS:PORT", help="instead of [web] listen")


def run(options: argparse.Namespace) -> int:
    config = current()
    host, port = listen_address(config, options.listen)
    claim_port(host, port)
    run_until_done(serve(config, host, port, on_end=lambda: end_within(END)))
    return 0
