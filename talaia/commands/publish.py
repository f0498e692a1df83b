"""`talaia publish`: the whole public folder, now."""

from __future__ import annotations

import argparse
import time

from django.utils import timezone

from talaia.commands import Refused
from talaia.config import current
from talaia.outbox.faults import Fault
from talaia.site.write import publish

HELP = "Make every page of the public folder anew, at once and without the worker."


def arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(options: argparse.Namespace) -> int:
    del options
    begun = time.monotonic()
    try:
        publish(["all"], timezone.now())
    except Fault as fault:
        raise Refused(f"{fault}. {fault.hint}") from None
    print(f"{current().home / 'public'} is made, in {time.monotonic() - begun:.1f} s")
    return 0
