"""Merging, rule by rule (contract section 7). Golden cases show the results for whole objects."""

import copy

import pytest

from webhook import errors
from webhook.rendering import merge

HTTP = {"httpGet": {"path": "/health", "port": 8000}}
EXEC = {"exec": {"command": ["true"]}}
PATH = "spec.containers[2]"

OWN, BASE, SECRET = (
    {kind: {"name": name}} for kind, name in [("configMapRef", "own"), ("configMapRef", "base"), ("secretRef", "own")]
)


def capabilities(**lists):
    return {"securityContext": {"capabilities": lists}}


CONTAINER = [
    pytest.param({}, {"env": [{"name": "A"}]}, {"env": [{"name": "A"}]}, id="a list that is absent"),
    pytest.param(
        {"env": [{"name": "A", "value": "own"}]},
        {"env": [{"name": "B"}, {"name": "A", "value": "x"}]},
        {"env": [{"name": "B"}, {"name": "A", "value": "own"}]},
        id="an entry of the workload wins as a whole",
    ),
    pytest.param(
        {"volumeMounts": [{"mountPath": "/m", "name": "own"}]},
        {"volumeMounts": [{"mountPath": "/m", "name": "x"}]},
        {"volumeMounts": [{"mountPath": "/m", "name": "own"}]},
        id="mounts by path",
    ),
    pytest.param(
        {"ports": [{"containerPort": 1}]},
        {"ports": [{"containerPort": 1, "protocol": "TCP", "name": "x"}, {"containerPort": 1, "protocol": "UDP"}]},
        {"ports": [{"containerPort": 1}, {"containerPort": 1, "protocol": "UDP"}]},
        id="ports by number and protocol, TCP being meant",
    ),
    pytest.param(
        {"securityContext": {"capabilities": {"drop": ["ALL"]}, "runAsUser": 0}},
        {"securityContext": {"capabilities": {"drop": ["X"], "add": ["Y"]}, "runAsUser": 1, "privileged": False}},
        {"securityContext": {"capabilities": {"drop": ["ALL", "X"], "add": ["Y"]}, "runAsUser": 0, "privileged": False}},
        id="maps key by key, deep",
    ),
    pytest.param(
        {"resizePolicy": [{"resourceName": "cpu"}]},
        {"resizePolicy": [{"resourceName": "memory"}]},
        {"resizePolicy": [{"resourceName": "cpu"}]},
        id="an atomic list only where absent",
    ),
    pytest.param(
        {"volumeMounts": [{"mountPath": "/dev/shm/", "name": "own"}, {"mountPath": "/dev/shm", "name": "own"}, {"mountPath": "/", "name": "own"}]},
        {"volumeMounts": [{"mountPath": "/dev/shm", "name": "x"}, {"mountPath": "/m", "name": "x"}, {"mountPath": "/m//", "name": "x"}, {"mountPath": "//", "name": "x"}]},
        {"volumeMounts": [{"mountPath": "/dev/shm/", "name": "own"}, {"mountPath": "/dev/shm", "name": "own"}, {"mountPath": "/", "name": "own"}, {"mountPath": "/m", "name": "x"}]},
        id="mounts by path without slashes at its end",
    ),
    pytest.param(
        {"envFrom": [SECRET, OWN]}, {"envFrom": [{**OWN, "prefix": ""}, BASE, BASE]}, {"envFrom": [BASE, SECRET, OWN]},
        id="sources of variables: the configuration's first, equal ones once",
    ),
    pytest.param({}, {"envFrom": [BASE, BASE]}, {"envFrom": [BASE]}, id="a union that is absent, equal ones once"),
    pytest.param(capabilities(add=["A"]), capabilities(add=["B", "A"], drop=["ALL", "A"]), capabilities(add=["A", "B"], drop=["ALL"]), id="a capability that the workload adds by name is not dropped"),
    pytest.param(capabilities(drop=["A", "ALL"]), capabilities(add=["A", "B"]), capabilities(drop=["A", "ALL"], add=["B"]), id="a capability that the workload drops by name is not added"),
    pytest.param(capabilities(drop=["A"]), capabilities(add=["A"]), capabilities(drop=["A"]), id="no empty list is made of capabilities"),
    pytest.param(capabilities(drop=None), capabilities(add=["A"], drop=["B"]), capabilities(add=["A"], drop=["B"]), id="capabilities that are null"),
    pytest.param(
        {"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}},
        {"securityContext": {"seccompProfile": {"type": "Localhost", "localhostProfile": "p"}}},
        {"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}},
        id="a profile is taken whole",
    ),
    pytest.param(
        {"readinessProbe": {**EXEC, "periodSeconds": 5}},
        {"readinessProbe": {**HTTP, "periodSeconds": 7, "failureThreshold": 30}},
        {"readinessProbe": {**EXEC, "periodSeconds": 5, "failureThreshold": 30}},
        id="a probe keeps one handler",
    ),
    pytest.param(
        {"lifecycle": {"preStop": EXEC}},
        {"lifecycle": {"preStop": HTTP, "postStart": HTTP}},
        {"lifecycle": {"preStop": EXEC, "postStart": HTTP}},
        id="a hook keeps one handler",
    ),
    pytest.param({"workingDir": None}, {"workingDir": "/w"}, {"workingDir": "/w"}, id="null counts as absent"),
    pytest.param({"tty": False}, {"tty": True}, {"tty": False}, id="false does not"),
    pytest.param({"x": 1}, {"x": None, "y": None}, {"x": 1}, id="null adds nothing"),
    pytest.param({"name": "main"}, {"name": "x", "image": "i", "imagePullPolicy": "Never"}, {"name": "main"}, id="name and image are not its business"),
]  # fmt: skip


@pytest.mark.parametrize(("own", "other", "expected"), CONTAINER)
def test_a_container_wins_over_the_configuration(own, other, expected):
    copies = copy.deepcopy((own, other))

    assert merge.container(own, other, is_pod=False, path=PATH) == expected
    assert (own, other) == copies


DEFAULTED = [
    pytest.param("terminationMessagePolicy", "File", "FallbackToLogsOnError", id="a scalar"),
    pytest.param("readinessProbe", {**EXEC, "periodSeconds": 10}, {"periodSeconds": 5}, id="a probe's period"),
]


@pytest.mark.parametrize(("field", "own", "other"), DEFAULTED)
def test_on_a_pod_a_default_of_the_api_server_counts_as_absent(field, own, other):
    merged = merge.container({field: own}, {field: other}, is_pod=True, path=PATH)
    kept = merge.container({field: own}, {field: other}, is_pod=False, path=PATH)

    assert merged[field] == ({**own, **other} if isinstance(own, dict) else other)
    assert kept[field] == own


POD = [
    pytest.param({"terminationGracePeriodSeconds": 30}, {"terminationGracePeriodSeconds": 120}, 120, id="grace period"),
    pytest.param({"terminationGracePeriodSeconds": 31}, {"terminationGracePeriodSeconds": 120}, 31, id="another value is the user's"),
    pytest.param({"dnsPolicy": "ClusterFirst"}, {"dnsPolicy": "None"}, "None", id="DNS policy"),
    pytest.param({"restartPolicy": "Always"}, {"restartPolicy": "Never"}, "Never", id="restart policy"),
    pytest.param({"serviceAccountName": "default"}, {"serviceAccountName": "x"}, "x", id="service account"),
    pytest.param({"schedulerName": "default-scheduler"}, {"schedulerName": "x"}, "x", id="scheduler"),
    pytest.param({"enableServiceLinks": True}, {"enableServiceLinks": False}, False, id="service links"),
]  # fmt: skip


@pytest.mark.parametrize(("own", "other", "expected"), POD)
def test_pod_scalars_are_set_where_absent_or_defaulted(own, other, expected):
    (field,) = own

    assert merge.pod_spec(own, other, is_pod=True, path="spec")[field] == expected
    assert merge.pod_spec(own, other, is_pod=False, path="spec")[field] == own[field]
    assert merge.pod_spec({}, other, is_pod=False, path="spec")[field] == other[field]


def test_init_containers_of_the_template_go_first():
    merged = merge.pod_spec(
        {"initContainers": [{"name": "own"}]},
        {"initContainers": [{"name": "a"}, {"name": "own", "image": "x"}]},
        is_pod=True,
        path="spec",
    )

    assert merged["initContainers"] == [{"name": "a"}, {"name": "own"}]


def test_tolerations_of_both_sides_are_kept():
    own = [{"key": "a", "operator": "Exists"}]

    merged = merge.pod_spec(
        {"tolerations": own},
        {"tolerations": [{"operator": "Exists", "key": "a"}, {"key": "b"}, {"key": "b", "tolerationSeconds": 0}]},
        is_pod=True,
        path="spec",
    )

    assert merged["tolerations"] == [*own, {"key": "b"}, {"key": "b", "tolerationSeconds": 0}]


@pytest.mark.parametrize("field", ["priorityClassName", "priority", "preemptionPolicy", "nodeName"])
def test_fields_that_admission_has_already_acted_on_are_left_out_on_pods_only(field):
    assert field not in merge.pod_spec({}, {field: "x"}, is_pod=True, path="spec")
    assert merge.pod_spec({}, {field: "x"}, is_pod=False, path="spec")[field] == "x"


def test_the_agent_entry_takes_precedence_over_the_template():
    agent = {"env": [{"name": "A", "value": "agent"}], "terminationMessagePolicy": "File"}
    template = {
        "env": [{"name": "A"}, {"name": "B"}],
        "terminationMessagePolicy": "x",
        "tty": True,
    }

    assert merge.layers(agent, template) == {
        "env": [{"name": "B"}, {"name": "A", "value": "agent"}],
        "terminationMessagePolicy": "File",
        "tty": True,
    }


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ({"env": "x"}, {"env": [{"name": "A"}]}),
        ({"env": ["x"]}, {"env": [{"name": "A"}]}),
        ({"resources": []}, {"resources": {"a": 1}}),
        ({"envFrom": ["x"]}, {"envFrom": [BASE]}),
        (capabilities(add="x"), capabilities(add=["A"])),
        (capabilities(add=[{}]), capabilities(add=["A"])),
    ],
)
def test_a_malformed_field_is_denied_with_its_path(own, other):
    with pytest.raises(
        errors.Malformed, match=r"^spec\.containers\[2\]\.(env|resources|securityContext\.capabilities\.add)"
    ):
        merge.container(own, other, is_pod=False, path=PATH)
