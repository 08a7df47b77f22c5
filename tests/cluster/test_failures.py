"""A refused request becomes an error with one line and one code."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook import cluster
from webhook.cluster import failures

AGENT = cluster.config_map("hydra-system", "hydra-agent").alone
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("http_status", "code"),
    [
        (302, "malformed"),
        (400, "invalid"),
        (401, "unauthorized"),
        (403, "forbidden"),
        (404, "not-found"),
        (409, "conflict"),
        (410, "gone"),
        (422, "invalid"),
        (429, "throttled"),
        (500, "server-error"),
        (502, "server-error"),
        (503, "server-error"),
        (504, "server-error"),
        (999, "server-error"),
    ],
)
def test_every_http_status_has_a_code(http_status, code):
    error = failures.refused("list", AGENT, http_status, b"")
    assert (error.code, error.http_status) == (code, http_status)
    assert str(error).startswith(f"list ConfigMap hydra-system/hydra-agent: {http_status}: ")


def test_the_servers_message_is_put_on_one_line():
    body = json.dumps(
        {"kind": "Status", "message": "the object has been modified;\nplease apply your changes"}
    ).encode()
    error = failures.refused("update", AGENT, 409, body)
    assert str(error) == (
        "update ConfigMap hydra-system/hydra-agent: 409: the object has been modified; please apply your changes"
    )


@pytest.mark.parametrize(
    "body", [b"<html>\n<body>Bad Gateway</body>", b"", b"[" * 60_000, b"[1]", b"\xff\xfe", b'{"message": 3}']
)
def test_an_answer_that_is_not_a_status_object_is_left_out(body):
    error = failures.refused("list", AGENT, 502, body)
    assert str(error) == "list ConfigMap hydra-system/hydra-agent: 502: Bad Gateway"


def test_a_missing_permission_is_named():
    error = failures.refused("watch", AGENT, 403, b"{}")
    assert str(error).endswith('403: Forbidden (permission needed: watch on configmaps named "hydra-agent")')


def test_a_missing_permission_to_create_has_no_name():
    assert str(failures.refused("create", AGENT, 403, b"{}")).endswith("(permission needed: create on configmaps)")


def test_a_missing_permission_for_a_whole_collection_is_named():
    error = failures.refused("list", cluster.Collection("v1", "pods", "Pod", label_selector="a"), 403, b"{}")
    assert str(error) == "list pods with a: 403: Forbidden (permission needed: list on pods)"


def test_a_long_message_is_cut():
    error = failures.refused("get", AGENT, 500, json.dumps({"message": "x" * 100_000}).encode())
    assert len(str(error)) < 1100


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ({"code": 410, "reason": "Expired"}, "gone"),
        ({"code": 410}, "gone"),
        ({"reason": "Expired"}, "gone"),
        ({"code": 500, "reason": "Gone"}, "gone"),
        ({"code": 403, "reason": "Forbidden"}, "forbidden"),
        ({"code": "410"}, "server-error"),
        ({}, "server-error"),
    ],
)
def test_a_status_in_a_stream_is_classified_by_its_code_and_reason(status, code):
    assert failures.ended_watch(AGENT, status).code == code


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("0", 0.0),
        ("7", 7.0),
        ("31", 30.0),
        ("9" * 400, 30.0),
        ("Tue, 24 Nov 2026 12:00:09 GMT", 9.0),
        ("Tue, 24 Nov 2026 12:00:09 -0000", 9.0),
        ("Tue, 24 Nov 2026 13:00:00 GMT", 30.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("Tue, 24 Foo 2026 11:00:00 GMT", None),
    ],
)
def test_retry_after_may_be_seconds_or_a_date_and_is_bounded(header, seconds):
    assert failures.retry_after(header, NOW) == seconds


DATES = st.from_regex(
    r"[A-Z][a-z]{2}, [0-9]{1,5} [A-Z][a-z]{2} [0-9]{1,5} [0-9]{1,3}:[0-9]{2}:[0-9]{2} [+-]?[0-9A-Z]{1,5}",
    fullmatch=True,
)


@given(st.text() | DATES)
def test_any_retry_after_gives_a_bounded_number_or_none(header):
    seconds = failures.retry_after(header, NOW)
    assert seconds is None or 0 <= seconds <= 30
