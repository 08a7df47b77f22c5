"""Which container is the inference container (contract section 3)."""

import pytest

from webhook import errors, workload
from webhook.rendering import containers

AUTO = {"name": "auto", "image": "auto"}
ENGINE = {"name": "engine", "image": "example/engine:1"}
SIDE = {"name": "side", "image": "example/side:1"}


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
    pytest.param(pod(SIDE, ENGINE), "", 0, id="then the first"),
    pytest.param(pod(SIDE, {"image": "example/unnamed:1"}), "", 0, id="another container may lack a name"),
    pytest.param(pod(AUTO, SIDE, SIDE), "", 0, id="two other containers may share a name"),
]  # fmt: skip


@pytest.mark.parametrize(("pod_template", "wanted", "index"), CHOSEN)
def test_the_first_choice_that_exists_is_the_inference_container(pod_template, wanted, index):
    found = containers.inference_container(pod_template, wanted)

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
    found = containers.inference_container(workload.PodTemplate((), value, {}, {}), "")

    assert (found.name, found.value, found.index) == ("inference", {"name": "inference"}, None)
    assert found.path == "spec.containers[0]"


def test_the_path_begins_at_the_objects_root():
    pod_template = pod(SIDE, AUTO, place=("spec", "leaderWorkerTemplate", "workerTemplate"))

    found = containers.inference_container(pod_template, "")

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
        containers.inference_container(pod_template, wanted)

    assert (denial.value.code, denial.value.message) == (code, message)


PUT = [
    pytest.param(1, [SIDE, {"name": "new"}, ENGINE], id="in its place"),
    pytest.param(None, [SIDE, AUTO, ENGINE, {"name": "new"}], id="after all others if it is created"),
]


@pytest.mark.parametrize(("index", "expected"), PUT)
def test_the_filled_in_container_goes_to_its_place(index, expected):
    spec = {"containers": [SIDE, AUTO, ENGINE], "hostNetwork": True}
    container = containers.InferenceContainer({"name": "new"}, "spec.containers[1]", index)

    assert container.put(spec, {"name": "new"}) == {"containers": expected, "hostNetwork": True}
    assert spec["containers"] == [SIDE, AUTO, ENGINE]


def test_a_created_container_may_be_the_only_one():
    created = containers.InferenceContainer({"name": "inference"}, "spec.containers[0]", None)

    assert created.put({}, {"name": "inference"}) == {"containers": [{"name": "inference"}]}
