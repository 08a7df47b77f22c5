"""MutatingAdmissionPolicies that set one annotation: the least that a mutation can be, inside the API server, with no webhook."""

from typing import Any

Object = dict[str, Any]

ANNOTATION = "bench.example.com/mutated"
PATCH = [{"op": "add", "path": "/metadata/annotations", "value": {ANNOTATION: "true"}}]
"""The same as a JSON patch for a pod without annotations."""

APPLIED = {
    "patchType": "ApplyConfiguration",
    "applyConfiguration": {
        "expression": f"Object{{metadata: Object.metadata{{annotations: {{'{ANNOTATION}': 'true'}}}}}}",
    },
}
PATCHED = {
    "patchType": "JSONPatch",
    "jsonPatch": {
        "expression": f"""
          [JSONPatch{{op: "add", path: "/metadata/annotations", value: {{"{ANNOTATION}": "true"}}}}]
        """,
    },
}
"""The two ways in which a policy can say it."""


def policy(webhook: Object, namespace: str, mutation: Object) -> tuple[Object, Object]:
    """Return a policy for the pods of a namespace, with its binding.

    Args:
        webhook: the entry of a webhook configuration. The policy has its rules, its object selector and its match conditions.
        namespace: also the name of both.
        mutation: `APPLIED` or `PATCHED`.
    """
    constraints = {
        "resourceRules": webhook["rules"],
        "objectSelector": webhook["objectSelector"],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "matchPolicy": webhook["matchPolicy"],
    }
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicy"}
    spec = {
        "matchConstraints": constraints,
        **{key: webhook[key] for key in ("matchConditions", "failurePolicy", "reinvocationPolicy")},
        "mutations": [mutation],
    }
    return (
        {**kind, "metadata": {"name": namespace}, "spec": spec},
        {**kind, "kind": f"{kind['kind']}Binding", "metadata": {"name": namespace}, "spec": {"policyName": namespace}},
    )
