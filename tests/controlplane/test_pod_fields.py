"""What lint says about Kubernetes' fields agrees with the API server: the types that it describes, and what it refuses."""

import json

import pytest

from tests.controlplane import pod_fields
from tests.linting.pod_field_examples import FLAWLESS, FLAWLESS_PODS, MISTAKES

ERRORS = {name: one for name, one in MISTAKES.items() if one.severity == "error"}


def pod(fields, *, of_pod):
    """Return a pod with these fields, and what mounts and the like in them need."""
    container = {"name": "main", "image": "i", **({} if of_pod else fields)}
    own = dict(fields) if of_pod else {}
    metadata = {"name": "a", **own.pop("metadata", {})}
    spec = {**own, "containers": [container, *own.get("containers", ())]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def refusal(plane, namespace, fields, *, of_pod):
    """Return why the API server refuses a pod with these fields, or an empty string."""
    path = f"/api/v1/namespaces/{namespace}/pods?dryRun=All&fieldValidation=Strict"
    return plane.refusal("POST", path, pod(fields, of_pod=of_pod))


def test_the_file_says_what_the_api_server_says(plane):
    assert pod_fields.FILE.read_text() == pod_fields.taken(plane), "run python -m tests.controlplane.pod_fields"


@pytest.mark.parametrize("mistake", ERRORS.values(), ids=ERRORS)
def test_what_lint_calls_an_error_is_refused(plane, namespace_of_all, mistake):
    assert refusal(plane, namespace_of_all, mistake.fields, of_pod=mistake.pod) != ""


@pytest.mark.parametrize("fields", FLAWLESS.values(), ids=FLAWLESS)
def test_what_lint_finds_no_fault_with_in_a_container_is_admitted(plane, namespace_of_all, fields):
    assert refusal(plane, namespace_of_all, fields, of_pod=False) == ""


@pytest.mark.parametrize("fields", FLAWLESS_PODS.values(), ids=FLAWLESS_PODS)
def test_what_lint_finds_no_fault_with_in_a_pod_is_admitted(plane, namespace_of_all, fields):
    assert refusal(plane, namespace_of_all, fields, of_pod=True) == ""


@pytest.fixture(scope="module")
def namespace_of_all(plane):
    """One namespace for all examples: nothing is stored in it."""
    with plane.fresh_namespace() as name:
        yield name


def test_a_file_is_made_of_what_can_be_reached(plane):
    types = json.loads(pod_fields.FILE.read_text())["types"]

    assert {"PodSpec", "Container", "Probe"} <= types.keys()
    assert set(types["ObjectMeta"]["fields"]) == {"annotations", "labels"}
    assert not {"Pod", "Service", "OwnerReference"} & types.keys()
