"""Two ways in which people are told: by a real Mailman, or each by a mail of their own. Both end in a sink."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import httpx

from tests.audience.ledger import CONFIG
from tests.audience.make_exports import text
from tests.journeys.desk import PASSWORD
from tests.journeys.test_an_incident_from_the_desk import Form, log_in
from tests.moved import Moved
from tests.product import ROOT
from tests.servers.mail_sink import Mail, MailSink
from tests.servers.mailman import PASSWORD as REST_PASSWORD
from tests.servers.mailman import USER, Mailman
from tests.servers.process import wait_until

USUAL = (ROOT / "tests" / "talaia.toml").read_text()
PEOPLE = {"anna@example.org": "català", "bernat@example.org": "castellano", "carla@example.org": "English"}
CODES = {"català": "ca", "castellano": "es", "English": "en"}
POST = """
[mail]
sender = "Estat <estat@example.org>"
reply_to = "suport@example.org"
updates = true
"""


class Told:
    """A running talaia, people who are in its ledger, and where their mails end."""

    def __init__(self, talaia: Moved, sink: MailSink, list: str = "", core: Mailman | None = None) -> None:
        self.talaia, self.sink, self.list, self.core = talaia, sink, list, core
        self.begun = len(sink.mails)

    def languages(self, person: str) -> tuple[str, ...]:
        """In which this person reads: who is on a list gets all of them."""
        return ("ca", "es", "en") if self.list else (CODES[PEOPLE[person]],)

    def mails(self, person: str) -> list[EmailMessage]:
        """What has come to them, in the order in which it came."""
        return [mail.message for mail in self._came(person)]

    def raw(self, person: str) -> list[bytes]:
        """Their very bytes."""
        return [mail.content for mail in self._came(person)]

    def _came(self, person: str) -> list[Mail]:
        return [mail for mail in self.sink.mails[self.begun :] if person in mail.recipients]

    def wait_for(self, count: int, *people: str) -> None:
        """Until everybody (or these) has so many mails."""
        who = people or tuple(PEOPLE)
        programs = [self.talaia] + ([self.core.process] if self.core and self.core.process else [])
        wait_until(
            lambda: all(len(self.mails(person)) >= count for person in who),
            90,
            f"{count} mails for each of {who}; notices: {self.notices()}",
            *programs,
        )

    def notices(self) -> list[tuple[str, str, str]]:
        """Kind, state, and why it does not go, of all notices so far."""
        with sqlite3.connect(self.talaia.home / "talaia.db") as database:
            return list(database.execute("select kind, state, why from talaia_notice order by id"))

    def wait_until_notices(self, *states: tuple[str, str, str]) -> None:
        """Until the notices are these; afterwards nothing is on its way."""
        wait_until(lambda: self.notices() == [*states], 60, f"the notices are {states}", self.talaia)
        if self.core:
            self.core.at_rest(60)

    def wait_until_last(self, state: tuple[str, str, str]) -> None:
        wait_until(lambda: self.notices()[-1:] == [state], 60, f"the last notice is {state}", self.talaia)

    def sent(self, *kinds: str) -> None:
        """Until these notices have gone out, whole."""
        self.wait_until_notices(*((kind, "sent", "") for kind in kinds))


@contextmanager
def told(home: Path, core: Mailman | None, list: str, site: str = "", more: str = "") -> Iterator[Told]:
    """With `core`: by its list of that address. `site`: the address of the pages (default: where they really are)."""
    sink = core.sink if core else MailSink()
    try:
        if core is None:
            sink.start()
        config = f"{USUAL}{CONFIG}{POST}port = {sink.port}\n{more}"
        if core:
            (home / "rest-password").write_text(REST_PASSWORD)
            config += (
                f'\n[audience.mailman]\nlist = "{list}"\nurl = "{core.url}"\nusername = "{USER}"\n'
                'password_file = "rest-password"\nevery = "1s"\n'
            )
        talaia = Moved(home, config)
        (home / "talaia.toml").write_text(config.replace("https://status.example.org", site or talaia.address))
        talaia.run("user", "add", "anna", "--password-file", "-", text=PASSWORD)
        (home / "export.csv").write_text(
            text([(who.partition("@")[0], who, language, "sí", "", "", "") for who, language in PEOPLE.items()])
        )
        if core:
            talaia.run("audience", "setup")
        with talaia:
            talaia.started()
            talaia.run("audience", "sync", str(home / "export.csv"), "--yes")
            yield Told(talaia, sink, list if core else "", core)
    finally:
        if core is None:
            sink.close()


def take_back_the_last(house: Told) -> str:
    """As anna does it at the desk; what the desk answers."""
    talaia = house.talaia
    with httpx.Client(base_url=talaia.address, trust_env=False, follow_redirects=True, timeout=20) as browser:
        log_in(browser)
        with sqlite3.connect(talaia.home / "talaia.db") as database:
            ((pk,),) = database.execute("select max(id) from talaia_notice")
        page = browser.get(f"/desk/mails/{pk}/").text
        token = Form(page).values["csrfmiddlewaretoken"]
        return browser.post(f"/desk/mails/{pk}/decide", data={"csrfmiddlewaretoken": token, "take_back": "1"}).text
