"""What the timeline says when a window moves, pure: the old and the new one in words, in every language of the site."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale
from django.utils import translation
from django.utils.translation import gettext as _

from talaia.localization.dates import Dates

Window = tuple[datetime, datetime]


def postponed(
    before: Window, after: Window, languages: Sequence[str], zone: ZoneInfo, words: Mapping[str, str]
) -> dict[str, str]:
    """Another window. `words`: what the person adds, in the language in which it was written; it comes first there."""

    def sentence(calendar: Dates) -> str:
        windows = {"before": calendar.span(*before), "after": calendar.span(*after)}
        return _("We have moved this maintenance. New time: %(after)s. It was planned for: %(before)s.") % windows

    return _in_all(sentence, languages, zone, words)


def extended(
    before: Window, end: datetime, languages: Sequence[str], zone: ZoneInfo, words: Mapping[str, str]
) -> dict[str, str]:
    """A later end; `words` as in `postponed`."""

    def sentence(calendar: Dates) -> str:
        same = calendar.date_of(before[1]) == calendar.date_of(end)
        times = [calendar.time(at) if same else calendar.moment(at) for at in (before[1], end)]
        said = _("This maintenance will take longer. New planned end: %(after)s. It was: %(before)s.")
        return said % {"before": times[0], "after": times[1]}

    return _in_all(sentence, languages, zone, words)


def _in_all(
    sentence: Callable[[Dates], str], languages: Sequence[str], zone: ZoneInfo, words: Mapping[str, str]
) -> dict[str, str]:
    """The sentence in every language, that of `words` first, each with what the person wrote in it, or at all.

    Words in another language are marked as such: within one text the page cannot see where it begins.
    """
    original, written = next(iter(words.items()), ("", ""))
    found = {}
    for language in dict.fromkeys((*words, *languages)):
        with translation.override(language):
            added = words.get(language) or (f"{written} ({_foreign(original, language)})" if written else "")
            found[language] = "\n\n".join(filter(None, (sentence(Dates(language, zone)), added)))
    return found


def _foreign(written_in: str, language: str) -> str:
    name = Locale.parse(written_in).get_language_name(language) or written_in
    return _("in %(language)s") % {"language": name}
