"""What would not run after merging, with both sides named (contract section 7)."""

import pytest

from webhook import errors
from webhook.rendering import conflicts

SOURCE = "the configuration"
HTTP = {"name": "http", "containerPort": 8000}
ASKS_HTTP = {"httpGet": {"port": "http"}}
MOUNT = {"name": "models", "mountPath": "/models"}
MODELS = {"name": "models", "emptyDir": {}}


def checked(own, merged, *, own_spec=None, spec=None, claims=()):
    """Check an inference container, and the pod spec around it, before and after merging."""
    sides = ({"containers": [own], **(own_spec or {})}, own), ({"containers": [merged], **(spec or {})}, merged)
    conflicts.check(*(conflicts.Side(*side) for side in sides), claims=frozenset(claims), source=SOURCE)


def main(**fields):
    return {"name": "main", **fields}


OWN_PORTS = main(ports=[{"name": "a", "containerPort": 1}, {"name": "a", "containerPort": 2}])
OWN_PROBE = main(readinessProbe=ASKS_HTTP)
OWN_REQUEST = main(resources={"requests": {"cpu": 2}, "limits": {"cpu": 1}})

CONTAINERS = [
    pytest.param(main(), main(), id="nothing"),
    pytest.param(main(ports=[HTTP]), main(ports=[HTTP, {"name": "metrics", "containerPort": 9}]), id="two ports with two names"),
    pytest.param(main(ports=[{"containerPort": 1}]), main(ports=[{"containerPort": 1}, {"containerPort": 2, "name": ""}]), id="two ports without names"),
    pytest.param(OWN_PORTS, OWN_PORTS, id="the workload's own port names are the API server's business"),
    pytest.param(main(), main(resources={"requests": {"cpu": "500m"}, "limits": {"cpu": 1}}), id="a request below the limit"),
    pytest.param(main(), main(resources={"requests": {"cpu": "1000m"}, "limits": {"cpu": 1}}), id="a request that equals the limit, spelled differently"),
    pytest.param(main(), main(resources={"requests": {"cpu": 2}, "limits": {"memory": "1Gi"}}), id="a request without a limit"),
    pytest.param(main(), main(resources={"requests": {"cpu": 2}, "limits": None}), id="requests without limits"),
    pytest.param(main(), main(resources={"requests": {"cpu": "much"}, "limits": {"cpu": 1}}), id="an amount that is not a quantity is the API server's business"),
    pytest.param(OWN_REQUEST, OWN_REQUEST, id="the workload's own request is the API server's business"),
    pytest.param(main(), main(ports=[HTTP], readinessProbe=ASKS_HTTP), id="a probe of a port by its name"),
    pytest.param(main(), main(readinessProbe={"httpGet": {"port": 8000}}), id="a probe of a port by its number"),
    pytest.param(main(), main(livenessProbe={"tcpSocket": {"port": "8000"}}), id="a probe of a port by its number as a string"),
    pytest.param(main(), main(startupProbe={"exec": {"command": ["true"]}}), id="a probe that asks no port"),
    pytest.param(OWN_PROBE, OWN_PROBE, id="the workload's own probe is the API server's business"),
    pytest.param(OWN_PROBE, main(readinessProbe={**ASKS_HTTP, "periodSeconds": 5}), id="so is its own handler beside a period of the configuration"),
    pytest.param(main(readinessProbe={"httpGet": "?"}), main(readinessProbe={"httpGet": "?", "periodSeconds": 5}), id="so is a handler that is not a map"),
    pytest.param(main(readinessProbe="?"), main(readinessProbe="?"), id="so is a probe that is not a map"),
]  # fmt: skip


@pytest.mark.parametrize(("own", "merged"), CONTAINERS)
def test_a_container_that_merging_did_not_break_passes(own, merged):
    checked(own, merged)


PORTS = 'two ports of the inference container are named "http": containerPort='
CPU = {"requests": {"cpu": 2}}
CPU_LIMIT = {"limits": {"cpu": "1500m"}}
DENIED_CONTAINERS = [
    pytest.param(main(ports=[HTTP]), main(ports=[HTTP, {"name": "http", "containerPort": 9}]), "port-name-conflict",
        PORTS + "8000,protocol=TCP of the workload and containerPort=9,protocol=TCP of the configuration; rename one", id="a port of each side with one name"),
    pytest.param(main(), main(ports=[HTTP, {"name": "http", "containerPort": 8000, "protocol": "UDP"}]), "port-name-conflict",
        PORTS + "8000,protocol=TCP of the configuration and containerPort=8000,protocol=UDP of the configuration; rename one", id="two protocols of one port with one name"),
    pytest.param(main(resources=CPU), main(resources={**CPU, **CPU_LIMIT}), "request-above-limit",
        "resources: the workload requests cpu: 2, more than the limit 1500m of the configuration", id="a request above the configuration's limit"),
    pytest.param(main(resources=CPU_LIMIT), main(resources={**CPU, **CPU_LIMIT}), "request-above-limit",
        "resources: the configuration requests cpu: 2, more than the limit 1500m of the workload", id="a limit below the configuration's request"),
    pytest.param(main(ports=[{"name": "web", "containerPort": 8000}]), main(ports=[{"name": "web", "containerPort": 8000}], readinessProbe=ASKS_HTTP), "unknown-probe-port",
        'readinessProbe of the configuration probes the port "http", but the inference container has no port of this name; its ports are named web', id="a probe of a port that the workload renamed"),
    pytest.param(main(), main(livenessProbe={"tcpSocket": {"port": "http"}}), "unknown-probe-port",
        'livenessProbe of the configuration probes the port "http", but the inference container has no port of this name; its ports are named none', id="a socket probe, and no ports"),
    pytest.param(main(), main(startupProbe=ASKS_HTTP, ports=[{"containerPort": 1}]), "unknown-probe-port",
        'startupProbe of the configuration probes the port "http", but the inference container has no port of this name; its ports are named none', id="a startup probe, and a port without a name"),
    pytest.param(main(readinessProbe={"periodSeconds": 5}), main(readinessProbe={**ASKS_HTTP, "periodSeconds": 5}), "unknown-probe-port",
        'readinessProbe of the configuration probes the port "http", but the inference container has no port of this name; its ports are named none', id="a handler of the configuration beside a period of the workload"),
]  # fmt: skip


@pytest.mark.parametrize(("own", "merged", "code", "message"), DENIED_CONTAINERS)
def test_a_container_that_merging_broke_is_denied(own, merged, code, message):
    with pytest.raises(errors.Denied) as denial:
        checked(own, merged)

    assert (denial.value.code, denial.value.message) == (code, message)


MOUNTING = main(volumeMounts=[MOUNT])
FETCH = {"initContainers": [{"name": "fetch", "volumeMounts": [MOUNT]}]}
TWO = {"initContainers": [{"name": "main"}]}

PODS = [
    pytest.param(main(), MOUNTING, {}, {"volumes": [MODELS]}, (), id="a mount of the configuration and its volume"),
    pytest.param(MOUNTING, MOUNTING, {}, {"volumes": [MODELS]}, (), id="a mount of the workload and a volume of the configuration"),
    pytest.param(MOUNTING, MOUNTING, {}, {}, ["models"], id="a volume claim template defines a volume"),
    pytest.param(main(), main(), {}, {**FETCH, "volumes": [MODELS]}, (), id="a mount of an init container"),
    pytest.param(main(), main(volumeDevices=[{"name": "models", "devicePath": "/dev/x"}]), {}, {}, ["models"], id="a device of a claim"),
    pytest.param(main(), main(), {}, {"initContainers": [{"name": "fetch"}]}, (), id="an init container of another name"),
    pytest.param(main(), main(), TWO, TWO, (), id="two of the workload's own with one name are the API server's business"),
]  # fmt: skip


@pytest.mark.parametrize(("own", "merged", "own_spec", "spec", "claims"), PODS)
def test_a_pod_that_merging_did_not_break_passes(own, merged, own_spec, spec, claims):
    checked(own, merged, own_spec=own_spec, spec=spec, claims=claims)


UNDEFINED = "but neither the workload nor the configuration defines it; "
ONE_NAME = 'init container "main" of {} have the same name; rename one'
SIDES = [main(), {"name": "side"}]
DENIED_PODS = [
    pytest.param(MOUNTING, MOUNTING, {}, {}, "undefined-volume",
        f'container "main": the workload mounts volume "models" at /models, {UNDEFINED}known: none', id="a mount of the workload"),
    pytest.param(main(), MOUNTING, {}, {"volumes": [{"name": "model"}]}, "undefined-volume",
        f'container "main": the configuration mounts volume "models" at /models, {UNDEFINED}did you mean "model"? known: model', id="a mount of the configuration"),
    pytest.param(main(), main(), {}, FETCH, "undefined-volume",
        f'container "fetch": the configuration mounts volume "models" at /models, {UNDEFINED}known: none', id="a mount of an init container of the configuration"),
    pytest.param(main(), main(), FETCH, FETCH, "undefined-volume",
        f'container "fetch": the workload mounts volume "models" at /models, {UNDEFINED}known: none', id="a mount of an init container of the workload"),
    pytest.param(main(), main(volumeDevices=[{"name": "disk", "devicePath": "/dev/x"}]), {}, {}, "undefined-volume",
        f'container "main": the configuration mounts volume "disk" at /dev/x, {UNDEFINED}known: none', id="a device"),
    pytest.param(main(), main(), {}, TWO, "container-name-conflict",
        f'container "main" of the workload and {ONE_NAME.format(SOURCE)}', id="an init container of the configuration"),
    pytest.param(main(), main(), {"containers": [], **TWO}, TWO, "container-name-conflict",
        f'container "main" of the configuration and {ONE_NAME.format("the workload")}', id="a container of the configuration"),
    pytest.param(main(), main(), {"containers": []}, TWO, "container-name-conflict",
        f'container "main" of the configuration and {ONE_NAME.format(SOURCE)}', id="both of the configuration"),
]  # fmt: skip


@pytest.mark.parametrize(("own", "merged", "own_spec", "spec", "code", "message"), DENIED_PODS)
def test_a_pod_that_merging_broke_is_denied(own, merged, own_spec, spec, code, message):
    with pytest.raises(errors.Denied) as denial:
        checked(own, merged, own_spec=own_spec, spec=spec)

    assert (denial.value.code, denial.value.message) == (code, message)
