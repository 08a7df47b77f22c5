"""Cases from text to outcome: what passes, and what a failure says."""

import json
import textwrap

import pytest

from webhook import cases, workload

TEMPLATES = """\
templates:
  - runtime: engine
    podTemplate:
      metadata: {labels: {team: ml}}
      tolerations: [{key: gpu, operator: Exists}]
      containerTemplate:
        commandTemplate: [serve]
        argsTemplate: ["--tp={{ .TP_SIZE }}", "--ns={{ .NAMESPACE }}", "--port={{ .MODEL_PORT }}", "{{ .MODEL_PATH }}"]
        env: [{name: MODE, value: fast}]
        ports: [{containerPort: 8000}]
        volumeMounts: [{name: shm, mountPath: /dev/shm}]
      volumes: [{name: shm, emptyDir: {medium: Memory}}]
"""
AGENT = "deployment_templates: [{container_template: {image: registry.example/engine:1}}]"
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: one, labels: {hydra.io/runtime: engine, hydra.io/model-id: m}}
spec: {containers: [{name: main, image: auto, env: [{name: OWN, value: x}]}, {name: side, image: s}]}
"""
LWS = """\
apiVersion: leaderworkerset.x-k8s.io/v1
kind: LeaderWorkerSet
metadata: {name: two, labels: {hydra.io/runtime: engine, hydra.io/model-id: m}}
spec: {leaderWorkerTemplate: {size: 2, workerTemplate: {spec: {containers: [{name: main, image: auto}]}}}}
"""
FILES = {"t/templates.yaml": TEMPLATES, "t/agent.yaml": AGENT, "t/pod.yaml": POD, "t/lws.yaml": LWS}
HEAD = "templates: templates.yaml\nagent: agent.yaml\n"


def outcomes(text, **more):
    file, problems = cases.read("t/hydra-test.yaml", HEAD + text)
    assert problems == ()
    texts = {**FILES, **more.pop("files", {})}
    files = cases.Files({path: text.encode() for path, text in texts.items()}, **more)
    prepared = cases.prepare(file, files)
    assert prepared.problems == ()
    state = prepared.state()
    return [cases.run(case, state, files) for case in file.cases]


def outcome(expect, of="pod.yaml", **more):
    text = f"cases:\n- name: a\n  workload: {of}\n  expect:\n{textwrap.indent(textwrap.dedent(expect), '    ')}"
    (found,) = outcomes(text, **more)
    return found


def told(found):
    """Return what a person is told of an outcome that has not passed."""
    lines = [f"{one.line}:{one.column} {one.path}: {one.message}" for one in found.failures]
    return [*lines, *map(str, found.problems)]


PASSING = {
    "a part of the object": "rendered: {kind: Pod, metadata: {labels: {team: ml}}}",
    "an item by its merge key": "rendered: {spec: {containers: [{name: side, image: s}]}}",
    "an item by its merge key, inside another": "rendered: {spec: {containers: [{name: main, env: [{name: MODE, value: fast}]}]}}",
    "a port whose protocol is not given": "container: {ports: [{containerPort: 8000, protocol: TCP}]}",
    "a mount with a slash at its end": "container: {volumeMounts: [{mountPath: /dev/shm/, name: shm}]}",
    "an item of a union": "rendered: {spec: {tolerations: [{key: gpu, operator: Exists}]}}",
    "an absent field": "rendered: {spec: {nodeName: null, hostAliases: []}}",
    "the inference container": "container: {command: [serve], image: registry.example/engine:1}",
    "any field of it": "container: {name: main, livenessProbe: null}",
    "a part of a warning": "warnings: [nothing is mounted]",
    "a warning as it is sent": "warnings: ['nothing is mounted at MODEL_PATH: /data/serving-model; mount the model unless']",
    "the namespace of a request": "container: {args: [--tp=1, --ns=default, --port=8000, /data/serving-model]}",
}


@pytest.mark.parametrize("expect", PASSING.values(), ids=PASSING)
def test_a_case_passes(expect):
    found = outcome(expect)

    assert (told(found), found.status) == ([], "passed")


FAILING = {
    "another value": ("rendered: {kind: Pot}", "7:22 kind: is different"),
    "an absent field": ("rendered: {spec: {nodeName: n}}", "7:23 spec.nodeName: is absent"),
    "a field that should be absent": ("rendered: {spec: {volumes: null}}", "7:32 spec.volumes: should be absent"),
    "an item that is absent": (
        "rendered: {spec: {containers: [{name: mian}]}}",
        "7:36 spec.containers[name=mian]: is absent",
    ),
    "an item without a merge key": (
        "rendered: {spec: {containers: [{image: i}]}}",
        "7:36 spec.containers[0]: cannot be looked for: the items of containers are told apart by name",
    ),
    "an item of a union": (
        "rendered: {spec: {tolerations: [{key: cpu}]}}",
        "7:37 spec.tolerations[0]: is not among the items",
    ),
    "items where there should be none": ("rendered: {spec: {volumes: []}}", "7:32 spec.volumes: is different"),
    "an atomic list": ("container: {command: [serve, now]}", "7:26 container.command: is different"),
    "a keyed list that is absent": ("container: {envFrom: [{prefix: a}]}", "7:26 container.envFrom: is absent"),
    "a map that is a list": ("container: {env: {a: b}}", "7:22 container.env: is different"),
    "true for 1": ("rendered: {spec: {containers: [{name: true}]}}", "7:36 spec.containers[name=True]: is absent"),
    "a missing warning": ("warnings: [nothing is mounted, other]", "7:36 warnings[1]: no warning has this text"),
    "an unexpected warning": ("warnings: []", "7:5 warnings: is not expected"),
    "a warning that is counted once": (
        "warnings: [nothing, mounted]",
        "7:25 warnings[1]: only another one has this text",
    ),
    "a denial": ("denied: {code: no-image}", "7:20 denied: the workload is admitted (rendered)"),
    "a snapshot that does not exist": ("snapshot: s.yaml", "7:15 snapshot: t/s.yaml does not exist"),
}


@pytest.mark.parametrize(("expect", "failure"), FAILING.values(), ids=FAILING)
def test_a_failure_has_its_place_and_its_path(expect, failure):
    found = outcome(expect)

    assert (told(found), found.status) == ([failure], "failed")


def test_a_failure_has_what_was_expected_and_what_was_found():
    (failure,) = outcome("container: {image: registry.example/engine:2}").failures

    assert (failure.expected, failure.found) == ("registry.example/engine:2", "registry.example/engine:1")


def test_a_failure_suggests_the_nearest_name():
    absent = outcome("rendered: {spec: {containrs: {}, containers: [{name: man}]}}").failures

    assert [failure.remedy for failure in absent] == ["", "there are name=main, name=side"]
    assert outcome("rendered: {metdata: {}}").failures[0].remedy == 'did you mean "metadata"?'


def test_warnings_are_matched_so_that_as_many_as_possible_have_one():
    labels = "{hydra.io/runtime: engine, hydra.io/model-id: m}"
    pod = f"{{apiVersion: v1, kind: Pod, metadata: {{labels: {labels}, annotations: {{hydra.io/runtim: x}}}}, spec: {{containers: [{{name: main, image: auto}}]}}}}"

    assert outcome("warnings: [':', nothing]", pod).status == "passed"
    assert outcome("warnings: [nothing, ':']", pod).status == "passed"
    assert outcome("warnings: [':', ':', ':']", pod).status == "failed"


def test_leader_and_worker_have_containers_of_their_own():
    lws = LWS.replace(
        "spec: {containers: [{name: main",
        "metadata: {annotations: {hydra.io/gpu-count: '4'}}, spec: {containers: [{name: main",
    )

    assert (
        outcome("{leader: {name: main}, worker: {name: main, image: registry.example/engine:1}}", "lws.yaml").status
        == "passed"
    )
    found = outcome(
        "worker: {args: [--tp=4, --ns=default, --port=8000, /data/serving-model]}",
        "lws.yaml",
        files={"t/lws.yaml": lws},
    )
    assert told(found) == []


REFUSED = {
    "container of a group": (
        ("container: {}", "lws.yaml"),
        'expect.container: the workload is a LeaderWorkerSet of a group of 2 pods; write "leader" or "worker" instead',
    ),
    "leader of a lone pod": (
        ("leader: {}", "pod.yaml"),
        'expect.leader: a Pod without a group has no leader; write "container"',
    ),
    "worker of a group of one": (
        ("worker: {}", LWS.replace("size: 2", "size: 1")),
        'expect.worker: a group of one has no worker; write "container"',
    ),
}


@pytest.mark.parametrize(("case", "problem"), REFUSED.values(), ids=REFUSED)
def test_a_shorthand_that_does_not_fit_the_workload_is_an_error_with_its_remedy(case, problem):
    expect, of = case
    found = outcome(expect, "of.yaml" if "\n" in of else of, files={"t/of.yaml": of})

    assert (told(found), found.status) == ([f"t/hydra-test.yaml:7:5: cases[0].{problem}"], "error")


def test_a_denial_has_its_code_and_a_part_of_its_message():
    unknown = POD.replace("engine", "engin")
    files = {"files": {"t/pod.yaml": unknown}}

    assert outcome('denied: {code: unknown-runtime, message: did you mean "engine"?}', **files).status == "passed"
    assert outcome("denied: {message: engine}", **files).status == "passed"
    assert outcome("denied: {message: '[unknown-runtime]'}", **files).status == "passed"
    assert told(outcome("denied: {code: no-image, message: other}", **files)) == [
        "7:20 denied.code: is different",
        "7:39 denied.message: is not part of the message",
    ]
    (failure,) = outcome("container: {image: a}", **files).failures
    assert (failure.message, failure.found[-17:]) == ("the workload is denied", "[unknown-runtime]")


def test_every_part_of_a_message_has_to_be_there():
    files = {"files": {"t/pod.yaml": POD.replace("engine", "engin")}}

    assert outcome("denied: {message: [engine, 'did you mean']}", **files).status == "passed"
    assert told(outcome("denied: {message: [engine, other]}", **files)) == [
        "7:32 denied.message: is not part of the message"
    ]


def test_a_whole_object_can_be_in_the_test_file():
    written = outcome("snapshot: s.yaml").snapshot

    assert outcome(f"snapshot:\n{textwrap.indent(written, '  ')}").status == "passed"
    found = outcome(f"snapshot:\n{textwrap.indent(written.replace('engine:1', 'engine:2'), '  ')}")
    assert told(found) == ["8:7 snapshot: is different"]
    assert found.snapshot is None


def test_a_configuration_can_be_in_the_test_file():
    case = "cases: [{name: a, workload: pod.yaml, expect: {container: {image: 'x:1'}}}]"
    file, _ = cases.read(
        "t/hydra-test.yaml",
        f"templates: templates.yaml\nagent: |\n  deployment_templates:\n  - container_template: {{image: x:1}}\n{case}",
    )
    files = cases.Files({path: text.encode() for path, text in FILES.items()})
    prepared = cases.prepare(file, files)

    assert cases.run(file.cases[0], prepared.state(), files).status == "passed"
    assert [document.source for document in prepared.documents] == ["t/templates.yaml", "t/hydra-test.yaml[agent]"]


def test_the_namespace_of_a_case_goes_before_that_of_the_object():
    pod = POD.replace("name: one", "name: one, namespace: own")
    text = """\
cases:
- {name: a, workload: pod.yaml, expect: {container: {args: [--tp=1, --ns=own, --port=8000, /data/serving-model]}}}
- {name: b, workload: pod.yaml, namespace: team-a, expect: {container: {args: [--tp=1, --ns=team-a, --port=8000, /data/serving-model]}}}
"""

    assert [told(one) for one in outcomes(text, files={"t/pod.yaml": pod})] == [[], []]


def test_settings_reach_the_templates():
    case = "cases: [{name: a, workload: pod.yaml, expect: {container: {args: [--tp=1, --ns=default, --port=9, /data/serving-model]}}}]"

    assert told(outcomes(f"settings: {{modelPort: 9}}\n{case}")[0]) == []
    assert told(outcomes(f"settings: s.yaml\n{case}", files={"t/s.yaml": "model_port: 9"})[0]) == []


def test_a_snapshot_is_the_whole_object_without_its_records():
    written = outcome("snapshot: s.yaml", "lws.yaml").snapshot
    again = outcome("snapshot: s.yaml", "lws.yaml", files={"t/s.yaml": written})

    assert workload.RECORD not in written
    assert (again.status, again.snapshot) == ("passed", None)
    changed = outcome("snapshot: s.yaml", "lws.yaml", files={"t/s.yaml": written.replace("engine:1", "engine:2")})
    assert told(changed) == ["7:15 snapshot: is different from t/s.yaml"]
    assert changed.snapshot == written
    reordered = outcome(
        "snapshot: s.yaml",
        "lws.yaml",
        files={"t/s.yaml": "\n" + "".join(sorted(written.splitlines(True)[:1])) + written.split("\n", 1)[1]},
    )
    assert reordered.status == "passed"


ELSEWHERE = {
    "an input": (
        {"inputs": {"t/s.yaml": 'the workload of case "a"'}},
        't/s.yaml is the workload of case "a", so it cannot be a snapshot; name a file of its own, such as snapshots/NAME.yaml',
    ),
    "outside the folder, absent": (
        {"outside": {"t/s.yaml"}},
        "t/s.yaml does not exist; name a file below the folder of the test file if --update is to write it",
    ),
    "outside the folder, different": (
        {"outside": {"t/s.yaml"}, "files": {"t/s.yaml": POD}},
        "is different from t/s.yaml; name a file below the folder of the test file if --update is to write it",
    ),
    "outside the folder, something else": (
        {"outside": {"t/s.yaml"}, "files": {"t/s.yaml": "a: 1"}},
        "it has no kind; name a file below the folder of the test file if --update is to write it",
    ),
}


@pytest.mark.parametrize(("given", "message"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_snapshot_that_is_never_written_has_no_advice_to_write_it(given, message):
    found = outcome("snapshot: s.yaml", **given)

    lines = [*(f"{one.message}; {one.remedy}" for one in found.failures), *map(str, found.problems)]
    assert [message in line for line in lines] == [True]


@pytest.mark.parametrize("text", ["a: [", "a: 1", "kind: Pod\n---\nkind: Pod\n", ""])
def test_a_snapshot_that_is_something_else_is_an_error(text):
    found = outcome("snapshot: s.yaml", files={"t/s.yaml": text})

    assert found.status == "error"
    assert "t/s.yaml is not a snapshot" in told(found)[0]


# What the webhook leaves alone

UNLABELLED = "{apiVersion: v1, kind: Pod, metadata: {name: p%s}, spec: {containers: [{name: main, image: auto}]}}"
DEPLOYMENT = """\
{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, labels: {%s}},
 spec: {template: {metadata: {labels: {%s}}, spec: {containers: [{name: main, image: auto}]}}}}"""
INSIDE = """\
{apiVersion: leaderworkerset.x-k8s.io/v1, kind: LeaderWorkerSet, metadata: {name: g}, spec: {leaderWorkerTemplate:
 {workerTemplate: {metadata: {labels: {hydra.io/runtime: engine}}, spec: {containers: [{name: main}]}}}}}"""
SILENT = {
    "no labels": (UNLABELLED % "", "add it to metadata.labels"),
    "a misspelt label": (
        UNLABELLED % ", labels: {hydra.io/runtme: engine}",
        "there is label hydra.io/runtme; rename it",
    ),
    "an annotation": (
        UNLABELLED % ", annotations: {hydra.io/runtime: engine}",
        "it is an annotation here; make it a label",
    ),
    "no labels of the pods of a Deployment": (DEPLOYMENT % ("", "app: d"), "add it to spec.template.metadata.labels"),
    "only the Deployment itself": (
        DEPLOYMENT % ("hydra.io/runtime: engine", ""),
        "the Deployment itself has it; add it to its pods at spec.template.metadata.labels",
    ),
    "only the pod templates of a group": (INSIDE, "only its pod templates have it; add it to metadata.labels"),
    "any shape": ("{apiVersion: v1, kind: Pod, spec: 3}", "add it to metadata.labels"),
}


@pytest.mark.parametrize(("of", "remedy"), SILENT.values(), ids=SILENT)
@pytest.mark.parametrize("expect", ["rendered: {}", "warnings: []", "snapshot: s.yaml", "denied: {code: no-image}"])
def test_a_case_does_not_pass_because_nothing_was_rendered(of, remedy, expect):
    found = outcome(expect, "of.yaml", files={"t/of.yaml": of})

    assert (found.status, found.snapshot) == ("error", None)
    message = f'it has no label hydra.io/runtime; {remedy}, or expect "leftAlone: not-labelled"'
    assert told(found) == [f"t/hydra-test.yaml:5:13: cases[0].workload: the webhook leaves it alone: {message}"]


def test_a_case_with_a_rendered_workload_tests_nothing_and_says_so():
    files = {"t/pod.yaml": json.dumps(outcome("container: {}").value)}
    found = outcome("container: {image: registry.example/engine:1}", files=files)

    assert found.status == "error"
    assert "it has a record, so it is sent as it was rendered before; get the bare form with" in told(found)[0]
    assert outcome("{leftAlone: already-rendered, container: {command: [serve]}}", files=files).status == "passed"


OPTED_OUT = POD.replace("hydra.io/model-id: m", 'hydra.io/model-id: m, hydra.io/inject: "false"')
ALONE = {
    "not-labelled": UNLABELLED % "",
    "opted-out": OPTED_OUT,
    "mirror-pod": POD.replace("labels:", "annotations: {kubernetes.io/config.mirror: x}, labels:"),
}


@pytest.mark.parametrize(("reason", "of"), ALONE.items(), ids=ALONE)
def test_a_case_can_expect_that_the_webhook_leaves_a_workload_alone(reason, of):
    files = {"t/of.yaml": of}

    found = outcome(f"leftAlone: {reason}", "of.yaml", files=files)
    assert (found.status, found.note) == ("passed", "")
    other = next(one for one in ALONE if one != reason)
    assert told(outcome(f"leftAlone: {other}", "of.yaml", files=files)) == ["7:16 leftAlone: is different"]
    assert told(outcome(f"leftAlone: {reason}")) == ["7:16 leftAlone: is different"]


@pytest.mark.parametrize("reason", ["opted-out", "mirror-pod"])
def test_a_workload_that_asks_to_be_left_alone_passes_with_a_note(reason):
    found = outcome("rendered: {kind: Pod}", "of.yaml", files={"t/of.yaml": ALONE[reason]})

    assert found.status == "passed"
    assert found.note.startswith("the webhook leaves it alone: ")
    assert found.note.endswith(f'; if that is what the case is about, expect "leftAlone: {reason}"')


def test_a_record_that_somebody_wrote_on_an_object_that_is_left_alone_names_no_container():
    record = '{"version":1,"runtime":"engine","model":"m","container":"gone","revision":"","inputs":"","rendered":""}'
    pod = OPTED_OUT.replace(
        "metadata: {name: one", f"metadata: {{name: one, annotations: {{hydra.io/rendered: '{record}'}}"
    )

    found = outcome("container: {}", files={"t/pod.yaml": pod})

    assert told(found) == ["7:5 container: its pod template is not rendered (opted-out)"]


def test_a_pod_template_that_is_left_alone_has_no_inference_container():
    assert told(outcome("container: {}", files={"t/pod.yaml": OPTED_OUT})) == [
        "7:5 container: its pod template is not rendered (opted-out)"
    ]


WORKLOADS = {
    "YAML with an error": ("a: [", "t/pod.yaml:1:4: the list or map that begins here is unclosed"),
    "bytes": (b"\xff", "t/pod.yaml:1:1: not valid UTF-8"),
    "two workloads": (POD + "---\n" + POD, "cases[0].workload: t/pod.yaml holds 2 workloads, expected one"),
    "an empty list": ("{apiVersion: v1, kind: List, items: []}", "t/pod.yaml holds no Kubernetes object"),
    "another kind": (
        "{apiVersion: v1, kind: Service}",
        "cases[0].workload: t/pod.yaml: the webhook does nothing with v1 Service",
    ),
    "another version": (
        LWS.replace("io/v1", "io/v2"),
        'does nothing with leaderworkerset.x-k8s.io/v2 LeaderWorkerSet; did you mean "leaderworkerset.x-k8s.io/v1 LeaderWorkerSet"?',
    ),
    "no object": ("a: 1", "t/pod.yaml holds no Kubernetes object: nothing in it has a kind"),
}


@pytest.mark.parametrize(("text", "problem"), WORKLOADS.values(), ids=WORKLOADS)
def test_a_workload_that_cannot_be_read_is_an_error(text, problem):
    file, _ = cases.read("t/hydra-test.yaml", "cases: [{name: a, workload: pod.yaml, expect: {warnings: []}}]")
    files = cases.Files({"t/pod.yaml": text if isinstance(text, bytes) else text.encode()})
    found = cases.run(file.cases[0], cases.prepare(file, files).state(), files)

    assert found.status == "error"
    assert problem in told(found)[0]


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: Service\n---\n" + POD,
        "apiVersion: v1\nkind: List\nitems:\n- " + textwrap.indent(POD, "  ")[2:],
    ],
    ids=["beside others", "in a List"],
)
def test_a_workload_is_found_in_its_file(text):
    assert outcome("container: {image: registry.example/engine:1}", files={"t/pod.yaml": text}).status == "passed"


def test_an_object_in_the_test_file_has_a_kind_that_the_webhook_knows():
    found = outcome("warnings: []", "{apiVersion: v1, kind: Service}")

    assert "cases[0].workload: the webhook does nothing with v1 Service; known: " in told(found)[0]


def test_files_that_cannot_be_read_are_errors():
    file, _ = cases.read(
        "t/hydra-test.yaml",
        HEAD + "settings: s.yaml\ncases: [{name: a, workload: pod.yaml, expect: {snapshot: x.yaml}}]",
    )
    files = cases.Files(
        {"t/agent.yaml": AGENT.encode(), "t/s.yaml": b"rayport: 1"},
        {"t/templates.yaml": "t/templates.yaml: Permission denied"},
    )

    assert [str(problem) for problem in cases.prepare(file, files).problems] == [
        "t/hydra-test.yaml:1:12: cannot read t/templates.yaml: Permission denied",
        't/s.yaml:1:1: rayport: unknown setting "rayport"; did you mean "rayPort"?',
    ]


def test_a_configuration_that_cannot_be_read_as_a_whole_is_an_error():
    found = outcome("container: {}", files={"t/templates.yaml": "templates: ["})

    assert found.status == "error"
    assert "t/templates.yaml:1:12: the list or map that begins here is unclosed" in told(found)[0]
    assert (
        outcome("denied: {code: configuration-missing}", files={"t/templates.yaml": "templates: ["}).status == "passed"
    )


def test_what_the_webhook_leaves_alone_may_have_any_shape():
    found = outcome("{snapshot: s.yaml, leftAlone: not-labelled}", "{apiVersion: v1, kind: Pod, spec: 3}")

    assert found.status == "error"
    assert "spec: must be a map, not a number" in told(found)[0]
