"""The law of files: whatever objects are in them, each is rendered, or denied, or named with the reason why it is left as it is."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.cli.test_object_files import controller, group
from webhook import catalog, errors, mutation, rendering, workload
from webhook.settings import Settings

STATE = rendering.State(catalog.build(catalog.embedded(), None), Settings())
LABELS = st.sampled_from([
    {},
    {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "m"},
    {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "m", "hydra.io/inject": "false"},
    {"hydra.io/runtmie": "vllm-cpu"},
    {"app": "x"},
])  # fmt: skip
KINDS = st.sampled_from(
    [
        "Pod",
        "pod",
        "Pods",
        "Deployment",
        "deployment",
        "StatefulSet",
        "Job",
        "CronJob",
        "Service",
        "ConfigMap",
        "Rollout",
        "List",
    ]
)
VERSIONS = st.sampled_from(["v1", "apps/v1", "batch/v1", "apps/v1beta1", "", "argoproj.io/v1alpha1"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)

OBJECTS = st.one_of(
    st.builds(lambda kind, own, inside, version: controller(kind, own=own, inside=inside, api_version=version), KINDS, LABELS, LABELS, VERSIONS),
    st.builds(lambda own, inside, version: group(own=own, inside=inside, version=version), LABELS, LABELS, st.sampled_from(["v1", "v1alpha1", "v2"])),
    st.builds(lambda kind, version, metadata, spec: {"kind": kind, "apiVersion": version, "metadata": metadata, "spec": spec}, KINDS, VERSIONS, JSON, JSON),
)  # fmt: skip


@given(OBJECTS, st.booleans())
def test_an_object_is_rendered_or_denied_or_has_a_remark(value, inside):
    remark = workload.overlooked.remark(value, inside=inside)
    kind = workload.kind_of(value)
    kinds = {*workload.INTERCEPTED, *(workload.POD_TEMPLATE_PLACES if inside else ())}
    changed, denied = False, False
    if kind in kinds:
        try:
            changed = mutation.mutate(value, kind, STATE, namespace="default").changed
        except errors.Denied:
            denied = True

    assert (remark is not None) or changed or denied, json.dumps(value)
    if remark is not None:
        assert not changed
        assert remark.text.isprintable()
