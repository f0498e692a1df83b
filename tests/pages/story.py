"""A told story: a small co-operative on the worst and the best of its days, as frozen values. Pages are tested and
photographed with it; nothing of it exists."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from talaia.events.anchors import fresh
from talaia.events.published import EventLink, PublishedEntry, PublishedEvent, TouchedService
from talaia.localization.texts import Words
from talaia.panel.state import Reason, State
from talaia.panel.uptime import DaySeconds, days_before, length
from talaia.site.history_values import Month, Year
from talaia.site.values import FrontPage, PageGroup, PageService, ServicePage, SiteInfo

ZONE = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 11, 23, 3, 47, tzinfo=UTC)
OK, D, P, X, M, U = (
    State.OPERATIONAL,
    State.DEGRADED,
    State.PARTIAL,
    State.DISRUPTION,
    State.MAINTENANCE,
    State.UNKNOWN,
)

HOUSE = SiteInfo(
    name=(("ca", "Cooperativa Exemple"), ("es", "Cooperativa Ejemplo"), ("en", "Example Co-operative")),
    address="https://status.example.org",
    languages=("ca", "es", "en"),
    zone=ZONE,
    version="0.1.0",
    links=(
        ((("ca", "Escriviu-nos"), ("es", "Escríbenos"), ("en", "Write to us")), "https://example.org/contact"),
        ((("", "example.org"),), "https://example.org/"),
    ),
)


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


def said(ca: str, es: str = "", en: str = "") -> Words:
    return tuple((language, text) for language, text in (("ca", ca), ("es", es), ("en", en)) if text)


NAMES: dict[str, Words] = {
    "chat": said("Missatgeria", "Mensajería", "Messaging"),
    "video": said("Videoconferència", "Videoconferencia", "Video conferencing"),
    "phone": said("Telefonia", "Telefonía", "Telephony"),
    "web": said("Web de l’entitat", "Web de la entidad", "Our web site"),
    "cloud": said("Núvol", "Nube", "Cloud"),
    "forum": said("Àgora", "Ágora", "Forum"),
    "mail": said("Correu", "Correo", "Mail"),
    "links": said("Connexions de les sòcies i socis", "Conexiones de las socias y socios", "Members’ connections"),
    "dns": said("Resolució de noms", "Resolución de nombres", "Name resolution"),
    "transit": said("Sortida a Internet", "Salida a Internet", "Way out to the Internet"),
}
GROUPS = (
    ("communications", said("Comunicacions", "Comunicaciones", "Communications"), ("chat", "video", "phone")),
    ("web", said("Serveis web", "Servicios web", "Web services"), ("web", "cloud", "forum", "mail")),
    ("connectivity", said("Connectivitat", "Conectividad", "Connectivity"), ("links", "dns", "transit")),
)


def service(slug: str, state: State = OK, reason: Reason | None = None, since: datetime | None = None) -> PageService:
    return PageService(slug, NAMES.get(slug, (("", slug),)), state, reason or Reason(), since or ago(days=12))


def panel(*changed: PageService) -> tuple[PageGroup, ...]:
    """Everything operational but what is given."""
    other = {service.slug: service for service in changed}
    return tuple(
        PageGroup(slug, names, tuple(other.get(name) or service(name) for name in inside))
        for slug, names, inside in GROUPS
    )


def touched(**states: State) -> tuple[TouchedService, ...]:
    return tuple(TouchedService(slug, NAMES[slug], state) for slug, state in states.items())


CUT = PublishedEvent(
    kind="incident",
    ref="2026-014",
    titles=said(
        "Tall de fibra entre dos nodes",
        "Corte de fibra entre dos nodos",
        "Cut fibre between two nodes",
    ),
    state="identified",
    started_at=ago(minutes=95),
    next_update_at=NOW + timedelta(minutes=43),
    touched=touched(links=X, transit=D),
    entries=(
        PublishedEntry(
            1,
            "investigating",
            ago(minutes=88),
            said(
                "Des de les 03:12 moltes connexions no tenen servei. Ho estem mirant.",
                "Desde las 03:12 muchas conexiones no tienen servicio. Lo estamos mirando.",
                "Since 03:12 many connections have been without service. We are looking into it.",
            ),
        ),
        PublishedEntry(
            2,
            "identified",
            ago(minutes=17),
            said(
                "Hi ha un **cable de fibra tallat** al carrer. L’equip ja hi va amb material per empalmar-lo.\n\n"
                "Mentrestant:\n\n- el correu i l’àgora funcionen; hi podeu entrar amb dades mòbils,\n"
                "- no cal que reinicieu res a casa.",
                "Hay un **cable de fibra cortado** en la calle. El equipo ya va hacia allí con material.\n\n"
                "Mientras tanto:\n\n- el correo y el ágora funcionan; se puede entrar con datos móviles,\n"
                "- no hace falta reiniciar nada en casa.",
            ),
        ),
    ),
)

PAST = (
    PublishedEvent(
        kind="incident",
        ref="2026-013",
        titles=said("El núvol anava lent", "La nube iba lenta", "The cloud was slow"),
        state="resolved",
        started_at=ago(days=6, hours=4),
        ended_at=ago(days=6, hours=1),
        touched=touched(cloud=D),
    ),
    PublishedEvent(
        kind="incident",
        ref="2026-012",
        titles=said("Sense trucades entrants"),
        state="resolved",
        started_at=ago(days=33),
        ended_at=ago(days=32, hours=22, minutes=20),
        touched=touched(phone=P),
    ),
    PublishedEvent(
        kind="incident",
        ref="2026-011",
        titles=said(
            "Certificat caducat del web", "Certificado caducado de la web", "Expired certificate of the web site"
        ),
        state="resolved",
        started_at=ago(days=70),
        ended_at=ago(days=69, hours=23, minutes=15),
        touched=touched(web=X, cloud=X, forum=X, mail=P, chat=P),
    ),
)

ANALYSIS = said(
    "# Què va passar\n\nA les 03:12, unes obres al carrer van tallar el cable de 24 fibres.\n\n"
    "## Cronologia\n\n| hora | fet |\n|---:|:---|\n| 03:12 | cauen 7 de 9 connexions de referència |\n"
    "| 04:30 | l’equip troba el tall |\n| 07:50 | l’última fibra, empalmada |\n\n"
    "# Què canviarem\n\n- [x] demanar un segon camí\n- [ ] guardar una bobina a prop\n\n"
    "Més dades a https://example.org/informe. Ordre usada: `ip route get 192.0.2.1`.\n\n"
    "```\n192.0.2.1 via 198.51.100.7 dev eth0\n```\n"
)

CUT_ENDED = PublishedEvent(
    kind="incident",
    ref="2026-014",
    titles=CUT.titles,
    state="resolved",
    started_at=CUT.started_at,
    ended_at=NOW + timedelta(hours=4),
    touched=CUT.touched,
    entries=(
        *CUT.entries,
        PublishedEntry(
            3, "monitoring", NOW + timedelta(hours=3), said("La fibra està empalmada. Observem que tot torni bé.")
        ),
        PublishedEntry(
            4,
            "resolved",
            NOW + timedelta(hours=4),
            said(
                "Tot torna a funcionar. Gràcies per la paciència.", "Todo vuelve a funcionar. Gracias por la paciencia."
            ),
            edited_at=NOW + timedelta(hours=5),
        ),
    ),
    causes=said("Unes obres al carrer van tallar el cable.", "Unas obras en la calle cortaron el cable."),
    analyses=ANALYSIS,
    analysed_at=NOW + timedelta(days=2),
    anchors=fresh(dict(ANALYSIS), "ca"),
    duplicates=(EventLink("incident", "2026-012", PAST[1].titles),),
)

WORK = PublishedEvent(
    kind="maintenance",
    ref="2026-004",
    titles=said("Canvi del servidor de missatgeria", "Cambio del servidor de mensajería", "New messaging server"),
    state="in_progress",
    started_at=ago(minutes=47),
    window=(ago(minutes=47), NOW + timedelta(minutes=73)),
    touched=touched(chat=M, video=OK),
    entries=(
        PublishedEntry(
            1, "scheduled", ago(days=8), said("Passem la missatgeria a un servidor nou. Els missatges no es perden.")
        ),
        PublishedEntry(2, "in_progress", ago(minutes=46), said("Hem començat. Tot va segons el previst.")),
    ),
)
COMING = PublishedEvent(
    kind="maintenance",
    ref="2026-005",
    titles=said(
        "Bateries noves al node del terrat", "Baterías nuevas en el nodo del terrado", "New batteries on the roof"
    ),
    state="scheduled",
    started_at=NOW + timedelta(days=4, hours=18),
    window=(NOW + timedelta(days=4, hours=18), NOW + timedelta(days=4, hours=21)),
    touched=touched(links=P),
    entries=(
        PublishedEntry(1, "scheduled", ago(days=2), said("Canviem les bateries. Hi haurà dos talls de deu minuts.")),
    ),
)

DOWN = Reason("connections_down", {"down": 7, "of": 9})


def front(
    groups: tuple[PageGroup, ...] | None = None,
    incidents: tuple[PublishedEvent, ...] = (),
    in_progress: tuple[PublishedEvent, ...] = (),
    coming: tuple[PublishedEvent, ...] = (),
    resolved: tuple[PublishedEvent, ...] = PAST,
) -> FrontPage:
    return FrontPage(NOW, panel() if groups is None else groups, incidents, in_progress, coming, resolved)


def many(count: int) -> tuple[PageGroup, ...]:
    """A panel of `count` services in groups of twelve, some of them in trouble."""
    states = {3: P, 17: D, 18: U}
    rows = [
        PageService(
            f"node-{n}",
            (("", f"Node {n} del barri de l’Exemple"),),
            states.get(n, OK),
            DOWN if n in states else Reason(),
            ago(hours=3),
        )
        for n in range(count)
    ]
    return tuple(
        PageGroup(f"g{n}", (("", f"Zona {n // 12 + 1}"),), tuple(rows[n : n + 12])) for n in range(0, count, 12)
    )


LONG = "Servei de " + "transport-interurba-de-paquets " * 3 + "amb un nom que ocupa cent quaranta caràcters justos"
INCIDENT_REASON = Reason("incident", {"ref": "2026-014"})
STUCK = panel(
    service("links", X, DOWN, ago(minutes=95)),
    service("transit", D, INCIDENT_REASON, ago(minutes=88)),
    service(
        "video", U, Reason("source_silent", {"source": "prometheus", "since": "2026-11-23T02:12:00Z"}), ago(minutes=90)
    ),
)

NO_ANSWER = Reason("check", {"what": "down"})
BEYOND = Reason("check", {"what": "down", "also": {"code": "beyond_maintenance", "ref": "2026-004"}})
KNOWN = Reason("alert", {"count": 1, "silenced": True})
SAID = Reason(
    "by_hand",
    {
        "words": {
            "ca": "a la seu no hi ha llum; la companyia hi treballa",
            "es": "en la sede no hay luz; la compañía trabaja en ello",
            "en": "there is no electricity at the office; the company is at work",
        }
    },
)
COMES_AND_GOES = Reason("check", {"what": "slow", "unstable_since": "2026-11-23T02:40:00Z"})
# One outage that an incident covers, and four things of which it says nothing.
TWO_OUTAGES = panel(
    service("links", X, DOWN, ago(minutes=95)),
    service("transit", D, INCIDENT_REASON, ago(minutes=88)),
    service("video", X, BEYOND, ago(minutes=9)),
    service("chat", M, Reason("maintenance", {"ref": "2026-004"}), ago(minutes=47)),
    service("cloud", P, KNOWN, ago(minutes=20)),
    service("mail", D, COMES_AND_GOES, ago(minutes=40)),
    service("phone", P, SAID, ago(minutes=31)),
)

FRONTS: dict[str, FrontPage] = {
    "two-outages": front(TWO_OUTAGES, (CUT,), (WORK,)),
    "well": front(),
    "incident": front(STUCK, (CUT,)),
    "signals-only": front(panel(service("links", P, Reason("connections_down", {"down": 3, "of": 9}), ago(minutes=2)))),
    "maintenance": front(
        panel(service("chat", M, Reason("maintenance", {"ref": "2026-004"}), ago(minutes=47))), (), (WORK,), (COMING,)
    ),
    "coming": front(coming=(COMING,)),
    "silent": front(
        tuple(
            PageGroup(
                g.slug,
                g.names,
                tuple(
                    service(
                        s.slug,
                        U,
                        Reason("source_silent", {"source": "p", "since": "2026-11-23T02:12:00Z"}),
                        ago(minutes=90),
                    )
                    for s in g.services
                ),
            )
            for g in panel()
        )
    ),
    "watching": front(
        incidents=(
            PublishedEvent(
                "incident",
                "2026-014",
                CUT.titles,
                "monitoring",
                CUT.started_at,
                touched=touched(links=OK),
                entries=(
                    PublishedEntry(
                        3, "monitoring", ago(minutes=5), said("La fibra està empalmada. Observem que tot torni bé.")
                    ),
                ),
            ),
        )
    ),
    "overdue": front(
        STUCK,
        (
            PublishedEvent(
                "incident",
                "2026-014",
                CUT.titles,
                "identified",
                CUT.started_at,
                next_update_at=ago(minutes=20),
                touched=CUT.touched,
                entries=CUT.entries,
            ),
        ),
    ),
    "empty": front((), resolved=()),
    "never": front(resolved=()),
    "three-hundred": front(many(300)),
    "long-name": front((PageGroup("g", (("", LONG),), (PageService("long", (("", LONG),), X, DOWN, ago(hours=2)),)),)),
    "eighty": front(
        STUCK,
        (
            PublishedEvent(
                "incident",
                "2026-014",
                CUT.titles,
                "identified",
                CUT.started_at,
                touched=CUT.touched,
                entries=tuple(
                    PublishedEntry(
                        n, "investigating", ago(minutes=90 - n), said(f"Actualització {n}: continuem buscant la causa.")
                    )
                    for n in range(77, 81)
                ),
            ),
        ),
    ),
}
EIGHTY = PublishedEvent(
    "incident",
    "2026-015",
    CUT.titles,
    "identified",
    ago(days=3),
    touched=CUT.touched,
    entries=tuple(
        PublishedEntry(n, "investigating", ago(hours=82 - n), said(f"Actualització {n}: continuem buscant la causa."))
        for n in range(1, 81)
    ),
)


def days(today: date = date(2026, 11, 23)) -> tuple[DaySeconds, ...]:
    """Ninety finished days and today, with one of everything."""
    special = {
        3: {OK: 80_000, D: 6_400},
        17: {OK: 86_000, X: 400},
        18: {X: 80_000, OK: 6_400},
        29: {OK: 90_000},  # the day of twenty-five hours
        40: {OK: 82_800, M: 3_600},
        55: {OK: 84_600, P: 1_770, U: 30},
    }
    found = []
    for back, day in enumerate(reversed(days_before(today, 90)), 1):
        found.append(DaySeconds(day, special.get(back, {OK if back < 80 else U: length(day, ZONE)})))
    return (*reversed(found), DaySeconds(today, {OK: 8_000, X: 5_000}))


SERVICES: dict[str, ServicePage] = {
    "down": ServicePage(
        PageService(
            "links",
            NAMES["links"],
            X,
            DOWN,
            ago(minutes=95),
            said("L’accés a Internet de casa, mesurat en nou connexions."),
        ),
        date(2026, 11, 23),
        days(),
        (CUT, PAST[0], WORK),
    ),
    "well": ServicePage(
        service("chat"),
        date(2026, 11, 23),
        tuple(DaySeconds(day.day, {OK: length(day.day, ZONE)}) for day in days()),
        (),
    ),
    "new": ServicePage(
        service("cloud", U, Reason("never_measured"), ago(minutes=1)),
        date(2026, 11, 23),
        tuple(DaySeconds(day.day, {U: length(day.day, ZONE)}) for day in days()),
        (),
    ),
}
YEAR = Year(
    2026, (Month(2026, 11, 3, (CUT, WORK, PAST[0])), Month(2026, 10, 1, (PAST[1],)), Month(2026, 9, 1, (PAST[2],)))
)
BUSY = Year(2025, tuple(Month(2025, number, 40 + number, None) for number in range(12, 0, -1)))
MONTH = Month(2025, 11, 3, (CUT_ENDED, PAST[0], WORK))
