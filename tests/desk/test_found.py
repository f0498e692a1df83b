"""What a check found is read at the desk in the reader's language; what nobody has translated is marked as English."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone, translation

from talaia.config import CheckConfig
from talaia.desk.front.found import in_reader_words
from talaia.signals.check_findings import Finding
from talaia.signals.checks import in_words, judged
from talaia.signals.probes.answer import GATEWAY, Failed, NotMeasured, ProbeAnswer

WEB = CheckConfig(id="web", kind="http", target="https://www.example.org/", slower_than=timedelta(seconds=2))
AT = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)


def untrusted(why: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError()
    error.verify_message = why
    return error


def system(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("error", "ours", "said"),
    [
        (Failed("status 503 Service Unavailable"), False, "respon amb el codi 503 Service Unavailable"),
        (Failed("status 404 instead of 200, 201"), False, "respon amb el codi 404 en lloc de 200, 201"),
        (
            Failed("status 200, but 'Hola' does not stand in the page"),
            False,
            "respon amb el codi 200, però a la pàgina no hi ha 'Hola'",
        ),
        (TimeoutError(), False, "no ha respost en 5 s"),
        (untrusted("certificate has expired"), False, "el certificat no és vàlid: ha caducat"),
        (system(errno.ECONNREFUSED), False, "no s’hi pot connectar: connexió rebutjada"),
        (system(errno.ENETUNREACH), True, "aquí: no es pot arribar a aquella xarxa"),
        (
            socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
            False,
            "no es troba el nom de https://www.example.org/: aquest nom no existeix",
        ),
        (NotMeasured(GATEWAY), True, "aquí: la passarel·la d’aquesta màquina no respon"),
        (Failed("there is no name x.example.org (NXDOMAIN)"), False, "el nom x.example.org no existeix (NXDOMAIN)"),
        (Failed("A of www.example.org is 192.0.2.1, not 192.0.2.2"), False, "i no pas 192.0.2.2"),
        (Failed("192.0.2.1 does not answer: 3 of 3 echoes lost"), False, "192.0.2.1 no respon: 3 pings, tots perduts"),
    ],
)
def test_why_a_check_fails_is_said_in_catalan(error: Exception, ours: bool, said: str) -> None:
    with translation.override("ca"):
        assert said in in_reader_words(in_words(error, WEB, ours))


def test_how_slow_an_answer_was_and_when_its_certificate_ends_is_said_in_catalan() -> None:
    ends = AT + timedelta(days=9)
    what = judged(WEB, ProbeAnswer(2.5, "status 200", ends), AT).what
    with translation.override("ca"):
        assert in_reader_words(what) == (
            "respon amb el codi 200, en 2.500 s, passa de 2 s, "
            "certificat fins al 2026-05-13 01:00 UTC (dies que queden: 9)"
        )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("status 503 Service Unavailable", "· respon amb el codi 503 Service Unavailable</p>"),
        ("what answers is no HTTP: SSH-2.0", '· <span lang="en">what answers is no HTTP: SSH-2.0</span></p>'),
    ],
)
def test_the_desk_reads_in_one_language_and_marks_what_is_in_another(
    desk: Client, monkeypatch: pytest.MonkeyPatch, what: str, shown: str
) -> None:
    now = timezone.now()
    found = [Finding(WEB, "failing", what, now, now)]
    monkeypatch.setattr("talaia.desk.front.views.read_findings", lambda _config: found)
    page = desk.get("/desk/", headers={"accept-language": "ca"}).content.decode()
    assert shown in page
