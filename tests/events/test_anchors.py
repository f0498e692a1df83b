"""Addresses inside texts: once published they hit something for ever, and the same thing while it is there."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from talaia.events.anchors import Anchors, carried, fresh
from talaia.events.blocks import MOST, blocks

WORDS = ["Cause", "What we changed", "A cable was cut", "The disk was full", "We called the provider", "Next"]
lines = some.tuples(some.sampled_from(["## ", "### ", "- ", "  - ", "1. ", "", "> - "]), some.sampled_from(WORDS))
texts = some.lists(lines, max_size=8).map(lambda found: "\n\n".join(mark + words for mark, words in found))
edits = some.lists(some.dictionaries(some.sampled_from(["ca", "es", "en"]), texts, min_size=1), min_size=1, max_size=7)


def own(anchors: Anchors, language: str) -> list[tuple[bool, str, int]]:
    """Heading or item, words and number of each part."""
    sheet = dict(anchors.sheets)[language]
    return [(spot.block.is_heading, spot.block.text, spot.number) for spot in sheet.spots]


def places(anchors: Anchors, language: str) -> list[int]:
    sheet = dict(anchors.sheets)[language]
    return [*(spot.number for spot in sheet.spots), *(guest.number for guest in sheet.guests())]


def number(anchors: Anchors, words: str, language: str = "ca") -> int:
    return next(found for _, text, found in own(anchors, language) if text == words)


def hit(anchors: Anchors, wanted: int, language: str = "ca") -> str:
    """The words of the part at which a number leads; "" for the beginning."""
    for spot in dict(anchors.sheets)[language].spots:
        if wanted in (spot.number, *(guest.number for guest in spot.guests)):
            return spot.block.text
    return ""


@settings(max_examples=300, deadline=None)
@given(edits)
@pytest.mark.slow
def test_after_any_edits_every_address_ever_given_leads_somewhere_in_every_language(
    history: list[dict[str, str]],
) -> None:
    anchors = Anchors()
    for said in history:
        before, anchors = anchors, Anchors.from_json(carried(anchors, said, "ca").to_json())
        assert anchors.last >= before.last
        for language, text in said.items():
            assert Counter(places(anchors, language)) == Counter(range(1, anchors.last + 1))
            assert [(b.is_heading, b.text) for b in blocks(text)] == [found[:2] for found in own(anchors, language)]


@settings(max_examples=300, deadline=None)
@given(edits)
@pytest.mark.slow
def test_after_any_edits_what_is_unchanged_keeps_its_address(history: list[dict[str, str]]) -> None:
    anchors = Anchors()
    for said in history:
        before, anchors = anchors, carried(anchors, said, "ca")
        for language in dict(before.sheets).keys() & said.keys():
            then, now = own(before, language), own(anchors, language)
            for part in {found[:2] for found in then}:
                was = {found[2] for found in then if found[:2] == part}
                is_now = {found[2] for found in now if found[:2] == part}
                assert len(was & is_now) == min(len(was), len(is_now))


@settings(max_examples=300, deadline=None)
@given(edits)
@pytest.mark.slow
def test_after_any_edits_an_address_leads_to_the_words_that_it_was_given_for_wherever_they_stand(
    history: list[dict[str, str]],
) -> None:
    anchors, given_for = Anchors(), dict[tuple[str, int], tuple[bool, str]]()
    for said in history:
        anchors = carried(anchors, said, "ca")
        gone = [key for key in given_for if key[0] not in said]  # a language that was taken away is begun anew
        for key in gone:
            del given_for[key]
        for language in said:
            there = own(anchors, language)
            given_for |= {(language, found): (heading, words) for heading, words, found in there}
            parts = {found[:2] for found in there}
            for (spoken, found), (heading, words) in given_for.items():
                if spoken == language and (heading, words) in parts:
                    assert hit(anchors, found, language) == words


@settings(max_examples=200, deadline=None)
@given(edits)
@pytest.mark.slow
def test_the_same_text_again_changes_nothing(history: list[dict[str, str]]) -> None:
    anchors = Anchors()
    for said in history:
        anchors = carried(anchors, said, "ca")
        assert carried(anchors, said, "ca") == anchors


BEFORE = "## Cause\n\n- a cable was cut\n- nobody noticed\n\n## What we changed\n\n- a second path"


@pytest.mark.parametrize(
    ("after", "words", "leads_to"),
    [
        (BEFORE.replace("## Cause", "## Why it happened"), "Cause", "Why it happened"),
        (BEFORE.replace("a cable was cut", "a fibre cable was cut"), "a cable was cut", "a fibre cable was cut"),
        (BEFORE.replace("## Cause", "## Summary\n\n- it was down\n\n## Cause"), "Cause", "Cause"),
        (BEFORE.replace("- nobody noticed\n", ""), "nobody noticed", "a cable was cut"),
        (BEFORE.replace("## Cause\n\n", ""), "Cause", "a cable was cut"),
        (
            "## What we changed\n\n- a second path\n\n## Cause\n\n- a cable was cut",
            "a cable was cut",
            "a cable was cut",
        ),
        ("Just a sentence.", "a second path", ""),
        (BEFORE.replace("## What", "#### What"), "What we changed", "What we changed"),
    ],
    ids=["retitled", "corrected", "inserted", "removed", "first removed", "moved", "all gone", "another level"],
)
def test_where_an_old_address_leads_after_an_edit(after: str, words: str, leads_to: str) -> None:
    anchors = fresh({"ca": BEFORE}, "ca")
    edited = carried(anchors, {"ca": after}, "ca")
    assert hit(edited, number(anchors, words)) == leads_to


def test_what_comes_back_gets_its_address_back() -> None:
    anchors = fresh({"ca": BEFORE}, "ca")
    without = carried(anchors, {"ca": "## Cause\n\n- a cable was cut\n\n## What we changed\n\n- a second path"}, "ca")
    assert own(carried(without, {"ca": BEFORE}, "ca"), "ca") == own(anchors, "ca")


def test_a_translation_of_the_same_shape_has_the_same_addresses_and_another_shape_shares_what_it_can() -> None:
    alike = "## Causa\n\n- un cable tallat\n- ningú no ho va veure\n\n## Què hem canviat\n\n- un segon camí"
    anchors = fresh({"en": BEFORE, "ca": alike}, "en")
    assert [n for *_, n in own(anchors, "ca")] == [n for *_, n in own(anchors, "en")] == [1, 2, 3, 4, 5]
    shorter = "## Causa\n\n- un cable tallat\n\n## Què hem canviat\n\n- un segon camí"
    anchors = fresh({"en": BEFORE, "es": shorter}, "en")
    assert [n for *_, n in own(anchors, "es")] == [1, 6, 4, 5]
    assert hit(anchors, 3, "es") == "Causa"


def test_a_translation_that_follows_an_edit_shares_the_new_part() -> None:
    anchors = fresh({"ca": "## Causa", "en": "## Cause"}, "ca")
    anchors = carried(anchors, {"ca": "## Causa\n\n## Què queda", "en": "## Cause"}, "ca")
    assert hit(anchors, 2, "en") == "Cause"
    anchors = carried(anchors, {"ca": "## Causa\n\n## Què queda", "en": "## Cause\n\n## What remains"}, "ca")
    assert number(anchors, "What remains", "en") == 2


def test_the_parts_of_a_text_are_found_in_their_order_and_have_an_end() -> None:
    text = "# A *b*\n\n- one\n  more\n  - inner\n\n    ## in it\n- two\n\n> 1. quoted\n\n| - no |\n|---|\n| # no |"
    assert [(b.kind, b.text) for b in blocks(text)] == [
        ("h1", "A *b*"),
        ("i1", "one more"),
        ("i2", "inner"),
        ("h2", "in it"),
        ("i1", "two"),
        ("i1", "quoted"),
    ]
    assert len(blocks("- x\n" * 9000)) == MOST
    assert blocks("- x\n" * 16_000) == ()
