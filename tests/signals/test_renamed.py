"""A service that is renamed while we watch: no gap, no false news, and no green that nobody looks after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from talaia.commands.renaming import rename
from talaia.config import Config, current
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.models import Service, Transition
from talaia.panel.monitoring_gaps import RESTART
from talaia.panel.renaming import names
from talaia.signals.actions import signal_key
from talaia.signals.models import Evidence, Signal
from talaia.signals.renaming.actions import take_along
from talaia.signals.watch import SignalWatch
from tests.signals.conftest import CONFIG, WEB, Lab
from tests.signals.test_watch import CHECKED, Probes, checked, rounds

__all__ = ["checked"]
pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
Configure = Callable[[str], Config]
RENAMED = CONFIG.replace('slug = "web"', 'slug = "portal"')


def told(lab: Lab, slug: str = "portal") -> None:
    """The monitoring goes on measuring the same."""
    lab.monitoring.measure(WEB, ({"talaia_service": "web"}, 1.0))
    lab.go(10)


def test_before_the_reload_nothing_is_seen_of_it(lab: Lab, configure: Configure) -> None:
    before = lab.config
    new = configure(RENAMED)
    configure(CONFIG)  # what the watch has in memory
    rename(new, "web", "portal", "anna", lab.now)
    told(lab)
    told(lab)
    assert (lab.state("portal"), lab.seen("portal")) == ("operational", ["operational"])
    assert not Service.objects.filter(pk="web").exists()
    lab.config = configure(RENAMED)
    lab.step()
    told(lab)
    assert (lab.state("portal"), lab.seen("portal")) == ("operational", ["operational"])
    assert before is not lab.config


def test_after_the_reload_the_seconds_without_a_judgement_are_no_hole(lab: Lab, configure: Configure) -> None:
    lab.config = configure(RENAMED)
    list_services(headings(lab.config), lab.now)
    told(lab)
    assert lab.seen("portal") == ["operational"]
    since = Service.objects.get(pk="web").since
    rename(lab.config, "web", "portal", "anna", lab.now)
    told(lab)
    assert lab.seen("portal") == ["operational"]
    assert Service.objects.get(pk="portal").since == since


def test_renamed_long_after_the_reload_it_is_as_it_is_since_before_that(lab: Lab, configure: Configure) -> None:
    lab.config = configure(RENAMED)
    list_services(headings(lab.config), lab.now)
    before = Service.objects.get(pk="web")
    for _ in range(20):
        told(lab)
    assert lab.now - Service.objects.get(pk="portal").since > RESTART
    rename(lab.config, "web", "portal", "anna", lab.now)
    after = Service.objects.get(pk="portal")
    assert (after.state, after.since, after.computed_since) == (before.state, before.since, before.computed_since)
    assert not Transition.objects.filter(service="portal", at__gt=before.since).exists()


def test_where_nobody_reloads_it_is_unknown_after_three_minutes_since_it_was_renamed(
    lab: Lab, configure: Configure
) -> None:
    new = configure(RENAMED)
    configure(CONFIG)
    renamed_at = lab.now
    seen_since = Service.objects.get(pk="web").computed_since
    rename(new, "web", "portal", "anna", renamed_at)
    assert seen_since and Service.objects.get(pk="portal").computed_since == seen_since
    lab.go(RESTART.total_seconds())
    assert lab.state("portal") == "operational"
    lab.go(10)
    row = Service.objects.get(pk="portal")
    assert (row.state, row.reason["code"], row.since) == ("unknown", "not_running", renamed_at)
    assert Transition.objects.filter(service="portal").count() == 2
    assert lab.state("links") == "operational"
    lab.config = configure(RENAMED)
    list_services(headings(lab.config), lab.now)
    told(lab)
    told(lab)
    assert lab.state("portal") == "operational"


def test_trouble_goes_on_under_the_new_name(lab: Lab, configure: Configure) -> None:
    lab.monitoring.fire(alertname="Down", component="web")
    lab.go(35)
    assert lab.state("web") == "disruption"
    row = Service.objects.get(pk="web")
    lab.config = configure(RENAMED)
    list_services(headings(lab.config), lab.now)
    told(lab)
    rename(current(), "web", "portal", "anna", lab.now)
    told(lab)
    today = Service.objects.get(pk="portal")
    assert (today.state, today.since, today.trouble_since) == ("disruption", row.since, row.trouble_since)
    assert today.computed_since == row.computed_since
    assert lab.seen("portal") == ["operational", "disruption"]


@pytest.mark.parametrize("lasts", [True, False], ids=["it lasts", "it ended meanwhile"])
def test_renamed_long_after_the_reload_trouble_is_what_it_was_before_and_has_become_since(
    lab: Lab, configure: Configure, lasts: bool
) -> None:
    lab.monitoring.fire(alertname="Down", component="web")
    lab.go(35)
    row = Service.objects.get(pk="web")
    assert row.trouble_since is not None
    if not lasts:
        lab.monitoring.calm(alertname="Down", component="web")
    lab.config = configure(RENAMED)
    list_services(headings(lab.config), lab.now)
    for _ in range(20):
        told(lab)
    rename(lab.config, "web", "portal", "anna", lab.now)
    assert [names.today(slug) for slug in ("web", "portal", "wiki")] == ["portal", "portal", "wiki"]
    assert [names.all_today([slug]) for slug in ("web", "wiki")] == [{"web", "portal"}, {"wiki"}]
    after = Service.objects.get(pk="portal")
    seen = ["operational", "disruption"]
    assert lab.seen("portal") == (seen if lasts else [*seen, "operational"])
    moves = list(Transition.objects.filter(service="portal").order_by("at", "pk").values_list("from_state", "to_state"))
    assert all(one[1] == two[0] for one, two in pairwise(moves))
    if lasts:
        assert (after.trouble_since, after.since) == (row.trouble_since, row.since)
    else:
        assert (after.trouble_since, after.state) == (None, "operational") and after.since > row.since


@pytest.mark.parametrize("well", [True, False], ids=["well", "in trouble"])
def test_what_checks_found_is_found_of_the_new_name(
    checked: tuple[Probes, SignalWatch], configure: Configure, well: bool
) -> None:
    probes, eye = checked
    probes.found["front"] = (well, False)
    state = rounds(probes, eye, 3)[0]
    assert state == ("operational" if well else "disruption")
    new = configure(CHECKED.replace('"site"', '"portal"'))
    configure(CHECKED)
    rename(new, "site", "portal", "anna", probes.now)
    eye.step(probes.now + timedelta(seconds=1))  # by the old name, once more
    configure(CHECKED.replace('"site"', '"portal"'))
    for second in range(2, 90, 5):
        eye.step(probes.now + timedelta(seconds=second))
        assert Service.objects.get(pk="portal").state == state, second
    assert Transition.objects.filter(service="portal").order_by("-at").first().to_state == state  # type: ignore[union-attr]
    assert set(Evidence.objects.values_list("service", flat=True)) == {"portal"}
    live = Signal.objects.exclude(state=Signal.RESOLVED)
    assert [signal.labels["talaia_service"] for signal in live] == ([] if well else ["portal"])


def test_what_was_measured_of_the_old_name_is_so_of_the_new_one_and_what_is_known_of_that_goes_before() -> None:
    measured = [
        ("checks", "web", "", 1.0),
        ("checks", "web", "north", 2.0),
        ("checks", "portal", "north", 3.0),
        ("prometheus", "web", "north", 4.0),
        ("checks", "wiki", "", 5.0),
    ]
    for source, slug, link, value in measured:
        Evidence.objects.create(source=source, service=slug, connection=link, value=value, age=0, read_at=NOW)
    take_along({"web": "portal"})
    assert set(Evidence.objects.values_list("source", "service", "connection", "value")) == {
        ("checks", "portal", "", 1.0),
        ("checks", "portal", "north", 3.0),
        ("prometheus", "portal", "north", 4.0),
        ("checks", "wiki", "", 5.0),
    }


def tell(check: str, slug: str, state: str, source: str = "checks", words: str = "") -> None:
    labels = {"alertname": "CheckFailed", "check": check, "talaia_service": slug}
    fields = {"labels": labels, "annotations": {"summary": words}, "starts_at": NOW, "last_seen": NOW}
    Signal.objects.create(source=source, key=signal_key(labels, ()), state=state, **fields)


def test_what_a_check_says_fires_under_the_new_name_before_it_is_measured_again() -> None:
    """Else a service in trouble would be well for as long as its check takes until it fails again."""
    tell("a", "web", Signal.FIRING, words="goes over")
    tell("a", "portal", Signal.FIRING, source="told", words="is of another source")
    tell("b", "web", Signal.FIRING, words="goes over what has ended")
    tell("b", "portal", Signal.RESOLVED)
    tell("c", "web", Signal.FIRING, words="stays behind")
    tell("c", "portal", Signal.FIRING, words="is known")
    tell("d", "web", Signal.RESOLVED, words="is over")
    tell("e", "wiki", Signal.FIRING, words="is another")
    tell("f", "web", Signal.FIRING, source="told", words="is no check")
    Signal.objects.create(source="checks", key="of all", labels={}, annotations={}, starts_at=NOW, last_seen=NOW)
    take_along({"web": "portal"})
    rows = [row for row in Signal.objects.all() if row.labels]
    assert {
        (row.labels["check"], row.labels["talaia_service"], row.state, row.annotations["summary"]) for row in rows
    } == {
        ("a", "portal", "firing", "goes over"),
        ("a", "portal", "firing", "is of another source"),
        ("b", "portal", "firing", "goes over what has ended"),
        ("c", "web", "firing", "stays behind"),
        ("c", "portal", "firing", "is known"),
        ("d", "web", "resolved", "is over"),
        ("e", "wiki", "firing", "is another"),
        ("f", "web", "firing", "is no check"),
    }
    assert all(row.key == signal_key(row.labels, ()) for row in rows), "its check finds it again"
