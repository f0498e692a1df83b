"""What an answer or a report of a mail server means: who is gone, what is only for now, and what is about us."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talaia.notices import tokens
from talaia.notices.bounces import Returned, read
from talaia.notices.smtp_replies import ADDRESSES, LONGEST, Meaning, meaning, of_report, of_us
from tests.notices.reports import crlf, exchange, fields, gmail, in_parts, lf, opensmtpd, qmail, report
from tests.notices.servers_words import AT_RCPT, REPORTED

SECRET = b"a secret"
KEY = "r000000000007"
BACK = tokens.return_path(SECRET, "torna@example.org", KEY)
SHAPES = {"Exchange": exchange, "Outlook": exchange, "Gmail": gmail}


def named(row: tuple[str, object, str, Meaning]) -> str:
    return f"{row[0]}-{row[1]}-{row[2]}"[:70]


def anna(_key: str) -> str:
    return "Anna@example.net"


def test_the_tables_are_long_enough_to_mean_something() -> None:
    assert len(AT_RCPT) + len(REPORTED) >= 120
    servers = {row[0] for row in [*AT_RCPT, *REPORTED]}
    assert servers >= {"Postfix", "Exim", "Exchange", "Gmail", "Outlook", "qmail", "OpenSMTPD"}


@pytest.mark.parametrize("row", AT_RCPT, ids=named)
def test_an_answer_means_what_it_says(row: tuple[str, int, str, Meaning]) -> None:
    _server, code, words, means = row
    assert meaning(code, words) is means
    lines = words.replace(". ", f".\n{code}-")  # as it is said on more lines than one
    assert meaning(code, lines) is means


@pytest.mark.parametrize("row", REPORTED, ids=named)
def test_a_report_means_what_it_says(row: tuple[str, str, str, Meaning]) -> None:
    server, status, diagnostic, means = row
    shape = SHAPES.get(server, report)
    found = read(shape(BACK, status, diagnostic), SECRET, "", anna)
    assert found is not None
    assert found.meaning is means
    assert found.gone == (means is Meaning.GONE)
    assert "@" not in found.status


@pytest.mark.parametrize(
    ("code", "words", "means"),
    [
        (554, "5.7.1 spam", Meaning.OURS),
        (550, "no", Meaning.OURS),  # of the mail itself, what is not clear is about what we send
        (552, "5.3.4 Message size exceeds fixed limit", Meaning.OURS),
        (552, "", Meaning.OURS),
        (552, "5.2.2 over quota", Meaning.LATER),
        (550, "5.1.1 unknown user", Meaning.GONE),  # some look only then
        (451, "4.3.0 later", Meaning.LATER),
        (250, "ok", Meaning.TAKEN),
    ],
)
def test_of_the_mail_itself_it_is_the_content_that_is_refused(code: int, words: str, means: Meaning) -> None:
    assert meaning(code, words, at_data=True) is means


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("Sorry, no mailbox here by that name. (#5.1.1)", Meaning.GONE),
        ("192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 no such user\nGiving up.", Meaning.GONE),
        ("Sorry, I couldn't find any host named gone.example. (#5.1.2)", Meaning.GONE),
        ("192.0.2.1 does not like recipient.\nRemote host said: 554 5.7.1 Relay access denied", Meaning.OURS),
        ("Connected to 192.0.2.1 but sender was rejected.\nRemote host said: 550 sender denied", Meaning.OURS),
        ("192.0.2.1 failed after I sent the message.\nRemote host said: 550 SPF check failed [x]", Meaning.OURS),
        ("User disk quota exceeded. (#4.3.0)", Meaning.LATER),
        ("The users mailfolder is over the allowed quota (size). (#5.2.2)", Meaning.LATER),
        ("I'm not going to try again; this message has been in the queue too long.", Meaning.LATER),
    ],
)
def test_qmail_has_a_form_of_its_own(said: str, means: Meaning) -> None:
    found = read(qmail(BACK, said), SECRET, "", anna)
    assert found is not None
    assert found.meaning is means


@pytest.mark.parametrize(
    ("status", "said", "means"),
    [
        ("5.0.0", "550 5.1.1 <anna@example.net>: Recipient address rejected: User unknown", Meaning.GONE),
        ("5.0.0", "550 Invalid recipient: <anna@example.net>", Meaning.GONE),
        ("5.0.0", "554 5.7.1 Relay access denied", Meaning.OURS),
        ("5.0.0", "452 4.2.2 mailbox full", Meaning.LATER),
        ("5.0.0", "", Meaning.UNCLEAR),
        ("5.1.1", "", Meaning.GONE),
    ],
)
def test_opensmtpd_tells_the_answer_in_its_words_for_people(status: str, said: str, means: Meaning) -> None:
    found = read(opensmtpd(BACK, status, said), SECRET, "", anna)
    assert found is not None
    assert found.meaning is means


RIGHT = report(BACK, "5.1.1", "smtp; 550 5.1.1 User unknown")
STATUS = f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n{fields('5.1.1', '', 'anna@example.net')}"
TEXT = "Content-Type: text/plain\n\nMireu què m'ha arribat.\n"
ENCLOSED = f"Content-Type: message/rfc822\n\n{lf(RIGHT)}"
INLINE = "From: anna@example.net\nTo: %s\nSubject: Fwd: failure\n\n---------- Forwarded message ----------\n%s"
ABOUT_A_REPORT = {
    "enclosed by a person": in_parts(BACK, TEXT, ENCLOSED),
    "enclosed alone": crlf(f"From: a@example.net\nTo: {BACK}\n{ENCLOSED}"),
    "taken apart by a webmail that forwards": in_parts(BACK, TEXT, STATUS, f"Content-Type: message/rfc822\n\n{TEXT}"),
    "its first part alone": in_parts(BACK, STATUS),
    "in the text": crlf(INLINE % (BACK, lf(RIGHT))),
    "in the text, of qmail": crlf(INLINE % (BACK, lf(qmail(BACK, "Sorry, no mailbox here by that name. (#5.1.1)")))),
    "of qmail, from a person": qmail(BACK, "Sorry, no mailbox here. (#5.1.1)", sender="Anna <anna@example.net>"),
    "quoted in an answer": crlf(f"To: {BACK}\n\n" + "".join(f"> {line}\n" for line in lf(RIGHT).splitlines())),
    "many enclosed, as a digest": in_parts(BACK, ENCLOSED, ENCLOSED, kind="multipart/digest"),
    "through a gateway that adds a footer": in_parts(
        BACK, "Content-Type: multipart/report; boundary=b\n\n" + lf(RIGHT)
    ),
    "through a journal": in_parts(BACK, "Content-Type: text/plain\n\nSender: <>\nRecipient: x\n", ENCLOSED),
    "signed": in_parts(BACK, "Content-Type: multipart/report; boundary=b\n\n" + lf(RIGHT), kind="multipart/signed"),
    "the report of a report": in_parts(
        BACK,
        TEXT,
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; anna@example.net\n"
        "Action: delayed\nStatus: 4.4.1\n",
        ENCLOSED,
        kind="multipart/report; report-type=delivery-status",
    ),
    "a receipt": in_parts(BACK, TEXT, STATUS, kind="multipart/report; report-type=disposition-notification"),
    "a complaint": in_parts(
        BACK, TEXT, "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\n", kind="multipart/report"
    ),
    "a report as an attachment to an absence note": in_parts(BACK, TEXT, ENCLOSED, sender="MAILER-DAEMON@example.net"),
}


@pytest.mark.parametrize("content", ABOUT_A_REPORT.values(), ids=list(ABOUT_A_REPORT))
def test_a_mail_about_a_report_is_no_report(content: bytes) -> None:
    found = read(content, SECRET, BACK)
    assert found is not None
    assert found.meaning in (None, Meaning.LATER)
    assert not found.gone


@pytest.mark.parametrize(
    "content",
    [
        RIGHT,
        RIGHT.replace(b"\r\n", b"\n"),
        report(BACK, "5.1.1", encoding="base64"),
        report(BACK, "5.1.1", encoding="quoted-printable"),
        report(BACK, "5.1.1", kind="message/global-delivery-status"),
        report(BACK, "5.1.1", kind="message/global-delivery-status", encoding="base64"),
        report(BACK, "5.1.1", whole='multipart/report; boundary="b"'),
        report(BACK, "5.1.1", whole='Multipart/Report; Report-Type="Delivery-Status";\n boundary="b"'),
        report(BACK, "5.1.1", action="Failed (for good)"),
        report(BACK, "5.1.1\n (bad\n mailbox)"),
        report(
            BACK,
            "5.0.0",
            more="X-Supplementary-Info: <mx #5.0.0 smtp; 550 5.4.1 Recipient address rejected: Access denied>\n",
        ),
        report(BACK, "5.1.1", who="anna@box.example.net", more="Original-Recipient: rfc822;anna@example.net\n"),
        report(BACK, "5.1.1", who="u1017@mail7.internal", more="Original-Recipient: rfc822;anna@example.net\n"),
        report(BACK, "5.1.1", who="anna@localhost", more="Original-Recipient: rfc822;anna@example.net\n"),
    ],
)
def test_a_report_is_read_however_it_is_wrapped(content: bytes) -> None:
    found = read(content, SECRET, "", anna)
    assert found is not None
    assert found.gone


def test_a_report_about_where_somebody_has_mail_passed_on_says_nothing_of_them() -> None:
    for content in (
        report(BACK, "5.1.1", "smtp; 550 5.1.1 User unknown", who="old@elsewhere.example"),
        report(BACK, "5.0.0", "smtp; 550 5.7.23 rejected due to SPF fail", who="old@elsewhere.example"),
        qmail(BACK, "Sorry, no mailbox here by that name. (#5.1.1)", who="old@elsewhere.example"),
        # As Postfix says it of an alias, where a copy may be kept; there it may even be called the same.
        report(BACK, "5.1.1", who="old@elsewhere.example", more="Original-Recipient: rfc822;anna@example.net\n"),
        report(BACK, "5.1.1", who="anna@elsewhere.example", more="Original-Recipient: rfc822;anna@example.net\n"),
    ):
        assert read(content, SECRET, "", anna) == Returned(KEY)
    both = report(BACK, "5.1.1", who="old@elsewhere.example", more=f"\n{fields('5.2.2', '', 'anna@example.net')}")
    found = read(both, SECRET, "", anna)
    assert found is not None
    assert found.meaning is Meaning.LATER


def test_domains_are_compared_as_mail_knows_them() -> None:
    content = report(BACK, "5.1.1", who="anna@exàmple.cat")
    found = read(content, SECRET, "", lambda _key: "anna@xn--exmple-jta.cat")
    assert found is not None
    assert found.gone


@pytest.mark.parametrize(
    ("words", "means"),
    [
        ("5.1.2 example.org: Domain not found", Meaning.UNCLEAR),
        ("5.1.1 <torna+r7=1@Example.org>: user unknown", Meaning.UNCLEAR),
        ("5.1.1 user unknown (from example.org.)", Meaning.UNCLEAR),
        ("5.1.1 user unknown at mx.example.org.net", Meaning.GONE),
        ("5.1.1 user unknown at myexample.org", Meaning.GONE),
        ("5.1.1 mail.example.org: user unknown", Meaning.GONE),
        ("5.2.2 example.org is over quota here", Meaning.LATER),
    ],
)
def test_who_speaks_of_our_own_domain_does_not_speak_of_somebody_who_is_not_there(words: str, means: Meaning) -> None:
    assert meaning(550, words, ours=of_us(["Estat <estat@example.org>"], "anna@example.net")) is means
    assert read(report(BACK, "5.0.0", f"smtp; 550 {words}"), SECRET, "", anna) == Returned(
        KEY, means, ADDRESSES.sub("…", f"5.0.0 550 {words}")
    )


def test_whoever_has_their_address_at_our_own_domain_may_be_gone_from_it() -> None:
    own = of_us(["estat@example.org", "torna@bounces.example.org", ""], "anna@Example.org")
    assert own == {"bounces.example.org"}
    assert meaning(550, "5.1.1 <anna@example.org>: no such user at example.org", ours=own) is Meaning.GONE


@given(st.integers(200, 599), st.text(max_size=200))
def test_nothing_that_is_said_makes_us_fail(code: int, words: str) -> None:
    said = meaning(code, words)
    assert (said is Meaning.TAKEN) == (200 <= code < 300)
    assert of_report("5.0.0", words) is not Meaning.TAKEN


@given(st.binary(max_size=300))
def test_no_report_makes_us_fail(content: bytes) -> None:
    head = RIGHT.partition(b"message/delivery-status")
    for whole in (content, head[0] + content, head[0] + head[1] + b"\r\n\r\n" + content):
        read(whole, SECRET, BACK, anna)


def test_a_very_long_answer_costs_no_time() -> None:
    words = "exceeded mail from user " * 40_000
    assert len(words) > 100 * LONGEST
    assert meaning(550, words) is of_report("5.0.0", words) is Meaning.LATER


@pytest.mark.parametrize("before", ["", "said: ", "'", "smtp;", "("])
@pytest.mark.parametrize(("reply", "meant"), [(450, Meaning.LATER), (552, Meaning.LATER), (550, Meaning.UNCLEAR)])
def test_the_code_of_an_answer_is_read_in_a_report_whatever_stands_before_it(
    before: str, reply: int, meant: Meaning
) -> None:
    assert of_report("5.0.0", f"{before}{reply} no") is meant


@pytest.mark.parametrize(
    ("code", "words", "at_data", "meant"),
    [
        (250, "2.1.5 Ok", False, Meaning.TAKEN),
        (251, "user not local; will forward", False, Meaning.TAKEN),
        (299, "ok", False, Meaning.TAKEN),
        (300, "ok", False, Meaning.UNCLEAR),
        (400, "no", False, Meaning.LATER),  # also a code that no standard has
        (499, "no", False, Meaning.LATER),
        (530, "no", False, Meaning.OURS),  # we are to log in first
        (535, "no", False, Meaning.OURS),
        (538, "no", False, Meaning.OURS),
        (500, "no", False, Meaning.UNCLEAR),
        (554, "Recipient address rejected: Access denied", False, Meaning.OURS),  # a rule, and not Exchange's directory
        (554, "5.4.1 Recipient address rejected: Access denied", False, Meaning.GONE),
        (555, "no", False, Meaning.OURS),  # it does not understand our MAIL or RCPT
        (550, "no", False, Meaning.UNCLEAR),
        (550, "no", True, Meaning.OURS),  # where only content is left to refuse
        (552, "no", False, Meaning.LATER),
        (552, "no", True, Meaning.OURS),
    ],
)
def test_what_a_code_means_whose_words_say_nothing(code: int, words: str, at_data: bool, meant: Meaning) -> None:
    assert meaning(code, words, at_data=at_data) is meant


@pytest.mark.parametrize(
    ("status", "words", "meant"),
    [
        ("5.0.0", "552 no", Meaning.LATER),
        ("5.0.0", "550 no", Meaning.UNCLEAR),
        ("5.0.0", "450 no", Meaning.LATER),
        ("4.4.1", "no", Meaning.LATER),
        ("", "", Meaning.UNCLEAR),
        ("5.0.0", "550 5.1.1 no", Meaning.GONE),
    ],
)
def test_what_a_report_means_whose_words_say_nothing(status: str, words: str, meant: Meaning) -> None:
    assert of_report(status, words) is meant


def test_a_code_of_the_protocol_does_not_contradict_that_nobody_is_there_and_one_of_policy_does() -> None:
    assert meaning(550, "5.5.1 user unknown") is Meaning.GONE
    assert meaning(550, "5.7.1 user unknown") is Meaning.OURS
    assert meaning(550, "5.5.1 bad sequence") is Meaning.OURS
