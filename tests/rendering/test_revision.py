"""What does and does not change the digests of a rendering (contract section 8)."""

import copy
import json
from pathlib import Path

import pytest

from webhook import catalog, rendering, workload
from webhook.rendering import revision
from webhook.settings import Settings

REVIEWS = Path(__file__).parents[1] / "reviews"
AGENT = """
cluster_name: {cluster}
deployment_templates:
  - {{match_runtimes: [r], match_gpu_types: [g], container_template: {{image: "example/r:1"}}}}
  - {{match_runtimes: [other], container_template: {{image: "example/other:1"}}}}
"""
GPUS = """
gpu_configs:
  - {gpu_type: g, gpu_resource_template_config: {gpu_per_node: {key: example.com/g}}}
  - {gpu_type: unrelated, gpu_resource_template_config: {gpu_per_node: {key: RESOURCE}}}
"""
USES_PORT = "{{ .MODEL_PORT }}"
POD = {
    "metadata": {"name": "one", "labels": {"hydra.io/runtime": "r", "hydra.io/model-id": "m"}},
    "spec": {
        "nodeSelector": {"disk": "hdd"},
        "containers": [{"name": "main", "image": "auto", "resources": {"limits": {"example.com/g": 2}}}],
    },
}


def state(text=USES_PORT, cluster="c", resource="example.com/u", gpus=GPUS, settings=None, **more):
    templates = json.dumps(
        {"templates": [{"runtime": "r", "podTemplate": {"containerTemplate": {"argsTemplate": [text]}}, **more}]}
    )
    documents = [
        catalog.Document("templates", "t.yaml", templates),
        catalog.Document("agent", "a.yaml", AGENT.format(cluster=cluster)),
        catalog.Document("gpu-configs", "g.yaml", gpus.replace("RESOURCE", resource)),
    ]
    snapshot = catalog.build(documents, None)
    assert not [problem for problem in snapshot.problems if problem.severity == "error"]
    return rendering.State(snapshot, settings or Settings())


def resolved(pod=POD, found=None):
    (pod_template,) = workload.pod_templates(pod, workload.POD)
    return rendering.resolve(pod_template, found or state(), namespace="ns")


def revision_of(**changes):
    return revision.revision(resolved(found=state(**changes)))


BASE = revision_of()


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": Settings(ray_port=1)},
        {"settings": Settings(model_path="/other", model_host="h", cluster="d")},
        {"cluster": "another"},
        {"resource": "example.com/v"},
        {"gpus": GPUS.replace("- {gpu_type: g,", "- {gpu_type: o, gpu_resource_template_config: {gpu_per_node: {key: a/o}}}\n  - {gpu_type: g,")},
        {"gpus": GPUS.replace("{key: example.com/g}", "{key: example.com/g}, gpu_memory: {key: example.com/memory}")},
        {"gpus": GPUS.replace("unrelated,", "unrelated, node_selector: {disk: ssd},"), "resource": "example.com/g"},
    ],
    ids=[
        "a port that no Go template reads", "more that none reads", "the cluster's name", "an unrelated GPU row", "the row's position",
        "a companion", "a row for other nodes",
    ],
)  # fmt: skip
def test_configuration_that_is_not_used_does_not_change_the_revision(changes):
    assert revision_of(**changes) == BASE


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": Settings(model_port=1)},
        {"text": "{{ .MODEL_PORT }} "},
        {"runtimeZH": "name"},
        {"resource": "example.com/g"},
        {"resource": "'example.com/g*'"},
        {"gpus": GPUS.replace("{gpu_type: g,", "{gpu_type: g, node_selector: {disk: hdd},")},
    ],
    ids=[
        "a setting that is read", "the Go template", "the rest of the entry", "a GPU row that matches", "a row that matches by its beginning",
        "the labels of a row that matches",
    ],
)  # fmt: skip
def test_configuration_that_is_used_changes_the_revision(changes):
    assert revision_of(**changes) != BASE


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("{{ if .IS_LEADER }}{{ .RAY_PORT }}{{ end }}", Settings(ray_port=1)),
        ("{{ if .IS_DISTRIBUTED }}{{ .MODEL_HOST }}{{ end }}", Settings(model_host="h")),
        ("{{ len . }}", Settings(ray_port=1)),
        ('{{ index . "MODEL_PATH" }}', Settings(model_path="/p")),
    ],
    ids=["by a leader", "in a group", "by way of all variables", "by name in index"],
)
def test_a_setting_counts_if_any_role_may_read_it(text, settings):
    assert revision_of(text=text, settings=settings) != revision_of(text=text)


def test_the_name_of_the_cluster_counts_if_it_is_read():
    assert revision_of(text="{{ .CLUSTER }}", cluster="a") != revision_of(text="{{ .CLUSTER }}", cluster="b")


def test_a_setting_that_a_rendered_field_reads_counts():
    more = {"renderAll": True, "podTemplate": {"hostAliases": [{"ip": "{{ .MODEL_HOST }}"}]}}

    assert revision_of(settings=Settings(model_host="h"), **more) != revision_of(**more)


# Inputs


def inputs_of(pod, *configuration):
    resolution = resolved(pod, *configuration)
    return revision.inputs(resolution.pod_template, resolution.declaration)


def changed(change):
    pod = copy.deepcopy(POD)
    change(pod)
    return pod


def recorded_pod(name, token):
    """A pod as an API server sends it, with its service account token."""
    pod = copy.deepcopy(POD)
    pod["metadata"]["name"] = name
    container = pod["spec"]["containers"][0]
    container["volumeMounts"] = [{"name": token, "mountPath": "/var/run/secrets"}, {"name": "data", "mountPath": "/d"}]
    pod["spec"]["initContainers"] = [{"name": "init", "volumeMounts": [{"name": token, "mountPath": "/s"}]}]
    pod["spec"]["volumes"] = [
        {"name": "data", "persistentVolumeClaim": {"claimName": f"data-{name}"}},
        {"name": token, "projected": {}},
    ]
    pod["spec"] |= {"hostname": name, "subdomain": "web", "nodeName": f"node-of-{name}"}
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [f"node-of-{name}"]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    pod["spec"]["affinity"] = {"nodeAffinity": required}
    return pod


def test_two_pods_of_one_controller_have_the_same_inputs():
    one, two = recorded_pod("web-0", "kube-api-access-abcde"), recorded_pod("web-1", "kube-api-access-fghij")

    assert inputs_of(one) == inputs_of(two)


@pytest.mark.parametrize(
    "change",
    [
        lambda pod: pod["spec"]["volumes"][0]["persistentVolumeClaim"].update(claimName="shared"),
        lambda pod: pod["spec"]["volumes"].append({"name": "more", "emptyDir": {}}),
        lambda pod: pod["spec"]["containers"][0].update(args=["--x"]),
        lambda pod: pod["spec"].update(subdomain="other"),
        lambda pod: pod["metadata"].update(annotations={"hydra.io/model-name": "Qwen"}),
        lambda pod: pod["metadata"]["labels"].update({"hydra.io/model-id": "other"}),
    ],
    ids=["a claim of another name", "a volume", "args", "a subdomain", "the model's name", "the model id"],
)
def test_what_a_workload_says_changes_its_inputs(change):
    pod = recorded_pod("web-0", "kube-api-access-abcde")
    other = copy.deepcopy(pod)
    change(other)

    assert inputs_of(pod) != inputs_of(other)


@pytest.mark.parametrize(
    "change",
    [
        lambda pod: pod["metadata"].update(labels={**pod["metadata"]["labels"], "app": "x"}),
        lambda pod: pod["metadata"].update(generateName="x-", uid="u", ownerReferences=[{"name": "o"}]),
        lambda pod: pod["metadata"].update(annotations={"note": "x"}),
        lambda pod: pod.update(status={"phase": "Pending"}),
    ],
    ids=["a foreign label", "bookkeeping", "a foreign annotation", "a status"],
)
def test_other_metadata_is_not_an_input(change):
    assert inputs_of(changed(change)) == inputs_of(POD)


def test_the_pods_of_a_recorded_deployment_share_their_inputs_however_their_tokens_are_named():
    pod = json.loads((REVIEWS / "pod-of-a-deployment.json").read_text())["request"]["object"]
    text = json.dumps(pod)
    (token,) = {volume["name"] for volume in pod["spec"]["volumes"] if volume["name"].startswith("kube-api-access-")}
    embedded = rendering.State(catalog.build(catalog.embedded(), None), Settings())

    assert inputs_of(pod, embedded) == inputs_of(json.loads(text.replace(token, "kube-api-access-zzzzz")), embedded)


def test_a_pod_spec_that_templates_share_is_written_as_canonical_json_once(monkeypatch):
    written, normal = [], revision.filled_in.normal
    monkeypatch.setattr(
        revision.filled_in,
        "normal",
        lambda value, key, holder, **options: written.append(key) or normal(value, key, holder, **options),
    )
    group = {
        "metadata": POD["metadata"],
        "spec": {"leaderWorkerTemplate": {"size": 2, "workerTemplate": {"spec": {**POD["spec"], "hostname": "once"}}}},
    }
    pod_templates = workload.pod_templates(group, workload.LEADER_WORKER_SET)

    digests = {revision.inputs(one, workload.declaration(one)) for one in pod_templates}

    assert len(digests) == len(pod_templates) == 2
    assert written.count("spec") == 1


@pytest.mark.parametrize("number", [2**64, 2**70])
def test_integers_of_any_size_are_digested(number):
    of = {"metadata": POD["metadata"], "spec": {**POD["spec"], "futureField": number}}
    one, other = ({**of, "spec": {**of["spec"], "futureField": number + more}} for more in (0, 1))

    assert digest_of(one) == digest_of(copy.deepcopy(one)) != digest_of(other)


def digest_of(pod):
    (pod_template,) = workload.pod_templates(pod, workload.POD)
    return revision.inputs(pod_template, workload.declaration(pod_template))
