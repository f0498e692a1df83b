"""A form that is sent twice has the effect of once: two taps, a second try after a lost connection, [Back] and again.

What a form does and that it was sent commit together; sent at the same moment once more, it waits and finds that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from talaia.desk.models import SentForm
from talaia.retention import SENT_FORMS


@dataclass(frozen=True)
class StoredResponse:
    """Where a form led that had its effect, and what was said there: level, words, tags."""

    address: str
    said: list[list[Any]] = field(default_factory=list)


def once(digest: str, now: datetime, do: Callable[[], StoredResponse | None]) -> StoredResponse | None:
    """`do` what a form asks for, and remember how it was answered; when it was done before, only how it was answered.

    `digest`: of the form and of all that it says. What `do` answers with None had no effect, and may be sent again.
    No fact of its own: what the form does has one.
    """
    while True:
        if (known := SentForm.objects.filter(digest=digest).first()) is not None:
            return StoredResponse(known.answer, known.said)
        begun = False
        try:
            with transaction.atomic():
                row = SentForm.objects.create(digest=digest, at=now)
                begun = True
                answer = do()
                if answer is None:
                    row.delete()
                else:
                    row.answer, row.said = answer.address, answer.said
                    row.save(update_fields=["answer", "said"])
                    SentForm.objects.filter(at__lt=now - SENT_FORMS).delete()
                return answer
        except IntegrityError:
            if begun:
                raise  # its own; else the same form was quicker, by a moment
