"""A service has another slug: what was told of it was told of the new one. Part of one transaction."""

from __future__ import annotations

from talaia.notices.models import Notice
from talaia.notices.values import NoticeStory


def rename_told(old: str, new: str) -> None:
    """In what notices tell, and told: by it is decided who hears how something ended, and who else is still to hear."""
    for pk, story in Notice.objects.filter(story__isnull=False).values_list("pk", "story").iterator(500):
        told = NoticeStory.from_json(story or {})
        if told != (renamed := told.renamed(old, new)):
            Notice.objects.filter(pk=pk).update(story=renamed.to_json())
