"""What people read in Catalan, looked at for the slips that a spell checker lets pass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.messages import po_path, read

ROOT = Path(__file__).parents[2]
WRITTEN = [
    *sorted((ROOT / "talaia" / "site" / "texts").glob("*.ca.md")),
    *sorted((ROOT / "docs").glob("*.ca.md")),
    *sorted((ROOT / "talaia" / "demo" / "told").glob("*.toml")),
    ROOT / "README.ca.md",
]
# A weak pronoun is not shortened before the perifrastic past: "es va començar", or better "s'ha començat".
SHORTENED = re.compile(r"\b[smt][’'](va|van|vaig|vas|vam|vau|varen)\b", re.IGNORECASE)
# One way to write an hour, on the same page as "06:40".
OTHER_HOURS = re.compile(r"\b\d{1,2}\.[0-5]\d h\b|\bles \d{1,2}\.[0-5]\d\b")
# One word for one thing.
OTHER_WORDS = re.compile(r"\bBusca\b|(?<!al )\b[Dd]arrer(?:a|s|es)?\b(?! d[e’'])")


def sentences() -> Iterator[tuple[str, str]]:
    for message in read("ca"):
        for text in [message.string] if isinstance(message.string, str) else message.string or ():
            yield po_path("ca").name, str(text)
    for file in WRITTEN:
        yield file.name, file.read_text(encoding="utf-8")


@pytest.mark.parametrize("slip", [SHORTENED, OTHER_HOURS, OTHER_WORDS], ids=["pronoun", "hours", "search"])
def test_no_catalan_text_has_it(slip: re.Pattern[str]) -> None:
    found = [
        f"{name}: …{text[max(0, hit.start() - 30) : hit.end() + 30]}…"
        for name, text in sentences()
        if (hit := slip.search(text))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("slip", "text"),
    [
        (SHORTENED, "ja s’va començar"),
        (SHORTENED, "no s'van dir res"),
        (OTHER_HOURS, "a les 4.16 h"),
        (OTHER_WORDS, "Busca"),
        (OTHER_WORDS, "els darrers noranta dies"),
        (OTHER_WORDS, "Darreres incidències"),
    ],
)
def test_the_slips_are_seen(slip: re.Pattern[str], text: str) -> None:
    assert slip.search(text)


BUTTON = re.compile(r"<button[^>]*>(.*?)</button>|<a class=\"(?:main|second|quiet)\"[^>]*>(.*?)</a>", re.DOTALL)
WORDS = re.compile(r'{% translate "([^"]+)"(?: context "([^"]+)")? %}')
OTHER_FORM = {  # of the first word of a button: the desk says "Publica", "Publicar"
    "ca": re.compile(r"\w+(?:[aei]r|ure)(?:[-’']\w+)?|Canvien"),
    "es": re.compile(r"Publica|Cambian?|Confirma|Entra|Guarda|Indica|(?:Envía|Cámbia|Indíca)\w*"),
}


def on_buttons() -> Iterator[tuple[str, str | None]]:
    for file in sorted((ROOT / "talaia" / "desk").rglob("*.html")):
        for texts in BUTTON.findall(file.read_text(encoding="utf-8")):
            for text, context in WORDS.findall("".join(texts)):
                yield text, context or None


@pytest.mark.parametrize("language", OTHER_FORM)
def test_every_button_of_the_desk_speaks_in_one_form(language: str) -> None:
    """In Catalan the imperative, in Spanish the infinitive: "Indica-ho a mà", "Indicarlo a mano"."""
    catalogue, buttons = read(language), set(on_buttons())
    assert len(buttons) > 50
    said = {str(found.string) for button in buttons if (found := catalogue.get(*button))}
    assert len(said) > 50
    assert [words for words in said if OTHER_FORM[language].fullmatch(words.split()[0])] == []


@pytest.mark.parametrize(
    ("language", "word"), [("ca", "Indicar-ho"), ("ca", "Canvien"), ("ca", "Treure"), ("es", "Envíamelo")]
)
def test_the_other_form_is_seen(language: str, word: str) -> None:
    assert OTHER_FORM[language].fullmatch(word)


def test_the_states_of_an_incident_agree_with_the_word_incidencia() -> None:
    catalogue = read("ca")
    assert {word: str(catalogue[word].string) for word in ("Resolved",)} == {"Resolved": "Resolta"}
