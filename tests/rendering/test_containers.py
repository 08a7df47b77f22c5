"""Which container is the inference container (contract section 3)."""

import pytest

from webhook import catalog, errors, workload
from webhook.rendering import containers

AUTO = {"name": "auto", "image": "auto"}
ENGINE = {"name": "engine", "image": "example/engine:1"}
SIDE = {"name": "side", "image": "example/side:1"}
GPU = {"name": "gpu", "image": "example/gpu:1", "resources": {"limits": {"nvidia.com/gpu": 1}}}
CUSTOM = {"name": "custom", "image": "example/custom:1", "resources": {"requests": {"example.com/npu": "2"}}}
CLAIMING = {"name": "claiming", "image": "example/claiming:1", "resources": {"claims": [{"name": "gpu"}]}}
PROXY = {"name": "istio-proxy", "image": "auto"}

TABLE = catalog.GpuTypes((catalog.GpuType("custom", "example.com/npu"),))


def pod(*some, default=None, place=(), **spec):
    annotations = {} if default is None else {"kubectl.kubernetes.io/default-container": default}
    value = {"metadata": {"annotations": annotations}, "spec": {"containers": list(some), **spec}}
    return workload.PodTemplate(place, value, {}, annotations)


CHOSEN = [
    pytest.param(pod(SIDE, AUTO, ENGINE, default="side"), "engine", 2, id="the one that hydra.io/container names comes first"),
    pytest.param(pod(SIDE, AUTO, ENGINE, default="engine"), "", 2, id="then the default container"),
    pytest.param(pod(SIDE, AUTO, default=""), "", 1, id="an empty default container names none"),
    pytest.param(pod(SIDE, AUTO, default=["side"]), "", 1, id="a default container that is not a string names none"),
    pytest.param(pod(SIDE, AUTO, {"name": "later"}), "", 1, id="then the first whose image is auto"),
    pytest.param(pod(SIDE, {"name": "bare"}), "", 1, id="an absent image is a placeholder"),
    pytest.param(pod(SIDE, {"name": "bare", "image": None}), "", 1, id="a null image is a placeholder"),
    pytest.param(pod(SIDE, {"name": "bare", "image": ""}), "", 1, id="an empty image is a placeholder"),
    pytest.param(pod(SIDE, {"name": "bare", "image": " \t"}), "", 1, id="an image of spaces is a placeholder"),
    pytest.param(pod(SIDE, AUTO, GPU), "", 1, id="a placeholder comes before a GPU"),
    pytest.param(pod(SIDE, GPU, ENGINE), "", 1, id="then the first that asks for an accelerator"),
    pytest.param(pod(SIDE, CUSTOM, GPU), "", 1, id="an accelerator of the GPU table"),
    pytest.param(pod(SIDE, {**GPU, "resources": {"limits": {"nvidia.com/gpu": "0"}}}), "", 0, id="no accelerators are none"),
    pytest.param(pod(SIDE, CLAIMING), "", 0, id="a claim does not count"),
    pytest.param(pod(SIDE, ENGINE), "", 0, id="then the first"),
    pytest.param(pod(PROXY, SIDE, AUTO), "", 2, id="istio-proxy's placeholder does not count"),
    pytest.param(pod({**GPU, "name": "istio-proxy"}, SIDE, GPU), "", 2, id="an accelerator of istio-proxy does not count"),
    pytest.param(pod(PROXY, SIDE), "", 1, id="istio-proxy is not the first"),
    pytest.param(pod(SIDE, PROXY), "istio-proxy", 1, id="but hydra.io/container may name istio-proxy"),
    pytest.param(pod(SIDE, PROXY, default="istio-proxy"), "", 1, id="and so may the default container"),
    pytest.param(pod(SIDE, {"image": "example/unnamed:1"}), "", 0, id="another container may lack a name"),
    pytest.param(pod(AUTO, SIDE, SIDE), "", 0, id="two other containers may share a name"),
]  # fmt: skip


@pytest.mark.parametrize(("pod_template", "wanted", "index"), CHOSEN)
def test_the_first_choice_that_exists_is_the_inference_container(pod_template, wanted, index):
    found = containers.inference_container(pod_template, wanted, TABLE)

    value = pod_template.value["spec"]["containers"][index]
    assert (found.index, found.path) == (index, f"spec.containers[{index}]")
    assert found.value is value
    assert found.name == value["name"]


@pytest.mark.parametrize(
    "value",
    [{}, {"spec": None}, {"spec": {}}, {"spec": {"containers": None}}, {"spec": {"containers": []}}],
    ids=["no spec", "a null spec", "no containers", "null containers", "an empty list"],
)
def test_without_containers_one_is_created(value):
    found = containers.inference_container(workload.PodTemplate((), value, {}, {}), "", TABLE)

    assert (found.name, found.value, found.index) == ("inference", {"name": "inference"}, None)
    assert found.path == "spec.containers[0]"


def test_without_any_but_istio_proxy_one_is_created_after_it():
    found = containers.inference_container(pod(PROXY), "", TABLE)

    assert (found.name, found.index, found.path) == ("inference", None, "spec.containers[1]")
    assert found.put({"containers": [PROXY]}, {"name": "inference"}) == {"containers": [PROXY, {"name": "inference"}]}


REASONS = [
    (pod(SIDE, ENGINE), "engine", 'container "engine" (spec.containers[1], chosen by annotation hydra.io/container)'),
    (pod(SIDE, default="side"), "", 'container "side" (spec.containers[0], chosen by annotation kubectl.kubernetes.io/default-container)'),
    (pod(SIDE, AUTO), "", 'container "auto" (spec.containers[1], chosen as the first whose image is a placeholder)'),
    (pod(SIDE, GPU), "", 'container "gpu" (spec.containers[1], chosen as the first that asks for an accelerator)'),
    (pod(PROXY, SIDE), "", 'container "side" (spec.containers[1], chosen as the first)'),
    (pod(PROXY), "", 'container "inference" (spec.containers[1], added by the webhook)'),
]  # fmt: skip


@pytest.mark.parametrize(("pod_template", "wanted", "called"), REASONS)
def test_messages_name_the_container_and_why_it_was_chosen(pod_template, wanted, called):
    assert str(containers.inference_container(pod_template, wanted, TABLE)) == called


ELSEWHERE = [
    pytest.param(pod(AUTO, GPU), "", [("gpu", "auto")], id="another container has the GPU"),
    pytest.param(pod(GPU, SIDE, CUSTOM), "side", [("gpu", "side"), ("custom", "side")], id="several have"),
    pytest.param(pod(GPU, CUSTOM), "", [], id="the inference container asks for one itself"),
    pytest.param(pod(CLAIMING, GPU), "claiming", [], id="its claim may be one"),
    pytest.param(pod(AUTO, CLAIMING), "", [], id="another container's claim may be anything"),
    pytest.param(pod(AUTO, SIDE), "", [], id="nobody asks for one"),
    pytest.param(pod(AUTO, initContainers=[GPU]), "", [], id="an init container is not another one"),
]  # fmt: skip


@pytest.mark.parametrize(("pod_template", "wanted", "cases"), ELSEWHERE)
def test_an_accelerator_of_another_container_is_noticed(pod_template, wanted, cases):
    chosen = containers.inference_container(pod_template, wanted, TABLE)

    found = containers.accelerator_elsewhere(pod_template, chosen, TABLE)

    assert [(notice.code, notice.cases) for notice in found] == ([("accelerator-elsewhere", cases)] if cases else [])


def test_the_path_begins_at_the_objects_root():
    pod_template = pod(SIDE, AUTO, place=("spec", "leaderWorkerTemplate", "workerTemplate"))

    found = containers.inference_container(pod_template, "", TABLE)

    assert found.path == "spec.leaderWorkerTemplate.workerTemplate.spec.containers[1]"


DENIED = [
    pytest.param(pod(SIDE, ENGINE), "engin", "unknown-container", 'annotation hydra.io/container is "engin", but there is no such container; did you mean "engine"? known: engine, side', id="hydra.io/container names none"),
    pytest.param(pod(SIDE, {"image": "x"}, default="main"), "", "unknown-container", 'annotation kubectl.kubernetes.io/default-container is "main", but there is no such container; known: side', id="the default container does not exist"),
    pytest.param(pod(), "main", "unknown-container", 'annotation hydra.io/container is "main", but there is no such container; known: none', id="a name, and no containers"),
    pytest.param(pod(AUTO, initContainers=[ENGINE]), "engine", "unknown-container", 'annotation hydra.io/container is "engine", but there is no such container; known: auto', id="an init container is not one"),
    pytest.param(pod(SIDE, ENGINE, SIDE), "side", "duplicate-container", 'annotation hydra.io/container: 2 containers in spec.containers are named "side"; rename all but one', id="hydra.io/container names two"),
    pytest.param(pod(SIDE, ENGINE, SIDE, default="side"), "", "duplicate-container", 'annotation kubectl.kubernetes.io/default-container: 2 containers in spec.containers are named "side"; rename all but one', id="the default container is two"),
    pytest.param(pod(SIDE, AUTO, {"name": "auto"}), "", "duplicate-container", '2 containers in spec.containers are named "auto"; rename all but one', id="another container has the placeholder's name"),
    pytest.param(pod(SIDE, {"image": "auto"}), "", "container-without-name", "spec.containers[1].name is missing; give the container a name", id="the placeholder has no name"),
    pytest.param(pod({"name": "", "image": "x"}), "", "container-without-name", "spec.containers[0].name is missing; give the container a name", id="an empty name"),
    pytest.param(pod({"image": "auto"}, place=("spec", "template")), "", "container-without-name", "spec.template.spec.containers[0].name is missing; give the container a name", id="the message has the whole path"),
]  # fmt: skip


@pytest.mark.parametrize(("pod_template", "wanted", "code", "message"), DENIED)
def test_a_container_that_cannot_be_chosen_is_denied(pod_template, wanted, code, message):
    with pytest.raises(errors.Denied) as denial:
        containers.inference_container(pod_template, wanted, TABLE)

    assert (denial.value.code, denial.value.message) == (code, message)


PUT = [
    pytest.param(1, [SIDE, {"name": "new"}, ENGINE], id="in its place"),
    pytest.param(None, [SIDE, AUTO, ENGINE, {"name": "new"}], id="after all others if it is created"),
]


@pytest.mark.parametrize(("index", "expected"), PUT)
def test_the_filled_in_container_goes_to_its_place(index, expected):
    spec = {"containers": [SIDE, AUTO, ENGINE], "hostNetwork": True}
    container = containers.InferenceContainer({"name": "new"}, "spec.containers[1]", index, "the first")

    assert container.put(spec, {"name": "new"}) == {"containers": expected, "hostNetwork": True}
    assert spec["containers"] == [SIDE, AUTO, ENGINE]


def test_a_created_container_may_be_the_only_one():
    created = containers.InferenceContainer({"name": "inference"}, "spec.containers[0]", None, "the first")

    assert created.put({}, {"name": "inference"}) == {"containers": [{"name": "inference"}]}
