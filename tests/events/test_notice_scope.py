"""Whom an event is for, as it was resolved, when services are added to it later."""

from __future__ import annotations

from dataclasses import replace

import pytest

from talaia.events.notice_scope import NoticeScope

LINKS = NoticeScope(connections=("Port1",), areas=("El Port",), services=("links",))
WEB = NoticeScope(connections=("Port2",), areas=("Gràcia",), services=("web",))


def test_whoever_is_behind_an_added_service_comes_to_it_and_nobody_goes() -> None:
    assert LINKS.grown(WEB) == NoticeScope(False, ("Port1", "Port2"), ("El Port", "Gràcia"), ("links", "web"))


def test_what_the_configuration_says_otherwise_by_now_of_a_service_that_was_there_changes_nothing() -> None:
    moved = NoticeScope(connections=("Port9",), areas=("Sants",), services=("links",))
    assert LINKS.grown(moved) == LINKS
    assert LINKS.grown(NoticeScope()) == LINKS


def test_of_a_service_of_which_nobody_said_who_is_behind_it_nobody_else_hears() -> None:
    grown = LINKS.grown(NoticeScope(unknown=("chat",)))
    assert grown == NoticeScope(False, ("Port1",), ("El Port",), ("links",), ("chat",))
    # It is said later: they come, and it is unknown no more.
    assert grown.grown(NoticeScope(areas=("Sants",), services=("chat",))) == NoticeScope(
        False, ("Port1",), ("El Port", "Sants"), ("links", "chat"), ()
    )
    assert LINKS.grown(NoticeScope(unknown=("links",))).unknown == ()


def test_what_was_unknown_first_stays_first() -> None:
    grown = NoticeScope(unknown=("web", "chat")).grown(NoticeScope(unknown=("audio", "chat")))
    assert grown.unknown == ("web", "chat", "audio")


def test_a_service_with_another_name_stands_in_the_place_of_its_old_one_and_once() -> None:
    whom = NoticeScope(connections=("Port1",), services=("dns", "links", "web"), unknown=("chat", "mail"))
    assert whom.renamed("links", "lines") == replace(whom, services=("dns", "lines", "web"))
    assert whom.renamed("chat", "talk") == replace(whom, unknown=("talk", "mail"))
    assert whom.renamed("links", "dns") == replace(whom, services=("dns", "web"))
    assert whom.renamed("chat", "web") == replace(whom, unknown=("mail",))  # who is behind it is known
    assert whom.renamed("phone", "voice") == whom


@pytest.mark.parametrize("now", [NoticeScope(everybody=True), NoticeScope(everybody=True, services=("web",))])
def test_it_never_becomes_everybody_by_itself(now: NoticeScope) -> None:
    assert not LINKS.grown(now).everybody


def test_everybody_stays_everybody() -> None:
    assert NoticeScope(everybody=True).grown(WEB) == NoticeScope(everybody=True)


def test_it_survives_being_stored() -> None:
    assert NoticeScope.from_json(LINKS.to_json()) == LINKS
