"""The watched folder and the address: what is new is proposed or applied, what is broken is said, once."""

from __future__ import annotations

import http.server
import os
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import translation

from talaia.audience import actions, client
from talaia.audience.formatting import trouble
from talaia.audience.importing import apply, unfinished
from talaia.audience.models import ExportCheck, Import, Recipient
from talaia.audience.watch import SETTLED, ExportWatch
from talaia.config import Config, current
from talaia.errors import UserError
from talaia.outbox.errors import OutsideError, PermanentError, TemporaryError
from tests.audience.conftest import USUAL, Export
from tests.audience.ledger import CONFIG, NOW

Configure = Callable[[str], Config]


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def watched(home: Path, configure: Configure) -> Callable[..., ExportWatch]:
    """Looks at the folder `exports`, with these settings."""
    (home / "exports").mkdir()

    def make(settings: str = "") -> ExportWatch:
        configure(f'{USUAL}{CONFIG}\n[audience]\nexport = "exports"\n{settings}')
        return ExportWatch(current, lambda: NOW)

    return make


def look(watch: ExportWatch, at: datetime) -> datetime:
    """Two looks, with the time between them in which nobody may write."""
    watch.step(at)
    watch.step(at + SETTLED)
    return at + SETTLED


@pytest.mark.django_db
def test_a_new_file_is_proposed_once_nobody_writes_it(watched: Callable[..., ExportWatch], export: Export) -> None:
    watch = watched()
    path = export("anna", "berta", file="exports/november.csv")
    watch.step(NOW)
    with path.open("a") as lines:
        lines.write("Carme,carme@example.org,,sí,,,\r\n")
    watch.step(NOW + SETTLED)  # it has changed meanwhile
    assert not Import.objects.exists()
    watch.step(NOW + 2 * SETTLED)
    (row,) = Import.objects.all()
    assert (row.state, row.source, row.counts["joins"]) == (Import.WAITING, "november.csv", 3)
    look(watch, NOW + timedelta(hours=1))
    assert Import.objects.count() == 1
    assert not Recipient.objects.exists()


@pytest.mark.django_db
def test_what_the_guard_lets_pass_is_confirmed_by_itself_where_talaia_toml_says_so(
    watched: Callable[..., ExportWatch], export: Export
) -> None:
    watch = watched("automatic = true")
    export("anna", "berta", file="exports/november.csv")
    at = look(watch, NOW)
    (number,) = unfinished()
    apply(number, current(), lambda: at)
    assert Recipient.objects.count() == 2
    newer = export("anna", file="exports/desembre.csv")
    os.utime(newer, (NOW.timestamp() + 10**8,) * 2)
    look(watch, at + timedelta(minutes=1))
    assert unfinished() == []  # half of them would leave
    assert Import.objects.get(state=Import.WAITING).source == "desembre.csv"


@pytest.mark.django_db
def test_a_broken_file_is_said_and_changes_nothing(
    watched: Callable[..., ExportWatch], home: Path, export: Export
) -> None:
    watch = watched("automatic = true")
    watch.step(NOW)
    assert "has no export yet" in trouble(ExportCheck.objects.get().error)
    (home / "exports" / "bad.csv").write_text("Compte,Saldo\n1,2\n")
    at = look(watch, NOW)
    assert "no column" in trouble(ExportCheck.objects.get().error)
    (home / "exports" / "bad.csv").unlink()
    (home / "exports" / ".half.csv").write_text("never read")
    (home / "exports" / "notes.pdf").write_text("never read")
    export("anna", file="exports/good.csv")
    look(watch, at)
    assert trouble(ExportCheck.objects.get().error) == ""
    assert len(unfinished()) == 1


@pytest.mark.django_db
def test_a_membership_that_ends_by_its_date_is_seen_on_that_day_without_a_new_file(
    watched: Callable[..., ExportWatch], home: Path
) -> None:
    watch = watched("automatic = true\nshrink = 5")
    (home / "exports" / "a.csv").write_text(
        "Nom,Correu electrònic,Idioma,Sòcia,Baixa,Factura,Zona\n"
        ",anna@example.org,,sí,2026-11-25,,\n,berta@example.org,,sí,,,\n"
    )
    at = look(watch, NOW)
    apply(unfinished()[0], current(), lambda: at)
    look(watch, NOW + timedelta(days=1))
    assert Import.objects.get(state=Import.CONFIRMED).counts["leaves"] == 1


@pytest.mark.django_db
def test_once_a_day_those_who_left_long_ago_are_forgotten(watched: Callable[..., ExportWatch], export: Export) -> None:
    watch = watched('forget_after = "30d"')
    actions.add("anna@example.org", "", NOW)
    Recipient.objects.update(standing="left", left_at=NOW - timedelta(days=29))
    watch.step(NOW)
    assert Recipient.objects.count() == 1
    watch.step(NOW + timedelta(days=2))
    assert Recipient.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("settings", ["", "\n[subscribe]\n"])
def test_who_was_in_no_export_is_forgotten_once_they_have_opted_out(
    settings: str, watched: Callable[..., ExportWatch], configure: Configure
) -> None:
    watch = watched()
    if settings:
        configure(f'{USUAL}\n[mail]\nsender = "estat@example.org"\n{settings}')
    for name in ("anna", "berta"):
        actions.add(f"{name}@example.org", "", NOW)
    watch.step(NOW)
    actions.opt_out("berta@example.org", NOW)
    watch.step(NOW + timedelta(days=89))
    assert Recipient.objects.count() == 2
    watch.step(NOW + timedelta(days=91))
    assert [*Recipient.objects.values_list("key", flat=True)] == ["anna@example.org"]
    with pytest.raises(UserError, match="opted out"):
        actions.add("berta@example.org", "", NOW)


class Tool(http.server.ThreadingHTTPServer):
    """An administrative tool with an export behind a secret."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.body, self.etag, self.status, self.asked = b"", "", 200, list[int]()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/export.csv?key=secret"


class Answering(http.server.BaseHTTPRequestHandler):
    server: Tool

    def log_message(self, format: str, *args: object) -> None:
        del format, args

    def do_GET(self) -> None:
        tool = self.server
        status = tool.status if self.headers.get("X-Api-Key") == "an open sesame" else 401
        if status == 200 and tool.etag and self.headers.get("If-None-Match") == tool.etag:
            status = 304
        tool.asked.append(status)
        self.send_response(status)
        if status == 200:
            self.send_header("ETag", tool.etag)
            self.send_header("Content-Length", str(len(tool.body) + (50 if tool.etag == "cut" else 0)))
        if status == 302:
            self.send_header("Location", "https://elsewhere.example/")
        self.end_headers()
        if status == 200:
            self.wfile.write(tool.body)


@pytest.fixture
def tool() -> Iterator[Tool]:
    with Tool() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def asking(tool: Tool, home: Path, configure: Configure) -> ExportWatch:
    (home / "key").write_text("an open sesame\n")
    configure(
        f'{USUAL}{CONFIG}\n[audience]\nexport = "{tool.address}"\nheader = "X-Api-Key"\nheader_file = "key"\n'
        'every = "10m"\ntimeout = "2s"\n'
    )
    return ExportWatch(current, lambda: NOW)


@pytest.mark.django_db
def test_an_address_is_asked_in_its_time_with_its_secret_and_read_only_when_it_changed(
    asking: ExportWatch, tool: Tool, export: Export
) -> None:
    tool.body, tool.etag = export("anna").read_bytes(), '"one"'
    for minutes in (0, 1, 9, 10, 20):
        asking.step(NOW + timedelta(minutes=minutes))
    assert tool.asked == [200, 304, 304]
    (row,) = Import.objects.all()
    assert row.source == f"http://127.0.0.1:{tool.server_port}/export.csv"  # what may be a secret is not told
    tool.body, tool.etag = export("anna", "berta").read_bytes(), '"two"'
    asking.step(NOW + timedelta(minutes=30))
    assert Import.objects.get(state=Import.WAITING).counts["joins"] == 2
    asking.step(NOW + timedelta(days=1))  # another day: dates may have passed
    assert tool.asked == [200, 304, 304, 200, 200]


@pytest.mark.django_db
def test_what_is_wrong_with_the_address_is_said_until_it_is_mended(
    asking: ExportWatch, tool: Tool, export: Export
) -> None:
    tool.status = 503
    asking.step(NOW)
    assert "answers 503" in trouble(ExportCheck.objects.get().error)
    tool.status, tool.body, tool.etag = 200, b"<html>Log in</html>", '"one"'
    asking.step(NOW + timedelta(minutes=10))
    assert "a web page" in trouble(ExportCheck.objects.get().error)
    tool.body = export("anna").read_bytes()
    asking.step(NOW + timedelta(minutes=20))
    assert ExportCheck.objects.get().error == {}
    assert "secret" not in str(ExportCheck.objects.values_list("error", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize("secret", ["contrasenya-ñ", "two\nlines", "nul\0"])
def test_a_secret_that_no_header_can_have_is_said_and_not_shown(
    secret: str, asking: ExportWatch, tool: Tool, home: Path
) -> None:
    (home / "key").write_text(secret)
    asking.step(NOW)
    said = trouble(ExportCheck.objects.get().error)
    assert "header_file has a letter or a line end that no header may have" in said
    assert secret not in said and tool.asked == []


@pytest.mark.django_db
def test_an_etag_that_cannot_be_said_again_is_not(asking: ExportWatch, tool: Tool, export: Export) -> None:
    tool.body, tool.etag = export("anna").read_bytes(), '"caf\xe9"'
    for minutes in (0, 10):
        asking.step(NOW + timedelta(minutes=minutes))
    assert (tool.asked, ExportCheck.objects.get().error) == ([200, 200], {})


@pytest.mark.parametrize(
    ("status", "etag", "kind", "words"),
    [
        (401, "", PermanentError, "refuses us"),
        (302, "", PermanentError, "sends us elsewhere"),
        (404, "", PermanentError, "is not there"),
        (500, "", TemporaryError, "answers 500"),
        (200, "cut", TemporaryError, "does not answer"),
    ],
)
def test_a_fault_of_the_address_is_temporary_or_permanent(
    status: int, etag: str, kind: type[OutsideError], words: str, asking: ExportWatch, tool: Tool
) -> None:
    tool.status, tool.etag, tool.body = status, etag, b"half of it"
    audience = current().tables.audience
    assert audience
    with pytest.raises(kind, match=words) as caught:
        client.fetch(audience, current())
    assert "key=" not in str(caught.value) and caught.value.hint
