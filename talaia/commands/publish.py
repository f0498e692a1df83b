"""`talaia publish`: the whole public folder, now."""

from __future__ import annotations

import argparse
import time

from django.utils import timezone

from talaia.config import current
from talaia.signals.monitoring_gaps import mark_unwatched
from talaia.site.write import publish

HELP = "Make every page of the public folder anew, at once and without the worker."


def arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(options: argparse.Namespace) -> int:
    del options
    begun = time.monotonic()
    mark_unwatched(timezone.now())  # nobody may be watching: then the pages say so
    publish(["all"], timezone.now())
    print(f"{current().home / 'public'} is made, in {time.monotonic() - begun:.1f} s")
    return 0
