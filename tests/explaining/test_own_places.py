"""Where the workload's own file has what it says: files, lines and columns, also of rendered objects."""

import pytest

from tests.explaining import field_cases
from tests.explaining.test_explain import configured, stored
from webhook import catalog

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: p
  labels:
    hydra.io/runtime: engine
    hydra.io/model-id: Qwen3
  annotations: {hydra.io/model-port: "9"}
spec:
  nodeSelector: {disk: ssd}
  containers:
    - {name: sidecar, image: example/sidecar:1}
    - name: main
      image: auto
      args: [--first, --second]
      env:
        - {name: B, value: own}
      resources:
        limits: {nvidia.com/gpu: 2}
"""
GROUP = """\
apiVersion: leaderworkerset.x-k8s.io/v1
kind: LeaderWorkerSet
metadata:
  name: g
  labels: {hydra.io/runtime: engine, hydra.io/model-id: Qwen3}
spec:
  leaderWorkerTemplate:
    size: 2
    leaderTemplate:
      metadata: {annotations: {hydra.io/model-port: "9"}}
      spec:
        nodeSelector: {role: leader}
    workerTemplate:
      spec:
        containers:
          - name: main
            image: auto
            args: [--own]
            workingDir: /w
"""


def explained(text, configuration=None, **more):
    value, places = field_cases.placed(text, "w.yaml")
    return field_cases.explain(value, configuration or configured(), file=places, **more)


def fields(one):
    return {
        field.path: f"{field.set_by} {field.written}"
        for field in one.fields
        if "workload" in field.set_by or "worker" in field.set_by
    }


def test_fields_of_the_workload_have_places():
    (one,) = explained(POD).pod_templates

    assert fields(one) == {
        "metadata.labels.hydra.io/runtime": "workload w.yaml:6:5",
        "metadata.labels.hydra.io/model-id": "workload w.yaml:7:5",
        "metadata.annotations.hydra.io/model-port": "workload w.yaml:8:17",
        "spec.nodeSelector": "workload w.yaml:10:3",
        "spec.containers[0]": "workload w.yaml:12:7",
        "spec.containers[1].name": "workload w.yaml:13:7",
        "spec.containers[1].env[1]": "workload w.yaml:17:11",
        "spec.containers[1].resources": "workload w.yaml:18:7",
    }


def test_the_container_what_it_asks_for_and_variables_have_places():
    (one,) = explained(POD).pod_templates
    variables = {variable.name: str(variable.written) for variable in one.variables if variable.written}

    assert str(one.container.written) == "w.yaml:13:7"
    assert str(one.gpu_types[0].written) == "w.yaml:19:18"
    assert variables == {"RUN_TIME": "w.yaml:6:5", "MODEL_ID": "w.yaml:7:5", "MODEL_PORT": "w.yaml:8:17"}


def test_items_of_the_same_name_cannot_be_told_apart_and_have_no_place():
    (one,) = explained(
        POD.replace("{name: B, value: own}", "{name: B, value: own}\n        - {name: B, value: b}")
    ).pod_templates

    places = [field.written for field in one.fields if field.set_by == "workload" and field.item == "name=B"]
    assert places == [None, None]


def test_arguments_of_the_workload_have_places():
    templates = "templates: [{runtime: engine, podTemplate: {containerTemplate: {argsTemplate: [--a]}}}]"
    (one,) = explained(POD, configured(templates)).pod_templates
    args = field_cases.inference_fields(one)["args"]

    assert [(item.value, str(item.written)) for item in args.elements if item.set_by == "workload"] == [
        ("--first", "w.yaml:15:14"),
        ("--second", "w.yaml:15:23"),
    ]


def test_a_completed_leader_template_has_the_places_of_both_templates():
    leader, worker = explained(GROUP).pod_templates

    assert fields(leader)["spec.nodeSelector"] == "workload w.yaml:12:9"
    assert fields(leader)["spec.containers[0].workingDir"] == "worker template w.yaml:19:13"
    assert leader.container.path == "spec.leaderWorkerTemplate.workerTemplate.spec.containers[0]"
    assert str(leader.container.written) == str(worker.container.written) == "w.yaml:16:13"
    (port,) = [one for one in leader.variables if one.name == "MODEL_PORT"]
    (model,) = [one for one in leader.variables if one.name == "MODEL_ID"]
    assert (str(port.written), str(model.written)) == ("w.yaml:10:32", "w.yaml:5:38")


def test_a_created_leader_template_has_the_places_of_the_worker_template():
    text = "".join(line for at, line in enumerate(GROUP.splitlines(keepends=True), 1) if not 9 <= at <= 12)
    leader = explained(text).pod_templates[0]

    assert fields(leader)["spec.containers[0].workingDir"] == "worker template w.yaml:15:13"
    assert str(leader.container.written) == "w.yaml:12:13"


def test_places_are_those_of_a_rendered_file():
    value, _ = field_cases.placed(POD, "w.yaml")
    text = catalog.dump(stored(value))
    (one,) = explained(text).pod_templates
    lines = text.splitlines()

    for field in one.fields:
        if field.set_by == "workload":
            assert field.written, field.path
            line = lines[field.written.line - 1][field.written.column - 1 :]
            key = field.keys[-1]
            assert line.startswith(f"{key}:" if isinstance(key, str) else f"{field.item.partition('=')[0]}: "), (
                field,
                line,
            )


@pytest.mark.parametrize("wrong", ["hydra.io/runtime: engin", 'hydra.io/runtime: ""'], ids=["unknown", "empty"])
def test_a_denial_because_of_a_label_has_its_place(wrong):
    found = explained(POD.replace("hydra.io/runtime: engine", wrong))

    assert str(found.denial.written) == "w.yaml:6:5"
    assert any(line.endswith(f"[{found.denial.code}] ← w.yaml:6:5") for line in field_cases.lines(found))


@pytest.mark.parametrize("wrong", ['{nvidia.com/gpu: "1.5"}', "{amd.com/gpu: 2}"], ids=["half a GPU", "unknown"])
def test_a_denial_because_of_a_resource_has_its_place(wrong):
    found = explained(POD.replace("{nvidia.com/gpu: 2}", wrong))

    assert str(found.denial.written) == "w.yaml:19:18"


def test_a_malformed_object_has_the_place_of_what_is_wrong():
    found = explained(POD.replace("[--first, --second]", "{a: b}"))

    assert (found.denial.code, str(found.denial.written)) == ("malformed-object", "w.yaml:15:7")


def test_objects_without_a_file_have_no_places():
    value, _ = field_cases.placed(POD, "w.yaml")
    (one,) = field_cases.explain(value, configured()).pod_templates

    assert {field.written for field in one.fields if field.set_by == "workload"} == {None}
    assert one.container.written is None
