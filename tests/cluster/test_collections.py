"""Collections and objects have their URLs and names; the contents of Secrets and webhook configurations are read."""

import base64
from dataclasses import replace

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook import cluster

AGENT = cluster.config_map("hydra-system", "hydra-agent")
SETS = cluster.Collection("leaderworkerset.x-k8s.io/v1", "leaderworkersets", "LeaderWorkerSet")
PEM = b"-----BEGIN CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("reference", "path", "human"),
    [
        (
            AGENT,
            "/api/v1/namespaces/hydra-system/configmaps/hydra-agent",
            "ConfigMap hydra-system/hydra-agent",
        ),
        (cluster.secret("a", "b"), "/api/v1/namespaces/a/secrets/b", "Secret a/b"),
        (
            cluster.mutating_webhook_configuration("hydra-webhook"),
            "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/hydra-webhook",
            "MutatingWebhookConfiguration hydra-webhook",
        ),
        (cluster.secret("../x", "y?z"), "/api/v1/namespaces/..%2Fx/secrets/y%3Fz", "Secret ../x/y?z"),
    ],
)
def test_an_object_has_a_path_and_a_name_for_messages(reference, path, human):
    assert (reference.path, reference.human) == (path, human)


@pytest.mark.parametrize(
    ("collection", "path", "query", "human"),
    [
        (SETS, "/apis/leaderworkerset.x-k8s.io/v1/leaderworkersets", {}, "leaderworkersets"),
        (
            replace(SETS, namespace="team-a", label_selector="hydra.io/runtime"),
            "/apis/leaderworkerset.x-k8s.io/v1/namespaces/team-a/leaderworkersets",
            {"labelSelector": "hydra.io/runtime"},
            "leaderworkersets in namespace team-a with hydra.io/runtime",
        ),
        (
            cluster.Collection("v1", "pods", "Pod", label_selector="a=b", field_selector="status.phase!=Failed"),
            "/api/v1/pods",
            {"labelSelector": "a=b", "fieldSelector": "status.phase!=Failed"},
            "pods with a=b and status.phase!=Failed",
        ),
        (
            AGENT.alone,
            "/api/v1/namespaces/hydra-system/configmaps",
            {"fieldSelector": "metadata.name=hydra-agent"},
            "ConfigMap hydra-system/hydra-agent",
        ),
        (
            replace(AGENT.alone, field_selector="metadata.namespace=x"),
            "/api/v1/namespaces/hydra-system/configmaps",
            {"fieldSelector": "metadata.name=hydra-agent,metadata.namespace=x"},
            "ConfigMap hydra-system/hydra-agent",
        ),
    ],
)
def test_a_collection_has_a_path_selectors_and_a_name_for_messages(collection, path, query, human):
    assert (collection.path, collection.query, collection.human) == (path, query, human)


bundles = st.none() | st.just("") | st.binary(max_size=8).map(lambda value: base64.b64encode(value).decode())


def configuration(values: list[str | None]) -> dict:
    clients = [{"url": "https://x"} if value is None else {"url": "https://x", "caBundle": value} for value in values]
    return {"webhooks": [{"name": f"w{number}.x", "clientConfig": client} for number, client in enumerate(clients)]}


@given(st.lists(bundles, max_size=4), st.binary(min_size=1))
def test_the_corrections_set_every_ca_bundle_and_change_nothing_else(values, bundle):
    before = configuration(values)

    after = jsonpatch.apply_patch(before, cluster.ca_bundle_corrections(before, bundle))

    assert set(cluster.ca_bundles(after).values()) <= {bundle}
    assert cluster.ca_bundle_corrections(after, bundle) == []
    assert [one["clientConfig"].pop("caBundle") and one for one in after["webhooks"]] == configuration(
        [None] * len(values)
    )["webhooks"]


def test_a_correction_does_not_change_another_webhook():
    corrections = cluster.ca_bundle_corrections(configuration([None]), PEM)
    other = {"webhooks": [{"name": "other", "clientConfig": {}}]}
    with pytest.raises(jsonpatch.JsonPatchTestFailed):
        jsonpatch.apply_patch(other, corrections)


@pytest.mark.parametrize("item", [{}, {"webhooks": None}, {"webhooks": []}], ids=str)
def test_a_configuration_without_webhooks_needs_no_correction(item):
    assert (cluster.ca_bundle_corrections(item, PEM), cluster.ca_bundles(item)) == ([], {})


@pytest.mark.parametrize(
    ("secret", "data"),
    [
        ({}, {}),
        ({"data": None}, {}),
        ({"data": {"a": "YQ==", "b": ""}}, {"a": b"a", "b": b""}),
        ({"data": {"a": "not base64!"}}, {"a": b""}),
    ],
    ids=str,
)
def test_the_data_of_a_secret(secret, data):
    assert cluster.secret_data(secret) == data
