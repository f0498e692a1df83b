"""What people paste into the desk is words: nothing in it acts on a page, in a terminal or in a mail."""

from __future__ import annotations

import pytest

from talaia.desk.analyses.forms import AnalysisForm
from talaia.desk.fields import TextField, TitleField

PASTED = "Error \x1b[31mgreu\x1b[0m \x1b]0;t\x07a\u202eb\u2066c \x9b2Jfi\u2028i nu\u0301vol"


@pytest.mark.parametrize("field", [TitleField(), TextField()])
def test_no_field_for_words_keeps_what_acts(field: TitleField | TextField) -> None:
    assert field.clean(PASTED) == "Error greu abc fi i n\u00favol"


def test_the_lines_of_a_text_stay() -> None:
    assert TextField().clean("a\r\n\r\n- b\rc\n\td") == "a\n\n- b\nc\n\td"
    assert TitleField().clean("a\nb\u00a0 c") == "a b c"


def test_an_analysis_too() -> None:
    form = AnalysisForm({"text": f"## Causa\r\n{PASTED}"}, language="ca")
    assert form.is_valid()
    assert form.cleaned_data["text"] == "## Causa\nError greu abc fi i n\u00favol"
