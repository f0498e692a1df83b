"""The how-to: one text for the desk and for whoever reads the repository; it names what stands on the screen."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.test import Client

from talaia.commands import incident

ROOT = Path(__file__).parents[2]
LANGUAGES = ("ca", "es", "en")
# Bold words that are no button, by language.
EMPHASIS = {
    "ca": {"Si la màquina ja ho ha vist", "Si no", "El que escrius no es perd.", "no s’acaba sol", "al cap d’un minut"},
    "es": {
        "Si la máquina ya lo ha visto",
        "Si no",
        "Lo que escribes no se pierde.",
        "no termina solo",
        "al cabo de un minuto",
    },
    "en": {
        "If the machine has seen it already",
        "If not",
        "What you write is not lost.",
        "does not end by itself",
        "after a minute",
    },
}


def guide(language: str) -> str:
    return (ROOT / "docs" / f"operators.{language}.md").read_text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_button_that_it_names_is_called_so_at_the_desk(language: str) -> None:
    with (ROOT / "talaia" / "locale" / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        said = {
            text
            for m in read_po(file)
            if m.id
            for text in ([m.string] if isinstance(m.string, str) else m.string or ())
        }
    named = set(re.findall(r"\*\*([^*]+)\*\*", guide(language)))
    assert len(named) > 15
    assert named - EMPHASIS[language] - said == set()


def test_it_has_the_same_parts_in_every_language() -> None:
    shapes = {tuple(re.findall(r"^(##|!|\||```|\d\.|-)", guide(language), re.MULTILINE)) for language in LANGUAGES}
    assert len(shapes) == 1


def test_every_command_that_it_names_is_understood() -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    incident.arguments(parser)
    for language in LANGUAGES:
        commands = re.findall(r"^talaia incident (.+)$", guide(language), re.MULTILINE)
        assert len(commands) == 4
        for command in commands:
            assert parser.parse_args(shlex.split(command, comments=True)).action in command


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_desk_shows_it_with_a_way_to_each_part(desk: Client, language: str) -> None:
    page = desk.get("/desk/guide/", headers={"accept-language": language}).content.decode()
    ways = re.findall(r'<li><a href="#(g\d+)">', page)
    assert len(ways) == guide(language).count("\n## ")
    assert all(f'id="{way}"' in page for way in ways)
    pictures = re.findall(r'src="(/desk/guide/[^"]+)"', page)
    assert len(pictures) == guide(language).count("](images/") >= 4
    assert all(desk.get(picture).headers["Content-Type"] == "image/png" for picture in pictures)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["..%2fMAP.md", "front.png", "desk-phone.png.md", "nothing.png"])
def test_no_other_file_comes_out_by_its_door(desk: Client, name: str) -> None:
    assert desk.get(f"/desk/guide/{name}").status_code == 404


@pytest.mark.django_db
def test_every_screen_leads_to_it(desk: Client) -> None:
    for address in ("/desk/", "/desk/incidents/new", "/desk/me/", "/desk/words/"):
        assert 'href="/desk/guide/"' in desk.get(address).content.decode(), address
