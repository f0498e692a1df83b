"""Matchers mean what they mean in Prometheus and Alertmanager."""

from __future__ import annotations

import re
import unicodedata

import pytest

from talaia.config.matchers import Matcher, Matchers

LABELS = {
    "alertname": "WebDown",
    "job": "web",
    "instance": "https://www.example.org/",
    "empty": "",
    "service.name": "web",
    "Àrea": "El Port",
    "lloc": "Gràcia",
}

ACCEPTED = [
    ('alertname="WebDown"', True),
    ('alertname="webdown"', False),
    ('alertname!="WebDown"', False),
    ('job=~"we.*"', True),
    ('job=~"e"', False),  # anchored at both ends
    ('job=~"we"', False),
    ('job=~"mail|web"', True),
    ('job=~"mail|we"', False),  # the ends belong to each branch
    ('job!~"mail|we"', True),
    ('job!~"web"', False),
    ('none=""', True),  # a label that is not there is empty
    ('none!=""', False),
    ('none=~".*"', True),
    ('none=~".+"', False),
    ('none!~".+"', True),
    ('empty=""', True),
    ('alertname="WebDown", job="web"', True),
    ('alertname="WebDown", job="mail"', False),
    ('{alertname="WebDown",job=~"w.b",}', True),
    ('  job = "web"  ', True),
    (r'instance=~"https://www\.example\.org/"', True),
    (r'instance=~"https://www\\.example\\.org/"', True),  # as PromQL wants it written
    (r'instance=~"https://www\.exampleXorg/"', False),
    ('instance="https://www.example.org/"', True),
    ("alertname=WebDown", True),
    ("alertname=WebDow", False),
    ("{ alertname = WebDown , job =~ w.b }", True),
    ("Àrea=El Port, job=web", True),
    ('{"service.name"="web"}', True),
    ('"service.name"=~"mail|w.+"', True),
    ('"service.name"!="web"', False),
    (r'"\u00c0rea"="El Port"', True),
    ("none=", True),
    # What RE2 reads and Python does not, or reads otherwise.
    ('job=~"[[:alpha:]]+"', True),
    ('lloc=~"[[:alpha:]]+"', False),  # POSIX classes are ASCII
    (r'job=~"\pL+"', True),
    (r'lloc=~"\p{Latin}+"', True),
    (r'job=~"web\z"', True),
    (r'lloc=~"\w+"', False),  # as are Perl's
    ('job=~"(?i)WEB"', True),
    ('job=~"w(?i)EB"', True),
    ('job=~"(?P<x>web)"', True),
    ('job=~"web$"', True),
    (r'instance=~"\Qhttps://www.\E.*"', True),
]


@pytest.mark.parametrize(("written", "accepted"), ACCEPTED)
def test_a_matcher_accepts_what_prometheus_would(written: str, accepted: bool) -> None:
    assert Matchers.from_toml(written).accept(LABELS) is accepted


@pytest.mark.parametrize(
    ("written", "value"),
    [(r'a="x\"y"', 'x"y'), (r'a="x\\y"', "x\\y"), (r'a="x\ny"', "x\ny"), (r'a="x\.y"', r"x\.y"), ('a="x,y}"', "x,y}")],
)
def test_escapes_are_those_of_alertmanager(written: str, value: str) -> None:
    matchers = Matchers.from_toml(written)
    assert matchers.accept({"a": value})
    assert Matchers.from_toml(str(matchers)) == matchers


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "at least one matcher is needed"),
        ("{}", "at least one matcher is needed"),
        ("job='web'", 'write name="value"'),
        ('"web"', 'write name="value"'),
        ('job=="web"', 'write name="value"'),
        ("job == web", 'write name="value"'),
        ("job=!web", 'write name="value"'),
        ('job=web"x"', 'write name="value"'),
        ('job="web"="x"', "expected a comma before"),
        ('""="web"', "a label without a name"),
        ('job="web" instance="x"', "expected a comma before 'instance"),
        ('job=~"(web"', "is no regular expression"),
        ('1{job="web"', "cannot read '1{job"),
        (r'job=~"web(?=b)"', "no regular expression as RE2 reads them"),
        (r'job=~"(.)\1"', "no regular expression as RE2 reads them"),
        (r'job=~"we\Z"', "no regular expression as RE2 reads them"),
        ('job=~"web{1,2000}"', "no regular expression as RE2 reads them"),
        ('job="web', "cannot read"),
        (["job"], "matchers are one text"),
    ],
)
def test_what_is_no_matcher_is_told_with_what_would_be(written: object, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        Matchers.from_toml(written)


@pytest.mark.parametrize("name", ["service.name", "a b", 'q"q', "Àrea", "x\\y", "l\nl", "{a}"])
def test_any_name_can_be_written_in_quotes_and_is_read_again(name: str) -> None:
    matchers = Matchers((Matcher(name, "=", "web"),))
    assert Matchers.from_toml(str(matchers)) == matchers
    assert matchers.accept({name: "web"})


@pytest.mark.parametrize("op", ["=~", "!~"])
def test_a_pattern_of_a_silence_that_others_made_and_that_cannot_be_read_accepts_nothing(op: str) -> None:
    assert not Matcher("job", op, "(web").accepts({"job": "web"})


def test_a_letter_with_its_accent_apart_is_the_same_letter() -> None:
    decomposed = unicodedata.normalize("NFD", 'lloc="Gràcia"')
    assert Matchers.from_toml(decomposed).accept(LABELS)
