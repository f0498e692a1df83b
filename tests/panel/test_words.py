"""The sentences for every reason, in the three languages; what is unknown says nothing and breaks nothing."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from talaia.panel import words
from talaia.panel.state import Reason, State


def since(at: datetime) -> str:
    return f"<{at:%H:%M}>"


CASES: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("never_measured", {}, "encara no s’ha mesurat", "todavía no se ha medido", "not measured yet"),
    ("source_silent", {"source": "p", "since": "2026-11-23T02:12:00Z"}, "la monitorització no respon <02:12>",
     "la monitorización no responde <02:12>", "monitoring silent <02:12>"),
    ("source_unreadable", {"source": "p", "since": "2026-11-23T02:12:00Z"},
     "la monitorització respon, però no la podem llegir <02:12>",
     "la monitorización responde, pero no podemos leerla <02:12>",
     "the monitoring answers, but we have not been able to read it <02:12>"),
    (
        "our_line",
        {},
        "sense mesures: falla la nostra pròpia connexió",
        "sin mediciones: falla nuestra propia conexión",
        "not measured: it is our own connection that fails",
    ),
    ("not_measured", {}, "sense mesures recents", "sin mediciones recientes", "no recent measurement"),
    ("not_running", {"since": "2026-11-23T02:12:00Z"}, "talaia no estava en marxa", "talaia no estaba en marcha",
     "talaia was not running"),
    ("check", {"what": "down", "filled": True}, "no respon; ho hem sabut després",
     "no responde; lo hemos sabido después", "it does not answer; known only afterwards"),
    ("", {"filled": True}, "ho hem sabut després", "lo hemos sabido después", "known only afterwards"),
    ("connections_down", {"down": 2, "of": 9}, "2 de 9 connexions de referència sense servei",
     "2 de 9 conexiones de referencia sin servicio", "2 of 9 reference connections without service"),
    ("connections_poor", {"poor": 1, "of": 9}, "1 de 9 connexions de referència va malament",
     "1 de 9 conexiones de referencia va mal", "1 of 9 reference connections works badly"),
    ("connections_poor", {"poor": 2, "of": 9}, "2 de 9 connexions de referència van malament",
     "2 de 9 conexiones de referencia van mal", "2 of 9 reference connections work badly"),
    ("too_few_measured", {"measured": 3, "of": 9}, "només es mesuren 3 de 9 connexions de referència",
     "solo se miden 3 de 9 conexiones de referencia", "only 3 of 9 reference connections are measured"),
    ("partly_measured", {"measured": 7, "of": 9}, "pel que diuen 7 de 9 connexions de referència",
     "por lo que dicen 7 de 9 conexiones de referencia", "as far as 7 of 9 reference connections tell"),
    ("alert", {"summary": "", "count": 1}, "la monitorització hi detecta una fallada",
     "la monitorización detecta un fallo", "the monitoring reports a fault"),
    ("alert", {"summary": "", "count": 3}, "la monitorització hi detecta 3 fallades",
     "la monitorización detecta 3 fallos", "the monitoring reports 3 faults"),
    ("alert", {"summary": "Disc ple", "count": 3}, "Disc ple", "Disc ple", "Disc ple"),
    ("check", {"what": "down"}, "no respon", "no responde", "it does not answer"),
    ("check", {"what": "slow"}, "respon amb lentitud", "responde con lentitud", "it answers slowly"),
    ("incident", {"ref": "2026-014"}, "incidència 2026-014", "incidencia 2026-014", "incident 2026-014"),
    ("maintenance", {"ref": "2026-004"}, "manteniment 2026-004", "mantenimiento 2026-004", "maintenance 2026-004"),
    ("beyond_maintenance", {"ref": "2026-004"}, "pitjor del que anunciava el manteniment 2026-004",
     "peor de lo que anunciaba el mantenimiento 2026-004", "worse than maintenance 2026-004 announced"),
    ("check", {"what": "down", "silenced": True}, "no respon; s’hi està treballant",
     "no responde; se está trabajando en ello", "it does not answer; it is being worked on"),
    ("check", {"what": "down", "unstable_since": "2026-11-23T02:12:00Z"}, "no respon; inestable <02:12>",
     "no responde; inestable <02:12>", "it does not answer; unstable <02:12>"),
    ("unstable", {"since": "2026-11-23T02:12:00Z"},
     "inestable <02:12>; ara mateix funciona, i ho seguim de prop",
     "inestable <02:12>; ahora mismo funciona, y lo seguimos de cerca",
     "unstable <02:12>; it works at this moment, and we are watching it"),
    ("improving", {"now": {}, "since": "2026-11-23T02:07:00Z", "good_since": "2026-11-23T02:10:00Z"},
     "no anava bé <02:07>; les mesures tornen a ser bones <02:10>, i mirem si dura",
     "no iba bien <02:07>; las mediciones vuelven a ser buenas <02:10>, y miramos si dura",
     "it had not been well <02:07>; measured well again <02:10>, and we are watching whether it lasts"),
    ("improving", {"now": {"code": "unconfirmed"}, "since": "2026-11-23T02:07:00Z",
                   "good_since": "2026-11-23T02:10:00Z"},
     "segons ens han comunicat; no es mesura; no anava bé <02:07>, torna a anar bé <02:10>, i mirem si dura",
     "según nos han comunicado; no se mide; no iba bien <02:07>, vuelve a ir bien <02:10>, y miramos si dura",
     "as we have been told; not measured; it had not been well <02:07>, is well again <02:10>, "
     "and we are watching whether it lasts"),
    ("improving", {"now": {"code": "check", "what": "slow"}, "since": "2026-11-23T02:07:00Z",
                   "better_since": "2026-11-23T02:10:00Z"},
     "respon amb lentitud; anava pitjor <02:07>, millora <02:10>, i ho vigilem",
     "responde con lentitud; iba peor <02:07>, va a mejor <02:10>, y lo vigilamos",
     "it answers slowly; it had been worse <02:07>, has been getting better <02:10>, and we are watching it"),
    ("improving", {"now": {}, "since": "2026-11-23T02:07:00Z", "better_since": "2026-11-23T02:10:00Z"},
     "ara mateix les mesures són bones; anava pitjor <02:07>, millora <02:10>, i ho vigilem",
     "ahora mismo las mediciones son buenas; iba peor <02:07>, va a mejor <02:10>, y lo vigilamos",
     "measured well at this moment; it had been worse <02:07>, has been getting better <02:10>, "
     "and we are watching it"),
    ("improving", {"now": {}}, "les mesures tornen a ser bones; mirem si dura",
     "las mediciones vuelven a ser buenas; miramos si dura",
     "measured well again; we are watching whether it lasts"),
    ("by_hand", {}, "indicat per l’equip tècnic", "indicado por el equipo técnico", "set by the technical team"),
    ("by_hand", {"words": {"ca": "Hi entrem.", "en": "We get in."}}, "l’equip tècnic diu: Hi entrem",
     "el equipo técnico dice: Hi entrem", "the technical team says: We get in"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "values", "ca", "es", "en"), CASES)
def test_a_reason_as_people_read_it(code: str, values: dict[str, Any], ca: str, es: str, en: str) -> None:
    for language, sentence in (("ca", ca), ("es", es), ("en", en)):
        with translation.override(language):
            assert words.reason(Reason(code, values), since) == sentence


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("", {}),
        ("of_another_version", {"down": 1}),
        ("connections_down", {}),
        ("connections_down", {"down": "many", "of": None}),
        ("source_silent", {"since": "yesterday"}),
        ("source_silent", {"since": None}),
        ("check", {"what": "purple"}),
        ("incident", {}),
    ],
)
def test_what_nobody_knows_says_nothing(code: str, values: dict[str, Any]) -> None:
    assert words.reason(Reason(code, values), since) == ""


def documented() -> set[str]:
    """The codes that the rules and the state machine say they give."""
    root = Path(words.__file__).parents[1]
    rules = (root / "signals" / "rules.py").read_text().split('"""')[1]
    states = "".join((root / "panel" / name).read_text() for name in ("state.py", "shown.py", "holds.py"))
    return {*re.findall(r"^\| `(\w+)` ", rules, re.MULTILINE), *re.findall(r'Reason\("(\w+)"', states)}


def test_every_code_that_there_is_has_its_words() -> None:
    values: dict[str, Any] = {
        "since": "2026-11-23T02:12:00Z",
        "measured": 2,
        "of": 9,
        "down": 2,
        "poor": 2,
        "ref": "x",
        "what": "down",
    }
    values |= {"now": {}, "good_since": "2026-11-23T02:15:00Z"}
    codes = documented()
    assert {"connections_down", "by_hand", "kept_by_hand"} <= codes
    for code in codes:
        for language in ("ca", "es", "en"):
            with translation.override(language):
                assert words.reason(Reason(code, values), since), f"{code} in {language}"


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_word_in_every_language_and_no_two_the_same(state: State) -> None:
    for language in ("ca", "es", "en"):
        with translation.override(language):
            assert words.state(state)
            assert len({words.state(other) for other in State}) == len(State)
            assert words.impact(state)
