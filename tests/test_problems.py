"""Problems, and the spans of the source that they refer to."""

import pytest

from webhook.problems import Problem, Span

LINES = ["plain", "🦙 and 🦙: x", ""]
COLUMNS = {
    "only two-byte characters": (Span(1, 2, 1, 4), Span(1, 2, 1, 4)),
    "before any surrogate pair": (Span(2, 1, 2, 2), Span(2, 1, 2, 3)),
    "after two surrogate pairs": (Span(2, 8, 2, 9), Span(2, 10, 2, 11)),
    "over two lines": (Span(1, 1, 2, 9), Span(1, 1, 2, 11)),
    "at the end of a line": (Span(2, 11), Span(2, 13)),
    "past the last line": (Span(3, 1, 4, 1), Span(3, 1, 4, 1)),
    "unknown": (Span(), Span()),
    "without an end": (Span(2, 3), Span(2, 4)),
}


@pytest.mark.parametrize(("span", "expected"), COLUMNS.values(), ids=COLUMNS)
def test_columns_can_be_counted_in_utf_16_code_units(span, expected):
    assert span.in_utf16(LINES) == expected


AS_TEXT = {
    "everything": (
        Problem("code", "error", "a.yaml", "x.y", 3, 7, "wrong", "fix it", 3, 9),
        "a.yaml:3:7: x.y: wrong; fix it",
    ),
    "no place": (Problem("code", "info", "a.yaml", "x", 0, 0, "wrong"), "a.yaml: x: wrong"),
    "the whole file": (Problem("code", "error", "a.yaml", "", 1, 1, "wrong"), "a.yaml:1:1: wrong"),
}


@pytest.mark.parametrize(("problem", "text"), AS_TEXT.values(), ids=AS_TEXT)
def test_a_problem_as_text_leaves_out_what_is_unknown(problem, text):
    assert str(problem) == text


def test_a_problem_has_its_span():
    assert Problem("code", "error", "a.yaml", "", 1, 2, "wrong", "", 3, 4).span == Span(1, 2, 3, 4)
