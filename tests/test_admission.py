"""What counts as an AdmissionReview, and what each response looks like in bytes."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook import admission, errors, jsonshape, notices


def review(**request: object) -> bytes:
    value = {"uid": "u-1", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE", **request}
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": value}).encode()


def encoded(response: admission.Response, uid: str = "u-1") -> dict:
    return json.loads(admission.encode(response, uid))["response"]


MALFORMED = [
    pytest.param(b"", "not JSON", id="an empty body"),
    pytest.param(b"{", "not JSON", id="half a map"),
    pytest.param(b"\xff\xfe", "not JSON", id="not UTF-8"),
    pytest.param(b"[]", "not an admission.k8s.io/v1 AdmissionReview", id="a list"),
    pytest.param(b"{}", "missing required field `apiVersion`", id="an empty map"),
    pytest.param(b'{"apiVersion":"v1","kind":"Pod"}', "AdmissionReview", id="another kind of object"),
    pytest.param(b'{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{}}', "v1", id="the removed version"),
    pytest.param(b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}', "`request`", id="no request"),
    pytest.param(b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"kind":{},"operation":""}}', "`uid`", id="no uid"),
    pytest.param(review(object=[]), "$.request.object", id="an object that is a list"),
    pytest.param(review(object={"a": 1}).replace(b'"a": 1', b'"a": ' + b"[" * 100_000), "", id="endless nesting"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "message"), MALFORMED)
def test_a_body_that_is_not_a_review_is_refused_with_the_reason(body, message):
    with pytest.raises(errors.MalformedReview) as caught:
        admission.parse(body)

    assert message in str(caught.value)


@given(st.binary(max_size=200))
def test_parsing_random_bytes_fails_in_no_other_way(body):
    with pytest.raises(errors.MalformedReview):
        admission.parse(body)


def test_unknown_fields_of_a_review_are_ignored():
    request = admission.parse(review(futureField={"a": 1}, dryRun=True, subResource="status", oldObject={"x": None}))

    assert (request.dry_run, request.sub_resource, request.read_object()) == (True, "status", None)
    assert request.read_old_object() == {"x": None}


def sized(size: int) -> dict:
    return {"pad": "x" * (size - len('{"pad":""}'))}


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (sized(admission.MAX_OBJECT), ""),
        (sized(admission.MAX_OBJECT + 1), "takes 3145729 bytes as JSON, more than the 3145728"),
        ([0] * (jsonshape.MOST_DECODED - 2), ""),
        ([0] * (jsonshape.MOST_DECODED - 1), f"holds more than {jsonshape.MOST_DECODED} values"),
        ([{"": {}}] * 300_000, f"holds more than {jsonshape.MOST_DECODED} values"),
        (",{[" * 400_000, ""),
        ('"' + '\\",' * 200_000, ""),
    ],
    ids=["as large", "larger", "as many", "more", "a bomb of small maps", "punctuation in a string", "escaped quotes"],
)
@pytest.mark.parametrize("name", ["object", "oldObject"])
def test_an_object_is_decoded_only_if_it_is_as_small_as_an_api_server_could_store(value, cause, name):
    value = value if isinstance(value, dict) else {"a": value}
    text = json.dumps(value, separators=(",", ":")).encode()
    request = admission.parse(review(**{name: "OBJECT"}, namespace="here", name="pod").replace(b'"OBJECT"', text))
    read = request.read_object if name == "object" else request.read_old_object
    if not cause:
        assert read() == value
        return

    with pytest.raises(errors.Denied) as caught:
        read()

    assert cause in str(caught.value)
    assert str(caught.value).startswith("Pod here/pod: the ")
    assert str(caught.value).endswith("[object-too-large]")


def test_an_object_whose_json_is_broken_is_found_out_when_it_is_read():
    request = admission.parse(review(object={"a": "TEXT"}).replace(b"TEXT", b"\xff"))

    with pytest.raises(errors.MalformedReview, match="not JSON"):
        request.read_object()


@given(
    st.recursive(
        st.text('ab",[{\\') | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text('a",{['), inner)
    )
)
def test_values_are_counted_exactly_but_for_empty_maps_and_lists(value):
    text = json.dumps(value).encode()

    for most, wanted in ((values(value), False), (values(value) - 1, True)):
        assert jsonshape.too_many_values(text, most) is wanted


def values(value: object) -> int:
    if isinstance(value, dict | list):
        inner = list(value.values()) if isinstance(value, dict) else value
        return 1 + sum(map(values, inner)) if inner else 2
    return 1


def test_an_unfinished_string_is_searched_once():
    assert not jsonshape.too_many_values(b'["' + b',[{\\"' * 1_000_000, jsonshape.MOST_DECODED)


def test_a_plain_admission_echoes_the_uid_and_has_no_patch():
    assert json.loads(admission.encode(admission.Response(allowed=True), "u-1")) == {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": {"uid": "u-1", "allowed": True},
    }


def test_a_patch_is_sent_in_base64_with_warnings_and_audit_annotations():
    operations = [{"op": "add", "path": "/a", "value": "ü"}]

    response = encoded(
        admission.Response(True, operations, [notices.about("late-field", "priority")] * 2, {"runtime": "vllm"})
    )

    assert json.loads(base64.b64decode(response.pop("patch"))) == operations
    assert response == {
        "uid": "u-1",
        "allowed": True,
        "patchType": "JSONPatch",
        "warnings": notices.lines([notices.about("late-field", "priority")]),
        "auditAnnotations": {"runtime": "vllm"},
    }


@pytest.mark.parametrize(
    ("denial", "http_status", "status_reason"),
    [
        (errors.Denied("empty-value", "no"), 422, "Invalid"),
        (errors.NotReady("configuration-missing", "no"), 503, "ServiceUnavailable"),
    ],
    ids=["a user's mistake", "configuration not read yet"],
)
def test_a_denial_ends_with_its_code(denial, http_status, status_reason):
    response = encoded(admission.denied(denial))

    assert response == {
        "uid": "u-1",
        "allowed": False,
        "status": {
            "status": "Failure",
            "code": http_status,
            "reason": status_reason,
            "message": f"no [{denial.code}]",
        },
    }


def test_a_long_denial_is_cut_but_keeps_its_code():
    for code, end in (
        ("empty-value", ""),
        ("no-image", "; to see why, run hydra-webhook explain --from-cluster -f FILE"),
    ):
        message = encoded(admission.denied(errors.Denied(code, "x" * 10_000)))["status"]["message"]

        assert len(message) == 4096
        assert message.endswith(f"xxx...{end} [{code}]")


def test_an_internal_error_gets_an_id_and_no_details():
    status = encoded(admission.errored("abc123"))["status"]

    assert (status["code"], status["reason"]) == (500, "InternalError")
    assert "abc123" in status["message"]
    assert status["message"].endswith(" [internal-error]")


def test_responses_are_valid_json_for_any_uid():
    uid = '"\n\x00é'

    assert encoded(admission.Response(True), uid)["uid"] == uid


@pytest.mark.parametrize(
    "response",
    [
        admission.Response(True),
        admission.Response(True, operations=[{"op": "add", "path": "/é", "value": "\n"}], audit={"runtime": "r"}),
        admission.errored("abc123"),
    ],
)
def test_an_answer_is_the_same_whether_it_is_encoded_for_one_request_or_for_many(response):
    assert admission.encode(response, "u-1") == admission.encode(admission.encoded(response), "u-1")
