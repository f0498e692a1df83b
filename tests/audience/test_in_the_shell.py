"""`talaia audience` as the administration uses it, month after month."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from talaia.audience import actions
from talaia.audience.importing import AudienceChannel, apply, plan, propose
from talaia.audience.models import Import, OptOut, Recipient
from talaia.config import current
from talaia.outbox.models import Fact
from tests.audience.conftest import Export
from tests.journeys.shell import Said

pytestmark = pytest.mark.django_db
Talaia = Callable[..., Said]
QUIET = ("returns", "leaves", "changes", "adopted", "stays_out", "kept")


def standings() -> dict[str, str]:
    return {key.partition("@")[0]: standing for key, standing in Recipient.objects.values_list("key", "standing")}


def synced(talaia: Talaia, path: Path, *more: str) -> dict[str, object]:
    said = talaia("sync", str(path), "--json", *more)
    assert said.code == 0, said.err
    found: dict[str, object] = json.loads(said.out)
    return found


def test_two_months_of_a_membership(talaia: Talaia, export: Export) -> None:
    always = [f"p{n}" for n in range(3)]
    first = synced(talaia, export("anna", "berta", "carme", "dolors", "eva", *always))
    assert first["counts"] == {"joins": 8, **dict.fromkeys(QUIET, 0)}
    assert standings() == dict.fromkeys(("anna", "berta", "carme", "dolors", "eva", *always), "on")
    assert Recipient.objects.filter(listed_at=None).count() == 0

    assert talaia("opt-out", "Berta@Example.org").code == 0
    actions.bounce("carme@example.org", timezone.now())
    second = synced(talaia, export("anna", "berta", "carme", "dolors", "ferran", *always))
    assert [one["address"] for one in second["joins"]] == ["ferran@example.org"]  # type: ignore[attr-defined]
    assert [one["address"] for one in second["leaves"]] == ["eva@example.org"]  # type: ignore[attr-defined]
    assert standings() == {
        "anna": "on",
        "berta": "opted_out",
        "carme": "bounced",
        "dolors": "on",
        "eva": "left",
        "ferran": "on",
        **dict.fromkeys(always, "on"),
    }
    third = synced(talaia, export("anna", "berta", "carme", "dolors", "eva", "ferran", *always))
    assert [one["address"] for one in third["returns"]] == ["eva@example.org"]  # type: ignore[attr-defined]
    assert standings()["berta"] == "opted_out" and standings()["carme"] == "bounced"


def test_nothing_changed_is_said_and_nothing_is_written(talaia: Talaia, export: Export) -> None:
    path = export("anna", "berta")
    synced(talaia, path)
    facts = Fact.objects.count()
    said = talaia("sync", str(path))
    assert (said.code, said.out.splitlines()[-1]) == (0, "nothing changes")
    assert Fact.objects.count() == facts
    assert Import.objects.count() == 1


def test_a_dry_run_says_everything_and_does_nothing(talaia: Talaia, export: Export) -> None:
    said = talaia("sync", str(export("anna")), "--dry-run", "--all")
    assert said.code == 0
    assert "anna@example.org  (member)" in said.out
    assert not Recipient.objects.exists() and not Fact.objects.exists() and not Import.objects.exists()


def test_without_a_terminal_no_address_is_printed_unless_asked_for(talaia: Talaia, export: Export) -> None:
    path = export("anna", "no-address@")
    said = talaia("sync", str(path), "--yes")
    assert said.code == 0
    assert "@" not in said.out + said.err
    assert "line 3: this is no address" in said.out


def test_the_guard_stops_what_would_empty_the_list_until_a_person_says_yes(talaia: Talaia, export: Export) -> None:
    synced(talaia, export("anna", "berta", "carme", "dolors"))
    path = export("anna", "berta")
    said = talaia("sync", str(path))
    assert said.code == 1
    assert said.err.startswith("talaia: the guard stops: 2 of 4 addresses would leave, which is more than 20%.")
    assert said.err.count("\n") == 1 and "--yes" in said.err
    assert set(standings().values()) == {"on"}
    assert Import.objects.filter(state=Import.WAITING).count() == 1
    talaia("sync", str(path))
    assert Import.objects.filter(state=Import.WAITING).count() == 1  # the same export is the same import
    assert talaia("sync", str(path), "--yes").code == 0
    assert standings() == {"anna": "on", "berta": "on", "carme": "left", "dolors": "left"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Nom,Correu electrònic,Sòcia,Idioma,Baixa,Factura,Zona\n", "the export has no rows"),
        ("Nom,Correu electrònic\nAnna,anna@example.org\n", "the export has no column “Idioma”"),
        ("", "the export is empty"),
    ],
)
def test_an_export_that_is_broken_as_a_whole_is_refused_even_with_yes(
    body: str, words: str, talaia: Talaia, export: Export, home: Path
) -> None:
    synced(talaia, export("anna", "berta"))
    (home / "broken.csv").write_text(body)
    said = talaia("sync", str(home / "broken.csv"), "--yes")
    assert said.code == 1
    assert words in said.err and said.err.count("\n") == 1
    assert standings() == {"anna": "on", "berta": "on"}


def test_an_address_that_left_is_forgotten_in_time_and_an_opt_out_is_remembered_by_its_digest(
    talaia: Talaia, export: Export
) -> None:
    synced(talaia, export("anna", "berta", "carme"))
    talaia("opt-out", "berta@example.org")
    synced(talaia, export("anna"), "--yes")
    now = timezone.now()
    assert actions.forget_old(now - timedelta(days=90), now) == 0
    assert actions.forget_old(now + timedelta(days=1), now) == 2
    assert standings() == {"anna": "on"}
    (kept,) = OptOut.objects.all()
    assert "berta" not in kept.digest + kept.salt
    assert synced(talaia, export("anna", "berta", "carme"))["counts"]["stays_out"] == 1  # type: ignore[index]
    assert standings() == {"anna": "on", "berta": "opted_out", "carme": "on"}
    assert "opted out" in talaia("explain", "berta@example.org").out


def test_no_fact_holds_an_address_or_a_name(talaia: Talaia, export: Export) -> None:
    synced(talaia, export("anna", "berta", "carme"))
    talaia("add", "dolors@example.org", "--name", "Dolors Vall")
    talaia("opt-out", "anna@example.org")
    talaia("opt-out", "nobody@example.org")
    talaia("opt-in", "anna@example.org")
    actions.bounce("berta@example.org", timezone.now())
    synced(talaia, export("anna"), "--yes")
    talaia("forget", "carme@example.org")
    kinds = set()
    for fact in Fact.objects.all():
        kinds.add(fact.kind)
        told = json.dumps([fact.subject, fact.data]).lower()
        assert "@" not in told and "example.org" not in told
        assert not any(name in told for name in ("anna", "berta", "carme", "dolors", "vall"))
    assert {"audience.synced", "audience.added", "audience.bounced", "audience.forgotten"} <= kinds


def test_explain_answers_why_somebody_is_told_or_not(talaia: Talaia, export: Export) -> None:
    assert talaia("explain", "anna@example.org").out == "Is not told: we do not know this address.\n"
    synced(talaia, export("anna", "berta"))
    assert "The export says: member." in talaia("explain", "ANNA@example.org").out
    talaia("opt-out", "anna@example.org")
    assert talaia("explain", "anna@example.org").out.startswith("Is not told: the person opted out on ")
    talaia("opt-in", "anna@example.org")
    assert talaia("explain", "anna@example.org").out.startswith("Is told, since ")
    said = talaia("explain", "anna")
    assert (said.code, said.err) == (1, "talaia: this is no address\n")


def test_somebody_who_was_added_by_hand_stays_when_the_export_changes(talaia: Talaia, export: Export) -> None:
    talaia("add", "dolors@example.org", "--name", "Dolors")
    synced(talaia, export("anna", "dolors"))
    synced(talaia, export("anna"))
    assert standings() == {"anna": "on", "dolors": "on"}
    talaia("opt-out", "dolors@example.org")
    said = talaia("add", "dolors@example.org")
    assert said.code == 1 and "opted out" in said.err
    said = talaia("add", "eva@example.org", "--name", "Eva\r\nBcc: x")
    assert said.code == 1 and "line end" in said.err


def test_show_and_list_say_what_there_is(talaia: Talaia, export: Export) -> None:
    assert "last import: none yet" in talaia("show").out
    synced(talaia, export("anna", "berta"))
    talaia("sync", str(export("anna")))
    shown = json.loads(talaia("show", "--json").out)
    assert shown["addresses"] == {"on": 2, "left": 0, "opted_out": 0, "bounced": 0}
    assert [one["state"] for one in shown["open"]] == ["waiting"]
    assert "waits to be confirmed: 1 leaves" in talaia("show").out
    assert [one["address"] for one in json.loads(talaia("list", "--json").out)] == [
        "anna@example.org",
        "berta@example.org",
    ]
    assert talaia("list", "--standing", "left").out == ""


def test_who_gets_nothing_from_the_list_server_is_not_counted_as_told(talaia: Talaia, export: Export) -> None:
    synced(talaia, export("anna", "berta", "carme", "dolors"))
    for name, how in (("anna", "paused"), ("berta", "digest"), ("carme", "banned")):
        Recipient.objects.filter(key=f"{name}@example.org").update(at_list=how)
    shown = json.loads(talaia("show", "--json").out)
    assert (shown["addresses"]["on"], shown["at_list"]) == (1, {"paused": 1, "digest": 1, "banned": 1})
    said = talaia("show").out
    assert "1  is told" in said and "1  has paused the mail" in said and "1  is banned" in said
    for name, word in (("anna", "paused"), ("berta", "collected"), ("carme", "bans")):
        told = talaia("explain", f"{name}@example.org").out
        assert told.startswith("Is not told: ") and word in told and "opted out" not in told
    assert talaia("explain", "dolors@example.org").out.startswith("Is told, since ")
    assert "anna@example.org" in talaia("list").out and "paused" in talaia("list").out
    assert "banned" in talaia("opt-in", "carme@example.org").out + talaia("list", "--json").out


def test_a_row_that_cannot_be_read_is_named_with_its_line_its_text_and_who_stays(
    talaia: Talaia, export: Export
) -> None:
    names = [f"p{n}" for n in range(12)]
    path = export("anna", *names)
    synced(talaia, path)
    path.write_text(path.read_text().replace("Anna,anna@example.org,", "Anna; vídua,,anna@example.org,"))
    told = synced(talaia, path, "--dry-run")
    assert told["refused"] == [
        {
            "line": 2,
            "code": "cells_many",
            "reason": "it has more cells than the header: is a quotation mark missing?",
            "row": "Anna; vídua | anna@example.org | sí",
            "stay": ["anna@example.org"],
        }
    ]
    assert [one["address"] for one in told["kept"]] == ["anna@example.org"]  # type: ignore[attr-defined]
    said = talaia("sync", str(path), "--dry-run", "--all").out
    assert "“" not in said and "Anna; vídua | anna@example.org" in said
    assert "Stays as before: Anna <anna@example.org>" in said
    quiet = talaia("sync", str(path), "--yes")
    assert (quiet.code, "@" in quiet.out) == (0, False)
    assert set(standings().values()) == {"on"}


def test_what_is_left_of_an_import_says_who_stayed_and_nothing_that_stood_in_a_row(
    talaia: Talaia, export: Export
) -> None:
    names = [f"p{n}" for n in range(12)]
    path = export("anna", *names)
    synced(talaia, path)
    path.write_text(
        export("anna", *names, "zoe").read_text().replace("anna@example.org,,sí", "anna@example.org,,potser")
    )
    synced(talaia, path)
    row = Import.objects.order_by("-pk")[0]
    pk = Recipient.objects.get(key="anna@example.org").pk
    assert (row.state, row.refused, row.ended) == (Import.DONE, [[2, "yes_or_no", "", "", [pk], False]], True)


def test_an_import_that_was_confirmed_and_not_finished_is_finished_by_the_worker_or_by_the_next_sync(
    talaia: Talaia, export: Export
) -> None:
    talaia("sync", str(export("anna", "no-address@")))
    (row,) = Import.objects.all()
    actions.confirm(row.pk, timezone.now(), by="berta")
    AudienceChannel().deliver([f"import/{row.pk}"], timezone.now())
    assert standings() == {"anna": "on"}
    AudienceChannel().deliver([f"import/{row.pk}"], timezone.now())
    row.refresh_from_db()
    assert (row.state, row.done, row.total, bytes(row.roster)) == (Import.DONE, 1, 1, b"")
    assert Fact.objects.filter(kind="audience.synced").count() == 1


def test_an_import_that_was_overtaken_cannot_be_confirmed(talaia: Talaia, export: Export) -> None:
    synced(talaia, export("anna", "berta", "carme"))
    talaia("sync", str(export("anna")))
    waiting = Import.objects.get(state=Import.WAITING)
    synced(talaia, export("anna", "berta", "carme", "dolors"))
    with pytest.raises(Exception, match="dropped"):
        actions.confirm(waiting.pk, timezone.now())


def test_an_older_export_is_not_applied_when_another_one_came_while_somebody_thought_about_it(
    talaia: Talaia, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced(talaia, export("anna", "berta"))
    newer = export("anna", "berta", "carme", file="newer.csv")

    def ask(_question: str) -> bool:
        found = plan(newer.read_bytes(), current(), timezone.now())
        row = actions.confirm(propose(found, "newer.csv", timezone.now()).pk, timezone.now())
        apply(row.pk, current(), timezone.now)
        assert standings()["carme"] == "on"
        propose(plan(export("anna").read_bytes(), current(), timezone.now()), "waits.csv", timezone.now())
        return True

    monkeypatch.setattr("talaia.commands.audience.ask", ask)
    said = talaia("sync", str(export("anna", "berta", "dolors")), typed="")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "another import was applied after this export was read" in said.err
    assert standings() == {"anna": "on", "berta": "on", "carme": "on"}
    assert Import.objects.get(state=Import.WAITING).source == "waits.csv"  # what is newer still waits


@pytest.mark.parametrize(("typed", "then"), [("", {}), ("n\n", {}), ("y\n", {"anna": "on"})])
def test_on_a_terminal_it_is_asked_and_no_answer_is_no(
    typed: str, then: dict[str, str], talaia: Talaia, export: Export
) -> None:
    said = talaia("sync", str(export("anna")), typed=typed)
    assert (said.code, said.err, standings()) == (0, "", then)
    assert ("nothing was changed" in said.out) is (not then)


def test_usage_is_exit_code_2_and_no_audience_is_said(talaia: Talaia, home: Path) -> None:
    assert talaia("sync", "--nonsense").code == 2
    assert talaia("sync").code == 1
    (home / "talaia.toml").write_text((home / "talaia.toml").read_text().split("\n[audience")[0])
    said = talaia("show")
    assert said.code == 1 and "no [audience]" in said.err


def test_where_people_only_subscribe_one_of_them_can_be_looked_at_all_the_same(talaia: Talaia, home: Path) -> None:
    before = (home / "talaia.toml").read_text().split("\n[audience")[0]
    (home / "talaia.toml").write_text(f'{before}\n[mail]\nsender = "estat@example.org"\n[subscribe]\n')
    assert talaia("add", "anna@example.org").out == "added\n"
    assert "anna@example.org" in talaia("list").out
    assert talaia("opt-out", "anna@example.org").code == 0
    assert "opted out" in talaia("explain", "anna@example.org").out
    assert talaia("forget", "anna@example.org").out.startswith("forgotten")
    for action in ("sync", "show", "forget"):
        said = talaia(action)
        assert said.code == 1 and "no [audience]" in said.err


def test_a_list_server_that_is_away_is_one_clear_line_and_the_import_is_not_lost(
    talaia: Talaia, export: Export, home: Path
) -> None:
    (home / "rest").write_text("secret")
    (home / "talaia.toml").write_text(
        (home / "talaia.toml").read_text()
        + '[audience.mailman]\nlist = "a@example.org"\nurl = "http://127.0.0.1:9"\npassword_file = "rest"\n'
    )
    said = talaia("sync", str(export("anna")), "--yes")
    assert said.code == 1
    assert said.err.count("\n") == 1
    goes_on = f"import {Import.objects.get().pk} is confirmed, and goes on"
    assert said.err.startswith("talaia: ") and goes_on in said.err
    assert standings() == {"anna": "on"}
    assert talaia("setup").err.startswith("talaia: ")


def test_two_hundred_thousand_rows_are_read_and_compared(talaia: Talaia, home: Path) -> None:
    lines = ["Nom;Correu electrònic;Idioma;Sòcia;Baixa;Factura;Zona"]
    lines += [f"P {n};p{n % 3000}@example{n % 7}.org;ca;sí;;;" for n in range(200_000)]
    (home / "large.csv").write_text("\r\n".join(lines), encoding="latin-1")
    found = synced(talaia, home / "large.csv", "--dry-run")
    assert found["rows"] == 200_000
    assert found["wanted"] == found["counts"]["joins"] == 21_000  # type: ignore[index]


def test_a_dry_run_says_what_the_guard_would_stop_and_fails(talaia: Talaia, export: Export) -> None:
    talaia("sync", str(export(*"abcdefghij")), "--yes")
    said = talaia("sync", str(export(*"abcd")), "--dry-run")
    assert said.code == 1
    assert said.err.startswith("the guard would stop it: ")
    assert Recipient.objects.filter(standing="on").count() == 10
