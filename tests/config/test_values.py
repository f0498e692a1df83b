"""Texts by language, thresholds, durations: what a value of talaia.toml means."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from talaia.config import Text, Threshold, read
from talaia.config.toml import duration
from talaia.signals.inputs import LiveSignal
from talaia.signals.matching import claim
from talaia.signals.parse.report import Alert


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("30s", 30),
        ("2m", 120),
        ("1h30m", 5400),
        ("7d", 604800),
        ("250ms", 0.25),
        ("1.5s", 1.5),
        (90, 90),
        (0, 0),
        (0.5, 0.5),
    ],
)
def test_a_duration_is_a_number_with_units_or_seconds(written: object, seconds: float) -> None:
    assert duration(written) == timedelta(seconds=seconds)


@pytest.mark.parametrize("written", ["", "s", "5", "5x", "1h 30m", "½h", "٣s", -1, True, None, [], "1e3s"])
def test_anything_else_is_no_duration(written: object) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        duration(written)


def test_a_text_without_a_language_is_the_same_in_all() -> None:
    text = Text.from_toml(" Web ")
    assert str(text) == text.inside("ca") == text.inside("en") == "Web"


def test_a_text_by_language_falls_back_to_the_first_that_was_given() -> None:
    text = Text.from_toml({"es": "Correo", "ca": "Correu"})
    assert (text.inside("ca"), text.inside("es"), text.inside("en"), str(text)) == (
        "Correu",
        "Correo",
        "Correo",
        "Correo",
    )


@pytest.mark.parametrize(
    "written", ["", "  ", {}, {"ca": ""}, {"ca": "a", "es": " "}, {"ca": 1}, 3, ["a"], {"de": "a"}]
)
def test_a_text_without_words_is_none(written: object) -> None:
    with pytest.raises(ValueError, match=r"must be a text|is no language"):
        Text.from_toml(written)


@pytest.mark.parametrize("percent", ["1%", "10%", "25%", "33.3%", "60%", "66.67%", "99%", "100%"])
def test_a_share_is_reached_exactly_where_the_fraction_is(percent: str) -> None:
    threshold = Threshold.from_toml(percent)
    share = Fraction(percent[:-1]) / 100
    for measured in range(1, 301):
        for down in range(1, measured + 1):
            assert threshold.reached(down, measured) == (Fraction(down, measured) >= share), (down, measured)


@pytest.mark.parametrize(
    ("count", "down", "reached"), [(1, 0, False), (1, 1, True), (3, 2, False), (3, 3, True), (3, 9, True)]
)
def test_a_count_is_reached_whatever_is_measured(count: int, down: int, reached: bool) -> None:
    assert Threshold.from_toml(count).reached(down, 9) is reached


@pytest.mark.parametrize("threshold", [Threshold(count=1), Threshold(share=0.01)])
def test_nothing_down_reaches_nothing(threshold: Threshold) -> None:
    assert not threshold.reached(0, 9)
    assert not threshold.reached(0, 0)


@pytest.mark.parametrize(
    "written", [0, -1, True, 0.5, "0%", "101%", "abc%", "nan%", "inf%", "-5%", "25", "", "%", None, [1]]
)
def test_what_is_no_threshold_is_told_with_an_example(written: object) -> None:
    with pytest.raises(ValueError, match='is no threshold; write a count such as 1, or a share such as "25%"'):
        Threshold.from_toml(written)


@pytest.mark.parametrize("written", ["25%", "12.5%", "7%", "100%", "33.33%"])
def test_a_threshold_reads_as_it_was_written(written: str) -> None:
    assert str(Threshold.from_toml(written)) == written
    assert str(Threshold.from_toml(3)) == "3"


@pytest.mark.parametrize(
    "id",
    ["192.0.2.10:9115", "https://antena.example.org/", "2001:db8::1", "[2001:db8::1]:9100", "BCN-Gràcia_Rd1", "A b"],
)
def test_a_connection_is_known_by_whatever_stands_in_its_label(tmp_path: Path, id: str) -> None:
    decomposed = unicodedata.normalize("NFD", id)
    path = tmp_path / "talaia.toml"
    path.write_text(CONNECTION.format(listed=decomposed, id=id))
    config = read(path, tmp_path)
    (service,) = config.tables.services
    labels = {"alertname": "Down", "instance": decomposed}
    found = claim(service, LiveSignal(("p",), Alert(labels, True).labels))
    assert found is not None and found.connection == id


CONNECTION = """
[site]
name = "Cooperativa Exemple"
address = "https://status.example.org"
[[groups]]
id = "g"
name = "G"
[[sources]]
id = "p"
kind = "prometheus"
url = "http://127.0.0.1:9090"
[[services]]
slug = "links"
group = "g"
name = "L"
evidence = {{ source = "p", query = "up" }}
[services.reference]
label = "instance"
connections = ["{listed}"]
[[connections]]
id = "{id}"
name = "C"
"""
