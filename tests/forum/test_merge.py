"""Three versions into one: what one side changed is that side's, and nothing of anybody's is lost."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from talaia.forum.merge import advanced, body, changed, merged, nearest, sections
from talaia.forum.post import document
from tests.forum.stories import HOUSE, STORY, entry

BASE = document(STORY, HOUSE).text
OURS = document(replace(STORY, entries=(*STORY.entries, entry(4, "resolved", "Una postdata."))), HOUSE).text


def test_what_only_we_changed_is_ours_and_what_only_they_changed_is_theirs() -> None:
    theirs = BASE.replace("carrer Major", "carrer Gran")
    found = merged(BASE, OURS, theirs)
    assert found.theirs == ("u2",)
    assert found.both == ()
    assert "carrer Gran" in found.text
    assert "Una postdata." in found.text
    assert found.base == OURS
    assert list(sections(found.text)) == list(sections(OURS))


def test_what_both_changed_stays_theirs_until_somebody_decides() -> None:
    theirs = BASE.replace("carrer Major", "carrer Gran")
    ours = BASE.replace("carrer Major", "carrer Nou")
    found = merged(BASE, ours, theirs)
    assert (found.theirs, found.both) == (("u2",), ("u2",))
    assert "carrer Gran" in found.text
    assert "carrer Nou" not in found.text


def test_the_next_merge_knows_what_was_merged_before() -> None:
    theirs = BASE.replace("carrer Major", "carrer Gran")
    first = merged(BASE, OURS, theirs)
    more = OURS.replace("Una postdata.", "Una postdata més llarga.")
    second = merged(first.base, more, first.text)
    assert second.theirs == ("u2",)
    assert "més llarga" in second.text
    assert "carrer Gran" in second.text


def test_a_section_that_they_added_or_took_away_is_theirs() -> None:
    added = BASE.replace("## Anàlisi", "## Fotografies\n\nuna\n\n## Anàlisi")
    assert changed(BASE, added) == ("fotografies",)
    found = merged(BASE, OURS, added)
    assert found.text.index("Una postdata") < found.text.index("## Fotografies") or "## Fotografies" in found.text
    gone = BASE.replace(sections(BASE)["u2"] + "\n\n", "")
    assert changed(BASE, gone) == ("u2",)
    assert "carrer Major" not in merged(BASE, OURS, gone).text


def test_who_corrects_one_fact_of_a_list_does_not_keep_the_others_as_they_were() -> None:
    base = "## Summary\n\n- **State:** Investigating\n- **Began:** 3 October, 10:55"
    ours = "## Summary\n\n- **State:** Resolved\n- **Began:** 3 October, 10:55\n- **Ended:** 3 October, 11:00"
    theirs = base.replace("10:55", "10:30")
    found = merged(base, ours, theirs)
    assert found.text == ours.replace("10:55", "10:30")
    assert (found.base, found.theirs) == (ours, ("summary",))
    again = merged(found.base, ours.replace("11:00", "11:05"), found.text)
    assert again.text == ours.replace("10:55", "10:30").replace("11:00", "11:05")
    # Killed before we could say that we had written it: what they changed is still to be decided.
    assert advanced(base, theirs, found.text) == ours
    assert merged(base, ours, base.replace("Investigating", "Sorting it out")).text == ours.replace(
        "Resolved", "Sorting it out"
    )


def test_the_heading_of_an_entry_may_be_written_otherwise() -> None:
    theirs = BASE.replace("### [Causa identificada] 3 d’octubre del 2026, 04:52", "### A les cinc menys deu")
    assert changed(BASE, theirs) == ("u2",)
    assert body(sections(theirs)["u2"]) == "Han tallat un cable al carrer Major."


def test_the_text_from_which_theirs_was_made_is_told() -> None:
    theirs = OURS.replace("carrer Major", "carrer Gran")
    assert nearest((BASE, OURS), theirs) == OURS


WORDS = st.sampled_from(["", "un", "dos", "un\n\ndos", "tres\n"])
PARTS = st.lists(
    st.tuples(st.sampled_from(["", "## a", "## b", "### c", "## d"]), WORDS), unique_by=lambda part: part[0]
)
ANY = PARTS.map(
    lambda parts: "\n\n".join(
        f"{name}\n\n{words}".strip() for name, words in sorted(parts, key=lambda part: bool(part[0])) if name or words
    )
)


@given(ANY, ANY, ANY)
@settings(max_examples=500, deadline=None)
def test_any_three_texts_have_one_that_loses_nothing(base: str, ours: str, theirs: str) -> None:
    assert merged(base, ours, base).text == ours
    assert merged(base, base, theirs).text == theirs
    found = merged(base, ours, theirs)
    before, mine, there, after = map(sections, (base, ours, theirs, found.text))
    for name in {*before, *mine, *there}:
        one, other, they = before.get(name, ""), mine.get(name, ""), there.get(name, "")
        assert after.get(name, "") == (other if they == one else they), name


@given(ANY, ANY, ANY, ANY)
@settings(max_examples=300, deadline=None)
def test_what_is_left_to_decide_is_the_same_after_a_merge(base: str, ours: str, theirs: str, more: str) -> None:
    first = merged(base, ours, theirs)
    second = merged(first.base, more, first.text)
    there = sections(second.text)
    for name in first.theirs:
        if sections(more).get(name) != sections(theirs).get(name):
            assert there.get(name, "") == sections(theirs).get(name, "")
