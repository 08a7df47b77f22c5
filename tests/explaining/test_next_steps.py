"""What would change an outcome: for each denial a remedy, with files and places, and a command that exists."""

import re

import pytest

from tests import golden_cases
from tests.explaining import field_cases
from tests.explaining.test_explain import AGENT, LABELS, TEMPLATES, configured, explain, group, pod
from tests.explaining.test_golden import DENIED, explained
from webhook import catalog

STEPS = [
    pytest.param(pod({**LABELS, "hydra.io/runtime": "engin"}), {}, ["set label hydra.io/runtime to engine", "see: hydra-webhook runtimes --templates t.yaml --agent a.yaml"], id="unknown-runtime"),
    pytest.param(pod({**LABELS, "hydra.io/runtime": "xyz"}), {}, ["set label hydra.io/runtime to one of engine, other"], id="unknown-runtime, none near"),
    pytest.param(pod({"hydra.io/runtime": "engine"}), {}, ["label hydra.io/model-id: add it with the id of the model"], id="missing-key"),
    pytest.param(pod({"hydra.io/runtime": "engine", "hydra.io/modelid": "m"}), {}, ["label hydra.io/model-id: there is label hydra.io/modelid; rename it"], id="missing-key, misspelt"),
    pytest.param(pod(annotations={"hydra.io/container": "mian"}), {}, ["set annotation hydra.io/container to main"], id="unknown-container"),
    pytest.param(pod(annotations={"hydra.io/tensor-parallel-size": "x"}), {}, ["set annotation hydra.io/tensor-parallel-size to an integer of at least 1 and at most 999999999"], id="invalid-size"),
    pytest.param(pod(annotations={"hydra.io/model-path": "x"}), {}, ["set annotation hydra.io/model-path to an absolute path, which begins with /"], id="invalid-value"),
    pytest.param(pod(), {"agent": AGENT.replace("[engine]", "[third]").replace("[other]", "[engine]").replace("  - container_template: {image: example/any:1}\n", "")}, ["set annotation hydra.io/gpu-type to h100, for which there are agent entries", "or add an agent entry to a.yaml: {match_runtimes: [engine], match_gpu_types: [cpu], container_template: {image: IMAGE}}", 'or give container "main" an image of its own'], id="no-agent-entry"),
    pytest.param(pod(), {"agent": AGENT.replace('image: {registry: example, repository: engine, tag: "1"}', "stdin: true")}, ["set image in deployment_templates[1] at a.yaml:6:5", 'or give container "main" an image of its own'], id="no-image"),
    pytest.param(pod(), {"templates": TEMPLATES.replace(".MODEL_ID", ".MODEL_IDS")}, ["correct the Go template at t.yaml:7:38: write .MODEL_ID", "see: hydra-webhook lint --templates t.yaml"], id="no-value"),
    pytest.param(pod(), {"templates": TEMPLATES.replace(".MODEL_ID", ".XY")}, ["correct the Go template at t.yaml:7:38: write one of the variables that exist"], id="no-value, none near"),
    pytest.param(pod(), {"templates": TEMPLATES.replace("{{ .MODEL_ID }}", "<no value>")}, ["correct the Go template at t.yaml:7:35: write it in another way"], id="no-value, spelled out"),
    pytest.param(pod(volumeMounts=[{"name": "none", "mountPath": "/m"}]), {}, ["define the volume in the workload or in the configuration, or do not mount it"], id="undefined-volume"),
    pytest.param(pod(resources={"limits": {"nvidia.com/gpu": "500m"}}), {}, ["ask for a whole number of GPUs"], id="invalid-gpu-count"),
    pytest.param(pod(resources={"limits": {"amd.com/gpu": 1}}), {}, ["add a row to ConfigMap hydra-gpu-configs: {gpu_type: NAME, gpu_resource_template_config: {gpu_per_node: {key: amd.com/gpu}}}", "or set annotations hydra.io/gpu-type and hydra.io/gpu-count", "or set annotation hydra.io/gpu-type: cpu if it is not an accelerator"], id="unknown-accelerator"),
    pytest.param(pod(annotations={"hydra.io/rendered": "{"}), {}, ["restore the bare form (hydra-webhook restore -f FILE) or apply the original file"], id="invalid-record"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "configuration", "wanted"), STEPS)
def test_a_denial_is_followed_by_what_would_be_right(value, configuration, wanted):
    found = explain(value, configured(**configuration))

    assert found.denial is not None
    assert list(found.next_steps[: len(wanted)]) == wanted


def test_an_accelerator_without_a_row_has_its_alternatives_one_by_one():
    found = explain(pod(resources={"limits": {"amd.com/gpu": 1}}))

    assert found.denial.code == "unknown-accelerator"
    assert found.next_steps[0].startswith("add a row to ConfigMap hydra-gpu-configs: {gpu_type: NAME, ")
    assert found.next_steps[1:] == (
        "or set annotations hydra.io/gpu-type and hydra.io/gpu-count",
        "or set annotation hydra.io/gpu-type: cpu if it is not an accelerator",
    )


def test_a_leader_that_asks_for_no_gpu_is_pointed_to_the_type_of_its_workers():
    agent = AGENT.replace("[engine]", "[engine]\n    match_gpu_types: [nvidia-gpu]").replace(
        "  - container_template: {image: example/any:1}\n", ""
    )
    leader = {"spec": pod()["spec"]}
    found = explain(group(leader=leader, resources={"limits": {"nvidia.com/gpu": 8}}), configured(agent=agent))

    assert [one.outcome for one in found.pod_templates] == ["denied", "rendered"]
    assert found.next_steps[0] == "set annotation hydra.io/gpu-type to nvidia-gpu, that of workerTemplate"


def test_where_only_one_template_of_a_group_has_no_agent_entry_the_gpu_type_of_the_other_is_the_remedy():
    leader = {"spec": {"containers": [{"name": "leader", "image": "auto"}]}}
    value = group(leader=leader, resources={"limits": {"nvidia.com/gpu": 1}})
    agent = AGENT.replace("match_runtimes: [engine]", "match_runtimes: [engine]\n    match_gpu_types: [nvidia-gpu]")
    agent = agent.replace("  - container_template: {image: example/any:1}\n", "")
    found = explain(value, configured(agent=agent))

    assert found.denial.code == "no-agent-entry"
    assert found.next_steps[0] == "set annotation hydra.io/gpu-type to nvidia-gpu, that of workerTemplate"


def test_where_the_configuration_comes_from_a_cluster_commands_ask_the_cluster():
    documents = [
        catalog.Document("templates", "ConfigMap hydra-system/hydra-runtime-template", {"config.yaml": TEMPLATES}),
        catalog.Document("agent", "ConfigMap hydra-system/hydra-agent", {"agent.yaml": AGENT}),
    ]
    found = explain(pod({**LABELS, "hydra.io/runtime": "engin"}), field_cases.configuration(*documents))

    assert found.next_steps[-1] == "see: hydra-webhook runtimes --from-cluster"


def test_a_misspelt_label_of_a_workload_that_is_left_alone_is_named():
    found = explain(pod({"hydra.io/runtimes": "engine"}))

    assert found.outcome == "not-labelled"
    assert found.next_steps == (
        "to have it rendered, give it label hydra.io/runtime: there is label hydra.io/runtimes; rename it",
    )


@pytest.mark.parametrize("case", DENIED, ids=lambda case: case.name)
def test_every_denial_of_the_golden_cases_has_a_remedy_that_reads_as_one(case):
    steps = explained(case).next_steps
    codes_without = {
        "invalid-group-size",
        "malformed-object",
        "broken-runtime",
        "broken-agent-entry",
    }

    if case.keys["denied"]["code"] not in codes_without:
        assert any(not step.startswith("see: ") for step in steps), golden_cases.CASES
    for step in steps:
        assert not re.search(r"known: |did you mean", step), step
        assert len(step) < 400, step
