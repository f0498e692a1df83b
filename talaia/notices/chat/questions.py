"""What operators are asked in their own chat, pure: work that is not where its window says that it should be."""

from __future__ import annotations

from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from talaia.events.window_schedule import Late
from talaia.localization.texts import Words, in_language
from talaia.notices import markdown_text
from talaia.notices.chat.write import LONGEST_TITLE, shortened
from talaia.notices.values import Sender


def question(
    why: Late,
    ref: str,
    titles: Words,
    window: tuple[datetime, datetime],
    desk: str,
    sender: Sender,
    language: str,
) -> tuple[str, str]:
    """Its title and its text, in one language. `desk`: where it is answered."""
    calendar = sender.dates(language)
    with translation.override(language):
        title = markdown_text.one_line(in_language(titles, language).text)
        head, tail = f"[{_('For operators')}] ", f" ({ref})"
        room = LONGEST_TITLE - len(head) - len(tail)
        when = f"{calendar.window(*window)} ({calendar.zone_name()})"
        return head + shortened(title, room) + tail, "\n".join((when, asked(why), desk))


def asked(why: Late) -> str:
    """The question, in the language in force."""
    match why:
        case Late.UNSEEN:
            return _("Its window has passed while talaia was not running. Was it done? Nobody has been told anything.")
        case Late.NOT_BEGUN:
            return _("Its window has begun. Say when the work begins, or postpone it.")
        case Late.UNAPPROVED:
            return _("Its window has begun, and a second person has not said yes: it does not begin as it is.")
        case Late.STUCK:
            return _("talaia could not move it on by itself; the log says why. Say at the desk how it stands.")
        case Late.OVERRUN:
            return _("Its window is over. Is the work? If not, extend it.")
