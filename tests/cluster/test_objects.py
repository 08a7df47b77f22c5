"""What is inside Secrets and webhook configurations."""

import base64

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook import cluster

PEM = b"-----BEGIN CERTIFICATE-----\n"

bundles = st.none() | st.just("") | st.binary(max_size=8).map(lambda value: base64.b64encode(value).decode())


def configuration(values: list[str | None]) -> dict:
    clients = [{"url": "https://x"} if value is None else {"url": "https://x", "caBundle": value} for value in values]
    return {"webhooks": [{"name": f"w{number}.x", "clientConfig": client} for number, client in enumerate(clients)]}


@given(st.lists(bundles, max_size=4), st.binary(min_size=1))
def test_after_the_corrections_every_webhook_trusts_the_bundle_and_nothing_else_has_changed(values, bundle):
    before = configuration(values)

    after = jsonpatch.apply_patch(before, cluster.ca_bundle_corrections(before, bundle))

    assert set(cluster.ca_bundles(after).values()) <= {bundle}
    assert cluster.ca_bundle_corrections(after, bundle) == []
    assert [one["clientConfig"].pop("caBundle") and one for one in after["webhooks"]] == configuration(
        [None] * len(values)
    )["webhooks"]


def test_a_correction_does_not_hit_another_webhook():
    corrections = cluster.ca_bundle_corrections(configuration([None]), PEM)
    other = {"webhooks": [{"name": "other", "clientConfig": {}}]}
    with pytest.raises(jsonpatch.JsonPatchTestFailed):
        jsonpatch.apply_patch(other, corrections)


@pytest.mark.parametrize("item", [{}, {"webhooks": None}, {"webhooks": []}], ids=str)
def test_a_configuration_without_webhooks_needs_nothing(item):
    assert (cluster.ca_bundle_corrections(item, PEM), cluster.ca_bundles(item)) == ([], {})


@pytest.mark.parametrize(
    ("secret", "data"),
    [
        ({}, {}),
        ({"data": None}, {}),
        ({"data": {"a": "YQ==", "b": ""}}, {"a": b"a", "b": b""}),
        ({"data": {"a": "no base64!"}}, {"a": b""}),
    ],
    ids=str,
)
def test_the_data_of_a_secret(secret, data):
    assert cluster.secret_data(secret) == data
