"""How we communicate: the text of `/about/`, from the files that talaia.toml names, else from the package."""

from __future__ import annotations

from datetime import timedelta
from importlib.resources import files

from django.utils import translation
from django.utils.translation import ngettext

from talaia.config import Config
from talaia.events import next_update
from talaia.localization.dates import length
from talaia.outbox.errors import PermanentError


def texts(config: Config) -> dict[str, str]:
    """Markdown for each language of the site. Raises Permanent for a file that has gone since talaia.toml was read."""
    return {language: _text(config, language) for language in config.site.languages}


def _text(config: Config, language: str) -> str:
    if config.site.about is None:
        text = files("talaia.site").joinpath("texts", f"about.{language}.md").read_text(encoding="utf-8")
        with translation.override(language):
            often = {state.value: next_update.how_often(state) for state in next_update.USUAL}
            return text.format(notice=_ahead(config.maintenance.notice), **often)
    name = config.site.about.inside(language)
    try:
        return config.beside(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PermanentError(f"{name}: {error}", "put the file of [site] about back, then reload") from error


def _ahead(notice: timedelta) -> str:
    """How long before a disruption it is announced, as talaia.toml has it: "7 days"."""
    for unit, word in ((timedelta(days=1), _days), (timedelta(hours=1), _hours)):
        if notice and not notice % unit:
            return word(notice // unit)
    return length(notice.total_seconds())


def _days(count: int) -> str:
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}


def _hours(count: int) -> str:
    return ngettext("%(count)s hour", "%(count)s hours", count) % {"count": count}
