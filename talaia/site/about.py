"""How we communicate: the text of `/about/`, from the files that talaia.toml names, else from the package."""

from __future__ import annotations

from importlib.resources import files

from django.utils import translation

from talaia.config import Config
from talaia.events import promise
from talaia.outbox.faults import Permanent


def texts(config: Config) -> dict[str, str]:
    """Markdown for each language of the site. Raises Permanent for a file that has gone since talaia.toml was read."""
    return {language: _text(config, language) for language in config.site.languages}


def _text(config: Config, language: str) -> str:
    if config.site.about is None:
        text = files("talaia.site").joinpath("texts", f"about.{language}.md").read_text(encoding="utf-8")
        with translation.override(language):
            return text.format(**{state.value: promise.how_often(state) for state in promise.USUAL})
    name = config.site.about.inside(language)
    try:
        return config.beside(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Permanent(f"{name}: {error}", "put the file of [site] about back, then reload") from error
