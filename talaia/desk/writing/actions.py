"""What is kept before it is published: drafts, what is no incident, first words. One function = one transaction.

A draft is its writer's own business, kept every few seconds, and so leaves no fact until it is offered to others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from talaia.desk.models import Dismissal, Draft, FirstWords
from talaia.desk.text_templates.text_templates import KINDS, unknown_placeholders
from talaia.events.timeline import NotPossible
from talaia.outbox.actions import record

LARGEST_DRAFT = 200_000  # characters, in all its fields


def keep_draft(person: str, subject: str, fields: Mapping[str, str], now: datetime, *, offer: bool = False) -> Draft:
    """Keep what somebody is writing about `subject`, in the place of what was kept before. Raises NotPossible.

    `offer`: ask the operators to publish it. What was offered once stays offered.
    """
    if sum(map(len, fields.values())) > LARGEST_DRAFT:
        raise NotPossible(_("that is too long to be kept"))
    with transaction.atomic():
        before = Draft.objects.select_for_update().filter(person=person, subject=subject).first()
        offered = offer or (before is not None and before.offered)
        draft, _made = Draft.objects.update_or_create(
            person=person,
            subject=subject,
            defaults={"fields": dict(fields), "saved_at": now, "offered": offered},
        )
        if offer and not (before and before.offered):
            record("draft.offered", f"draft/{subject}", now, person)
    return draft


def version_of(draft: Draft) -> str:
    """Which words of it: those of when it was kept."""
    return f"{draft.saved_at:%Y%m%d%H%M%S%f}"


def drop_draft(pk: int, person: str, now: datetime, *, published: bool = False, version: str | None = None) -> None:
    """Forget a draft: one's own, or (`published`) one that was offered and is out now. Repeating is harmless.

    `version`: those words only; whatever was kept since stays.
    """
    with transaction.atomic():
        draft = Draft.objects.select_for_update().filter(pk=pk).first()
        if draft is None or (draft.person != person and not (published and draft.offered)):
            return
        if version is not None and version != version_of(draft):
            return
        draft.delete()
        if draft.offered:
            data = {"of": draft.person, "published": published}
            record("draft.dropped", f"draft/{draft.subject}", now, person, data)


def dismiss(troubles: Iterable[tuple[str, datetime]], now: datetime, *, by: str) -> None:
    """Say that these troubles (service, since) need no incident."""
    with transaction.atomic():
        made = []
        for slug, since in troubles:
            _row, new = Dismissal.objects.get_or_create(service_id=slug, since=since, defaults={"at": now, "by": by})
            made += [slug] if new else []
        if made:
            record("suggestion.dismissed", "panel", now, by, {"services": made})


def rename_written(old: str, new: str) -> None:
    """A service has another slug: in drafts, and in what is no incident. Part of one transaction."""
    for row in Dismissal.objects.filter(service_id=old):
        if Dismissal.objects.filter(service_id=new, since=row.since).exists():
            row.delete()
        else:
            Dismissal.objects.filter(pk=row.pk).update(service_id=new)
    for draft in Draft.objects.select_for_update().order_by("pk"):
        fields = {**draft.fields}
        level = fields.pop(f"impact-{old}", None)
        if level is not None:
            fields[f"impact-{new}"] = fields.get(f"impact-{new}") or level
            Draft.objects.filter(pk=draft.pk).update(fields=fields)


def take_up_again(slug: str, since: datetime, now: datetime, *, by: str) -> None:
    """Take back a dismissal."""
    with transaction.atomic():
        if Dismissal.objects.filter(service_id=slug, since=since).delete()[0]:
            record("suggestion.taken_up", "panel", now, by, {"services": [slug]})


def change_words(kind: str, titles: Mapping[str, str], texts: Mapping[str, str], now: datetime, *, by: str) -> None:
    """How to begin from now on, for one kind of trouble. Raises NotPossible."""
    _check_kind(kind)
    for words in (*titles.values(), *texts.values()):
        if wrong := unknown_placeholders(words):
            raise NotPossible(
                _("%(wrong)s means nothing here; write {services}, {since} or {measured}") % {"wrong": wrong[0]}
            )
    if not titles or not texts:
        raise NotPossible(_("a title and a text are needed"))
    with transaction.atomic():
        before = FirstWords.objects.select_for_update().filter(pk=kind).first()
        if before and (before.titles, before.texts) == (dict(titles), dict(texts)):
            return
        after = {"titles": dict(titles), "texts": dict(texts)}
        FirstWords.objects.update_or_create(kind=kind, defaults={**after, "edited_at": now, "by": by})
        data = {"before": {"titles": before.titles, "texts": before.texts} if before else None, "after": after}
        record("words.changed", f"words/{kind}", now, by, data)


def back_to_ours(kind: str, now: datetime, *, by: str) -> None:
    """Begin again as we ship it. Raises NotPossible."""
    _check_kind(kind)
    with transaction.atomic():
        before = FirstWords.objects.select_for_update().filter(pk=kind).first()
        if before is None:
            return
        before.delete()
        record("words.reset", f"words/{kind}", now, by, {"before": {"titles": before.titles, "texts": before.texts}})


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise NotPossible(_("there are no first words for “%(kind)s”") % {"kind": kind})
