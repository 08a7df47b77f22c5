"""What log and metrics report of a review, and that neither can change its answer."""

import io
import json
from pathlib import Path

import pytest

from webhook import admission, catalog, errors, mutation, rendering, review, telemetry
from webhook.settings import Settings

STATE = rendering.State(catalog.build(catalog.embedded(), None), Settings())
BODY = (Path(__file__).parent / "reviews" / "pod-kubectl-create.json").read_bytes()
VERDICT = admission.Verdict(admission.Response(allowed=True), "already-rendered", ("vllm-cpu",))

FIELDS = {
    "event",
    "level",
    "timestamp",
    "uid",
    "object_kind",
    "operation",
    "namespace",
    "name",
    "outcome",
    "reason",
    "runtime",
    "revision",
    "dry_run",
    "milliseconds",
}


class Reviewed:
    """A reviewer with its own log and metrics."""

    def __init__(self, handler=mutation.handle, log=None):
        self.output = io.BytesIO()
        self.metrics = telemetry.Metrics("test")
        log = log or telemetry.make_log(self.output, "json")
        self.reviewer = review.Reviewer(handler, lambda: STATE, self.metrics, log)

    def answer(self, **changes):
        value = json.loads(BODY)
        value["request"].update(changes)
        return json.loads(self.reviewer.answer(json.dumps(value).encode(), 0.0))["response"]

    @property
    def lines(self):
        return [json.loads(line) for line in self.output.getvalue().splitlines()]

    def exposed(self):
        return self.metrics.expose("")[0].decode().splitlines()


def raising(error):
    def handle(_request, _state):
        raise error

    return handle


def test_each_review_gets_one_log_line_with_uid_and_reason():
    reviewed = Reviewed()

    reviewed.answer(uid="u-1", dryRun=True)

    (line,) = reviewed.lines
    assert set(line) == FIELDS
    assert (line["uid"], line["reason"], line["outcome"], line["dry_run"]) == ("u-1", "rendered", "mutated", True)
    assert line["milliseconds"] >= 0
    assert 'hydra_webhook_mutations_total{object_kind="Pod",outcome="mutated"} 1.0' in reviewed.exposed()


def test_a_denial_is_logged_with_its_code_and_message():
    reviewed = Reviewed(raising(errors.Denied("no-image", "container has no image")))

    response = reviewed.answer()

    advice = "to see why, run hydra-webhook explain --from-cluster -f FILE"
    assert response["status"]["message"] == f"container has no image; {advice} [no-image]"
    (line,) = reviewed.lines
    assert (line["outcome"], line["reason"], line["message"]) == ("denied", "no-image", "container has no image")


def test_an_internal_error_is_logged_with_its_id_and_traceback():
    reviewed = Reviewed(raising(KeyError("image")))

    response = reviewed.answer()

    (line,) = reviewed.lines
    assert line["level"] == "error"
    assert line["error_id"] in response["status"]["message"]
    assert "KeyError: 'image'" in line["traceback"]


def test_values_of_a_request_can_neither_forge_nor_flood_the_log():
    hostile = '\n{"event":"admission","uid":"forged"}\u2028\x1b[31m\x9b\u202e' + "x" * 100_000
    reviewed = Reviewed()

    reviewed.answer(uid=hostile, namespace=hostile, name=hostile, operation=hostile)

    (raw,) = reviewed.output.getvalue().splitlines()
    assert len(raw) < 4000
    for key in ("uid", "namespace", "name", "operation"):
        assert json.loads(raw)[key].isprintable()
        assert len(json.loads(raw)[key]) <= 512


@pytest.mark.parametrize("code", ["template-failed", "no-value"])
def test_a_go_template_that_failed_is_counted_for_its_runtime(code):
    denial = errors.Denied(code, "no")
    denial.runtime = "vllm-cpu"
    reviewed = Reviewed(raising(denial))

    reviewed.answer()

    assert 'hydra_webhook_render_errors_total{runtime="vllm-cpu"} 1.0' in reviewed.exposed()


def test_other_denials_are_not_render_errors():
    reviewed = Reviewed(raising(errors.Denied("unknown-runtime", "no")))

    reviewed.answer()

    assert not [line for line in reviewed.exposed() if line.startswith("hydra_webhook_render_errors_total{")]
    assert 'hydra_webhook_mutations_total{object_kind="Pod",outcome="denied"} 1.0' in reviewed.exposed()


# Whatever fails after the decision


@pytest.mark.parametrize("kind", ["ConfigMap", "Widget", ""])
def test_a_kind_that_metrics_do_not_know_counts_as_other(kind):
    reviewed = Reviewed()

    assert reviewed.answer(kind={"group": "", "version": "v1", "kind": kind})["allowed"]

    reviewed.metrics.decided(kind, "unchanged")
    assert 'hydra_webhook_mutations_total{object_kind="other",outcome="unchanged"} 2.0' in reviewed.exposed()


def test_counting_that_fails_leaves_the_answer_and_the_log_line_and_is_logged_itself(monkeypatch):
    reviewed = Reviewed(lambda _request, _state: VERDICT)
    expected = reviewed.answer()

    def fail(*_):
        raise ValueError("no such label")

    monkeypatch.setattr(reviewed.metrics, "decided", fail)

    assert reviewed.answer() == expected
    first, failure, last = reviewed.lines
    assert (first["event"], failure["event"], last["event"]) == ("admission", "internal error", "admission")
    assert "ValueError: no such label" in failure["traceback"]
    assert failure["error_id"]


class FailingLog:
    """A log that fails on admissions, or on everything."""

    def __init__(self, events=("admission",)):
        self.fails_on = events
        self.lines = []

    def info(self, event, **fields):
        if event in self.fails_on:
            raise OSError("disk full")
        self.lines.append((event, fields))

    warning = error = info


def test_logging_that_fails_leaves_the_answer_and_keeps_the_error_with_its_id():
    log = FailingLog()
    reviewed = Reviewed(raising(KeyError("image")), log)

    message = reviewed.answer()["status"]["message"]

    (first, own), (second, other) = log.lines
    assert (first, second) == ("internal error", "internal error")
    assert own["error_id"] in message
    assert "KeyError: 'image'" in own["traceback"]
    assert "OSError: disk full" in other["traceback"]


def test_a_log_that_fails_on_everything_leaves_the_answer():
    reviewed = Reviewed(lambda _request, _state: VERDICT, FailingLog(("admission", "internal error")))

    assert reviewed.answer()["allowed"]


def test_a_response_that_cannot_be_encoded_is_an_internal_error_with_its_traceback():
    operations = [{"op": "add", "path": "/a", "value": "\ud800"}]
    verdict = admission.Verdict(admission.Response(allowed=True, operations=operations), "rendered")
    reviewed = Reviewed(lambda _request, _state: verdict)

    status = reviewed.answer()["status"]

    (line,) = reviewed.lines
    assert (status["code"], line["outcome"]) == (500, "errored")
    assert line["error_id"] in status["message"]
    assert "UnicodeEncodeError" in line["traceback"]


def test_an_error_whose_text_is_not_valid_unicode_still_gets_an_id():
    reviewed = Reviewed(raising(ValueError("\ud800")))

    assert reviewed.lines == []
    assert reviewed.answer()["status"]["code"] == 500
    assert reviewed.lines[0]["error_id"]


# The runtime


def leader_worker_set(**labels):
    value = json.loads((Path(__file__).parent / "reviews" / "lws-with-leader-template.json").read_bytes())["request"]
    for name, runtime in labels.items():
        template = value["object"]["spec"]["leaderWorkerTemplate"][name]
        template.setdefault("metadata", {}).setdefault("labels", {})["hydra.io/runtime"] = runtime
    return {"kind": value["kind"], "object": value["object"]}


def test_log_and_audit_annotation_name_the_same_runtimes_where_a_pod_template_overrides_the_label():
    reviewed = Reviewed()

    response = reviewed.answer(**leader_worker_set(leaderTemplate="sglang"))

    assert response["auditAnnotations"]["runtime"] == "sglang,vllm"
    (line,) = reviewed.lines
    assert line["runtime"] == "sglang,vllm"
    assert line["revision"] == response["auditAnnotations"]["revision"]


def test_a_denial_is_logged_for_the_runtime_of_the_denied_pod_template():
    request = leader_worker_set(workerTemplate="vllm-cpu")
    worker = request["object"]["spec"]["leaderWorkerTemplate"]["workerTemplate"]
    worker["metadata"]["annotations"] = {"hydra.io/container": "absent"}
    reviewed = Reviewed()

    assert not reviewed.answer(**request)["allowed"]

    (line,) = reviewed.lines
    assert (line["reason"], line["runtime"]) == ("unknown-container", "vllm-cpu")
