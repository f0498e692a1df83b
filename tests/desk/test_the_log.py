"""The log of what people did: every kind of fact has its sentence, and each sentence is whole."""

from __future__ import annotations

import pytest
from django.utils import translation

from talaia.desk.audit.sentences import SENTENCES, sentence
from talaia.reactions import REACTIONS


def test_every_kind_of_fact_has_its_sentence_and_no_sentence_is_for_nothing() -> None:
    assert SENTENCES.keys() == REACTIONS.keys()


@pytest.mark.parametrize("language", ["ca", "es", "en"])
@pytest.mark.parametrize("kind", sorted(SENTENCES))
def test_a_sentence_stands_without_the_details_that_a_fact_may_lack(kind: str, language: str) -> None:
    with translation.override(language):
        said = sentence(kind, "incident/2026-003", {})
        assert said and "%(" not in said
        if language != "en":
            with translation.override("en"):
                assert sentence(kind, "incident/2026-003", {}) != said


def test_a_kind_of_another_version_is_told_by_its_name() -> None:
    assert sentence("moon.landed", "moon/1", {}) == "moon.landed (moon/1)"
