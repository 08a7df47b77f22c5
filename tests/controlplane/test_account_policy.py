"""The webhook's own account may change its webhook configuration in one way only, whatever RBAC and a stolen token allow."""

import pytest

from tests.controlplane.installation import NAMESPACE, WEBHOOKS, Installation

ACCOUNT = f"system:serviceaccount:{NAMESPACE}:hydra-webhook"
AUTHORITY = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUIKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo="
BUNDLE = "/webhooks/1/clientConfig/caBundle"


def operation(op: str, path: str, value: object = None) -> list[dict[str, object]]:
    return [{"op": op, "path": path, "value": value}]


ALLOWED = {
    "the caBundle": operation("add", BUNDLE, AUTHORITY),
    "the caBundle, taken away": [*operation("add", BUNDLE, AUTHORITY), *operation("remove", BUNDLE)],
    "nothing": operation("test", "/metadata/name", "hydra-webhook"),
}
FORBIDDEN = {
    "to fail open": operation("replace", "/webhooks/0/failurePolicy", "Ignore"),
    "to call another server": operation("replace", "/webhooks/1/clientConfig/url", "https://127.0.0.1:1/mutate"),
    "to call another server by the caBundle's side": [
        *operation("add", BUNDLE, AUTHORITY),
        *operation("replace", "/webhooks/1/clientConfig/url", "https://127.0.0.1:1/mutate"),
    ],
    "to intercept Secrets": operation("replace", "/webhooks/0/rules/0/resources", ["secrets"]),
    "to intercept every pod": operation("remove", "/webhooks/0/objectSelector"),
    "to intercept nothing": operation("add", "/webhooks/0/matchConditions/-", {"name": "never", "expression": "false"}),
    "to wait for 30 seconds": operation("replace", "/webhooks/0/timeoutSeconds", 30),
    "one webhook less": operation("remove", "/webhooks/1"),
    "no webhooks": operation("remove", "/webhooks"),
    "another order": [
        {"op": "move", "from": "/webhooks/1", "path": "/webhooks/0"},
    ],
    "an annotation": operation("add", "/metadata/annotations", {"cert-manager.io/inject-ca-from": "a/b"}),
    "a label": operation("add", "/metadata/labels/team", "x"),
    "a finalizer": operation("add", "/metadata/finalizers", ["example.com/keep"]),
    "an owner": operation(
        "add", "/metadata/ownerReferences", [{"apiVersion": "v1", "kind": "Node", "name": "a", "uid": "b"}]
    ),
}


def refusal(site: Installation, patch: object, user: str) -> str:
    return site.plane.refusal("PATCH", f"{WEBHOOKS}?dryRun=All", patch, kind="json-patch+json", user=user)


@pytest.fixture(scope="module")
def confined(site: Installation) -> Installation:
    site.reset()
    site.plane.wait(
        lambda: "hydra-webhook-account" in refusal(site, FORBIDDEN["a label"], ACCOUNT), "the policy is in effect"
    )
    return site


@pytest.mark.parametrize("case", ALLOWED)
def test_the_account_may_change_the_ca_bundle(confined, case):
    assert refusal(confined, ALLOWED[case], ACCOUNT) == ""


@pytest.mark.parametrize("case", FORBIDDEN)
def test_the_account_may_change_nothing_else_although_rbac_would_let_it(confined, case):
    message = refusal(confined, FORBIDDEN[case], ACCOUNT)

    assert "ValidatingAdmissionPolicy 'hydra-webhook-account'" in message
    assert message.endswith(
        "the webhook's own account may change nothing but the caBundle of its webhook configuration"
    )


@pytest.mark.parametrize("case", FORBIDDEN)
def test_an_administrator_may(confined, case):
    assert refusal(confined, FORBIDDEN[case], "") == ""
