"""Delivery reports as servers write them, and the mails that people and machines make of such a report."""

from __future__ import annotations

import base64
import quopri

OURS = """\
From: Estat <estat@example.org>
To: anna@example.net
Subject: [Problem] (2026-001)
Message-ID: <incident-2026-001.n1.0123@status.example.org>

Hello
"""


def fields(status: str, diagnostic: str, who: str, action: str = "failed", more: str = "") -> str:
    said = f"Diagnostic-Code: {diagnostic}\n" if diagnostic else ""
    return f"Final-Recipient: rfc822; {who}\nAction: {action}\nStatus: {status}\n{said}{more}"


def report(
    to: str,
    status: str,
    diagnostic: str = "",
    *,
    action: str = "failed",
    who: str = "anna@example.net",
    more: str = "",
    prose: str = "I am sorry to have to inform you that your message could not be delivered.\n",
    kind: str = "message/delivery-status",
    whole: str = 'multipart/report; report-type=delivery-status; boundary="b"',
    encoding: str = "",
) -> bytes:
    """A report as Postfix writes it, unless another `whole`, `kind` or `encoding` is wanted."""
    told = f"Reporting-MTA: dns; mx.example.net\n\n{fields(status, diagnostic, who, action, more)}"
    if encoding == "base64":
        told = base64.encodebytes(told.encode()).decode()
    elif encoding == "quoted-printable":
        told = quopri.encodestring(told.encode()).decode().replace("Status", "=53tatus")
    cte = f"Content-Transfer-Encoding: {encoding}\n" if encoding else ""
    return crlf(f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: {whole}

--b
Content-Type: text/plain; charset=us-ascii

{prose}
--b
Content-Type: {kind}
{cte}
{told}
--b
Content-Type: message/rfc822

{OURS}
--b--
""")


def exchange(to: str, status: str, diagnostic: str) -> bytes:
    """Its words for people in two forms, in a part of their own."""
    return crlf(f"""\
From: <postmaster@outlook.example>
To: <{to}>
Subject: Undeliverable: [Problem] (2026-001)
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="_x_"
MIME-Version: 1.0
Auto-Submitted: auto-replied

--_x_
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="_y_"

--_y_
Content-Type: text/plain; charset="us-ascii"

Your message to anna@example.net couldn't be delivered.
--_y_
Content-Type: text/html; charset="us-ascii"

<p>Your message to anna@example.net couldn't be delivered.</p>
--_y_--
--_x_
Content-Type: message/delivery-status

Reporting-MTA: dns;DB5.prod.outlook.example
Received-From-MTA: dns;mail.example.org
Arrival-Date: Mon, 4 May 2026 01:12:00 +0000

Final-Recipient: rfc822;anna@example.net
Action: failed
Status: {status}
Diagnostic-Code: {diagnostic}
X-Display-Name: Anna

--_x_
Content-Type: message/rfc822

{OURS}
--_x_--
""")


def gmail(to: str, status: str, diagnostic: str) -> bytes:
    """A picture beside its words, and a diagnostic on many lines."""
    folded = diagnostic.replace(". ", ".\n ")
    return crlf(f"""\
Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>
To: {to}
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
Content-Type: multipart/report; boundary="000b"; report-type=delivery-status

--000b
Content-Type: multipart/related; boundary="000c"

--000c
Content-Type: text/html; charset="UTF-8"

<p>Address not found</p>
--000c
Content-Type: image/png; name="icon.png"
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--000c--
--000b
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.example
Arrival-Date: Mon, 04 May 2026 01:12:00 -0700 (PDT)
X-Original-Message-ID: <incident-2026-001.n1.0123@status.example.org>

Final-Recipient: rfc822; anna@example.net
Action: failed
Status: {status}
Remote-MTA: dns; gmail-smtp-in.l.example. (192.0.2.26, the server for the domain.)
Diagnostic-Code: {folded}
Last-Attempt-Date: Mon, 04 May 2026 01:12:01 -0700 (PDT)

--000b
Content-Type: message/rfc822

{OURS}
--000b--
""")


def opensmtpd(to: str, status: str, said: str) -> bytes:
    """The answer stands in its words for people and nowhere else."""
    prose = f"""\
    Hi!

    This is the MAILER-DAEMON, please DO NOT REPLY to this email.

    An error has occurred while attempting to deliver a message for
    the following list of recipients:

anna@example.net: {said}

    Below is a copy of the original message:
"""
    return report(to, status, prose=prose)


def qmail(to: str, said: str, who: str = "anna@example.net", sender: str = "MAILER-DAEMON@mx.example.net") -> bytes:
    """QSBMF: no parts, a text with a form of its own."""
    return crlf(f"""\
Return-Path: <>
From: {sender}
To: {to}
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{who}>:
{said}

--- Below this line is a copy of the message.

Return-Path: <{to}>
{OURS}
""")


def in_parts(to: str, *parts: str, kind: str = "multipart/mixed", sender: str = "anna@example.net") -> bytes:
    """A mail of a person, or of a machine on the way, with these parts, each with its own head."""
    inside = "".join(f"--outer\n{part.strip()}\n\n" for part in parts)
    return crlf(f"""\
From: {sender}
To: {to}
Subject: Fwd: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: {kind}; boundary="outer"

{inside}--outer--
""")


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def lf(content: bytes) -> str:
    return content.decode().replace("\r\n", "\n")
