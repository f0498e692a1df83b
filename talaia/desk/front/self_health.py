"""What is not well with ourselves, for operators: the disk, the public folder, and whether it is renewed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from talaia.config import Config
from talaia.desk.pages import language
from talaia.localization.dates import Dates
from talaia.outbox.disk_reserve import Room, room
from talaia.outbox.models import Delivery, Fact
from talaia.site.integrity_check import IntegrityReport, last_look
from talaia.site.lateness import change_is_late, renewal_is_late
from talaia.site.models import Publication

TOLD_FOR = timedelta(days=1)


def troubles(config: Config, now: datetime) -> list[str]:
    """One sentence for each."""
    return [
        *of_the_disk(room(config.home)),
        *of_the_page(config, now),
        *of_the_folder(last_look(config.home), now),
        *mended_lately(now),
    ]


def of_the_disk(left: Room | None) -> list[str]:
    if left is None or not (left.is_little or left.is_ill):
        return []
    free = {"free": f"{left.free / 1e6:.0f}"}
    if left.is_ill:
        return [
            _(
                "The disk of the server is nearly full: %(free)s MB are left, and what was held in reserve for the "
                "news is in use. Whoever runs it has to make room now."
            )
            % free
        ]
    return [_("The disk of the server has little room: %(free)s MB are left. Whoever runs it should make more.") % free]


def of_the_page(config: Config, now: datetime) -> list[str]:
    """Whoever writes here is told "published": where nothing comes to the page, they must know it."""
    published = Publication.objects.order_by("-pk").values_list("at", flat=True).first()
    if published is None:
        return []
    calendar = Dates(language(), config.site.tz)
    if renewal_is_late(published, config.site.refresh, now):
        return [
            # Translators: %(since)s is "since 9:37"
            _(
                "The public page has not been renewed %(since)s. What you write does not come to it, and mails may not "
                "go out either. Whoever runs the server has to look why."
            )
            % {"since": calendar.since(published, now)}
        ]
    waiting = Delivery.objects.filter(channel="site", state__in=[Delivery.READY, Delivery.RUNNING])
    since = waiting.order_by("fact__at").values_list("fact__at", flat=True).first()
    if since is None or not change_is_late(since, now):
        return []
    return [
        # Translators: %(since)s is "since 9:37"
        _("A change has been waiting %(since)s for the public page. Whoever runs the server has to look why.")
        % {"since": calendar.since(since, now)}
    ]


def of_the_folder(seen: IntegrityReport | None, now: datetime) -> list[str]:
    """What is wrong at this moment."""
    del now
    if seen is None or not seen.damaged:
        return []
    return [_("Files of the public page are not as they were written. They are being made anew.")]


def mended_lately(now: datetime) -> list[str]:
    """What was wrong today."""
    found = Fact.objects.filter(kind="site.mended", at__gt=now - TOLD_FOR).order_by("-pk").first()
    if found is None:
        return []
    count, names = int(found.data.get("count", 0)), str(found.data.get("names", ""))
    return [
        ngettext(
            "Somebody else had changed or deleted %(count)s file of the public page; it has been made anew "
            "(%(names)s). Whoever runs the server should find out who.",
            "Somebody else had changed or deleted %(count)s files of the public page; they have been made anew "
            "(%(names)s). Whoever runs the server should find out who.",
            count,
        )
        % {"count": count, "names": names}
    ]
