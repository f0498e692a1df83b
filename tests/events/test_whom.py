"""Whom an event is for, as it was resolved, when services are added to it later."""

from __future__ import annotations

from dataclasses import replace

import pytest

from talaia.events.whom import ForWhom

LINKS = ForWhom(connections=("Port1",), areas=("El Port",), services=("links",))
WEB = ForWhom(connections=("Port2",), areas=("Gràcia",), services=("web",))


def test_whoever_is_behind_an_added_service_comes_to_it_and_nobody_goes() -> None:
    assert LINKS.grown(WEB) == ForWhom(False, ("Port1", "Port2"), ("El Port", "Gràcia"), ("links", "web"))


def test_what_the_configuration_says_otherwise_by_now_of_a_service_that_was_there_changes_nothing() -> None:
    moved = ForWhom(connections=("Port9",), areas=("Sants",), services=("links",))
    assert LINKS.grown(moved) == LINKS
    assert LINKS.grown(ForWhom()) == LINKS


def test_of_a_service_of_which_nobody_said_who_is_behind_it_nobody_else_hears() -> None:
    grown = LINKS.grown(ForWhom(unknown=("chat",)))
    assert grown == ForWhom(False, ("Port1",), ("El Port",), ("links",), ("chat",))
    # It is said later: they come, and it is unknown no more.
    assert grown.grown(ForWhom(areas=("Sants",), services=("chat",))) == ForWhom(
        False, ("Port1",), ("El Port", "Sants"), ("links", "chat"), ()
    )
    assert LINKS.grown(ForWhom(unknown=("links",))).unknown == ()


def test_what_was_unknown_first_stays_first() -> None:
    grown = ForWhom(unknown=("web", "chat")).grown(ForWhom(unknown=("audio", "chat")))
    assert grown.unknown == ("web", "chat", "audio")


def test_a_service_with_another_name_stands_in_the_place_of_its_old_one_and_once() -> None:
    whom = ForWhom(connections=("Port1",), services=("dns", "links", "web"), unknown=("chat", "mail"))
    assert whom.renamed("links", "lines") == replace(whom, services=("dns", "lines", "web"))
    assert whom.renamed("chat", "talk") == replace(whom, unknown=("talk", "mail"))
    assert whom.renamed("links", "dns") == replace(whom, services=("dns", "web"))
    assert whom.renamed("chat", "web") == replace(whom, unknown=("mail",))  # who is behind it is known
    assert whom.renamed("phone", "voice") == whom


@pytest.mark.parametrize("now", [ForWhom(everybody=True), ForWhom(everybody=True, services=("web",))])
def test_it_never_becomes_everybody_by_itself(now: ForWhom) -> None:
    assert not LINKS.grown(now).everybody


def test_everybody_stays_everybody() -> None:
    assert ForWhom(everybody=True).grown(WEB) == ForWhom(everybody=True)


def test_it_survives_being_stored() -> None:
    assert ForWhom.from_json(LINKS.to_json()) == LINKS
