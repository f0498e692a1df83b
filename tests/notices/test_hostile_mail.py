"""The letterbox as an attacker would use it: other ends of a mail, odd orders, what has no end, and slow reports."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from talaia.api.lmtp import LmtpServer
from talaia.notices import bounces, tokens
from tests.servers.process import wait_until

Letterbox = tuple[LmtpServer, list[tuple[str, bytes, str]]]


@pytest.fixture
def door() -> Iterator[Letterbox]:
    taken: list[tuple[str, bytes, str]] = []
    opened = LmtpServer(("127.0.0.1", 0), lambda to: to.startswith("torna"), lambda *mail: taken.append(mail))
    threading.Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield opened, taken
    opened.shutdown()
    opened.server_close()


def told(door: LmtpServer, said: bytes) -> list[int]:
    """The codes of all answers to what is said at once and without waiting."""
    with socket.create_connection(door.server_address[:2], timeout=10) as link:  # type: ignore[arg-type]
        link.sendall(said)
        link.shutdown(socket.SHUT_WR)
        answers = b"".join(iter(lambda: link.recv(65536), b""))
    return [int(line[:3]) for line in answers.splitlines() if line[3:4] == b" "]


BEGUN = b"LHLO x\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<torna@example.org>\r\nDATA\r\n"
SMUGGLED = b"MAIL FROM:<evil@example.net>\r\nRCPT TO:<torna@example.org>\r\nDATA\r\nevil\r\n.\r\n"


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r.\r"], ids=ascii)
def test_a_mail_ends_at_crlf_dot_crlf_and_nothing_is_smuggled_behind_another_end(door: Letterbox, end: bytes) -> None:
    assert told(door[0], BEGUN + b"a" + end + SMUGGLED + b"QUIT\r\n") == [220, 250, 250, 250, 354, 250, 221]
    [(_to, content, sender)] = door[1]
    assert sender == "a@example.net" and content.endswith(b"evil\r\n")


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        (b"RCPT TO:<torna@example.org>\r\nDATA\r\nQUIT\r\n", [220, 503, 503, 221]),
        (b"MAIL FROM:<>\r\nLHLO x\r\nRCPT TO:<torna@x>\r\nQUIT\r\n", [220, 250, 250, 503, 221]),
        (b"LHLO " + b"x" * 1995 + b"MAIL FROM:<>\r\n" + b"y" * 9000 + b"\r\nQUIT\r\n", [220, 500, 500, 221]),
        (b"MAIL FROM:<\xff\xfe>\r\nMAIL FROM:<a\0>\r\nMA\rIL\r\nQUIT\r\n", [220, 500, 500, 500, 221]),
        (b"\r\n" * 100, [220] + [500] * 19 + [421]),
        (b"MAIL FROM:<>\r\n" + b"RCPT TO:<torna@x>\r\n" * 130, [220, 250] + [250] * 100 + [452] * 19 + [421]),
        (BEGUN + b"half", [220, 250, 250, 250, 354]),
        (BEGUN + b"x" * 51_000_000 + b"\r\n.\r\nQUIT\r\n", [220, 250, 250, 250, 354, 552, 221]),
    ],
    ids=["order", "again", "long", "odd", "nothing", "many", "gone", "one-line"],
)
def test_whatever_is_said_there_has_its_answer_and_nothing_is_taken(
    door: Letterbox, said: bytes, codes: list[int]
) -> None:
    assert told(door[0], said) == codes
    assert door[1] == []


def test_so_many_sessions_at_once_and_no_more(door: Letterbox) -> None:
    door[0].room = threading.BoundedSemaphore(1)
    with socket.create_connection(door[0].server_address[:2], timeout=10) as first:  # type: ignore[arg-type]
        assert first.recv(100).startswith(b"220")
        assert told(door[0], b"") == [421]
    wait_until(lambda: told(door[0], b"QUIT\r\n") == [220, 221], 10, "the place of who has gone")


@pytest.mark.parametrize(
    "filler", [b"a", b"\xed\xa0\x80", b"> ", b"- ", b"a ", b"\xe8 ", b"<a@b> ", b"=?utf-8?q?a?= "], ids=ascii
)
def test_a_report_that_is_built_to_keep_us_busy_is_read_at_once(filler: bytes) -> None:
    secret, words = b"k" * 50, filler * (200_000 // len(filler))
    content = (
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\n"
        b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; a@b\r\n"
        b"Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; " + words + b"\r\n\r\n--x--\r\n"
    )
    begun = time.process_time()
    found = bounces.read(content, secret, tokens.return_path(secret, "torna@example.org", "r1"), lambda _: "a@b")
    assert found and found.key == "r1"
    assert time.process_time() - begun < 5  # it took hours
