"""`talaia bounce`: what came back of our mails. Whose mail comes back for good on several days gets no more."""

from __future__ import annotations

import argparse
import mailbox
import signal
import sys
import threading
from pathlib import Path

from django.db import connection

from talaia.api.inbound_mail import known, take, take_returned
from talaia.api.lmtp import KEPT, LmtpServer
from talaia.config import current
from talaia.errors import UserError

HELP = (
    "Read mails that came back to [mail] bounces: one from standard input, all of a Maildir, or what a mail server "
    "hands over by LMTP, where what people write to [mail] reply_to is taken and answered, too, if [mail] answer is "
    "true. What is no delivery report counts for nothing."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--maildir", metavar="DIR", type=Path, help="read every mail of this Maildir, and remove it")
    where.add_argument("--lmtp", metavar="HOST:PORT", help="serve until told to stop")
    parser.add_argument("--to", metavar="ADDRESS", default="", help="to whom the one from standard input came")


def run(options: argparse.Namespace) -> int:
    mail = current().mail
    if options.lmtp and (mail.bounces or mail.answer):
        return serve(options.lmtp)
    if mail.bounces is None:
        raise UserError("[mail] bounces is not set: nothing can come back to us")
    if options.maildir:
        return empty(options.maildir)
    kept = sys.stdin.buffer.read(KEPT)
    while sys.stdin.buffer.read(KEPT):
        pass  # whoever hands it over wants to be rid of all of it
    if not take_returned(options.to, kept):
        print("no return path of ours; nothing was counted")
    return 0


def empty(folder: Path) -> int:
    if not (folder / "new").is_dir():
        raise UserError(f"{folder} is no Maildir: it has no folder new/")
    box = mailbox.Maildir(folder, create=False)
    ours = 0
    for key in list(box.iterkeys()):
        with box.get_file(key) as mail:
            ours += take_returned("", mail.read(KEPT))
        box.remove(key)  # after it was counted: killed before, it is counted again, which counts once
    print(f"{ours} mails that came back")
    return 0


def serve(address: str) -> int:
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        raise UserError(f"{address!r}: write it as 127.0.0.1:8024")
    try:
        door = LmtpServer((host.strip("[]") or "127.0.0.1", int(port)), known, take_over)
    except (OSError, OverflowError) as error:
        raise UserError(f"cannot listen on {address}: {error}") from None
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=door.shutdown).start())
    with door:
        print(f"listening on {host or '127.0.0.1'}:{door.server_address[1]}", flush=True)
        door.serve_forever(poll_interval=0.2)
    return 0


def take_over(to: str, content: bytes, sender: str) -> None:
    try:
        take(to, content, sender)
    finally:
        connection.close()  # each mail has its own thread
