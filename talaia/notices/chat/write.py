"""A notice shortened for a chat, pure: what, whom, how it goes on, and the permanent address of its entry."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext as _

from talaia.localization.texts import in_language
from talaia.notices import markdown_text, words
from talaia.notices.values import Kind, NoticeStory, Sender
from talaia.panel import words as panel_words
from talaia.panel.state import State

LONGEST_TITLE, LONGEST_SERVICES = 150, 180  # with the rest, less than the 500 characters of the shortest chats


def message(story: NoticeStory, sender: Sender, language: str) -> tuple[str, str]:
    """Its title and its text, in one language."""
    calendar = sender.dates(language)
    with translation.override(language):
        title = markdown_text.one_line(in_language(story.event.titles, language).text)
        head, tail = f"[{words.tag(story)}] ", f" ({story.event.ref})"
        lines = [services(story, language), f"{words.step(story)}."]
        if story.event.hours:
            lines.append(f"{calendar.window(*story.event.hours)} ({calendar.zone_name()})")
        if story.event.next_update_at:
            lines[1] += " " + _("We will write again on the page %(next)s.") % {
                "next": calendar.before(story.event.next_update_at, None)
            }
        lines.append(address(story, sender, language))
        room = LONGEST_TITLE - len(head) - len(tail)
        return head + shortened(title, room) + tail, "\n".join(line for line in lines if line)


def services(story: NoticeStory, language: str) -> str:
    """`Connections: Partial disruption · Mail: Degraded performance`; of what is over the names alone."""
    over = story.kind in (Kind.RESOLVED, Kind.END, Kind.CANCELLED)
    said = ""
    word = panel_words.level if story.about_work else panel_words.impact
    for number, one in enumerate(story.event.touched):
        name = markdown_text.one_line(in_language(one.names, language).text)
        more = name if over else f"{name}: {word(State(one.state))}"
        longer = f"{said} · {more}" if said else shortened(more, LONGEST_SERVICES)
        if len(longer) > LONGEST_SERVICES:
            return f"{said} · +{len(story.event.touched) - number}"
        said = longer
    return said


def address(story: NoticeStory, sender: Sender, language: str) -> str:
    """Where that entry of the timeline stands, for ever."""
    prefix = "" if language == sender.languages[0] else f"/{language}"
    return f"{sender.address}{prefix}{story.event.path}" + (f"#u{story.entry}" if story.entry else "")


def shortened(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"
