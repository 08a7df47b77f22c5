"""A rendered fleet while no replica runs, and while even the webhook configuration is gone: the same works, the same is refused.

While no replica runs, the match conditions decide what does not need the webhook. Without the configuration, the policies do.
"""

import copy
import json
from dataclasses import dataclass

import pytest

from tests.controlplane.installation import WEBHOOKS, Installation, pod
from tests.controlplane.objects import Object, leader_worker_set
from tests.controlplane.plane import ControlPlane

LABELS = {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "qwen3-0.6b"}
RECORD, INJECT, INFERENCE = "hydra.io/rendered", "hydra.io/inject", "hydra.io/container"
TEMPLATES = ("leaderTemplate", "workerTemplate")
DELETED = "2026-01-01T00:00:00Z"


@dataclass
class Fleet:
    """What was stored while the webhook ran.

    Attributes:
        plane, namespace: where it is.
        bare: the LeaderWorkerSet `set` as its user wrote it; that is also what was applied.
        pod: a rendered pod, as a controller would create it again.
        configuration: the webhook configuration.
        state: `away`, if no replica runs, or `gone`, if there is no webhook configuration either.
    """

    plane: ControlPlane
    namespace: str
    bare: Object
    pod: Object
    configuration: Object
    state: str = "running"

    def pods(self) -> dict[str, str]:
        """Return the uids of the fleet's pods by name."""
        listed = self.plane.request("GET", f"/api/v1/namespaces/{self.namespace}/pods")["items"]
        return {item["metadata"]["name"]: item["metadata"]["uid"] for item in listed}

    def path(self, name: str = "") -> str:
        """Return the path of a LeaderWorkerSet, or that of all."""
        return f"/apis/leaderworkerset.x-k8s.io/v1/namespaces/{self.namespace}/leaderworkersets" + (name and f"/{name}")

    def creation(self, item: Object) -> str:
        """Return why a pod or LeaderWorkerSet may not be created, or an empty string."""
        path = f"/api/v1/namespaces/{self.namespace}/pods" if item["kind"] == "Pod" else self.path()
        return self.plane.refusal("POST", f"{path}?dryRun=All", item)

    def change(self, patch: Object, name: str = "set") -> str:
        """Return why a LeaderWorkerSet may not be changed by this merge patch, or an empty string."""
        return self.plane.refusal("PATCH", f"{self.path(name)}?dryRun=All", patch, kind="merge-patch+json")

    def kubectl(self, *arguments: str, item: Object) -> str:
        return self.plane.kubectl(*arguments, "--dry-run=server", "-f", "-", stdin=json.dumps(item), check=False).stderr

    @property
    def refused_by(self) -> dict[str, str]:
        """By kind, what refuses an object in the present state."""
        kinds = {
            "Pod": ("pods", "hydra-webhook-record'"),
            "LeaderWorkerSet": ("leaderworkersets", "hydra-webhook-record-"),
        }
        return {
            kind: f"{webhook}.webhook.hydra.io" if self.state == "away" else f"ValidatingAdmissionPolicy '{policy}"
            for kind, (webhook, policy) in kinds.items()
        }


def group(name: str, namespace: str, **templates: Object) -> Object:
    """Return a bare labelled LeaderWorkerSet, whose pod templates have this metadata."""
    bare = leader_worker_set(name, namespace)
    bare["metadata"]["labels"] = dict(LABELS)
    worker = bare["spec"]["leaderWorkerTemplate"]["workerTemplate"]
    worker["spec"]["containers"][0]["image"] = "auto"
    for kind, metadata in templates.items():
        bare["spec"]["leaderWorkerTemplate"][kind] = {"metadata": metadata, **copy.deepcopy(worker)}
    return bare


@pytest.fixture(scope="module")
def namespace(site: Installation):
    with site.plane.fresh_namespace() as name:
        yield name


@pytest.fixture(scope="module")
def running(site: Installation, site_lws: None, namespace: str) -> Fleet:
    """The fleet while the webhook runs."""
    plane = site.plane
    site.reset()
    site.configure()
    exempt = {"metadata": {"labels": {INJECT: "false"}}}
    plane.request("PATCH", f"/api/v1/namespaces/{namespace}", exempt, kind="merge-patch+json")
    old = group("old", namespace)
    old["spec"]["replicas"] = 0
    fleet = Fleet(plane, namespace, group("set", namespace), {}, {})
    plane.wait(lambda: not fleet.creation(old), "the namespace is exempt")
    plane.request("POST", fleet.path(), old)  # as if it had been there before the installation
    exempt["metadata"]["labels"][INJECT] = None  # type: ignore[assignment]  # removes it
    plane.request("PATCH", f"/api/v1/namespaces/{namespace}", exempt, kind="merge-patch+json")
    site.run()
    plane.wait(
        lambda: "/command" in record_of(site.admitted(pod("one", namespace))), "the namespace is no longer exempt"
    )

    fleet.configuration = plane.request("GET", WEBHOOKS)
    del fleet.configuration["metadata"]["resourceVersion"], fleet.configuration["metadata"]["uid"]
    fleet.pod = as_recreated(site.admitted(pod("one", namespace)))
    plane.apply(fleet.bare)
    for name in ("deleted-away", "deleted-gone"):
        plane.request("POST", fleet.path(), group(name, namespace))
    for template in TEMPLATES:
        metadata: Object = {key: {"labels": {INJECT: "false"}} if key == template else {} for key in TEMPLATES}
        partly = group(f"without-{template.lower()}", namespace, **metadata)
        partly["spec"]["replicas"] = 0
        plane.request("POST", fleet.path(), partly)
    plane.wait(lambda: len(fleet.pods()) == 6, "every pod of three groups")
    return fleet


@pytest.fixture(scope="module", params=["away", "gone"])
def fleet(site: Installation, running: Fleet, request: pytest.FixtureRequest) -> Fleet:
    """The fleet after the webhook has been stopped, or its configuration deleted as well."""
    site.stop_all()
    running.state = request.param
    if running.state == "gone":
        site.plane.request("DELETE", WEBHOOKS)
    elif site.plane.refusal("GET", WEBHOOKS):  # the states come in any order
        site.plane.put(running.configuration)
    bare = pod("bare", running.namespace)
    site.plane.wait(lambda: running.refused_by["Pod"] in running.creation(bare), "the API server has noticed")
    return running


def record_of(item: Object) -> str:
    text: str = item["metadata"]["annotations"].get(RECORD, "")
    return text


def as_recreated(stored: Object) -> Object:
    """Return the pod that a controller would create from a template with this pod's record."""
    kept = {key: stored["metadata"][key] for key in ("name", "namespace", "labels", "annotations")}
    return {**stored, "metadata": kept, "status": {}}


# While the webhook runs


@pytest.mark.parametrize("template", TEMPLATES)
def test_one_pod_template_can_opt_out(running, template):
    stored = running.plane.request("GET", running.path(f"without-{template.lower()}"))["spec"]["leaderWorkerTemplate"]

    carries = {name: RECORD in stored[name]["metadata"].get("annotations", {}) for name in TEMPLATES}
    assert carries == {name: name != template for name in TEMPLATES}


def test_the_api_server_finds_no_fault_in_the_expressions_of_the_policies(running):
    def checked() -> list[Object]:
        listed = running.plane.request("GET", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies")
        own = [item for item in listed["items"] if item["metadata"]["name"].startswith("hydra-webhook")]
        statuses: list[Object] = [item.get("status", {}) for item in own]
        return statuses if all("observedGeneration" in status for status in statuses) else []

    found = running.plane.wait(checked, "the types have been checked")

    assert len(found) == 3
    assert not any(status.get("typeChecking") for status in found), found


# Pods

IMAGE = "/spec/containers/name=main/image"


def of(record: str, **changed: object) -> str:
    return json.dumps({**json.loads(record), **changed}, separators=(",", ":"), sort_keys=True)


def with_record(item: Object, record: str | None) -> Object:
    if record is None:
        del item["metadata"]["annotations"][RECORD]
    else:
        item["metadata"]["annotations"][RECORD] = record
    return item


def with_image(item: Object, image: str, **annotations: str) -> Object:
    item["spec"]["containers"][0]["image"] = image
    item["metadata"]["annotations"] |= annotations
    return item


def with_sidecar(item: Object, image: str) -> Object:
    item["spec"]["containers"].append({"name": "sidecar", "image": image})
    return item


def names_in_other_values(record: str) -> str:
    """Return a record of another runtime and model, which names the pod's own wherever it can hold what a workload says."""
    names = {"a": 1, "model": LABELS["hydra.io/model-id"], "runtime": LABELS["hydra.io/runtime"], "version": 1}
    text = json.dumps(names, separators=(",", ":"))
    held = {"/spec/a": names, "/spec/b": text, "/spec/c": [names]}
    return of(record, model="other", runtime="other", added=[f"/{text}"], matches=text, replaced=held)


RESTARTED = {
    "a pod with its own record": lambda item: item,
    "a record of a later release": lambda item: with_record(
        item, of(record_of(item), version=2, dataset="d", sold=True, unknown=[{"a": 1}])
    ),
    "a record with quotes and braces in what it holds": lambda item: with_record(
        item, of(record_of(item), added=['/{"a\\":', "/spec"], replaced={IMAGE: '},"x":{', "/spec/a": {"b": [{}]}})
    ),
    "a placeholder beside the inference container": lambda item: with_sidecar(item, "auto"),
    "a pod that opts out": lambda item: (
        with_record(with_image(item, "auto"), None)
        | {"metadata": {"name": "out", "labels": {**LABELS, INJECT: "false"}}}
    ),
    "a mirror pod": lambda item: (
        with_record(item, None)
        | {
            "metadata": {"name": "mirror", "labels": LABELS, "annotations": {"kubernetes.io/config.mirror": "digest"}},
            "spec": {"nodeName": "node", "containers": [{"name": "main", "image": "auto"}]},
        }
    ),
    "a pod without labels and annotations": lambda item: {**item, "metadata": {"name": "plain"}},
}
ATTACKS = {
    "no record": lambda item: with_record(item, None),
    "no annotations": lambda item: {**item, "metadata": {"name": "bare", "labels": LABELS}},
    "no name yet": lambda item: {**item, "metadata": {"generateName": "bare-", "labels": LABELS}},
    "a wrong opt-out": lambda item: {**item, "metadata": {"name": "bare", "labels": {**LABELS, INJECT: "no"}}},
    "an empty record": lambda item: with_record(item, ""),
    "a record of {": lambda item: with_record(item, "{"),
    "a record of another layout": lambda item: with_record(item, '{"version":1}'),
    "a record of another runtime": lambda item: with_record(item, of(record_of(item), runtime="vllm")),
    "a record of another model": lambda item: with_record(item, of(record_of(item), model="qwen3-0x6b")),
    "a record whose names only begin alike": lambda item: with_record(item, of(record_of(item), runtime="vllm-cpu-2")),
    "its own names in other values": lambda item: with_record(item, names_in_other_values(record_of(item))),
    "a placeholder image": lambda item: with_image(item, "auto"),
    "a placeholder in the container that an annotation names": lambda item: with_image(
        with_sidecar(item, "auto"), "x", **{INFERENCE: "sidecar"}
    ),
    "a placeholder in a pod that names no container of its own": lambda item: with_image(
        item, "auto", **{"kubectl.kubernetes.io/default-container": "nobody"}
    ),
    "no model label": lambda item: {
        **item,
        "metadata": item["metadata"] | {"labels": {"hydra.io/runtime": LABELS["hydra.io/runtime"]}},
    },
}


@pytest.mark.parametrize("case", RESTARTED)
def test_a_pod_starts_without_the_webhook(fleet, case):
    assert fleet.creation(RESTARTED[case](copy.deepcopy(fleet.pod))) == ""


@pytest.mark.parametrize("case", ATTACKS)
def test_a_pod_that_is_not_rendered_for_what_it_asks_is_refused(fleet, case):
    assert fleet.refused_by["Pod"] in fleet.creation(ATTACKS[case](copy.deepcopy(fleet.pod)))


def test_the_fleets_pods_restart(fleet):
    before = fleet.pods()

    for name in ("set-0-1", "set-0"):  # with its leader a worker goes, too
        fleet.plane.request("DELETE", f"/api/v1/namespaces/{fleet.namespace}/pods/{name}?gracePeriodSeconds=0")

    def restarted() -> bool:
        now = fleet.pods()
        return all(name in now and now[name] != before[name] for name in ("set-0", "set-0-1"))

    fleet.plane.wait(restarted, "leader and worker have been created again")


# LeaderWorkerSets

HARMLESS = {
    "replicas": {"spec": {"replicas": 3}},
    "a foreign annotation": {"metadata": {"annotations": {"example.com/note": "x", "hydra.example.com/a": "b"}}},
    "a finalizer": {"metadata": {"finalizers": ["example.com/wait"]}},
    "the strategy of roll-outs": {
        "spec": {"rolloutStrategy": {"type": "RollingUpdate", "rollingUpdateConfiguration": {"maxUnavailable": 2}}}
    },
    "nothing": {},
}


@pytest.mark.parametrize("name", ["set", "old"], ids=["rendered", "from before the installation"])
@pytest.mark.parametrize("case", HARMLESS)
def test_what_does_not_change_the_pods_of_a_group_works(fleet, case, name):
    assert fleet.change(HARMLESS[case], name) == ""


def template(**fields: object) -> Object:
    return {"spec": {"leaderWorkerTemplate": fields}}


MANY = 1001
HARMFUL = {
    "more containers than are looked through": template(
        workerTemplate={"spec": {"containers": [{"name": f"c{number}", "image": "x"} for number in range(MANY)]}}
    ),
    "the bare containers": template(workerTemplate={"spec": {"containers": [{"name": "main", "image": "auto"}]}}),
    "an image of spaces": template(workerTemplate={"spec": {"containers": [{"name": "main", "image": " "}]}}),
    "no image": template(workerTemplate={"spec": {"containers": [{"name": "main"}]}}),
    "the bare leader": template(leaderTemplate={"spec": {"containers": [{"name": "main", "image": "auto"}]}}),
    "no record": template(workerTemplate={"metadata": {"annotations": {RECORD: None}}}),
    "a record of {": template(workerTemplate={"metadata": {"annotations": {RECORD: "{"}}}),
    "another runtime": template(leaderTemplate={"metadata": {"labels": {"hydra.io/runtime": "vllm"}}}),
}


@pytest.mark.parametrize("case", HARMFUL)
def test_what_would_roll_a_group_to_pods_that_are_not_rendered_is_refused(fleet, case):
    assert fleet.refused_by["LeaderWorkerSet"] in fleet.change(HARMFUL[case])


APPLIED = {
    "apply": ("apply",),
    "server-side apply": ("apply", "--server-side", "--force-conflicts"),
    "replace": ("replace",),
}


@pytest.mark.parametrize("verb", APPLIED)
def test_the_bare_file_is_not_applied_over_the_rendered_group(fleet, verb):
    assert fleet.refused_by["LeaderWorkerSet"] in fleet.kubectl(*APPLIED[verb], item=fleet.bare)


def test_a_group_from_before_the_installation_keeps_its_pods(fleet):
    change = template(workerTemplate={"spec": {"containers": [{"name": "main", "image": "example.com/other:1"}]}})

    assert fleet.refused_by["LeaderWorkerSet"] in fleet.change(change, "old")


NEW = {
    "a bare group": lambda namespace: group("new", namespace),
    "a group that pretends to be deleted": lambda namespace: {
        **(bare := group("new", namespace)),
        "metadata": bare["metadata"] | {"deletionTimestamp": DELETED},
    },
    "a group of which one pod template opts out": lambda namespace: group(
        "new", namespace, leaderTemplate={"labels": {INJECT: "false"}}
    ),
}


@pytest.mark.parametrize("case", NEW)
def test_a_bare_group_is_refused(fleet, case):
    assert fleet.refused_by["LeaderWorkerSet"] in fleet.creation(NEW[case](fleet.namespace))


def test_a_change_of_what_the_webhook_reads_waits_for_it_where_it_is_installed(fleet):
    changes: list[Object] = [
        {"labels": {"a": "x"}},
        {"annotations": {"hydra.io/refresh": "x"}},
        {"annotations": {f"example.com/{number}": "x" for number in range(MANY)}},  # more than are looked through
    ]

    refusals = [fleet.change({"metadata": change}) for change in changes]

    assert [bool(refusal) for refusal in refusals] == [fleet.state == "away"] * 3


def test_a_group_that_opts_out_is_left_alone_where_no_webhook_is_asked(fleet):
    opted_out = {"metadata": {"labels": {INJECT: "false"}}, **HARMFUL["the bare containers"]}

    assert bool(fleet.change(opted_out)) == (fleet.state == "away")


def test_a_group_is_deleted_in_the_foreground_and_its_finalizers_can_be_removed(fleet):
    name = f"deleted-{fleet.state}"
    held = {"metadata": {"finalizers": ["example.com/wait"]}}
    fleet.plane.request("PATCH", fleet.path(name), held, kind="merge-patch+json")
    fleet.plane.request("DELETE", fleet.path(name), {"propagationPolicy": "Foreground"})

    def waiting() -> bool:
        finalizers = fleet.plane.request("GET", fleet.path(name))["metadata"].get("finalizers")
        return finalizers == ["example.com/wait"]

    fleet.plane.wait(waiting, "the garbage collector has removed its own finalizer")
    fleet.plane.request("PATCH", fleet.path(name), {"metadata": {"finalizers": None}}, kind="merge-patch+json")
    assert "not found" in fleet.plane.refusal("GET", fleet.path(name))
