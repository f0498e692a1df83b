"""What several sources tell of one alert, as one signal: who decides whether it fires, and whether it is silenced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from talaia.config.source_kinds import KINDS
from talaia.signals.inputs import SourceView, ToldAlert, merged

NOW = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
STALE = timedelta(seconds=90)
POLLED = NOW - timedelta(seconds=10)
LABELS = {"alertname": "Down", "instance": "a"}
SOURCES = {
    "p": SourceView("p", POLLED, STALE, KINDS["prometheus"]),
    "a": SourceView("a", POLLED, STALE, KINDS["alertmanager"]),
    "told": SourceView("told", POLLED, STALE, KINDS["alertmanager"], asked=False),
}
SILENT = {**SOURCES, "p": SourceView("p", NOW - STALE * 2, STALE, KINDS["prometheus"])}
AWAY = {**SOURCES, "a": SourceView("a", NOW - STALE * 2, STALE, KINDS["alertmanager"])}


def p(over: bool = False) -> ToldAlert:
    return ToldAlert("p", LABELS, over=over)


def a(over: bool = False, silenced: bool = False, rang: datetime | None = None) -> ToldAlert:
    return ToldAlert("a", {**LABELS, "cluster": "lab", "replica": "1"}, over=over, silenced=silenced, told_at=rang)


@pytest.mark.parametrize(
    ("told", "sources", "said"),
    [
        ([p()], SOURCES, "fires"),
        ([p(over=True)], SOURCES, "over"),
        ([a()], SOURCES, "fires"),  # of a Prometheus that we do not ask
        ([p(), a()], SOURCES, "fires"),
        ([p(over=True), a()], SOURCES, "over"),  # Alertmanager lags behind
        ([p(over=True), a()], AWAY, "over"),  # and when it is down, it lags for long
        ([p(over=True), a()], SILENT, "fires"),  # Prometheus is: its last word decides nothing
        ([p(), a(over=True)], SOURCES, "fires"),
        ([p(), a(silenced=True)], SOURCES, "silenced"),
        ([p(), a(silenced=True)], AWAY, "silenced"),  # the last that is known
        ([p(over=True), a(silenced=True)], SOURCES, "over"),
        ([p(over=True), a(rang=NOW)], SOURCES, "fires"),  # the bell rang after we asked
        ([p(over=True), a(rang=POLLED)], SOURCES, "over"),
        ([p(over=True), a(rang=POLLED - STALE)], SOURCES, "over"),
        ([a(silenced=True), ToldAlert("told", LABELS)], SOURCES, "silenced"),
        ([ToldAlert("told", LABELS, held=True)], SOURCES, "held"),
        ([ToldAlert("told", LABELS, held=True), p()], SOURCES, "fires"),
        ([ToldAlert("told", LABELS, held=True), p(over=True)], SOURCES, "over"),
        ([ToldAlert("gone", LABELS)], SOURCES, "fires"),
    ],
)
def test_who_decides(told: list[ToldAlert], sources: dict[str, SourceView], said: str) -> None:
    for order in (told, told[::-1]):
        found = merged(order, {"a": ("cluster", "replica")}, sources, NOW)
        assert len(found) <= 1
        signal = found[0] if found else None
        words = "over" if signal is None else "silenced" if signal.silenced else "held" if signal.held else "fires"
        assert words == said


def test_a_signal_knows_all_who_tell_of_it_and_keeps_their_words() -> None:
    ours = ToldAlert("p", LABELS, {"summary": "s"})
    theirs = ToldAlert("a", {**LABELS, "cluster": "lab"}, {"talaia_summary": "El web no respon"})
    (signal,) = merged([ours, theirs], {"a": ("cluster",)}, SOURCES, NOW)
    assert set(signal.sources) == {"p", "a"}
    assert signal.annotations == {"summary": "s", "talaia_summary": "El web no respon"}


def test_a_label_that_no_source_ignores_makes_another_alert() -> None:
    assert len(merged([p(), a()], {}, SOURCES, NOW)) == 2
