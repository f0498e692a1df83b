"""How to begin, for each kind of trouble, in every language of the site. Pure.

What stands here is what we ship; operators change it at /desk/words/ (rows of `FirstWords`). In the words, `{services}`
stands for the names of the services, `{since}` for "since 03:12", and `{measured}` for the figures in brackets, where
there are any: " (2 of 9 reference connections without service)".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

KINDS = (
    "no-connection",
    "part-connection",
    "web",
    "messaging",
    "video",
    "slow",
    "certificate",
    "unknown",
    "flood",
    "cut",
    "provider",
)
PLACEHOLDERS = frozenset({"services", "since", "measured"})
PLACEHOLDER = re.compile(r"\{(\w*)\}")
NAMED = 3  # services; of more, the others are counted
LONGEST_TITLE = 140


@dataclass(frozen=True)
class TextTemplate:
    """Title and text by language, with or without their placeholders."""

    titles: Mapping[str, str]
    texts: Mapping[str, str]


def name(kind: str) -> str:
    """What the kind of trouble is called in the desk, in the language in force."""
    names = {
        "no-connection": _("No connection"),
        "part-connection": _("Some connections"),
        "web": _("A web service"),
        "messaging": _("Messaging"),
        "video": _("Video calls"),
        "slow": _("Slow"),
        "certificate": _("Certificate"),
        "unknown": _("Cause unknown"),
        "flood": _("Flood of traffic"),
        "cut": _("Power or fibre cut"),
        "provider": _("At a provider"),
    }
    return names[kind]


def shipped(kind: str, languages: Sequence[str]) -> TextTemplate:
    """Our own words for this kind, in `languages`."""
    titles, texts = {}, {}
    for language in languages:
        with translation.override(language):
            titles[language], texts[language] = _ours(kind)
    return TextTemplate(titles, texts)


def beginning(kind: str, changed: Mapping[str, TextTemplate], languages: Sequence[str]) -> TextTemplate:
    """The words in force for this kind: those that operators wrote, where they wrote some, else ours."""
    return changed.get(kind) or shipped(kind, languages)


def filled(words: TextTemplate, values: Mapping[str, Mapping[str, str]]) -> TextTemplate:
    """With `values` (language → placeholder → words) in place of the placeholders. A title is cut to what fits."""
    return TextTemplate(
        {code: _fill(title, values[code])[:LONGEST_TITLE] for code, title in words.titles.items() if code in values},
        {code: _fill(text, values[code]) for code, text in words.texts.items() if code in values},
    )


def unknown_placeholders(text: str) -> list[str]:
    """What stands in braces and means nothing."""
    return [found[0] for found in PLACEHOLDER.finditer(text) if found[1] not in PLACEHOLDERS]


def listed(names: Sequence[str]) -> str:
    """`A, B and C` in the language in force; of many, the first ones and how many more."""
    if not names:
        return _("Some services")
    if len(names) > NAMED + 1:
        more = len(names) - NAMED
        count = ngettext("%(count)s more", "%(count)s more", more) % {"count": more}
        names = [*names[:NAMED], count]
    if len(names) == 1:
        return names[0]
    return _("%(first)s and %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}


def _fill(text: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def _ours(kind: str) -> tuple[str, str]:
    match kind:
        case "no-connection":
            return _("{services}: no service"), _(
                "{services}: there is no service {since}{measured}. We are looking for the cause, and will write here "
                "what we find."
            )
        case "part-connection":
            return _("{services}: some without service"), _(
                "{services}: some of them have no service {since}{measured}. We are looking for the cause, and will "
                "write here what we find."
            )
        case "web":
            return _("{services}: cannot be reached"), _(
                "{services}: cannot be reached {since}. We are looking for the cause, and will write here what we find."
            )
        case "messaging":
            return _("{services}: messages do not get through"), _(
                "{services}: messages may not get through {since}. We are looking for the cause, and will write here "
                "what we find."
            )
        case "video":
            return _("{services}: calls fail"), _(
                "{services}: calls may fail {since}. We are looking for the cause, and will write here what we find."
            )
        case "slow":
            return _("{services}: slower than usual"), _(
                "{services}: slower or worse than usual {since}{measured}. We are looking for the cause, and will "
                "write here what we find."
            )
        case "certificate":
            return _("{services}: security warning"), _(
                "{services}: {since}, programs warn that the connection is not safe, because a certificate is not "
                "valid. Please do not go past the warning. We are renewing it, and will write here when it is done."
            )
        case "flood":
            return _("{services}: slow or cut at times"), _(
                "{services}: slow or cut at times {since}, because far more traffic than usual reaches our network. "
                "We are working to bring it back to normal, and will write here how it goes."
            )
        case "cut":
            return _("{services}: no service, by a cut of power or fibre"), _(
                "{services}: no service {since}, by a cut of power or fibre. We are finding out where it is and when "
                "it can be repaired, and will write here what we know."
            )
        case "provider":
            return _("{services}: trouble at a provider"), _(
                "{services}: {since} there is trouble in the network of one of our providers. We are in touch with "
                "them, and will write here what they tell us."
            )
    return _("{services}: not working well"), _(
        "{services}: {since} something does not work as it should. We do not know yet why; we are looking for the "
        "cause, and will write here what we find."
    )
