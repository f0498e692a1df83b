"""Have the mails of an event go to everybody from now on: asked for by a person who has seen the number."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from talaia.desk.pages import for_operators
from talaia.events.actions import tell_everybody
from talaia.events.timeline import NotPossible


@for_operators
@require_POST
def widen(request: HttpRequest, ref: str, kind: str = "incident") -> HttpResponse:
    try:
        if tell_everybody(kind, ref, timezone.now(), by=request.user.get_username()):
            messages.success(request, _("From now on the mails about it go to everybody."))
    except NotPossible as refusal:
        messages.error(request, str(refusal))
    return HttpResponseRedirect(reverse(f"desk-{kind}", args=[ref]))
