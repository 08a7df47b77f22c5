"""Reviews in which one list or map takes up nearly all of the body, in every place that a workload can fill."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.proportion import deciding, fields

#: Builds a review of about this many bytes.
Build = Callable[[int], dict[str, Any]]

POD = {"group": "", "version": "v1", "kind": "Pod"}
LEADER_WORKER_SET = {"group": "leaderworkerset.x-k8s.io", "version": "v1", "kind": "LeaderWorkerSet"}


def review(
    value: Mapping[str, Any], *, operation: str = "CREATE", old: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a review of an object."""
    request = {
        "uid": "u",
        "kind": POD if value["kind"] == "Pod" else LEADER_WORKER_SET,
        "operation": operation,
        "namespace": "ns",
        "object": value,
        "oldObject": old,
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


def filled(size: int, item: Callable[[int], Any]) -> list[Any]:
    """Return items that take about ``size`` bytes as JSON."""
    found: list[Any] = []
    while size > 0:
        found.append(item(len(found)))
        size -= len(json.dumps(found[-1], separators=(",", ":"))) + 1
    return found


def metadata(runtime: str = "rich", **annotations: str) -> dict[str, Any]:
    """Return the metadata of a workload; underscores in the names of annotations become hyphens."""
    own = {f"hydra.io/{name.replace('_', '-')}": value for name, value in annotations.items()}
    labels = {"hydra.io/runtime": runtime, "hydra.io/model-id": "qwen3-0.6b"}
    return {"name": "x", "labels": labels, **({"annotations": own} if own else {})}


def pod(spec: Mapping[str, Any], about: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a Pod."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": about or metadata(), "spec": spec}


def group(spec: Mapping[str, Any], about: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return a LeaderWorkerSet of two whose leader template is yet to be created."""
    return {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": about or metadata(),
        "spec": {"leaderWorkerTemplate": {"size": 2, "workerTemplate": {"spec": spec}, **more}},
    }


def _specs() -> Iterator[tuple[str, Callable[[int], dict[str, Any]]]]:
    """Yield pod specs of a given size, by name."""
    for name, place in fields.PLACES.items():
        for kind, item in fields.items(name).items():
            yield f"{name}, {kind}", lambda size, place=place, item=item: place(filled(size, item))
    for name, place in fields.MAPS.items():
        yield f"{name}, wide", lambda size, place=place: place(dict.fromkeys(filled(size, "k{:06}".format), "v"))
        yield f"{name}, deep", lambda size, place=place: place({"k": fields.deep(size)})
    yield "containers and init containers of the same names", _same_names
    yield "volumes and their mounts", _mounted
    for prefix in ("nvidia.com/mig-", "amd.com/g", "nvidia.com/rdma-"):
        yield f"limits of {prefix}", lambda size, prefix=prefix: _limited(filled(size, f"{prefix}{{:06}}".format))
    yield "terms of node affinity", lambda size: _on_nodes(filled(size, lambda at: _term([_in("gpu", f"v{at:06}")])))
    yield (
        "expressions of node affinity",
        lambda size: _on_nodes([_term(filled(size, lambda at: _in(f"k{at:06}", "v")))]),
    )
    yield (
        "expressions of one node label",
        lambda size: _on_nodes([_term(filled(size, lambda at: _in("gpu", "a", "b")))]),
    )
    yield "values of a node label", lambda size: _on_nodes([_term([_in("gpu", *filled(size, "v{:06}".format))])])
    yield "capabilities added and dropped", _capabilities
    yield (
        "names near the model's path",
        lambda size: fields.container(args=filled(size, "a=/data/serving-model{} ".format)),
    )
    yield (
        "the model's path in one endless text",
        lambda size: fields.container(args=["x/data/serving-model=" * (size // 21)]),
    )
    yield "wide and deep", lambda size: fields.PLACES["unknown"]([fields.deep(500) for _ in range(size // 500)])


def _limited(resources: list[str]) -> dict[str, Any]:
    return fields.container(resources={"limits": dict.fromkeys(resources, "1")})


def _on_nodes(terms: list[Any]) -> dict[str, Any]:
    """Return a pod spec whose GPU has rows that node labels tell apart (``deciding``)."""
    required = {"nodeSelectorTerms": terms}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    return {**_limited(["nvidia.com/gpu"]), "affinity": affinity}


def _term(expressions: list[Any]) -> dict[str, Any]:
    return {"matchExpressions": expressions}


def _in(label: str, *values: str) -> dict[str, Any]:
    return {"key": label, "operator": "In", "values": list(values)}


def _same_names(size: int) -> dict[str, Any]:
    names = filled(size // 4, "c{:06}".format)
    return {field: [{"name": name, "image": "i"} for name in names] for field in ("containers", "initContainers")}


def _capabilities(size: int) -> dict[str, Any]:
    names = filled(size // 2, "C{:06}".format)
    return fields.container(securityContext={"capabilities": {"add": names, "drop": names[::-1]}})


def _mounted(size: int) -> dict[str, Any]:
    names = filled(size // 6, "v{:06}".format)
    mounts = [{"name": name, "mountPath": f"/{name}"} for name in names]
    return {
        "volumes": [{"name": name, "emptyDir": {}} for name in names],
        "containers": [{"name": "main", "volumeMounts": mounts}],
    }


def _denied() -> Iterator[tuple[str, Build]]:
    """Yield reviews that are denied with a message that looks for a near name or quotes what is there."""

    def named(kind: str, wanted: Callable[[int], str]) -> Build:
        names = fields.NAMES[kind]
        return lambda size: review(
            pod({"containers": [{"name": one} for one in filled(size, names)]}, metadata(container=wanted(size)))
        )

    for kind in fields.NAMES:
        for length, wanted in {
            "a short": lambda _: "main",
            "a long": lambda _: "c" * 63,
            "an endless": lambda size: "c" * size,
        }.items():
            yield f"no container of {length} name among {kind}", named(kind, wanted)
    mount = [{"name": "main", "volumeMounts": [{"name": "c" * 63, "mountPath": "/v"}]}]
    for kind, names in fields.NAMES.items():
        yield (
            f"no volume of this name among {kind}",
            lambda size, names=names: review(
                pod({"containers": mount, "volumes": [{"name": one} for one in filled(size, names)]})
            ),
        )
    yield "no such runtime", lambda size: review(pod({}, metadata("r" * size)))
    yield "no such GPU type", lambda size: review(pod({}, metadata("gpu-only", gpu_type="g" * size)))
    yield "a size of a long list", lambda size: review(group({}, size=filled(size, str)))
    yield (
        "all containers of one name",
        lambda size: review(pod({"containers": filled(size, lambda _: {"name": "main"})}, metadata(container="main"))),
    )
    yield (
        "a request above its limit after many",
        lambda size: review(
            pod(fields.container(resources={"requests": {**dict.fromkeys(filled(size, str), "1"), "cpu": "65"}}))
        ),
    )


def _records() -> Iterator[tuple[str, Build]]:
    """Yield reviews of rendered objects: forged records with many changes, and records that name what is not there."""

    def recorded(changes: Mapping[str, Any], spec: Mapping[str, Any], *, container: str = "main") -> dict[str, Any]:
        about = metadata()
        record = {
            "version": 1,
            "runtime": "rich",
            "model": "qwen3-0.6b",
            "container": container,
            "revision": "r",
            "inputs": "i",
            "rendered": "r",
            "replaced": {},
            **changes,
        }
        about["annotations"] = {"hydra.io/rendered": json.dumps(record)}
        worker = {"metadata": about, "spec": spec}
        return group(spec, leaderTemplate=worker) | {
            "spec": {"leaderWorkerTemplate": {"size": 2, "workerTemplate": worker}}
        }

    main = {"containers": [{"name": "main"}]}

    def of(changes: Callable[[int], Mapping[str, Any]], spec: Mapping[str, Any] = main) -> Build:
        return lambda size: review(recorded(changes(size), spec))

    counted = [2_000, 10**9]  # as many as a record may name, and more
    for most, what in zip(counted, ("within the limit", "beyond the limit"), strict=True):

        def paths(size: int, pattern: str, most: int = most) -> list[str]:
            each = max(12, size // most)
            return [pattern.format(at, "x" * (each - 12)) for at in range(size // each)]

        for key in ("added", "made"):
            yield f"record, {key}, {what}", of(lambda size, key=key, paths=paths: {key: paths(size, "/spec/{:06}{}")})
        yield (
            f"record, replaced, {what}",
            of(lambda size, paths=paths: {"replaced": dict.fromkeys(paths(size, "/spec/{:06}{}"), 1)}),
        )
        yield (
            f"record, items of one list, {what}",
            of(lambda size, paths=paths: {"added": paths(size, "/spec/volumes/name={:06}{}")}),
        )
        yield (
            f"record, deep paths, {what}",
            of(lambda size, paths=paths: {"added": [p.replace("x", "/x") for p in paths(size // 2, "/{:06}{}")]}),
        )
    yield (
        "record, each path in a long list",
        lambda size: review(
            recorded(
                {"added": [f"/spec/volumes/name={at}" for at in range(1_900)]},
                {**main, "volumes": filled(size, lambda at: {"name": str(at)})},
            )
        ),
    )
    yield (
        "record, each item of a long union",
        lambda size: review(
            recorded(
                {"added": [f'/spec/tolerations/{{"key":"{at}","operator":"Exists"}}' for at in range(1_900)]},
                {**main, "tolerations": filled(size, lambda at: {"key": str(at), "operator": "Exists", "effect": ""})},
            )
        ),
    )
    yield (
        "record for a container that is not there",
        lambda size: review(
            recorded({}, {"containers": filled(size, lambda at: {"name": f"c{at}"})}, container="gone")
        ),
    )


def builds() -> dict[str, Build]:
    """Return how to build each review, by name."""
    found: dict[str, Build] = {}
    for name, spec in _specs():
        found[f"Pod: {name}"] = lambda size, spec=spec: review(pod(spec(size)))
        found[f"LeaderWorkerSet: {name}"] = lambda size, spec=spec: review(group(spec(size)))
        found[f"rendered Pod: {name}"] = lambda size, spec=spec: review(deciding.rendered(pod(spec(size))))
        found[f"rendered LeaderWorkerSet: {name}"] = lambda size, spec=spec: review(
            deciding.rendered(group(spec(size // 2)))
        )
        found[f"with its leader: {name}"] = lambda size, spec=spec: review(
            group(spec(size // 2), leaderTemplate={"spec": spec(size // 2)})
        )
    for key in ("labels", "annotations"):
        found[f"Pod: {key}"] = lambda size, key=key: review(pod({}, _with(key, size)))
        found[f"LeaderWorkerSet: {key}"] = lambda size, key=key: review(group({}, _with(key, size)))
        found[f"LeaderWorkerSet: misspelt {key}"] = lambda size, key=key: review(
            group({}, _with(key, size, "hydra.io/model-i{:06}"))
        )
    found["LeaderWorkerSet: volume claims"] = lambda size: review(
        group({}, volumeClaimTemplates=filled(size, lambda at: {"metadata": {"name": f"v{at}"}}))
    )
    found.update(_denied())
    found.update(_records())
    found.update(_updates())
    return found


def _with(key: str, size: int, written: str = "k{:06}") -> dict[str, Any]:
    about = metadata()
    return {**about, key: {**about.get(key, {}), **dict.fromkeys(filled(size, written.format), "v")}}


def _updates() -> Iterator[tuple[str, Build]]:
    for name, spec in _specs():
        for what, build in UPDATES.items():
            yield f"UPDATE, {what}: {name}", lambda size, spec=spec, build=build: build(spec(size // 4))
    yield "UPDATE: recorded items of long lists, edited and owned", _edited_and_owned


def _update(value: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    return review(value, operation="UPDATE", old=old)


def _edited(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rendered group of which somebody has edited what was rendered."""
    edited: dict[str, Any] = copy.deepcopy(dict(value))
    for pod_template in edited["spec"]["leaderWorkerTemplate"].values():
        if isinstance(pod_template, dict):
            pod_template["spec"]["terminationGracePeriodSeconds"] = 7
    return edited


#: Updates of a group whose worker template has a pod spec of a quarter of the size: both objects have a leader template too, once
#: they are rendered.
UPDATES: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "never rendered": lambda spec: _update(group(spec), group({**spec, "activeDeadlineSeconds": 9})),
    "without effect": lambda spec: _update(group(spec), group(spec)),
    "applied again": lambda spec: _update(group(spec), deciding.rendered(group(spec))),
    "an input": lambda spec: _update(group({**spec, "activeDeadlineSeconds": 9}), deciding.rendered(group(spec))),
    "an edit": lambda spec: _update(_edited(deciding.rendered(group(spec))), deciding.rendered(group(spec))),
    "called again": lambda spec: _update(
        deciding.rendered(group({**spec, "activeDeadlineSeconds": 9})), deciding.rendered(group(spec))
    ),
}


def _edited_and_owned(size: int) -> dict[str, Any]:
    """Return an update that edits many recorded fields, each in an item of a long list that the manager owns in part."""
    names = [f"c{at:06}" for at in range(size // 400)]
    edited = [f"/spec/containers/name={name}/image" for name in names[:1_900]]
    record = {
        "version": 1,
        "runtime": "rich",
        "model": "qwen3-0.6b",
        "container": names[0],
        "revision": "r",
        "inputs": "i",
        "rendered": "r",
        "added": [],
        "replaced": dict.fromkeys(edited, "auto"),
    }

    def with_image(image: str) -> dict[str, Any]:
        spec = {"containers": [{"name": name, "image": image} for name in names]}
        about = {"annotations": {"hydra.io/rendered": json.dumps(record)}}
        value = group(spec)
        value["spec"]["leaderWorkerTemplate"]["workerTemplate"]["metadata"] = about
        return value

    value = with_image("hot:2")
    owned = {f'k:{{"name":"{name}"}}': {"f:args": {}} for name in names}
    fields = {"f:spec": {"f:leaderWorkerTemplate": {"f:workerTemplate": {"f:spec": {"f:containers": owned}}}}}
    value["metadata"]["managedFields"] = [{"manager": "team", "operation": "Apply", "fieldsV1": fields}]
    found = review(value, operation="UPDATE", old=with_image("hot:1"))
    found["request"]["options"] = {"fieldManager": "team"}
    return found
