"""Matchers mean what they mean in Prometheus and Alertmanager."""

from __future__ import annotations

import pytest

from talaia.config.matchers import Matchers

LABELS = {"alertname": "WebDown", "job": "web", "instance": "https://www.example.org/", "empty": ""}

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
        ("job=web", 'write name="value"'),
        ("job='web'", 'write name="value"'),
        ('"web"', 'write name="value"'),
        ('job=="web"', 'write name="value"'),
        ('job="web" instance="x"', "expected a comma before 'instance"),
        ('job=~"(web"', "is no regular expression"),
        ('1job="web"', "cannot read '1job"),
        ('job="web', "cannot read"),
        (["job"], "matchers are one text"),
    ],
)
def test_what_is_no_matcher_is_told_with_what_would_be(written: object, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("(", r"\(")):
        Matchers.from_toml(written)
