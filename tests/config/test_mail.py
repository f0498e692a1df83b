"""What `[mail]` may say: addresses that are some, passwords that travel safely, one way to a list."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.config.test_mistakes import SITE, accepted, mistakes

MAILMAN = """
[audience]
everybody = true
[audience.columns]
address = "Correu"
[audience.mailman]
list = "avisos@lists.example.org"
password_file = "password"
"""
SENDER = 'sender = "Estat <estat@example.org>"\n'


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ('sender = "estat"\n', r"mail.sender: 'estat' is no mail address; write it as estat@example.org or Estat <"),
        ('sender = "a@example.org, b@example.org"\n', "mail.sender: .* is no mail address"),
        (f'{SENDER}owner = "Llistes <llistes@example.org>"\n', "mail.owner: .* is no mail address"),
        ('sender = "Estat <estat@exàmple.cat>"\n', "mail.sender: .* mail servers know it: estat@xn--exmple-jta.cat"),
        (f'{SENDER}reply_to = "suport@ex\u2024\u0300.cat"\n', "mail.reply_to: .*there is no such domain"),
        (
            f'{SENDER}bounces = "està@example.org"\n',
            "mail.bounces: .*no address with letters beyond ASCII before the @",
        ),
        ('to = "avisos@lists.example.org"\n', "'sender' is missing: from whom do the mails come"),
        (f'{SENDER}password_file = "x"\n', "password_file: a password goes with a username"),
        (f'{SENDER}username = "x"\n', "username: goes with a password_file, and there is none"),
        (
            f'{SENDER}host = "smtp.example.org"\nusername = "talaia"\npassword_file = "x"\n',
            "mail.tls: the password would travel in the clear",
        ),
        (f"{SENDER}port = 0\n", "mail.port: 0 is no port"),
        (f"{SENDER}cap = 0\n", "mail.cap: must be 1 or more"),
        (f'{SENDER}told_from = "operational"\n', "told_from: .* is not possible here: degraded, partial, disruption"),
        (
            f'{SENDER}to = "avisos@lists.example.org"\n{MAILMAN}',
            r"mail.to: there is \[audience.mailman\] too, and mails go to its list; leave out one of them",
        ),
    ],
)
def test_a_mistake_is_told_with_its_mend(tmp_path: Path, given: str, words: str) -> None:
    (tmp_path / "x").write_text("secret")
    (tmp_path / "password").write_text("secret")
    found = mistakes(tmp_path, f"{SITE}[mail]\n{given}")
    assert len(found) == 1, found
    assert re.search(words, found[0][1]), found


def test_what_is_right_is_taken(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret")
    assert accepted(tmp_path, f"{SITE}[mail]\n{SENDER}{MAILMAN}").mail.to is None
