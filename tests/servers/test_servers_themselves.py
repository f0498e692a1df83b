"""That the servers of this folder do what their users rely on; with the real programs, no mocks."""

import gzip
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.servers.alertmanager import Alertmanager
from tests.servers.blackbox import Blackbox
from tests.servers.nginx import Nginx
from tests.servers.postgres import PostgreSQL
from tests.servers.process import Process, free_port, wait_until
from tests.servers.programs import find_program
from tests.servers.prometheus import Prometheus, Targets
from tests.servers.server import Hook
from tests.servers.targets import HttpTarget, TcpTarget
from tests.servers.tls import TlsTarget
from tests.servers.undertaker import is_alive

pytestmark = pytest.mark.servers

RULES = """
groups:
  - name: probes
    rules:
      - alert: Down
        expr: probe_success == 0
        labels: {severity: critical}
"""


@dataclass
class Lab:
    """Two targets, watched; a receiver that is told."""

    web: HttpTarget
    link: TcpTarget
    receiver: HttpTarget
    blackbox: Blackbox
    alertmanager: Alertmanager
    prometheus: Prometheus

    def told(self, status: str, service: str, since: float) -> bool:
        """Whether the receiver was told of this state of a service after `since` (seconds since 1970)."""
        return any(
            alert["status"] == status and alert["labels"]["service"] == service
            for request in list(self.receiver.requests)
            if request.at >= since
            for alert in request.json()["alerts"]
        )

    def silenced_by(self, service: str) -> set[str]:
        """The silences that Alertmanager applies to a service."""
        held = [alert for alert in self.alertmanager.alerts() if alert["labels"]["service"] == service]
        return {silence for alert in held for silence in alert["status"]["silencedBy"]}

    def all_is_up(self) -> bool:
        """Both targets were probed well and no alert is left."""
        up = self.prometheus.query("probe_success == 1")
        return len(up) == 2 and not self.prometheus.alerts()


@pytest.fixture(scope="module")
def running() -> Iterator[Lab]:
    with (
        HttpTarget() as web,
        TcpTarget(b"hello\r\n") as link,
        HttpTarget() as receiver,
        Blackbox() as blackbox,
        Alertmanager([Hook(f"{receiver.url}hook", token="open sesame")]) as alertmanager,
        Prometheus(
            [blackbox.job("web"), blackbox.job("links", "tcp_connect")], RULES, [alertmanager.hook], resend="2s"
        ) as prometheus,
    ):
        prometheus.set_targets("web", Targets([web.url], {"service": "web"}))
        prometheus.set_targets("links", Targets([link.address], {"service": "link"}))
        yield Lab(web, link, receiver, blackbox, alertmanager, prometheus)


@pytest.fixture
def lab(running: Lab) -> Lab:
    running.web.up()
    running.web.status, running.web.delay, running.receiver.status = 200, 0, 200
    running.link.up()
    wait_until(running.all_is_up, 20, "all is up", running.prometheus, running.blackbox)
    return running


@pytest.mark.parametrize("fault", ["down", "failing", "slow"])
def test_a_target_in_trouble_fires_and_its_return_is_told(lab: Lab, fault: str) -> None:
    begin = time.time()
    match fault:
        case "down":
            lab.web.down()
        case "failing":
            lab.web.status = 503
        case _:
            lab.web.delay = 60
    wait_until(lambda: lab.prometheus.firing(alertname="Down", service="web"), 10, "it fires", lab.prometheus)
    wait_until(lambda: lab.told("firing", "web", begin), 10, "the webhook tells it", lab.alertmanager)
    assert lab.receiver.requests[-1].headers["authorization"] == "Bearer open sesame"
    assert lab.receiver.requests[-1].path == "/hook"
    assert not lab.told("firing", "link", begin)
    lab.web.up()
    lab.web.status, lab.web.delay = 200, 0
    wait_until(lambda: lab.told("resolved", "web", begin), 15, "the webhook tells the end", lab.alertmanager)


def test_alertmanager_returns_on_its_port_with_its_silences(lab: Lab) -> None:
    lab.link.down()
    silence = lab.alertmanager.silence({"service": "link"})
    address = lab.alertmanager.address
    wait_until(lambda: lab.silenced_by("link") == {silence}, 10, "it is silenced", lab.alertmanager)
    lab.alertmanager.restart()
    assert lab.alertmanager.address == address
    assert [found["id"] for found in lab.alertmanager.silences()] == [silence]
    lab.alertmanager.kill9()  # the restart wrote the silence down; without it, this would lose it
    with pytest.raises(httpx.ConnectError):
        lab.alertmanager.alerts()
    lab.alertmanager.start()
    begin = time.time()
    lab.alertmanager.unsilence(silence)
    assert not lab.alertmanager.silences()
    wait_until(lambda: lab.told("firing", "link", begin), 15, "told without the silence", lab.alertmanager)


def test_a_frozen_prometheus_answers_nothing_until_it_is_thawed(lab: Lab) -> None:
    lab.prometheus.freeze()
    try:
        with pytest.raises(httpx.TimeoutException):
            httpx.get(f"{lab.prometheus.url}/-/ready", timeout=0.5, trust_env=False)
    finally:
        lab.prometheus.thaw()
    wait_until(lab.prometheus.answers, 5, "it goes on", lab.prometheus)


def test_an_exporter_that_is_killed_leaves_no_evidence(lab: Lab) -> None:
    lab.blackbox.kill9()
    wait_until(lambda: not lab.prometheus.query("probe_success"), 10, "the samples end", lab.prometheus)
    lab.blackbox.start()
    wait_until(lab.all_is_up, 10, "the samples are back", lab.blackbox)


def test_targets_and_rules_change_while_prometheus_runs(lab: Lab) -> None:
    with TcpTarget() as another:
        pair = Targets([lab.link.address], {"service": "link"}), Targets([another.address], {"service": "another"})
        lab.prometheus.set_targets("links", *pair)
        wait_until(lambda: lab.prometheus.query('probe_success{service="another"}'), 10, "the new one is probed")
        lab.prometheus.set_targets("links", pair[0])
        wait_until(lambda: not lab.prometheus.query('probe_success{service="another"}'), 10, "it is gone again")
    lab.prometheus.set_rules(RULES.replace("probe_success == 0", "vector(1)").replace("Down", "Watchdog"))
    wait_until(lambda: lab.prometheus.firing(alertname="Watchdog"), 10, "the new rule fires", lab.prometheus)
    with pytest.raises(AssertionError, match=r"unclosed left parenthesis|unexpected"):
        lab.prometheus.set_rules(RULES.replace("probe_success == 0", "(("))
    lab.prometheus.set_rules(RULES)
    wait_until(lambda: not lab.prometheus.alerts(), 10, "the old rules are back")


def test_postgresql_keeps_a_commit_through_kill_9() -> None:
    begin = time.monotonic()
    with PostgreSQL() as server:
        took = time.monotonic() - begin
        with psycopg.connect(server.url) as connection:
            assert connection.info.dbname == "talaia"
        url = server.create_database("first")
        with psycopg.connect(url) as connection:
            connection.execute("create table word (text text)")
            connection.execute("insert into word values ('àgora')")
        with psycopg.connect(url) as cut:
            server.kill9()
            server.start()
            cut.close()
        lingering = psycopg.connect(url)
        assert lingering.execute("select text from word").fetchall() == [("àgora",)]
        server.drop_database("first")
        lingering.close()
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            psycopg.connect(url)
        folder = server.folder
    assert not folder.exists()
    assert took < 10


def test_nginx_serves_the_precompressed_file_with_one_worker(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("plain")
    (tmp_path / "index.html.gz").write_bytes(gzip.compress(b"compressed beforehand"))
    with Nginx(tmp_path) as server:
        answer = httpx.get(server.url, headers={"Accept-Encoding": "gzip"}, trust_env=False)
        assert (answer.text, answer.headers["content-encoding"]) == ("compressed beforehand", "gzip")
        assert httpx.get(server.url, headers={"Accept-Encoding": "identity"}, trust_env=False).text == "plain"
        worker = server.worker_pid()
        assert Path(f"/proc/{worker}/cmdline").read_text().startswith("nginx: worker process")
    assert not Path(f"/proc/{worker}").exists()


def test_a_certificate_ends_when_it_is_told_to() -> None:
    with TlsTarget(days=12) as target:
        trusting = target.certificate.client_context()
        assert httpx.get(target.url, verify=trusting, trust_env=False).text == "ok"
        with trusting.wrap_socket(
            socket.create_connection(("127.0.0.1", target.port)), server_hostname="localhost"
        ) as s:
            shown = s.getpeercert()
        assert shown
        assert shown["notAfter"] == f"{target.certificate.ends:%b %e %H:%M:%S %Y} GMT"
        target.renew(days=-1)
        with pytest.raises(httpx.ConnectError, match="certificate has expired"):
            httpx.get(target.url, verify=target.certificate.client_context(), trust_env=False)


def test_a_target_that_goes_down_cuts_its_connections_and_returns_on_its_port() -> None:
    with HttpTarget("one") as target, httpx.Client(trust_env=False) as client:
        assert client.post(target.url, content=b"{}").text == "one"
        assert (target.requests[-1].method, target.requests[-1].json()) == ("POST", {})
        target.down()
        with pytest.raises(httpx.TransportError):
            client.get(target.url)
        target.up()
        target.status, target.body = 418, "two"
        assert (client.get(target.url).status_code, client.get(target.url).text) == (418, "two")
    with TcpTarget(b"220 here\r\n") as link, socket.create_connection(("127.0.0.1", link.port)) as client_side:
        assert client_side.recv(100) == b"220 here\r\n"
        link.down()
        assert client_side.recv(100) == b""


def test_a_server_goes_elsewhere_when_its_port_is_taken_before_its_first_start(tmp_path: Path) -> None:
    server = Nginx(tmp_path)
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", taken := server.port))
        stranger.listen()
        with server:
            assert server.port != taken


def test_a_server_with_a_bad_configuration_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    server = Nginx(tmp_path, extra="nonsense on;")
    with pytest.raises(AssertionError, match='unknown directive "nonsense"'):
        server.start()
    assert not server.folder.exists()


def test_a_missing_program_names_its_package() -> None:
    with pytest.raises(AssertionError, match="apt install a-package"):
        find_program("no-such-program", "a-package")


def test_waiting_in_vain_shows_the_log(tmp_path: Path) -> None:
    with (
        Process(["sh", "-c", "echo 'cannot find my hat'; exec sleep 60"], tmp_path / "log") as process,
        pytest.raises(AssertionError, match=r"not within 0.3 s: the hat.*refused[^$]*sh, running:\ncannot find my hat"),
    ):
        wait_until(lambda: socket.create_connection(("127.0.0.1", free_port())), 0.3, "the hat", process)


def test_a_program_that_does_not_quit_is_killed_also_when_frozen(tmp_path: Path) -> None:
    stubborn = Process(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"], tmp_path / "log")
    wait_until(lambda: "ready" in stubborn.output(), 5, "it is ready", stubborn)
    stubborn.freeze()
    assert stubborn.stop(limit=0.3) == -signal.SIGKILL


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_however_the_run_ends(tmp_path: Path, end: signal.Signals) -> None:
    script = f"""
import signal, time
from pathlib import Path
from tests.servers.nginx import Nginx
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts us with & has it ignored
with Nginx(Path({str(tmp_path)!r})) as server:
    server.freeze()
    Path({str(tmp_path)!r}, "facts").write_text(f"{{server.process.pid}} {{server.worker_pid()}} {{server.folder}}\\n")
    time.sleep(60)
"""
    root = Path(__file__).parents[2]
    with Process([sys.executable, "-c", script], tmp_path / "log", folder=root) as run:
        facts = tmp_path / "facts"
        wait_until(lambda: facts.exists() and facts.read_text().endswith("\n"), 20, "nginx runs and is frozen", run)
        master, worker, folder = facts.read_text().split()
        assert is_alive(int(master))
        os.kill(run.pid, end)
        wait_until(lambda: not is_alive(int(master)) and not is_alive(int(worker)), 10, "nginx is gone", run)
        wait_until(lambda: not Path(folder).exists(), 10, "its folder is gone", run)


def test_two_runs_at_once_are_given_different_ports() -> None:
    script = "from tests.servers.process import *; print(*[free_port() for _ in range(300)]); input()"
    command = [sys.executable, "-c", script]
    root = Path(__file__).parents[2]
    pipe = subprocess.PIPE
    with (
        subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=root, text=True) as one,
        subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=root, text=True) as two,
    ):
        assert one.stdout and two.stdout
        assert not {*one.stdout.readline().split()} & {*two.stdout.readline().split()}
        one.communicate("\n")
        two.communicate("\n")
