"""`talaia work`: worker, watch and clock, without a web server."""

from __future__ import annotations

import argparse

from talaia.config import current
from talaia.server.process import END, work

HELP = "Poll the sources, judge the services, publish the site, keep the time; no web server."


def arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(options: argparse.Namespace) -> int:
    del options
    work(current(), END)
    return 0
