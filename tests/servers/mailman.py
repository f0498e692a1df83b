"""A throw-away Mailman 3 core: REST and LMTP on the loopback, delivering into a sink."""

import smtplib
import socket
import subprocess
import time
from collections.abc import Iterable
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import httpx

from tests.servers.mail_sink import MailSink
from tests.servers.process import Process, free_port, release_port, wait_until
from tests.servers.undertaker import fresh_folder, remove_folder

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".cache" / "mailman" / "bin" / "python"
RUNNERS = Path(__file__).with_name("mailman_runners.py")
FILL = Path(__file__).with_name("mailman_fill.py")
USER, PASSWORD = "restadmin", "a password for tests"
QUICK = ("command", "in", "out", "pipeline", "virgin")
ALL = (*QUICK, "bounces", "retry", "lmtp", "rest", "task", "archive", "digest", "nntp")
LEFT_OUT = ("archive", "digest", "nntp")
CONFIG = """\
[mailman]
site_owner: postmaster@example.org
layout: test
[paths.test]
var_dir: {folder}
bin_dir: {bin}
[database]
class: mailman.database.sqlite.SQLiteDatabase
url: sqlite:///{folder}/mailman.db
[webservice]
hostname: 127.0.0.1
port: {rest}
admin_user: {user}
admin_pass: {password}
workers: 2
configuration: {folder}/gunicorn.cfg
[mta]
incoming: mailman.mta.null.NullMTA
outgoing: mailman.mta.deliver.deliver
smtp_host: 127.0.0.1
smtp_port: {smtp}
lmtp_host: 127.0.0.1
lmtp_port: {lmtp}
[bounces]
register_bounces_every: 1s
"""
GUNICORN = "[gunicorn]\ngraceful_timeout = 1\ntimeout = 360\ncontrol_socket_disable = true\n"


class Mailman:
    """`with` starts it and its sink, and ends them. Ports and data stay over kill9 and start."""

    def __init__(self) -> None:
        self.folder = fresh_folder("mailman")
        self.rest, self.lmtp = free_port(), free_port()
        self.sink = MailSink()
        self.url = f"http://127.0.0.1:{self.rest}"
        self.process: Process | None = None
        self.client = httpx.Client(base_url=f"{self.url}/3.1/", auth=(USER, PASSWORD), timeout=120, trust_env=False)

    def __enter__(self) -> "Mailman":
        try:
            self.sink.start()
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> "Mailman":
        """Start and wait until REST and LMTP answer."""
        subprocess.run([ROOT / "scripts" / "tool-venv", "mailman"], check=True)
        written = CONFIG.format(
            folder=self.folder,
            bin=PYTHON.parent,
            rest=self.rest,
            lmtp=self.lmtp,
            smtp=self.sink.port,
            user=USER,
            password=PASSWORD,
        )
        for runner in ALL:
            written += f"[runner.{runner}]\nstart: {'no' if runner in LEFT_OUT else 'yes'}\n"
            written += "sleep_time: 0.1s\n" * (runner in QUICK)
            written += "sleep_time: 2s\n" * (runner in ("bounces", "retry"))  # long enough to be seen in there
        (self.folder / "mailman.cfg").write_text(written)
        (self.folder / "gunicorn.cfg").write_text(GUNICORN)
        command = [str(PYTHON), "-I", "-W", "ignore", str(RUNNERS), str(self.folder / "mailman.cfg")]
        self.process = Process(command, self.folder / "log")
        wait_until(self.answers, 60, "Mailman answers", self.process)
        return self

    def answers(self) -> bool:
        assert self.process and self.process.exit_code is None, self.process and self.process.log_tail()
        with socket.create_connection(("127.0.0.1", self.lmtp), timeout=1):
            pass
        return self.client.get("system/versions").status_code == 200

    def kill9(self) -> None:
        """All of it at once."""
        assert self.process
        self.process.kill9()

    def freeze(self) -> None:
        assert self.process
        self.process.freeze()

    def thaw(self) -> None:
        assert self.process
        self.process.thaw()

    def close(self) -> None:
        """End it for good; repeatable."""
        if self.process:
            self.process.stop()
        self.sink.close()
        self.client.close()
        for port in (self.rest, self.lmtp):
            release_port(port)
        remove_folder(self.folder)

    def ask(self, method: str, path: str, **fields: Any) -> Any:
        """The JSON of an answer; a refusal is an AssertionError."""
        asked, given = (fields, None) if method == "GET" else (None, fields)
        answer = self.client.request(method, path, params=asked, data=given)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def members(self, list: str) -> set[str]:
        """Who is on a list, in small letters."""
        found = self.ask("GET", f"lists/{list}/roster/member", fields="email")
        return {entry["email"].lower() for entry in found.get("entries", ())}

    def queued(self) -> dict[str, int]:
        """How many files each queue has that has any."""
        return {one["name"]: one["count"] for one in self.ask("GET", "queues")["entries"] if one["count"]}

    def at_rest(self, seconds: float = 20) -> None:
        """Wait until nothing has moved for a moment: a file that a runner has in its hands is in no queue."""
        moved = [(-1, time.monotonic())]  # how many mails had come, and since when nothing has moved

        def still() -> bool:
            files = [file for file in (self.folder / "queue").rglob("*") if file.suffix in (".pck", ".bak")]
            count = self.sink.count
            if count != moved[0][0] or any("shunt" not in file.parts for file in files):
                moved[0] = (count, time.monotonic())
            return time.monotonic() - moved[0][1] > 0.5

        wait_until(still, seconds, "Mailman is at rest", *([self.process] if self.process else []))

    def mail(self, sender: str, to: str, subject: str = "Re: Outage", **headers: str) -> None:
        """Somebody writes a mail, which arrives through LMTP."""
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = sender, to, subject
        message["Message-ID"] = f"<{time.time_ns()}@example.com>"
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content("When does it work again?\n")
        self.lmtp_send(sender, to, message.as_bytes())

    def lmtp_send(self, sender: str, to: str, text: str | bytes) -> None:
        """A whole message arrives, as from a mail server."""
        with smtplib.LMTP("127.0.0.1", self.lmtp) as lmtp:
            lmtp.sendmail(sender, [to], text)

    def fill(self, list: str, addresses: Iterable[str]) -> None:
        """Put many on a list, quicker than REST can."""
        file = self.folder / "people.txt"
        file.write_text("".join(f"{address}\n" for address in addresses))
        command = [str(PYTHON), "-I", "-W", "ignore", str(FILL), str(self.folder / "mailman.cfg"), list, str(file)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=self.folder)
        assert done.returncode == 0, done.stderr
