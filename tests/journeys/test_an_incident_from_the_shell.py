"""Over ssh, when no browser reaches the desk: incidents, maintenance and people, by `talaia …`."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from talaia.config import current
from talaia.events.models import Event
from talaia.outbox.models import Fact
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.models import Service
from talaia.panel.uptime import local_day
from tests.journeys.shell import Said, Shell
from tests.product import Talaia
from tests.servers.process import wait_until

YEAR = local_day(timezone.now(), ZoneInfo("Europe/Madrid")).year
REF = f"{YEAR}-001"


@pytest.fixture
def talaia(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, settings: Settings, db: None) -> Shell:
    list_services(headings(current()), datetime(2026, 1, 1, tzinfo=UTC))
    monkeypatch.setenv("SUDO_USER", "anna")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one is slow on purpose
    return Shell(capsys, monkeypatch)


@pytest.mark.django_db
def test_an_incident_from_its_first_words_to_its_last(talaia: Shell, tmp_path: Path) -> None:
    begun = talaia(
        "incident",
        "open",
        "--title",
        "Sense missatgeria",
        "--service",
        "chat=disruption",
        "--next",
        "30m",
        text="Ho **mirem**.\n",
    )
    assert (begun.code, begun.err) == (0, "")
    assert begun.out == f"incident {REF} is open: https://status.example.org/incidents/{REF}/\n"
    words = tmp_path / "words"
    words.write_text("Ha caigut un disc.")
    gone_on = talaia(
        "incident", "update", REF, "--state", "identified", "--service", "video=degraded", "--file", str(words)
    )
    assert gone_on.out == f"incident {REF} is identified: https://status.example.org/incidents/{REF}/#u2\n"
    assert talaia("incident", "update", REF, "--plain", text="Mirem * encara.").code == 0
    assert talaia("incident", "edit", REF, "--entry", "2", text="Ha fallat un disc.").code == 0
    assert talaia("incident", "edit", REF, "--title", "Sense xat", "--service", "video=none").code == 0
    assert talaia("incident", "resolve", REF, text="Disc canviat.").out.startswith(f"incident {REF} is resolved: ")

    told = json.loads(talaia("incident", "show", REF, "--json").out)
    assert (told["titles"], told["state"], told["services"]) == (
        {"ca": "Sense xat"},
        "resolved",
        {"chat": "disruption"},
    )
    assert [(u["number"], u["state"], u["texts"], u["plain"], u["by"]) for u in told["updates"]] == [
        (1, "investigating", {"ca": "Ho **mirem**."}, False, "anna"),
        (2, "identified", {"ca": "Ha fallat un disc."}, False, "anna"),
        (3, "identified", {"ca": "Mirem * encara."}, True, "anna"),
        (4, "resolved", {"ca": "Disc canviat."}, False, "anna"),
    ]
    assert [fact.kind for fact in Fact.objects.filter(subject=f"incident/{REF}").order_by("id")] == [
        "incident.opened",
        "incident.updated",
        "incident.updated",
        "incident.corrected",
        "incident.edited",
        "incident.resolved",
    ]


@pytest.mark.django_db
def test_lists_show_what_is_open_and_on_demand_what_is_over(talaia: Shell) -> None:
    assert "--all" in talaia("incident", "list").out
    talaia("incident", "open", "--title", "Primera", text="x")
    talaia("incident", "open", "--title", "Segona", "--language", "es", text="x")
    talaia("incident", "resolve", REF, text="x")
    assert "Segona" in talaia("incident", "list").out and "Primera" not in talaia("incident", "list").out
    assert "Primera" in talaia("incident", "list", "--all").out
    assert [event["titles"] for event in json.loads(talaia("incident", "list", "--json").out)] == [{"es": "Segona"}]
    shown = talaia("incident", "show", REF).out
    assert "state: resolved" in shown and "#u2  resolved" in shown and "    x" in shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "text", "said"),
    [
        (["open", "--title", " "], "x", "a title is needed"),
        (["open", "--title", "T"], " \n", "the text is empty"),
        (["open", "--title", "T", "--file", "/nowhere"], "", "/nowhere cannot be read: No such file"),
        (["open", "--title", "T", "--next", "soon"], "x", "“soon” is no time"),
        (["open", "--title", "T", "--next", "2020-01-01T10:00"], "x", "time that has passed"),
        (["open", "--title", "T", "--service", "mail=degraded"], "x", "no service “mail”"),
        (["update", "2026-999"], "x", "there is no incident 2026-999"),
        (["update", "nine"], "x", "“nine” is no reference"),
        (["edit", REF, "--entry", "7"], "x", "has no entry 7"),
        (["edit", REF], "x", "say what to correct"),
        (["show", "2026-999"], "", "there is no incident"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_1(
    talaia: Shell, arguments: list[str], text: str, said: str
) -> None:
    talaia("incident", "open", "--title", "Una", text="x")
    before = Fact.objects.count()
    answer = talaia("incident", *arguments, text=text)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("talaia: ") and answer.err.count("\n") == 1 and said in answer.err
    assert Fact.objects.count() == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    [
        ["incident"],
        ["incident", "open"],
        ["incident", "open", "--title", "T", "--state", "resolved"],
        ["incident", "open", "--title", "T", "--service", "chat"],
        ["incident", "open", "--title", "T", "--service", "chat=broken"],
        ["incident", "open", "--title", "T", "--language", "de"],
        ["incident", "edit", REF, "--entry", "one"],
        ["maintenance", "plan", "--title", "T"],
        ["user", "add"],
    ],
)
def test_a_command_that_is_not_understood_is_exit_code_2(talaia: Shell, arguments: list[str]) -> None:
    answer = talaia(*arguments, text="x")
    assert answer.code == 2
    assert "usage: talaia" in answer.err
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_maintenance_from_its_plan_to_its_end(talaia: Shell) -> None:
    there = current().site.tz
    start = (timezone.now().astimezone(there) + timedelta(days=7)).replace(hour=23, minute=0, second=0, microsecond=0)
    planned = talaia(
        "maintenance",
        "plan",
        "--title",
        "Canvi de disc",
        "--from",
        f"{start:%Y-%m-%dT%H:%M}",
        "--to",
        f"{start + timedelta(hours=2):%Y-%m-%d %H:%M}",
        "--service",
        "chat=partial",
        "--silence",
        "--json",
        text="Canviem un disc.",
    )
    assert planned.code == 0, planned.err
    told = json.loads(planned.out)
    ref = told["ref"]
    assert told["window"][0] == start.astimezone(UTC).isoformat()
    assert (told["services"], told["silence"], told["state"]) == ({"chat": "partial"}, True, "scheduled")
    assert ref in talaia("maintenance", "list").out
    assert talaia("maintenance", "complete", ref).code == 1
    assert talaia("maintenance", "start", ref).out.startswith(f"maintenance {ref} is in_progress: ")
    assert talaia("maintenance", "complete", ref, "--file", "-", text="Fet.").code == 0
    refused = talaia("maintenance", "cancel", ref)
    assert (refused.code, refused.err) == (
        1,
        "talaia: this maintenance is “Completed” and cannot become “Cancelled”\n",
    )
    shown = json.loads(talaia("maintenance", "show", ref, "--json").out)
    assert [(update["state"], update["texts"]) for update in shown["updates"]] == [
        ("scheduled", {"ca": "Canviem un disc."}),
        (
            "in_progress",
            {"ca": "La feina ha començat.", "es": "El trabajo ha empezado.", "en": "The work has begun."},
        ),
        ("completed", {"ca": "Fet."}),
    ]


def plan_soon(talaia: Shell, *more: str, typed: str | None = None) -> Said:
    start = timezone.now().astimezone(current().site.tz) + timedelta(hours=10)
    times = [f"{at:%Y-%m-%dT%H:%M}" for at in (start, start + timedelta(hours=1))]
    window = ("--from", times[0], "--to", times[1], "--service", "chat=partial")
    return talaia("maintenance", "plan", "--title", "T", *window, *more, text="Canviem un disc.", typed=typed)


@pytest.mark.django_db
def test_which_mails_would_go_when_is_said_before_anything_is_planned(talaia: Shell) -> None:
    answer = plan_soon(talaia, "--dry-run")
    assert answer.code == 0 and not Event.objects.exists()
    told = [line for line in answer.err.splitlines() if line.startswith("told ")]
    assert [line.split(":")[0] for line in told] == ["told 7d", "told 24h", "told 30m", "told start", "told end"]
    assert "skipped" in told[0] and told[1].endswith("at once, as its hour had passed")
    assert told[4] == "told end: when somebody says so"
    assert answer.err.endswith("nothing is planned: --dry-run\n")
    for more in (["--dry-run"], []):  # what would be refused is refused
        refused = plan_soon(talaia, "--service", "nowhere=partial", *more)
        assert refused.code == 1 and "nowhere" in refused.err and not Event.objects.exists()
    assert plan_soon(talaia).code == 0  # a script is not asked
    assert Event.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("more", [("--dry-run",), ()])
def test_of_what_waits_for_a_second_person_no_mail_is_said_to_go_at_once(talaia: Shell, more: tuple[str, ...]) -> None:
    assert plan_soon(talaia, "--propose", *more).err.startswith("nobody is told before a second person approves it")
    assert "second person" not in plan_soon(talaia, "--dry-run").err


@pytest.mark.django_db
@pytest.mark.parametrize(("more", "answered", "made"), [((), "y", 1), ((), "n", 0), (("--yes",), "", 1)])
def test_at_a_terminal_it_is_asked_whether_that_is_right(
    talaia: Shell, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], answered: str, made: int
) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: answered)
    answer = plan_soon(talaia, *more, typed="Canviem un disc.")
    assert Event.objects.count() == made and answer.code == 1 - made
    assert "told 24h" in answer.err


@pytest.mark.django_db
def test_a_change_of_what_was_approved_waits_at_the_shell_as_well(
    talaia: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def become(name: str) -> None:
        monkeypatch.setenv("SUDO_USER", name)

    become("anna")
    assert plan_soon(talaia, "--propose").code == 0
    ref = Event.objects.get().ref
    become("berta")
    assert talaia("maintenance", "approve", ref).code == 0
    become("anna")
    end = timezone.now().astimezone(current().site.tz) + timedelta(hours=20)
    waits = talaia("maintenance", "extend", ref, "--to", f"{end:%Y-%m-%dT%H:%M}")
    assert "waits for a second person" in waits.out
    assert "a change by anna waits for a second person" in talaia("maintenance", "show", ref).out
    title = talaia("maintenance", "edit", ref, "--title", "Un altre disc")
    assert "is changed" in title.out and "second person" not in title.out
    both = talaia("maintenance", "edit", ref, "--title", "Dos discs", "--service", "chat=disruption")
    assert "is changed" in both.out and "the rest waits for a second person" in both.out
    assert "is changed" not in talaia("maintenance", "edit", ref, "--no-notice").out
    assert talaia("maintenance", "approve", ref).code == 1
    assert talaia("maintenance", "withdraw", ref).code == 0
    assert talaia("maintenance", "edit", ref, "--no-notice").code == 0
    become("berta")
    assert talaia("maintenance", "approve", ref).code == 0
    assert Event.objects.get().notices == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2027-03-28T02:30", "2027-03-28T04:00", "does not exist in Europe/Madrid"),
        ("2027-05-04T23:00", "2027-05-04T22:00", "ends before it starts"),
        ("tomorrow", "2027-05-04T22:00", "'tomorrow' is no time"),
    ],
)
def test_a_window_that_cannot_be_is_refused(talaia: Shell, start: str, end: str, said: str) -> None:
    answer = talaia("maintenance", "plan", "--title", "T", "--from", start, "--to", end, text="x")
    assert answer.code == 1
    assert said in answer.err
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_whoever_gives_no_password_lets_nobody_in(talaia: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(_prompt: str) -> str:
        raise EOFError  # Ctrl-D

    monkeypatch.setattr("getpass.getpass", ended)
    said = talaia("user", "add", "anna", typed="")
    assert (said.code, said.err) == (1, "talaia: no password was given\n")
    assert not User.objects.exists()


@pytest.mark.django_db
def test_people_come_and_go(talaia: Shell, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("una clau prou llarga\nignored\n")
    added = talaia("user", "add", "anna", "--email", "anna@example.org", "--password-file", str(secret))
    assert added.out == "anna may use https://status.example.org/desk/\n"
    assert User.objects.get().check_password("una clau prou llarga")
    assert talaia("user", "password", "anna", "--password-file", "-", text="una altra clau llarga").code == 0
    assert User.objects.get().check_password("una altra clau llarga")
    alone = talaia("user", "disable", "anna")
    assert (alone.code, alone.out) == (1, "") and "admin" in alone.err  # the first person is one, and nobody else is
    talaia("user", "add", "carla", "--role", "admin", "--password-file", str(secret))
    assert talaia("user", "disable", "anna").out == "anna is disabled\n"
    listed, _ = json.loads(talaia("user", "list", "--json").out)
    assert (listed["name"], listed["active"], listed["last_login"]) == ("anna", False, None)
    assert "disabled" in talaia("user", "list").out
    assert talaia("user", "enable", "anna").code == 0
    assert User.objects.get(username="anna").is_active
    kinds = list(Fact.objects.filter(subject="user/anna").order_by("id").values_list("kind", flat=True))
    assert kinds == ["user.added", "user.password_set", "user.disabled", "user.enabled"]
    assert "example.org" not in str(list(Fact.objects.values_list("data", flat=True)))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "text", "said"),
    [
        (["add", "anna", "--password-file", "-"], "curta", "too short"),
        (["add", "anna", "--password-file", "-"], "1234567890", "too common"),
        (["add", "an na", "--password-file", "-"], "una clau prou llarga", "valid username"),
        (["add", "a" * 61, "--password-file", "-"], "una clau prou llarga", "at most 60"),
        (["add", "anna", "--email", "x", "--password-file", "-"], "una clau prou llarga", "valid email"),
        (["add", "anna", "--password-file", "/nowhere"], "", "cannot be read"),
        (["add", "anna"], "", "name a file with --password-file"),
        (["add", "berta", "--password-file", "-"], "una clau prou llarga", "is there already"),
        (["password", "ningu", "--password-file", "-"], "una clau prou llarga", "nobody is called ningu"),
        (["disable", "ningu"], "", "nobody is called ningu"),
    ],
)
def test_a_person_who_cannot_be_added_is_refused_in_one_line(
    talaia: Shell, arguments: list[str], text: str, said: str
) -> None:
    talaia("user", "add", "berta", "--password-file", "-", text="una clau prou llarga")
    answer = talaia("user", *arguments, text=text)
    assert answer.code == 1
    assert said in answer.err and answer.err.count("\n") == 1
    assert User.objects.count() == 1


def test_what_is_written_at_a_shell_is_on_the_page_of_a_running_service(tmp_path: Path) -> None:
    with Talaia(tmp_path, (Path(__file__).parents[1] / "talaia.toml").read_text()) as product:
        product.started()
        opened = json.loads(
            product.run(
                "incident",
                "open",
                "--title",
                "Sense missatgeria",
                "--service",
                "chat=disruption",
                "--json",
                text="Ho **mirem**.",
            )
        )
        ref = opened["ref"]
        wait_until(lambda: "Sense missatgeria" in product.file("index.html"), 15, "the title on the page", product)
        wait_until(lambda: product.states()["chat"] == "disruption", 15, "the colour of the service", product)
        product.run("incident", "edit", ref, "--entry", "1", text="Ho estem **mirant**.")
        page = f"incidents/{ref}/index.html"
        wait_until(lambda: "Ho estem <strong>mirant</strong>" in product.file(page), 15, "the correction", product)
        product.run("incident", "resolve", ref, text="Era un disc.")
        wait_until(lambda: "Era un disc." in product.file(page), 15, "the last words", product)
        assert 'id="u1"' in product.file(page) and 'id="u2"' in product.file(page)


def ago(minutes: int) -> str:
    there = timezone.now().astimezone(current().site.tz) - timedelta(minutes=minutes)
    return there.isoformat(timespec="seconds")


@pytest.mark.django_db
def test_all_that_the_desk_can_do_over_ssh(talaia: Shell, tmp_path: Path) -> None:
    english = tmp_path / "en"
    english.write_text("We are looking into it.")
    opened = talaia(
        "incident", "open", "--title", "Sense xat", "--title-in", "es=Sin chat", "--began", ago(50),
        "--service", "chat=degraded", "--text-in", f"en=@{english}", "--json", text="Ho mirem.",
    )  # fmt: skip
    assert opened.code == 0, opened.err
    told = json.loads(opened.out)
    assert told["titles"] == {"ca": "Sense xat", "es": "Sin chat"}
    assert told["updates"][0]["texts"] == {"ca": "Ho mirem.", "en": "We are looking into it."}
    assert told["started_at"] < told["updates"][0]["at"]
    assert talaia("incident", "update", REF, "--at", ago(30), "--state", "identified", text="Un disc.").code == 0
    assert talaia("incident", "correct", REF, "2", "--at", ago(40)).code == 0
    assert talaia("incident", "correct", REF, "2", text="Un disc dur.").code == 0
    assert talaia("incident", "correct", REF, "2", "--text-in", "es=Un disco duro.").code == 0
    done = talaia(
        "incident", "resolve", REF, "--ended", ago(5), "--cause", "Un disc", "--cause-in", "en=A disk", "--json",
        text="Canviat.",
    )  # fmt: skip
    told = json.loads(done.out)
    assert told["causes"] == {"ca": "Un disc", "en": "A disk"}
    assert told["updates"][1]["texts"] == {"ca": "Un disc dur.", "es": "Un disco duro."}
    assert told["ended_at"] < told["updates"][2]["at"]
    assert talaia("incident", "edit", REF, "--began", ago(60), "--cause", "Un disc dur").code == 0
    assert "cause: Un disc dur" in talaia("incident", "show", REF).out
    assert talaia("incident", "reopen", REF, text="Torna a fallar.").out.startswith(f"incident {REF} is investigating")

    talaia("incident", "open", "--title", "Xat i vídeo", "--service", "video=partial", text="Ho mirem.")
    other = f"{YEAR}-002"
    talaia("incident", "resolve", other, text="Fet.")
    assert f"{other} is over, and {REF} is not" in talaia("incident", "merge", REF, other).err
    talaia("incident", "reopen", other, text="Torna a fallar.")
    merged = talaia("incident", "merge", REF, other, "--json")
    assert json.loads(merged.out)["merged_into"] == other
    assert f"duplicate of: {other}" in talaia("incident", "show", REF).out
    shown = json.loads(talaia("incident", "show", other, "--json").out)
    assert shown["services"] == {"chat": "degraded", "video": "partial"}
    numbers = [update["number"] for update in json.loads(merged.out)["updates"]]
    assert numbers == [1, 2, 3, 4, 5]


@pytest.mark.django_db
def test_a_suggestion_is_published_over_ssh_while_it_is_still_true(talaia: Shell) -> None:
    Service.objects.update(state="operational")
    assert "nothing to suggest" in talaia("incident", "suggest").out
    since = timezone.now() - timedelta(minutes=9)
    Service.objects.filter(pk="chat").update(state="partial", reason={}, since=since)
    (one,) = json.loads(talaia("incident", "suggest", "--json").out)
    assert one["services"] == {"chat": "partial"} and set(one["texts"]) == {"ca", "es", "en"}
    assert one["mark"] in talaia("incident", "suggest").out
    told = json.loads(talaia("incident", "open", "--suggestion", one["mark"], "--next", "1h", "--json").out)
    assert (told["titles"], told["updates"][0]["texts"]) == (one["titles"], one["texts"])
    again = talaia("incident", "open", "--suggestion", one["mark"])
    assert (again.code, again.err.count("\n")) == (1, 1) and "there is no suggestion" in again.err


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["merge", REF, REF], "no duplicate of itself"),
        (["merge", REF, f"{YEAR}-999"], "there is no incident"),
        (["resolve", REF, "--ended", "2020-01-01T10:00"], "cannot end before it began"),
        (["update", REF, "--at", "2199-01-01T10:00"], "not come yet"),
        (["update", REF, "--at", "early"], "'early' is no time"),
        (["edit", REF, "--ended", "2026-01-01T10:00"], "not over yet"),
        (["edit", REF, "--began", "2199-01-01T10:00"], "not come yet"),
        (["reopen", REF], "is open; `talaia incident update"),
        (["correct", REF, "9"], "has no entry 9"),
        (["resolve", REF, "--cause", "one\ntwo"], "a cause is one line"),
    ],
)
def test_what_the_timeline_does_not_allow_is_one_line(talaia: Shell, arguments: list[str], said: str) -> None:
    talaia("incident", "open", "--title", "Una", text="x")
    before = Fact.objects.count()
    answer = talaia("incident", *arguments, text="x")
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert said in answer.err
    assert Fact.objects.count() == before


@pytest.mark.django_db
def test_half_a_letter_of_a_terminal_comes_on_no_page(talaia: Shell) -> None:
    """As Python reads it where the locale is C, and always from the command line."""
    said = talaia("incident", "open", "--title", "Tall al Port", text="No hi ha connexi\udcc3 al Port.")
    assert (
        said.code == 1 and said.err.strip() == "talaia: standard input is not UTF-8; write or save it in that encoding"
    )
    said = talaia("incident", "open", "--title", "Avaria\udcc3 al Port", text="Ho mirem.")
    assert said.code == 2 and "is not UTF-8; set the terminal to it" in said.err
    assert not Event.objects.exists()


def test_what_was_typed_for_a_while_is_of_when_it_was_there(talaia: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    talaia("incident", "open", "--title", "Tall al Port", "--service", "chat=partial", text="Ho mirem.")
    later = timezone.now() + timedelta(minutes=8)
    monkeypatch.setattr("talaia.commands.shared_options.timezone", SimpleNamespace(now=lambda: later))
    ref = Event.objects.get().ref
    said = talaia("incident", "update", ref, "--state", "identified", "--next", "5m", text="Un cable.")
    assert said.code == 0, said.err
    assert Event.objects.get().updates.get(number=2).at == later
    promised = Event.objects.get().next_update_at
    assert promised is not None
    assert timedelta(minutes=5) <= promised - later <= timedelta(minutes=6)


def test_words_in_a_language_that_the_site_does_not_have_are_refused(talaia: Shell) -> None:
    for given in ("de=Nein", "es", "es=", "es=@/nowhere"):
        answer = talaia("incident", "open", "--title", "T", "--text-in", given, text="x")
        assert answer.code == 2 and "--text-in" in answer.err
    assert not Event.objects.exists()


ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
PASTED = "Error \x1b[31mgreu\x1b[0m \x1b]0;t\x07a\u202eb\u2066c \x9b2Jfi"


@pytest.mark.django_db
def test_what_is_pasted_from_a_terminal_is_words_and_nothing_else(talaia: Shell, tmp_path: Path) -> None:
    """With its colours and marks it would stand on the page, in mails, in chats and in the forum."""
    (tmp_path / "es").write_text(f"{PASTED}\nsegunda")
    begun = ("incident", "open", "--title", PASTED, "--title-in", f"es={PASTED}", "--service", "chat=disruption")
    assert talaia(*begun, "--text-in", f"es=@{tmp_path / 'es'}", text=f"{PASTED}\r\nsegona\n").code == 0
    assert talaia("incident", "edit", REF, "--title", f"{PASTED} 2").code == 0
    assert talaia("incident", "resolve", REF, "--cause", PASTED, text=PASTED).code == 0
    set_by_hand = ("service", "set", "chat", "degraded", "--until", "1h", "--reason", PASTED)
    assert talaia(*set_by_hand).code == 0
    event = Event.objects.get()
    assert event.titles == {"ca": "Error greu abc fi 2", "es": "Error greu abc fi"}
    assert [entry.texts for entry in event.updates.order_by("number")] == [
        {"ca": "Error greu abc fi\nsegona", "es": "Error greu abc fi\nsegunda"},
        {"ca": "Error greu abc fi"},
    ]
    assert event.causes == {"ca": "Error greu abc fi"}
    stored = json.dumps([[*Fact.objects.values_list("data", flat=True)], [*Service.objects.values_list()]], default=str)
    assert not ACTS.search(json.loads(f"[{json.dumps(stored)}]")[0].encode().decode("unicode_escape"))
