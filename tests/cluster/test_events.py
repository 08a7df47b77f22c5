"""Bytes to events and pages; what no API server sends is not taken for one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cluster.apiserver import config_map, config_map_list, event
from webhook.cluster import events


@given(st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1)), st.data())
def test_lines_are_the_same_however_they_are_cut(texts, data):
    whole = "".join(f"{text}\n" for text in texts).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=10)))
    lines, cutter = [], events.Lines()
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        lines += cutter.feed(whole[start:end])
    assert lines == [text.encode() for text in texts if text.encode().strip()]


def test_half_a_line_is_none():
    assert events.Lines().feed(b'{"type": "ADD') == []


@pytest.mark.parametrize("chunks", [[b"x" * 11], [b"x" * 6, b"x" * 5], [b"ok\n" + b"x" * 11 + b"\n"]])
def test_a_line_that_is_too_long_is_refused_before_it_is_whole(chunks):
    cutter = events.Lines(largest=10)
    for chunk in chunks[:-1]:
        cutter.feed(chunk)
    with pytest.raises(events.Malformed, match="more than 10 bytes"):
        cutter.feed(chunks[-1])


@pytest.mark.parametrize(
    ("kind", "expected"), [("ADDED", "put"), ("MODIFIED", "put"), ("DELETED", "deleted"), ("BOOKMARK", "bookmark")]
)
def test_an_event_says_what_happened_and_where_to_go_on(kind, expected):
    parsed = events.parse(event(kind, config_map("text", 7)))
    assert (parsed.kind, parsed.version, parsed.object) == (expected, "7", config_map("text", 7))


def test_an_error_needs_no_version():
    assert events.parse(event("ERROR", {"code": 410})) == events.Event("error", {"code": 410}, "")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"<html>", "not JSON"),
        (b'{"type": "ADDED", "object": {"metadata"', "not JSON"),
        (b'{"type": "ADDED", "object": {"x": "\xff"}}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "without type and object"),
        (b'{"type": "ADDED", "object": []}', "without type and object"),
        (b'{"type": 3, "object": {}}', "without type and object"),
        (event("SYNCED", config_map("text", 7)), "unknown type 'SYNCED'"),
        (event("BOOKMARK", {}), "without metadata.resourceVersion"),
        (event("BOOKMARK", {"metadata": {"resourceVersion": ""}}), "without metadata.resourceVersion"),
        (event("ADDED", {}), "without metadata"),
        (event("ADDED", {"metadata": {"resourceVersion": "7"}}), "without a name"),
        (event("ADDED", {"metadata": {"name": "x", "resourceVersion": 7}}), "without metadata.resourceVersion"),
    ],
)
def test_what_is_no_event_is_refused(line, message):
    with pytest.raises(events.Malformed, match=message):
        events.parse(line)


def test_a_page_has_items_version_and_cursor():
    page = events.page(json.dumps(config_map_list([config_map("text", 7)], 9, "more")).encode())
    assert page == events.Page((config_map("text", 7),), "9", "more")


def test_an_empty_list_may_be_null():
    assert events.page(json.dumps(config_map_list(None, 9)).encode()) == events.Page((), "9", "")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        config_map("text", 7),
        {"items": []},
        {"items": {}, "metadata": {"resourceVersion": "9"}},
        {"items": [], "metadata": {}},
        {"items": [], "metadata": {"resourceVersion": "9", "continue": 3}},
        {"items": ["x"], "metadata": {"resourceVersion": "9"}},
        {"items": [{"metadata": {"name": "x"}}], "metadata": {"resourceVersion": "9"}},
    ],
)
def test_what_is_no_list_is_refused(answer):
    with pytest.raises(events.Malformed):
        events.page(json.dumps(answer).encode())
