"""Answers are decoded into events and pages; anything that no API server sends is refused."""

import json
from typing import Any, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cluster.apiserver import config_map, config_map_list, event
from webhook.cluster import answers


@given(st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1)), st.data())
def test_lines_do_not_depend_on_how_the_bytes_are_split(lines, data):
    whole = "".join(f"{line}\n" for line in lines).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=10)))
    found, splitter = [], answers.Lines()
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        found += splitter.feed(whole[start:end])
    assert found == [line.encode() for line in lines if line.encode().strip()]


def test_half_a_line_is_not_returned():
    assert answers.Lines().feed(b'{"type": "ADD') == []


@pytest.mark.parametrize("chunks", [[b"x" * 11], [b"x" * 6, b"x" * 5], [b"ok\n" + b"x" * 11 + b"\n"]])
def test_a_line_that_is_too_long_is_refused_before_it_is_complete(chunks, monkeypatch):
    monkeypatch.setattr(answers, "LARGEST", 10)
    splitter = answers.Lines()
    for chunk in chunks[:-1]:
        splitter.feed(chunk)
    with pytest.raises(answers.Malformed, match="more than 10 bytes"):
        splitter.feed(chunks[-1])


@pytest.mark.parametrize(
    ("sent", "expected"), [("ADDED", "put"), ("MODIFIED", "put"), ("DELETED", "deleted"), ("BOOKMARK", "bookmark")]
)
def test_an_event_has_its_type_and_the_version_to_continue_from(sent, expected):
    parsed = answers.parse(event(sent, config_map("text", 7)))
    assert (parsed.event_type, parsed.version, parsed.object) == (expected, "7", config_map("text", 7))


def test_an_error_needs_no_version():
    assert answers.parse(event("ERROR", {"code": 410})) == answers.Event("error", {"code": 410}, "")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"<html>", "not JSON"),
        (b'{"type": "ADDED", "object": {"metadata"', "not JSON"),
        (b'{"type": "ADDED", "object": {"x": "\xff"}}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "no type or no object"),
        (b'{"type": "ADDED", "object": []}', "no type or no object"),
        (b'{"type": 3, "object": {}}', "no type or no object"),
        (event("SYNCED", config_map("text", 7)), "the unknown type 'SYNCED'"),
        (event("BOOKMARK", {}), "no metadata.resourceVersion"),
        (event("BOOKMARK", {"metadata": {"resourceVersion": ""}}), "no metadata.resourceVersion"),
        (event("ADDED", {}), "no metadata"),
        (event("ADDED", {"metadata": {"resourceVersion": "7"}}), "no name"),
        (event("ADDED", {"metadata": {"name": "x", "resourceVersion": 7}}), "no metadata.resourceVersion"),
    ],
)
def test_anything_but_an_event_is_refused(line, message):
    with pytest.raises(answers.Malformed, match=message):
        answers.parse(line)


def test_a_page_has_items_a_version_and_a_cursor():
    page = answers.page(json.dumps(config_map_list([config_map("text", 7)], 9, "more")).encode())
    assert page == answers.Page((config_map("text", 7),), "9", "more")


def test_an_empty_list_may_be_null():
    assert answers.page(json.dumps(config_map_list(None, 9)).encode()) == answers.Page((), "9", "")


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
def test_anything_but_a_list_is_refused(answer):
    with pytest.raises(answers.Malformed):
        answers.page(json.dumps(answer).encode())


class Metadata(TypedDict, total=False):
    name: Any
    resourceVersion: Any
    labels: dict[str, Any] | None


class Parts(TypedDict, total=False):
    metadata: Metadata


OBJECT = {
    "kind": "Pod",
    "metadata": {"name": "a", "resourceVersion": "7", "labels": None, "uid": "u"},
    "spec": {"x": 1},
}
READ = {"metadata": {"name": "a", "resourceVersion": "7", "labels": None}}


def test_of_an_object_only_the_parts_are_decoded():
    assert answers.page(json.dumps(config_map_list([OBJECT], 9)).encode(), Parts) == answers.Page((READ,), "9", "")
    assert answers.parse(event("ADDED", OBJECT), Parts) == answers.Event("put", READ, "7")
    status = {"kind": "Status", "code": 410}
    assert answers.parse(event("ERROR", status), Parts) == answers.Event("error", status, "")


def test_an_empty_list_of_parts_may_be_null():
    assert answers.page(json.dumps(config_map_list(None, 9)).encode(), Parts) == answers.Page((), "9", "")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            event("ADDED", {"metadata": {"name": "a", "resourceVersion": "7", "labels": []}}),
            "not what it should be.*labels",
        ),
        (event("ADDED", {"metadata": {"name": "a"}}), "no metadata.resourceVersion"),
        (event("ADDED", {}), "no metadata"),
        (b'{"type": "ADDED"}', "no type or no object"),
        (b'{"type": "ADDED", "object": []}', "not what it should be"),
        (b"[]", "not what it should be"),
        (b"<html>", "not JSON"),
    ],
)
def test_parts_that_are_not_what_they_should_be_are_refused(line, message):
    with pytest.raises(answers.Malformed, match=message):
        answers.parse(line, Parts)


def test_a_list_whose_items_are_not_objects_is_refused():
    with pytest.raises(answers.Malformed, match="not what it should be"):
        answers.page(json.dumps(config_map_list(["x"], 9)).encode(), Parts)
