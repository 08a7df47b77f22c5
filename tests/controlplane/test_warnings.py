"""How the API server bounds warnings: the facts that webhook/notices.py relies on, shown by a policy that only warns."""

import itertools
import re

import pytest

WARNINGS = 20
#: What the API server puts in front of a policy's own message.
PREFIX = re.compile(r"Warning: (Validation failed for ValidatingAdmissionPolicy 'warns' with binding 'warns': \d\d) ")


@pytest.fixture
def warned(plane, namespace):
    """Return the warnings about a ConfigMap that asks for so many, each with this message after its number."""
    admission = {"apiVersion": "admissionregistration.k8s.io/v1"}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["CREATE"]}
    policy = {
        "matchConstraints": {"objectSelector": {"matchLabels": {"test": "warnings"}}, "resourceRules": [rule]},
        "validations": [
            {"expression": f"int(object.data.number) <= {index}", "messageExpression": f"'{index:02} ' + object.data.message"}
            for index in range(WARNINGS)
        ],
    }  # fmt: skip
    plane.apply(
        {**admission, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": "warns"}, "spec": policy},
        {
            **admission,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": "warns"},
            "spec": {"policyName": "warns", "validationActions": ["Warn"]},
        },
    )
    names = itertools.count()

    def warnings(number, message):
        metadata = {"name": f"warned-{next(names)}", "namespace": namespace, "labels": {"test": "warnings"}}
        data = {"number": str(number), "message": message}
        created = plane.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
        return [line for line in created.stderr.splitlines() if PREFIX.match(line)]

    plane.wait(lambda: warnings(1, "short"), "the policy is in effect")
    return warnings


def test_the_api_server_counts_code_points_and_drops_what_goes_beyond_4096(warned):
    [short] = warned(1, "x")
    message = "型" * (256 - len(f"{PREFIX.match(short)[1]} "))

    whole = warned(16, message)  # 4,096 code points, more than 8,000 bytes
    assert len(whole) == 16
    assert all(line.endswith(f" {message}") for line in whole)
    assert len(warned(WARNINGS, message)) == 17  # it passes on the one that reaches the bound


def test_beyond_4096_the_api_server_cuts_each_warning_to_256(warned):
    cut = warned(WARNINGS, "x" * 300)

    assert {len(line) for line in cut} == {len("Warning: ") + 256}
