"""An installation whose monitoring and clock the test holds in its hands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F

from talaia import config as configuration
from talaia.config import Config
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.models import Service, Transition
from talaia.signals import actions
from talaia.signals.models import SourceState
from talaia.signals.watch import SignalWatch
from tests.signals.monitoring import Monitoring

REFERENCES = [f"ref{n:02}" for n in range(1, 13)]
WEB = 'probe_success{talaia_service="web"}'
LINKS = 'probe_success{link!=""}'
CONFIG = f"""
[site]
name = "Cooperativa Exemple"
address = "https://status.example.org"

[[sources]]
id = "prometheus"
kind = "prometheus"
url = "http://prometheus.example.org"

[[sources]]
id = "alertmanager"
kind = "alertmanager"
url = "http://alertmanager.example.org"

[[sources]]
id = "told"
kind = "alertmanager"
stale_after = "1h"

[[sources]]
id = "direct"
kind = "prometheus-push"
stale_after = "3m"

[[sources]]
id = "zabbix"
kind = "push"
stale_after = "1h"

[[groups]]
id = "all"
name = "Tot"

[[services]]
slug = "web"
group = "all"
name = "Web"
alerts = [{{ match = 'component=~"web|matrix|website"' }}]
evidence = {{ source = "prometheus", query = '{WEB}' }}

[[services]]
slug = "links"
group = "all"
name = "Connexions"
evidence = {{ source = "prometheus", query = '{LINKS}' }}
reference = {{ label = "link", connections = [{", ".join(f'"{name}"' for name in REFERENCES)}] }}

[[services]]
slug = "wiki"
group = "all"
name = "Wiki"
evidence = {{ source = "told" }}

[[services]]
slug = "mail"
group = "all"
name = "Correu"
evidence = {{ source = "zabbix" }}
alerts = [{{ match = 'key="mail"' }}]

[[services]]
slug = "radio"
group = "all"
name = "Ràdio"
evidence = {{ source = "direct" }}
""" + "".join(f'\n[[connections]]\nid = "{name}"\nname = "{name}"\n' for name in REFERENCES)


@dataclass
class Lab:
    """Time passes only by `go`; `step` is one round of the watch."""

    config: Config
    monitoring: Monitoring
    watch: SignalWatch
    links: dict[str, float] = field(default_factory=lambda: dict.fromkeys(REFERENCES, 1.0))

    @property
    def now(self) -> datetime:
        return self.monitoring.now

    def step(self) -> None:
        self.monitoring.measure(LINKS, *[({"link": id}, value) for id, value in self.links.items()])
        self.watch.step(self.now)

    def go(self, seconds: float, every: float = 5) -> None:
        """Let time pass, a round of the watch every few seconds."""
        left = seconds
        while left > 0:
            self.monitoring.now += timedelta(seconds=min(every, left))
            left -= every
            self.step()

    def come_in(self, source: str, body: object) -> None:
        """A body arrives at a hook, and is taken up."""
        actions.store_webhook(source, body, self.now)
        self.step()

    def state(self, slug: str = "web") -> str:
        return str(Service.objects.get(pk=slug).state)

    def reason(self, slug: str = "web") -> dict[str, object]:
        return dict(Service.objects.get(pk=slug).reason)

    def seen(self, slug: str = "web") -> list[str]:
        """The states that were shown, in order."""
        rows = Transition.objects.filter(service=slug).exclude(from_state=F("to_state"))
        return list(rows.order_by("at", "id").values_list("to_state", flat=True))

    def notes(self, source: str) -> list[Mapping[str, object]]:
        return list(SourceState.objects.get(pk=source).notes)

    def restart(self) -> None:
        """Our process ends, and another begins."""
        self.watch.close()
        self.watch = SignalWatch(configuration.current, lambda: self.now, self.monitoring.transport)

    def down(self, *names: str) -> None:
        """These connections die: their probes fail and their alerts fire."""
        for name in names:
            self.links[name] = 0.0
            self.monitoring.fire(alertname="LinkDown", link=name)

    def up(self, *names: str) -> None:
        for name in names:
            self.links[name] = 1.0
            self.monitoring.calm(link=name)


@pytest.fixture
def lab(configure: Callable[[str], Config]) -> Lab:
    """Everything is measured and well; the holds are over."""
    config = configure(CONFIG)
    monitoring = Monitoring(datetime(2026, 5, 4, 1, 0, tzinfo=UTC))
    watch = SignalWatch(configuration.current, lambda: monitoring.now, monitoring.transport)
    list_services(headings(config), monitoring.now)
    monitoring.measure(WEB, ({"talaia_service": "web"}, 1.0))
    lab = Lab(config, monitoring, watch)
    lab.step()
    assert (lab.state("web"), lab.state("links")) == ("operational", "operational")
    return lab
