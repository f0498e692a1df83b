"""Fixed stories, one for each kind of notice: what the previews of the desk and the stored letters tell. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from talaia.events.published import PublishedEntry, PublishedEvent, TouchedService
from talaia.notices.values import Kind, NoticeStory
from talaia.panel.state import State

AT = datetime(2026, 10, 3, 1, 12, tzinfo=UTC)
WINDOW = (datetime(2026, 10, 10, 21, 0, tzinfo=UTC), datetime(2026, 10, 10, 23, 0, tzinfo=UTC))
LATER = (datetime(2026, 10, 11, 21, 0, tzinfo=UTC), datetime(2026, 10, 11, 23, 0, tzinfo=UTC))
LINKS = TouchedService("links", (("ca", "Connexions"), ("es", "Conexiones"), ("en", "Connections")), State.PARTIAL)
MAIL = TouchedService("mail", (("ca", "Correu"), ("es", "Correo"), ("en", "Mail")), State.DEGRADED)


def _entry(number: int, state: str, ca: str, es: str = "", en: str = "") -> tuple[PublishedEntry]:
    told = {"ca": ca, "es": es, "en": en}
    return (PublishedEntry(number, state, AT, tuple((language, text) for language, text in told.items() if text)),)


_problem = NoticeStory(
    Kind.PROBLEM,
    PublishedEvent(
        kind="incident",
        ref="2026-014",
        titles=(
            ("ca", "Sense connexió al barri del Port"),
            ("es", "Sin conexión en el barrio del Puerto"),
            ("en", "No connection in the Port district"),
        ),
        state="investigating",
        started_at=AT,
        touched=(LINKS, MAIL),
        next_update_at=datetime(2026, 10, 3, 2, 30, tzinfo=UTC),
        entries=_entry(
            1,
            "investigating",
            "Des de les 03:12 hi ha **dos enllaços** sense servei al Port.\n\n"
            "- Qui té mòbil pot compartir-ne la connexió.\n- El telèfon fix tampoc no funciona.",
            "Desde las 03:12 hay **dos enlaces** sin servicio en el Puerto.\n\n"
            "- Quien tenga móvil puede compartir su conexión.\n- El teléfono fijo tampoco funciona.",
            "Since 03:12 **two links** at the Port have been without service.\n\n"
            "- A mobile phone can share its connection meanwhile.\n- Telephones do not work either.",
        ),
    ),
    number=1,
    written_at=AT,
)
_advance = NoticeStory(
    Kind.ADVANCE,
    PublishedEvent(
        kind="maintenance",
        ref="2026-003",
        titles=(
            ("ca", "Canvi del router del Port"),
            ("es", "Cambio del router del Puerto"),
            ("en", "A new router at the Port"),
        ),
        state="scheduled",
        started_at=WINDOW[0],
        window=WINDOW,
        touched=(replace(LINKS, state=State.MAINTENANCE),),
        entries=_entry(
            1,
            "scheduled",
            "Canviem el router, que ja té nou anys. Hi haurà **dos talls** de deu minuts.",
            "Cambiamos el router, que ya tiene nueve años. Habrá **dos cortes** de diez minutos.",
            "We replace the router, which is nine years old. Expect **two cuts** of ten minutes.",
        ),
    ),
    number=1,
    written_at=AT,
)


def _later(story: NoticeStory, kind: Kind, number: int, revision: int = 0, **event: Any) -> NoticeStory:
    """A later notice of the same event, which differs in these."""
    now, told = replace(story.event, **event), story.event.hours if kind is Kind.CHANGED else None
    before = tuple(range(1, number))
    return replace(story, kind=kind, event=now, number=number, before=before, revision=revision, told_hours=told)


STORIES: dict[str, NoticeStory] = {
    "problem": _problem,
    "update": _later(
        _problem,
        Kind.UPDATE,
        2,
        state="identified",
        # One language only, as happens at night: who reads another one is told which it is.
        entries=_entry(2, "identified", "S’ha cremat la font d’alimentació d’una antena. Hi anem amb el recanvi."),
    ),
    "resolved": _later(
        _problem,
        Kind.RESOLVED,
        3,
        state="resolved",
        ended_at=datetime(2026, 10, 3, 4, 5, tzinfo=UTC),
        next_update_at=None,
        touched=(replace(LINKS, state=State.OPERATIONAL), replace(MAIL, state=State.OPERATIONAL)),
        entries=_entry(
            3,
            "resolved",
            "Font canviada. Tot torna a funcionar des de les 06:05.",
            "Fuente cambiada. Todo vuelve a funcionar desde las 06:05.",
            "The power supply is replaced. Everything has worked again since 06:05.",
        ),
    ),
    "advance": _advance,
    "reminder": _later(_advance, Kind.REMINDER, 2),
    "changed": _later(
        _advance,
        Kind.CHANGED,
        3,
        revision=1,
        window=LATER,
        entries=_entry(
            2,
            "scheduled",
            "Ho ajornem un dia: la peça arriba diumenge.",
            "Lo aplazamos un día: la pieza llega el domingo.",
            "We put it off by a day: the part arrives on Sunday.",
        ),
    ),
    "start": _later(_advance, Kind.START, 3, state="in_progress"),
    "end": _later(
        _advance,
        Kind.END,
        4,
        revision=1,
        state="completed",
        ended_at=datetime(2026, 10, 10, 22, 40, tzinfo=UTC),
        touched=(replace(LINKS, state=State.OPERATIONAL),),
        entries=_entry(1, "completed", "Router canviat.", "Router cambiado.", "The router is replaced."),
    ),
    "cancelled": _later(
        _advance,
        Kind.CANCELLED,
        3,
        revision=1,
        state="cancelled",
        entries=_entry(
            2,
            "cancelled",
            "No ho farem: el router nou tampoc no està bé.",
            "No lo haremos: el router nuevo tampoco está bien.",
            "We will not do it: the new router is not well either.",
        ),
    ),
}
