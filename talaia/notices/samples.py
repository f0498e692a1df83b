"""Fixed stories, one for each kind of notice: what the previews of the desk and the stored letters tell. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from talaia.notices.values import Kind, NoticeService, NoticeStory

AT = datetime(2026, 10, 3, 1, 12, tzinfo=UTC)
WINDOW = (datetime(2026, 10, 10, 21, 0, tzinfo=UTC), datetime(2026, 10, 10, 23, 0, tzinfo=UTC))
LATER = (datetime(2026, 10, 11, 21, 0, tzinfo=UTC), datetime(2026, 10, 11, 23, 0, tzinfo=UTC))
LINKS = NoticeService("links", (("ca", "Connexions"), ("es", "Conexiones"), ("en", "Connections")), "partial")
MAIL = NoticeService("mail", (("ca", "Correu"), ("es", "Correo"), ("en", "Mail")), "degraded")

_incident = NoticeStory(
    kind=Kind.PROBLEM,
    event="incident",
    ref="2026-014",
    number=1,
    written_at=AT,
    titles=(
        ("ca", "Sense connexió al barri del Port"),
        ("es", "Sin conexión en el barrio del Puerto"),
        ("en", "No connection in the Port district"),
    ),
    state="investigating",
    started_at=AT,
    touched=(LINKS, MAIL),
    next_update_at=datetime(2026, 10, 3, 2, 30, tzinfo=UTC),
    entry=1,
    texts=(
        (
            "ca",
            "Des de les 03:12 hi ha **dos enllaços** sense servei al Port.\n\n"
            "- Qui té mòbil pot compartir-ne la connexió.\n- El telèfon fix tampoc no funciona.",
        ),
        (
            "es",
            "Desde las 03:12 hay **dos enlaces** sin servicio en el Puerto.\n\n"
            "- Quien tenga móvil puede compartir su conexión.\n- El teléfono fijo tampoco funciona.",
        ),
        (
            "en",
            "Since 03:12 **two links** at the Port have been without service.\n\n"
            "- A mobile phone can share its connection meanwhile.\n- Telephones do not work either.",
        ),
    ),
)
_work = replace(
    _incident,
    kind=Kind.ADVANCE,
    event="maintenance",
    ref="2026-003",
    titles=(
        ("ca", "Canvi del router del Port"),
        ("es", "Cambio del router del Puerto"),
        ("en", "A new router at the Port"),
    ),
    state="scheduled",
    started_at=WINDOW[0],
    window=WINDOW,
    touched=(replace(LINKS, state="maintenance"),),
    next_update_at=None,
    texts=(
        ("ca", "Canviem el router, que ja té nou anys. Hi haurà **dos talls** de deu minuts."),
        ("es", "Cambiamos el router, que ya tiene nueve años. Habrá **dos cortes** de diez minutos."),
        ("en", "We replace the router, which is nine years old. Expect **two cuts** of ten minutes."),
    ),
)

STORIES: dict[str, NoticeStory] = {
    "problem": _incident,
    "update": replace(
        _incident,
        kind=Kind.UPDATE,
        state="identified",
        number=2,
        before=(1,),
        entry=2,
        # One language only, as happens at night: who reads another one is told which it is.
        texts=(("ca", "S’ha cremat la font d’alimentació d’una antena. Hi anem amb el recanvi."),),
    ),
    "resolved": replace(
        _incident,
        kind=Kind.RESOLVED,
        state="resolved",
        number=3,
        before=(1, 2),
        entry=3,
        ended_at=datetime(2026, 10, 3, 4, 5, tzinfo=UTC),
        next_update_at=None,
        touched=(replace(LINKS, state="operational"), replace(MAIL, state="operational")),
        texts=(
            ("ca", "Font canviada. Tot torna a funcionar des de les 06:05."),
            ("es", "Fuente cambiada. Todo vuelve a funcionar desde las 06:05."),
            ("en", "The power supply is replaced. Everything has worked again since 06:05."),
        ),
    ),
    "advance": _work,
    "reminder": replace(_work, kind=Kind.REMINDER, number=2, before=(1,)),
    "changed": replace(
        _work,
        kind=Kind.CHANGED,
        number=3,
        before=(1, 2),
        window=LATER,
        revision=1,
        entry=2,
        texts=(
            ("ca", "Ho ajornem un dia: la peça arriba diumenge."),
            ("es", "Lo aplazamos un día: la pieza llega el domingo."),
            ("en", "We put it off by a day: the part arrives on Sunday."),
        ),
    ),
    "start": replace(_work, kind=Kind.START, state="in_progress", number=3, before=(1, 2)),
    "end": replace(
        _work,
        kind=Kind.END,
        state="completed",
        number=4,
        before=(1, 2, 3),
        ended_at=datetime(2026, 10, 10, 22, 40, tzinfo=UTC),
        touched=(replace(LINKS, state="operational"),),
        texts=(("ca", "Router canviat."), ("es", "Router cambiado."), ("en", "The router is replaced.")),
    ),
    "cancelled": replace(
        _work,
        kind=Kind.CANCELLED,
        state="cancelled",
        number=3,
        before=(1, 2),
        revision=1,
        entry=2,
        texts=(
            ("ca", "No ho farem: el router nou tampoc no està bé."),
            ("es", "No lo haremos: el router nuevo tampoco está bien."),
            ("en", "We will not do it: the new router is not well either."),
        ),
    ),
}
