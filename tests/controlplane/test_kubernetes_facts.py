"""The facts about Kubernetes that the webhook relies on agree with the API server and with LeaderWorkerSet's CRD.

A fact that is wrong, missing, or no longer true fails its test with its name.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pytest
import yaml

from tests.controlplane.leaderworkersets import GROUP, OWN_CRD, PROJECTS_CRD
from tests.controlplane.objects import Object, leader_worker_set, pod_spec
from tests.controlplane.plane import ControlPlane
from webhook.catalog.schema import kubernetes
from webhook.rendering import fields as facts
from webhook.rendering import filled_in

TYPES: dict[str, Mapping[str, type]] = {
    "PodSpec": kubernetes.POD_SPEC,
    "Container": kubernetes.CONTAINER,
    "EphemeralContainer": kubernetes.ITEMS["ephemeralContainers"],
    "Volume": kubernetes.VOLUME,
    "EnvVar": kubernetes.ENV,
    "ContainerPort": kubernetes.PORT,
    "VolumeMount": kubernetes.VOLUME_MOUNT,
    "VolumeDevice": kubernetes.VOLUME_DEVICE,
}
JSON_TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
#: Keyed lists that no configuration merges: they belong to an object that a volume creates.
OF_OTHER_OBJECTS = {"ownerReferences"}


@pytest.fixture(scope="module")
def schemas(plane: ControlPlane) -> Object:
    """The schemas of the core API by name."""
    found: Object = plane.request("GET", "/openapi/v3/api/v1")["components"]["schemas"]
    return found


@pytest.fixture(scope="module")
def pod_schema(schemas: Object) -> Object:
    """The schema of a PodSpec, without references."""
    return inlined(schemas["io.k8s.api.core.v1.PodSpec"], schemas)


@pytest.fixture(scope="module")
def crd_templates() -> list[Object]:
    """The schemas of the two pod templates in LeaderWorkerSet's CRD."""
    [version] = yaml.safe_load((PROJECTS_CRD if PROJECTS_CRD.exists() else OWN_CRD).read_text())["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    groups = spec["properties"]["leaderWorkerTemplate"]["properties"]
    return [groups["leaderTemplate"], groups["workerTemplate"]]


def inlined(schema: Object, schemas: Object) -> Object:
    """Return a schema with every reference replaced by what it refers to."""
    references = [schema, *schema.get("allOf", ())]
    name = next((one["$ref"].rpartition("/")[2] for one in references if "$ref" in one), None)
    whole = {**(schemas[name] if name is not None else {}), **schema}
    if "properties" in whole:
        whole["properties"] = {key: inlined(inner, schemas) for key, inner in whole["properties"].items()}
    if "items" in whole:
        whole["items"] = inlined(whole["items"], schemas)
    return whole


def fields(schema: Object) -> Iterator[tuple[str, Object]]:
    """Yield every field below a schema, at any depth: its name and its schema."""
    for name, field in schema.get("properties", {}).items():
        yield name, field
        yield from fields(field.get("items", field))


def types(schema: Object) -> dict[str, type | None]:
    """Return the types of the fields of a schema by name."""
    return {name: JSON_TYPES.get(field.get("type", "")) for name, field in schema["properties"].items()}


def differing(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what we assume and what is true, by name, for each name for which they differ."""
    names = sorted(ours.keys() | theirs.keys())
    return {name: (ours.get(name), theirs.get(name)) for name in names if ours.get(name) != theirs.get(name)}


def merge_keys(schema_fields: Iterable[tuple[str, Object]]) -> dict[str, set[tuple[str, ...]]]:
    """Return the merge keys of every list by name; a list without merge keys has the empty tuple."""
    found = defaultdict(set)
    for name, field in schema_fields:
        if field.get("type") == "array" and name not in OF_OTHER_OBJECTS:
            keys = tuple(field.get("x-kubernetes-list-map-keys", ()))
            assert field.get("x-kubernetes-patch-merge-key", *keys[:1] or (None,)) in (*keys, None), name
            found[name].add(keys)
    return dict(found)


def lists(schema: Object) -> dict[str, Object]:
    """Return the schemas of the items of all keyed lists below a schema."""
    return {name: field["items"] for name, field in fields(schema) if name in kubernetes.MERGE_KEYS}


@pytest.mark.parametrize("name", TYPES)
def test_fields_have_these_names_and_types(schemas, name):
    schema = inlined(schemas[f"io.k8s.api.core.v1.{name}"], schemas)
    assert differing(TYPES[name], types(schema)) == {}


def integers(schema: Object, holder: str, wanted: Callable[[Object], bool]) -> Iterator[tuple[str, str]]:
    """Yield holder and name of every wanted field below a schema, at any depth; of a list, its items count."""
    for name, field in schema.get("properties", {}).items():
        inner = field.get("items", field)
        if wanted(inner):
            yield holder, name
        yield from integers(inner, name, wanted)


def test_these_fields_are_integers_and_these_integers_or_strings(pod_schema):
    of_volumes = {"metadata", "dataSourceRef"}  # of the claim that a volume creates
    found = set(integers(pod_schema, "spec", lambda inner: inner.get("type") == "integer"))
    assert {pair for pair in found if pair[0] not in of_volumes} == kubernetes.INTEGERS
    lists_of_them = {
        (holder, name) for holder, name, field in places(pod_schema) if field.get("items", {}).get("type") == "integer"
    }
    assert lists_of_them == kubernetes.INTEGER_LISTS
    either = set(integers(pod_schema, "spec", lambda inner: inner.get("format") == "int-or-string"))
    assert either == kubernetes.INTEGERS_OR_STRINGS


@pytest.mark.parametrize("field", kubernetes.ITEMS)
def test_items_of_lists_have_these_fields_and_require_these(pod_schema, field):
    item = lists(pod_schema)[field]
    required = {*kubernetes.MERGE_KEYS[field], *kubernetes.REQUIRED.get(field, ())} - kubernetes.OPTIONAL_KEYS.keys()
    assert differing(kubernetes.ITEMS[field], types(item)) == {}
    assert set(item["required"]) == required


def test_every_list_is_merged_by_these_keys_wherever_it_is(pod_schema):
    theirs = merge_keys(fields(pod_schema))
    ours = {name: {kubernetes.MERGE_KEYS.get(name, ())} for name in (*theirs, *kubernetes.MERGE_KEYS)}
    assert differing(ours, theirs) == {}


def test_merge_keys_that_may_be_absent_have_these_defaults(pod_schema):
    defaults = {
        key: item["properties"][key]["default"]
        for name, item in lists(pod_schema).items()
        for key in kubernetes.MERGE_KEYS[name]
        if item["properties"][key].get("default") and key not in item.get("required", ())
    }
    assert differing(kubernetes.OPTIONAL_KEYS, defaults) == {}


def test_these_lists_hold_strings_and_all_others_maps(schemas):
    theirs = {
        field: inner["items"]["type"]
        for name in ("PodSpec", "Container", "EphemeralContainer")
        for field, inner in inlined(schemas[f"io.k8s.api.core.v1.{name}"], schemas)["properties"].items()
        if inner.get("type") == "array"
    }
    ours = {
        field: "string" if field in kubernetes.STRING_LISTS else "object"
        for field in (*theirs, *kubernetes.STRING_LISTS)
    }
    assert differing(ours, theirs) == {}


def nested(schema: Object, holder: str) -> Iterator[tuple[str, str, Object]]:
    """Yield every map, and every list of maps or strings, that maps lead to: what holds it, its name and its schema."""
    for name, field in schema.get("properties", {}).items():
        if field.get("type") in ("object", "array") and field.get("items", {}).get("type") != "integer":
            yield holder, name, field
        yield from nested(field, name)


def test_maps_hold_these_maps_and_lists(pod_schema):
    container = pod_schema["properties"]["containers"]["items"]
    theirs: dict[str, dict[str, type]] = defaultdict(dict)
    strings = set()
    for holder, name, field in (*nested(pod_schema, ""), *nested(container, "")):
        if holder:
            theirs[holder][name] = JSON_TYPES[field["type"]]
        if holder and field.get("items", {}).get("type") == "string":
            strings.add(name)
    assert differing(kubernetes.NESTED, theirs) == {}
    assert strings == kubernetes.NESTED_STRING_LISTS


def places(schema: Object, holder: str = "spec") -> Iterator[tuple[str, str, Object]]:
    """Yield every field below a schema, at any depth: the name of what holds it, its name and its schema."""
    for name, field in schema.get("properties", {}).items():
        yield holder, name, field
        yield from places(field.get("items", field), name)


def test_these_lists_are_merged_in_their_own_way(pod_schema):
    found = {
        (holder, name): field for holder, name, field in places(pod_schema) if name in facts.UNIONS | facts.PREPENDED
    }
    of_containers = {(field, "envFrom") for field in ("containers", "initContainers", "ephemeralContainers")}
    of_capabilities = {("capabilities", name) for name in facts.CAPABILITIES}
    assert found.keys() == {("spec", "tolerations"), ("spec", "initContainers"), *of_capabilities, *of_containers}
    assert {field["type"] for field in found.values()} == {"array"}
    assert {pair for pair, field in found.items() if field["items"]["type"] == "string"} == of_capabilities
    assert not facts.UNIONS & kubernetes.MERGE_KEYS.keys()
    assert set(kubernetes.SETTLED_ON_PODS) <= pod_schema["properties"].keys()


def test_of_these_actions_a_probe_and_a_hook_may_have_one(pod_schema):
    theirs = {
        name: {action for action, inner in field["properties"].items() if inner["type"] == "object"}
        for name, field in fields(pod_schema)
        if name.endswith("Probe") or name in ("postStart", "preStop")
    }
    assert theirs.keys() == facts.ONE_OF.keys()
    assert set().union(*theirs.values()) == set().union(*facts.ONE_OF.values())


def test_these_maps_only_make_sense_as_a_whole(pod_schema):
    unions = ((name, union) for name, field in fields(pod_schema) for union in field.get("x-kubernetes-unions", ()))
    theirs = {name for name, union in unions if "discriminator" in union}
    assert theirs == facts.WHOLE


PROBES: Object = {
    "livenessProbe": {"httpGet": {"port": 80}},
    "readinessProbe": {"grpc": {"port": 80}},
    "startupProbe": {"tcpSocket": {"port": 80}},
    "lifecycle": {"postStart": {"httpGet": {"port": 80}}, "preStop": {"exec": {"command": ["true"]}}},
    "ports": [{"containerPort": 80}],
}


def added(sent: Any, received: Any, parent: str = "") -> Iterator[tuple[str, str, Any]]:
    """Yield every value that was filled in, at any depth: the name of its map, its key, the value."""
    if isinstance(sent, dict):
        for key, value in received.items():
            if key in sent:
                yield from added(sent[key], value, key)
            else:
                yield parent, key, value
    elif isinstance(sent, list):
        for before, after in zip(sent, received, strict=False):
            yield from added(before, after, parent)


def test_the_api_server_fills_in_these_defaults_on_a_pod(plane, namespace):
    spec = pod_spec()
    spec["containers"][0].update(PROBES)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "facts"}, "spec": spec}
    created = plane.request("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", pod)

    ours = {
        **{("", key): value for key, value in facts.POD_DEFAULTS.items()},
        **{("containers", key): value for key, value in facts.CONTAINER_DEFAULTS.items()},
        **{(name, key): value for name, inner in facts.NESTED_DEFAULTS.items() for key, value in inner.items()},
        **{("ports", key): value for key, value in kubernetes.OPTIONAL_KEYS.items()},
        ("containers", "imagePullPolicy"): "IfNotPresent",  # depends on the tag; rendering handles it separately
    }
    settled = {("", key) for key in kubernetes.SETTLED_ON_PODS}
    theirs = {
        (parent, key): value
        for parent, key, value in added(spec, created["spec"])
        if not isinstance(value, dict | list) and (parent, key) not in settled
    }
    assert differing(ours, theirs) == {}
    # Maps and lists are merged with what a template has, except that an admission plugin's entries must not be lost.
    filled = {(parent, key) for parent, key, value in added(spec, created["spec"]) if isinstance(value, dict | list)}
    assert filled == {
        ("", "securityContext"),
        ("", "tolerations"),
        ("", "volumes"),
        ("containers", "resources"),
        ("containers", "volumeMounts"),
    }


#: Items of unions as configurations write them. Some hold what is filled in or left out, and 0 is neither.
UNIONS: Object = {
    "tolerations": [
        {"key": "plain", "operator": "Exists"},
        {"key": "empty", "operator": "Exists", "value": "", "effect": ""},
        {"key": "at-once", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0},
        {"key": "equal", "value": "x"},
    ],
    "envFrom": [
        {"configMapRef": {"name": "plain"}},
        {"configMapRef": {"name": "explicit", "optional": False}, "prefix": ""},
        {"secretRef": {"name": "optional", "optional": True}, "prefix": "P_"},
    ],
    "add": ["IPC_LOCK", "SYS_PTRACE"],
    "drop": ["ALL"],
}


def with_unions() -> Object:
    """A pod spec with every union."""
    spec = pod_spec(tolerations=UNIONS["tolerations"])
    capabilities = {"capabilities": {name: UNIONS[name] for name in ("add", "drop")}}
    spec["containers"][0].update(envFrom=UNIONS["envFrom"], securityContext=capabilities)
    return spec


def check_unions(spec: Object) -> None:
    """Check that the items of every union are in a pod spec, as they are found by their values."""
    container = spec["containers"][0]
    stored = {
        "tolerations": spec["tolerations"],
        "envFrom": container["envFrom"],
        **container["securityContext"]["capabilities"],
    }
    assert stored.keys() == facts.UNIONS
    for name, sent in UNIONS.items():
        found = {facts.value(item, name) for item in stored[name]}
        assert [item for item in sent if facts.value(item, name) not in found] == []
        assert len({facts.value(item, name) for item in sent}) == len(sent)


def test_items_of_unions_are_found_by_their_values_in_what_an_api_server_stores(plane, namespace, lws):
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "unions"}, "spec": with_unions()}
    check_unions(plane.request("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", pod)["spec"])

    workloads = leader_worker_set("unions", namespace)
    workloads["spec"]["leaderWorkerTemplate"]["workerTemplate"] = {"spec": with_unions()}
    path = f"/apis/{GROUP}/v1/namespaces/{namespace}/leaderworkersets?dryRun=All"
    check_unions(plane.request("POST", path, workloads)["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"])


def test_the_api_server_fills_in_no_atomic_list(plane, namespace):
    spec = pod_spec(hostNetwork=True)
    spec["containers"][0].update(PROBES, resources={"limits": {"cpu": "1", "memory": "1Gi"}})
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "lists"}, "spec": spec}
    created = plane.request("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", pod)

    filled = {key for _, key, value in added(spec, created["spec"]) if isinstance(value, list)}
    assert filled == {"tolerations", "volumes", "volumeMounts"}
    assert all(map(facts.is_itemized, filled))


def compared(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Compare as ``differing`` does. Our own CRD has only some of the fields, and those must be right."""
    return differing(ours if PROJECTS_CRD.exists() else {name: ours.get(name) for name in theirs}, theirs)


def test_pod_templates_of_the_crd_have_the_same_fields(crd_templates):
    for template in crd_templates:
        spec = template["properties"]["spec"]
        assert compared(kubernetes.POD_SPEC, types(spec)) == {}
        items = {name: item for name, item in lists(spec).items() if name in kubernetes.ITEMS}
        assert {
            name: found for name, item in items.items() if (found := compared(kubernetes.ITEMS[name], types(item)))
        } == {}


def test_pod_templates_of_the_crd_have_the_same_merge_keys(crd_templates):
    for template in crd_templates:
        theirs = merge_keys(fields(template["properties"]["spec"]))
        ours = {name: {kubernetes.MERGE_KEYS.get(name, ())} for name in (*theirs, *kubernetes.MERGE_KEYS)}
        assert compared(ours, theirs) == {}


def test_the_crd_fills_in_these_defaults_below_pod_templates(crd_templates):
    theirs = defaultdict(set)
    for template in crd_templates:
        for name, field in fields(template):
            if "default" in field:
                theirs[name].add(field["default"])
    assert compared({name: set(values) for name, values in filled_in.CRD_DEFAULTS.items()}, theirs) == {}
