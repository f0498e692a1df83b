"""Who is told: upload an export, look at what it changes, confirm it. Applying it is the worker's."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from talaia.audience import actions, words
from talaia.audience.diff import RecipientStatus, What
from talaia.audience.formatting import trouble, why
from talaia.audience.importing import UnreadableFile, plan, planned, propose
from talaia.audience.models import ExportCheck, Import, Recipient
from talaia.audience.recipients import how_many_stand
from talaia.audience.serialize import not_taken
from talaia.config import current
from talaia.desk.audience.forms import UploadForm
from talaia.desk.pages import for_admins, page
from talaia.errors import UserError

SHOWN = 200  # of each kind; the others are counted


@for_admins
@require_http_methods(["GET", "POST"])
def audience(request: HttpRequest) -> HttpResponse:
    """How many are told, what waits, and where an export is uploaded."""
    now, configured = timezone.now(), current().tables.audience
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" and configured else UploadForm()
    nothing_changes = False
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["export"]
        try:
            found = plan(file.read(), current(), now)
        except UnreadableFile as error:
            form.add_error("export", words.unreadable(error.code, error.data))
        else:
            final = [one for one in found.objections if one.final]
            for one in final:
                form.add_error("export", words.objection(one.code, one.data))
            if not final and (found.diff.to_write or found.roster.refused):
                try:
                    row = propose(found, file.name, now, by=request.user.get_username())
                except UserError:
                    form.add_error("export", _("It cannot be applied any more: another import came meanwhile."))
                else:
                    return HttpResponseRedirect(reverse("desk-import", args=[row.pk]))
            nothing_changes = not final
    counts, quiet = how_many_stand()
    export = configured.export if configured else None
    look = ExportCheck.objects.filter(export=export).first() if export else None
    mailman = configured.mailman if configured else None
    list_look = ExportCheck.objects.filter(export=mailman.list).first() if mailman else None
    context = {
        "configured": configured,
        "form": form,
        "nothing_changes": nothing_changes,
        "counts": [
            *((words.standing(one, counts[one]), counts[one]) for one in RecipientStatus),
            *((words.at_list(one, count), count) for one, count in quiet.items() if count),
        ],
        "open": Import.objects.filter(state__in=[Import.WAITING, Import.CONFIRMED]).order_by("-pk"),
        "last": Import.objects.filter(state=Import.DONE).order_by("-finished_at").first(),
        "look": look,
        "trouble": trouble(look.error) if look else "",
        "list_look": list_look,
        "list_trouble": trouble(list_look.error) if list_look else "",
    }
    return page(request, "desk/audience/audience.html", context)


@for_admins
@require_GET
def one_import(request: HttpRequest, number: int) -> HttpResponse:
    """What an import changes, or has changed."""
    return shown(request, number)


@for_admins
@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Confirm an import, or drop it."""
    by, now = request.user.get_username(), timezone.now()
    try:
        if "drop" in request.POST:
            actions.drop(number, now, by=by)
            return HttpResponseRedirect(reverse("desk-audience"))
        row = find(number)
        if row.state == Import.WAITING and row.objections and "looked" not in request.POST:
            return shown(request, number, _("The guard objects. Tick that you have looked, then confirm."))
        actions.confirm(number, now, by=by)
    except UserError:
        return shown(request, number, _("It cannot be applied any more: another import came meanwhile."))
    return HttpResponseRedirect(reverse("desk-import", args=[number]))


def refused(row: Import) -> list[tuple[int, str, str, str]]:
    """Line, reason, what stood there, and who stays as they are; the text is gone once the import is over."""
    shown = not_taken(row.refused[:SHOWN])
    people = Recipient.objects.in_bulk({number for one in shown for number in one.people})
    return [
        (
            one.line,
            words.refusal(one.code, one.word),
            words.shortened(one.text),
            words.whose(
                [words.named(people[number]) for number in one.people if number in people], one.of_above is not False
            ),
        )
        for one in shown
    ]


def find(number: int) -> Import:
    row = Import.objects.filter(pk=number).first()
    if row is None:
        raise Http404
    return row


def shown(request: HttpRequest, number: int, wrong: str = "") -> HttpResponse:
    row = find(number)
    context: dict[str, Any] = {
        "row": row,
        "wrong": wrong,
        "objections": [words.objection(one["code"], one["data"]) for one in row.objections],
        "refused": refused(row),
        "refused_more": max(0, len(row.refused) - SHOWN),
        "counts": [(words.what(what, n), n) for what in What if (n := row.counts.get(what.value, 0))],
    }
    if row.state == Import.WAITING:
        changes = planned(row, current(), timezone.now()).diff
        context["kinds"] = [
            {
                "word": words.what(what, len(found)),
                "count": len(found),
                "people": [(change.after.address, change.after.name, why(change)) for change in found[:SHOWN]],
                "more": max(0, len(found) - SHOWN),
            }
            for what in What
            if (found := changes.of(what))
        ]
    return page(request, "desk/audience/import.html", context, status=409 if wrong else 200)
