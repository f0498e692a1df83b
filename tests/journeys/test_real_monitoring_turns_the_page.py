"""Real Prometheus, Alertmanager and blackbox exporter watch real targets; what lies in the public folder follows.

No double stands anywhere in here. The states are read from the files on the disk, as a visitor's server would.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.product import Talaia
from tests.servers.alertmanager import Alertmanager
from tests.servers.blackbox import Blackbox
from tests.servers.process import wait_until
from tests.servers.prometheus import Prometheus, Targets
from tests.servers.server import Hook
from tests.servers.targets import HttpTarget, TcpTarget

pytestmark = pytest.mark.servers

RULES = """
groups:
  - name: panel
    rules:
      - alert: ServiceDown
        expr: probe_success{talaia_service!=""} == 0
        for: 2s
        labels: {talaia_impact: disruption}
      - alert: ConnectionDown
        expr: probe_success{talaia_connection!=""} == 0
        for: 2s
"""
STALE = 8  # seconds, as configured below
HOLD = 4

CONFIG = """
[site]
name = "Cooperativa Exemple"
address = "https://status.example.org"

[panel]
unstable_within = "0s"

[[sources]]
id = "prometheus"
kind = "prometheus"
url = "{prometheus}"
poll_every = "2s"
stale_after = "8s"
timeout = "2s"

[[sources]]
id = "alertmanager"
kind = "alertmanager"
url = "{alertmanager}"
poll_every = "2s"
stale_after = "8s"
timeout = "2s"

[[groups]]
id = "web"
name = "Web"

[[groups]]
id = "connectivity"
name = "Connectivitat"

[[services]]
slug = "website"
group = "web"
name = "Web"
hold_better = "4s"
evidence = {{ source = "prometheus", query = 'probe_success{{talaia_service="website"}}' }}

[[services]]
slug = "links"
group = "connectivity"
name = "Connexions"
hold_better = "4s"
hold_worse = "3s"
evidence = {{ source = "prometheus", query = 'probe_success{{talaia_connection!=""}}' }}
reference = {{ connections = [{references}] }}
"""
REFERENCES = [f"ref{n:02}" for n in range(1, 9)]
EXPERIMENTAL = ["exp01", "exp02"]


@dataclass
class Lab:
    web: HttpTarget
    links: dict[str, TcpTarget]
    blackbox: Blackbox
    alertmanager: Alertmanager
    prometheus: Prometheus
    talaia: Talaia

    def wait(self, seconds: float, what: str, **states: str) -> float:
        """Until the disk tells these states; how long it took."""
        begin = time.monotonic()
        programs = (self.talaia, self.prometheus, self.alertmanager)
        wait_until(lambda: states.items() <= self.talaia.states().items(), seconds, f"{what}: {states}", *programs)
        return time.monotonic() - begin

    def all_well(self) -> None:
        self.web.up()
        for link in self.links.values():
            link.up()
        self.wait(40, "all is well", website="operational", links="operational")

    def pages_since(self, moment: float) -> bool:
        """Whether the front was made from a judgement after `moment`: two polls have ended since."""
        return time.monotonic() - moment > 2 * 2 + 1


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home: Path = tmp_path_factory.mktemp("talaia")
    links = {name: TcpTarget() for name in REFERENCES + EXPERIMENTAL}
    talaia = Talaia(home, "[site]\nname = 'x'\naddress = 'http://127.0.0.1'\n")
    for link in links.values():
        link.up()
    try:
        with HttpTarget() as web, Blackbox() as blackbox:
            prober = blackbox.job("web"), blackbox.job("links", "tcp_connect")
            # The token is issued before Alertmanager, which needs it, is there.
            with Alertmanager() as first:
                names = ", ".join(f'"{name}"' for name in REFERENCES)
                connections = "".join(f'\n[[connections]]\nid = "{n}"\nname = "Enllaç {n}"\n' for n in REFERENCES)
                with Prometheus(list(prober), RULES, [first.hook]) as prometheus:
                    text = CONFIG.format(prometheus=prometheus.url, alertmanager=first.url, references=names)
                    (home / "talaia.toml").write_text(text + connections)
                    with talaia:
                        talaia.started()
                        token = talaia.run("token", "create", "alertmanager", "--quiet").strip()
                        first.webhooks.append(Hook(f"{talaia.address}/hooks/alertmanager/alertmanager", token))
                        first.restart()
                        prometheus.set_targets("web", Targets([web.url], {"talaia_service": "website"}))
                        groups = [Targets([t.address], {"talaia_connection": name}) for name, t in links.items()]
                        prometheus.set_targets("links", *groups)
                        yield Lab(web, links, blackbox, first, prometheus, talaia)
    finally:
        for link in links.values():
            link.close()


@pytest.fixture
def lab(running: Lab) -> Lab:
    running.all_well()
    return running


def test_a_target_that_dies_turns_the_page_and_its_return_turns_it_back_after_the_hold(lab: Lab) -> None:
    lab.web.down()
    lab.wait(15, "the web is down", website="disruption")
    page = lab.talaia.file("index.html")
    assert '<li class="disruption"' in page
    begin = time.monotonic()
    lab.web.up()
    lab.wait(25, "the web is back", website="operational")
    assert time.monotonic() - begin >= HOLD
    assert lab.talaia.states()["links"] == "operational"


def test_experimental_links_that_die_turn_nothing(lab: Lab) -> None:
    before = lab.talaia.transitions("links")
    for name in EXPERIMENTAL:
        lab.links[name].down()
    for name in EXPERIMENTAL:
        wait_until(lambda n=name: lab.prometheus.firing(talaia_connection=n), 15, f"{name} fires", lab.prometheus)  # type: ignore[misc]
    moment = time.monotonic()
    wait_until(lambda: lab.pages_since(moment), 10, "two more polls")
    assert lab.talaia.states()["links"] == "operational"
    assert lab.talaia.transitions("links") == before


@pytest.mark.parametrize(
    ("down", "state", "words"),
    [(1, "degraded", "1 de 8"), (2, "partial", "2 de 8"), (5, "disruption", "5 de 8")],
)
def test_reference_links_turn_the_page_by_their_share_and_the_page_says_how_many(
    lab: Lab, down: int, state: str, words: str
) -> None:
    seen = len(lab.talaia.transitions("links"))
    for name in REFERENCES[:down]:
        lab.links[name].down()
    lab.wait(25, f"{down} links are down", links=state)
    wait_until(lambda: words in lab.talaia.file("index.html"), 15, f"the page says {words}", lab.talaia)
    lab.all_well()
    # A moment at which only some of them had been seen to fall may show; health that was not there never.
    assert lab.talaia.transitions("links")[seen:].count("operational") == 1


def test_a_dead_exporter_is_unknown_and_never_operational(lab: Lab) -> None:
    lab.web.down()
    lab.wait(15, "the web is down", website="disruption")
    seen = len(lab.talaia.transitions("website"))
    lab.blackbox.kill9()
    try:
        lab.wait(20, "nothing is measured", website="unknown", links="unknown")
        assert lab.talaia.transitions("website")[seen:] == ["unknown"]
    finally:
        lab.blackbox.start()
    lab.wait(25, "the web is still down", website="disruption")
    assert "operational" not in lab.talaia.transitions("website")[seen:]


def test_a_prometheus_that_hangs_is_unknown_within_the_stale_limit(lab: Lab) -> None:
    lab.prometheus.freeze()
    try:
        took = lab.wait(STALE + 8, "Prometheus hangs", website="unknown", links="unknown")
        assert took <= STALE + 5
    finally:
        lab.prometheus.thaw()
    lab.wait(25, "Prometheus goes on", website="operational", links="operational")


def test_an_alertmanager_that_restarts_in_an_outage_changes_nothing(lab: Lab) -> None:
    lab.web.down()
    lab.wait(15, "the web is down", website="disruption")
    before = lab.talaia.transitions("website")
    lab.alertmanager.restart()
    lab.alertmanager.kill9()
    lab.alertmanager.start()
    moment = time.monotonic()
    wait_until(lambda: lab.pages_since(moment), 10, "two more polls")
    assert lab.talaia.states()["website"] == "disruption"
    assert lab.talaia.transitions("website") == before


def test_after_all_this_everything_is_operational_again(lab: Lab) -> None:
    assert lab.talaia.states() == {"website": "operational", "links": "operational"}
    assert lab.talaia.stop() == 0
    lab.talaia.start()
    lab.talaia.started()
    lab.all_well()
