"""`talaia answer`: somebody wrote to the address of our mails; they are led to where the information is."""

from __future__ import annotations

import argparse
import os
import sys

from talaia.api.inbound_mail import take_reply
from talaia.config import current
from talaia.errors import UserError
from talaia.notices.replies.read import LONGEST

HELP = (
    "Read one mail from standard input, as a mail server pipes it, and have whoever wrote it answered once a day by "
    "the worker: how it stands, and where the page is. Machines are not answered. Nothing of the mail is kept."
)
CHUNK = 1 << 16


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from",
        dest="sender",
        metavar="ADDRESS",
        help="the sender of the envelope, '' for none (default: $SENDER, else the header Return-Path)",
    )


def run(options: argparse.Namespace) -> int:
    if not current().mail.answer:
        raise UserError("[mail] answer is not true: nobody is answered by machine")
    sender = options.sender if options.sender is not None else os.environ.get("SENDER")
    why = take_reply(head(), sender)
    print(f"no answer: {why}" if why else "it is answered")
    return 0


def head() -> bytes:
    """The beginning of the mail; all of it is read, or the mail server would see its pipe break."""
    kept = sys.stdin.buffer.read(LONGEST)
    while sys.stdin.buffer.read(CHUNK):
        continue
    return kept
