"""Every golden case through the command line and through a live server over TLS: both must do what the case says."""

import base64
import json
import re

import jsonpatch
import pytest
from typer.testing import CliRunner

from tests import golden_cases, golden_servers
from webhook import catalog, cli, mutation, notices, rendering, workload
from webhook.settings import Settings

CASES = golden_cases.CASES
REVIEWED = [case for case in CASES if "http" not in case.keys]
ON_THE_COMMAND_LINE = [case for case in REVIEWED if case.keys.get("only") != "server"]
CALLS = [case for case in CASES if "http" in case.keys]


@pytest.fixture(scope="session")
def fleet(tmp_path_factory):
    with golden_servers.fleet(tmp_path_factory.mktemp("golden")) as servers:
        yield servers


def cases(some):
    return pytest.mark.parametrize("case", some, ids=lambda case: case.name)


def equal(one, other):
    """Compare as JSON does: 1 is not true, and the order of keys does not matter."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


# The command line


def run(fleet, case, *arguments, value=None, command="render"):
    """Return exit status, standard output, and lines of standard error of one command."""
    configuration = []
    if command == "render":
        for kind, path in fleet.files(case.configuration).items():
            configuration += [f"--{kind}", str(path)]
        for key, constant in case.keys.get("settings", {}).items():
            configuration += [f"--{key.replace('_', '-')}", str(constant)]
        configuration += ["--namespace", case.request["namespace"]]
    text = json.dumps(case.object if value is None else value)
    done = CliRunner().invoke(cli._app, [command, "-f", "-", *configuration, *arguments], input=text)
    assert done.exit_code in (0, 1), done.output
    return done.exit_code, done.stdout, done.stderr.splitlines()


def on_the_command_line(fleet, case, value=None):
    """Return object, patch and warnings of a rendering that must succeed."""
    status, printed, reported = run(fleet, case, "-o", "json", value=value)
    assert status == 0, reported
    patch = run(fleet, case, "-o", "patch", value=value)[1]
    warnings = [
        found[1] for line in reported if (found := re.fullmatch(r"standard input:\d+:\d+: Warning: (.*)", line))
    ]
    return json.loads(printed), json.loads(patch), warnings


# The live server


def ask(fleet, case, value=None, **more):
    """Return the response to a review, after checking what all responses have in common."""
    request = {**case.request, "object": case.object if value is None else value, **more}
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    status, headers, body = fleet.server(case.configuration).ask(json.dumps(review).encode())
    assert (status, headers["Content-Type"]) == (200, "application/json"), body
    answer = json.loads(body)
    assert (answer["apiVersion"], answer["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    response = answer["response"]
    assert response["uid"] == request["uid"]
    for warning in response.get("warnings", []):
        assert len(warning) <= 120
        assert warning.isprintable()
    return response


def on_the_server(fleet, case, value=None):
    """Return object, patch and warnings of a response that must admit."""
    before = case.object if value is None else value
    response = ask(fleet, case, value)
    assert response["allowed"], response["status"]["message"]
    assert ("patch" in response) == ("patchType" in response)
    operations = json.loads(base64.b64decode(response["patch"])) if "patch" in response else []
    return jsonpatch.apply_patch(before, operations), operations, response.get("warnings", [])


WAYS = {"command line": on_the_command_line, "live server": on_the_server}


def check(case, rendered, warnings, way):
    """Check one outcome against what the case says."""
    bare = json.loads(json.dumps(rendered))
    assert golden_cases.take_records(bare)
    assert bare == case.expected
    assert equal(bare, case.expected)
    assert warnings == case.warnings(way)


ADMITTED = [case for case in REVIEWED if not case.keys.keys() & {"denied", "errored"}]
DENIED = [case for case in REVIEWED if "denied" in case.keys]


BOTH_WAYS = [
    pytest.param(case, way, id=f"{case.name} ({way})")
    for way in WAYS
    for case in ADMITTED
    if way == "live server" or case in ON_THE_COMMAND_LINE
]


@pytest.mark.parametrize(("case", "way"), BOTH_WAYS)
def test_a_case_ends_as_it_says(fleet, case, way):
    value, patch, warnings = WAYS[way](fleet, case)
    if "unchanged" in case.keys:
        assert patch == []
        assert equal(value, case.object)
        assert warnings == case.warnings(way)
        return
    check(case, value, warnings, way)
    assert WAYS[way](fleet, case, value) == (value, [], []), "a second mutation changed something, or earned a warning"


@cases([case for case in ON_THE_COMMAND_LINE if case in ADMITTED])
def test_the_command_line_and_the_live_server_agree_and_restoring_gives_the_original(fleet, case):
    value, patch, _ = on_the_command_line(fleet, case)
    assert on_the_server(fleet, case)[:2] == (value, patch)
    status, printed, _ = run(fleet, case, "-o", "json", value=value, command="restore")
    assert status == 0
    assert equal(json.loads(printed), case.object)


@cases(ADMITTED)
def test_a_dry_run_gets_the_same_answer_with_the_audit_annotations(fleet, case):
    response = ask(fleet, case)
    assert ask(fleet, case, dryRun=True) == response
    if "patch" not in response:
        return
    audit = response["auditAnnotations"]
    revision = audit.pop("revision")
    value = on_the_server(fleet, case)[0]
    records = golden_cases.take_records(value)
    assert set(revision.split(",")) == {record["revision"] for record in records}
    assert audit == {"runtime": ",".join(dict.fromkeys(record["runtime"] for record in records))}
    assert audit == case.keys.get("audit", audit)


@cases(DENIED)
def test_the_server_denies_with_the_message_of_the_case(fleet, case):
    response = ask(fleet, case)
    denied = case.keys["denied"]
    assert not response["allowed"]
    assert "patch" not in response
    status = response["status"]
    assert (status["code"], status["status"]) == (denied["http_status"], "Failure")
    assert status["reason"] == {422: "Invalid", 503: "ServiceUnavailable"}[denied["http_status"]]
    assert status["message"].endswith(f" [{denied['code']}]")
    for text in denied["says"]:
        assert text in status["message"]
    kind, namespace, name = case.request["kind"]["kind"], case.request["namespace"], case.request["name"]
    assert re.match(rf"{kind} {namespace}/{name}", status["message"]), status["message"]


@cases([case for case in DENIED if case in ON_THE_COMMAND_LINE])
def test_the_command_line_prints_the_message_of_the_server(fleet, case):
    status, printed, reported = run(fleet, case, "-o", "json")
    assert (status, printed) == (1, "")
    place, denied, message = reported[-1].partition(": denied: ")
    assert re.fullmatch(r"standard input:1:\d+", place), reported[-1]
    assert denied + message == f": denied: {ask(fleet, case)['status']['message']}".splitlines()[-1]


@cases([case for case in REVIEWED if "errored" in case.keys])
def test_an_internal_error_gets_an_id_that_is_also_in_the_log(fleet, case, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("an internal secret")

    monkeypatch.setattr("webhook.rendering.apply", fail)
    monkeypatch.setattr("webhook.remembered._pod", lambda _: None)  # another test may have asked about the same pod
    response = ask(fleet, case)
    assert not response["allowed"]
    status = response["status"]
    assert (status["code"], status["reason"]) == (500, "InternalError")
    assert "Traceback" not in status["message"]
    assert "secret" not in status["message"]
    line = json.loads(fleet.server(case.configuration).log.getvalue().splitlines()[-1])
    assert line["error_id"] in status["message"]
    assert "an internal secret" in line["traceback"]


@cases(CALLS)
def test_a_call_that_is_not_a_review_gets_an_http_status(fleet, case):
    call = case.keys["http"]
    body = golden_cases.recorded(call["review"]) if "review" in call else call.get("body", "").encode()
    status, _, answer = fleet.server(case.configuration).ask(
        body.ljust(call.get("size", 0)), call.get("method", "POST"), call.get("type", "application/json")
    )
    assert status == call["status"], answer
    assert b"Traceback" not in answer


# Last good


def test_a_runtime_whose_new_version_is_broken_stays_in_use_with_a_warning():
    case = next(case for case in CASES if case.name == "section-11/mutated")
    configurations = dict(case.configuration)
    store = catalog.Store()
    for kind, text in configurations.items():
        store.update(catalog.Document(kind, f"{kind}.yaml", text), now=0)
    before = mutation.mutate(case.object, workload.POD, rendering.State(store.current, Settings()), namespace="default")
    broken = configurations["templates"].replace("[serve]", '["{{ if }}"]')
    store.update(catalog.Document("templates", "templates.yaml", broken), now=1)
    after = mutation.mutate(case.object, workload.POD, rendering.State(store.current, Settings()), namespace="default")
    assert (before.value, before.notices) == (after.value, ())
    (line,) = notices.lines(after.notices)
    assert line.startswith("the last good version of the runtime template is in use: templates.yaml:6:")


# Completeness


@pytest.mark.parametrize("section", golden_cases.ROWS)
def test_every_row_of_the_tables_has_a_case(section):
    named = {f"{section}/{name}" for names in golden_cases.ROWS[section].values() for name in names}
    assert all(golden_cases.ROWS[section].values())
    assert named == {case.name for case in CASES if case.name.startswith(f"{section}/")}
