"""The wire: what is an AdmissionReview, and what each of the four outcomes looks like in bytes."""

import base64
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook import admission, errors


def review(**request: object) -> bytes:
    value = {"uid": "u-1", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE", **request}
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": value}).encode()


REQUEST = admission.parse(review(namespace="ns", name="pod"))

MALFORMED = [
    pytest.param(b"", "not JSON", id="an empty body"),
    pytest.param(b"{", "not JSON", id="half a map"),
    pytest.param(b"\xff\xfe", "not JSON", id="no UTF-8"),
    pytest.param(b"[]", "not an admission.k8s.io/v1 AdmissionReview", id="a list"),
    pytest.param(b"{}", "missing required field `apiVersion`", id="an empty map"),
    pytest.param(b'{"apiVersion":"v1","kind":"Pod"}', "AdmissionReview", id="another object"),
    pytest.param(b'{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{}}', "v1", id="the removed version"),
    pytest.param(b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}', "`request`", id="no request"),
    pytest.param(b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"kind":{},"operation":""}}', "`uid`", id="no uid"),
    pytest.param(review(object=[]), "$.request.object", id="an object that is a list"),
    pytest.param(review(object={"a": 1}).replace(b'"a": 1', b'"a": ' + b"[" * 100_000), "", id="nesting that never ends"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "message"), MALFORMED)
def test_what_is_no_admission_review_is_refused_with_the_reason(body, message):
    with pytest.raises(errors.MalformedReview) as caught:
        admission.parse(body)

    assert message in str(caught.value)


@given(st.binary(max_size=200))
def test_no_body_makes_parsing_fail_in_any_other_way(body):
    with pytest.raises(errors.MalformedReview):
        admission.parse(body)


def test_unknown_fields_of_a_review_are_ignored():
    request = admission.parse(review(futureField={"a": 1}, dryRun=True, subResource="status", oldObject={"x": None}))

    assert (request.dry_run, request.sub_resource, request.old_object) == (True, "status", {"x": None})


def test_allowed_echoes_the_uid_and_sends_no_patch():
    assert json.loads(admission.allowed(REQUEST)) == {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": {"uid": "u-1", "allowed": True},
    }


def test_patched_carries_the_operations_in_base64_with_warnings_and_audit_annotations():
    operations = [{"op": "add", "path": "/a", "value": "ü"}]

    response = json.loads(admission.patched(REQUEST, operations, warnings=["w"], audit={"runtime": "vllm"}))["response"]

    assert json.loads(base64.b64decode(response.pop("patch"))) == operations
    assert response == {
        "uid": "u-1",
        "allowed": True,
        "patchType": "JSONPatch",
        "warnings": ["w"],
        "auditAnnotations": {"runtime": "vllm"},
    }


@pytest.mark.parametrize(
    ("refusal", "code", "reason"),
    [(errors.Denied("r", "no"), 422, "Invalid"), (errors.NotReady("r", "no"), 503, "ServiceUnavailable")],
    ids=["a user's mistake", "configuration not there yet"],
)
def test_denied_says_who_can_change_it(refusal, code, reason):
    response = json.loads(admission.denied(REQUEST, refusal))["response"]

    assert response == {
        "uid": "u-1",
        "allowed": False,
        "status": {"status": "Failure", "code": code, "reason": reason, "message": "no"},
    }


def test_a_long_denial_is_cut():
    response = json.loads(admission.denied(REQUEST, errors.Denied("r", "x" * 10_000)))["response"]

    assert len(response["status"]["message"]) == 4096


def test_errored_gives_an_id_and_no_details():
    status = json.loads(admission.errored(REQUEST, "abc123"))["response"]["status"]

    assert status["code"] == 500
    assert "abc123" in status["message"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("fine", "fine"),
        ("two\nlines\r\n\tand a tab", "two lines and a tab"),
        ("bell\x07 and escape\x1b[31m", "bell and escape [31m"),
        ("x" * 120, "x" * 120),
        ("x" * 121, "x" * 117 + "..."),
    ],
)
def test_a_warning_is_one_short_printable_line(text, line):
    assert admission.warning_line(text) == line


@given(st.text(max_size=300))
def test_any_text_becomes_a_warning_that_the_api_server_passes_on(text):
    line = admission.warning_line(text)

    assert len(line) <= 120
    assert line.isprintable()


def test_equal_warnings_are_sent_once():
    response = json.loads(admission.allowed(REQUEST, warnings=["a", "b", "a"]))["response"]

    assert response["warnings"] == ["a", "b"]


def test_responses_are_valid_json_for_any_uid():
    request = msgspec.structs.replace(REQUEST, uid='"\n\x00é')

    assert json.loads(admission.allowed(request))["response"]["uid"] == '"\n\x00é'
