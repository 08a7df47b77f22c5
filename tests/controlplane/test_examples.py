"""Every example becomes a runnable workload when a user creates it with kubectl."""

import json

import pytest
import yaml

from tests.controlplane.installation import EXAMPLES, ROOT, Installation, pod
from tests.controlplane.objects import Object, leader_worker_set

BUILT_IN = ROOT / "webhook" / "catalog" / "builtin"
LONE = ["pod.yaml", "pod-gpu.yaml"]
CONTROLLED = {"deployment.yaml": 2, "job.yaml": 1}
GROUPS = sorted(path.name for path in EXAMPLES.glob("leaderworkerset*.yaml"))


@pytest.fixture(scope="module")
def cluster(site: Installation) -> Installation:
    """The webhook with the built-in runtimes as its ConfigMaps."""
    site.reset()
    site.configure(
        templates=(BUILT_IN / "hydra-runtime-template.yaml").read_text(),
        agent=(BUILT_IN / "hydra-agent.yaml").read_text(),
    )
    site.run()
    return site


@pytest.fixture
def namespace(cluster: Installation):
    with cluster.plane.fresh_namespace() as name:
        yield name


def test_every_example_is_tested():
    tried = {*LONE, *CONTROLLED, *GROUPS}
    assert {path.name for path in EXAMPLES.iterdir()} == tried | {f"configmap-{name}.yaml" for name in CONFIG_MAPS}


CONFIG_MAPS = ("hydra-agent", "hydra-runtime-template")


def create(cluster: Installation, namespace: str, example: str) -> Object:
    """Create the objects of an example; return the workload among them as its file has it."""
    cluster.plane.kubectl("create", "--namespace", namespace, "-f", EXAMPLES / example)
    return next(yaml.safe_load_all((EXAMPLES / example).read_text()))


def inference(spec: Object) -> Object:
    return spec["containers"][0]


def expect_runnable(metadata: Object, spec: Object) -> None:
    container = inference(spec)
    record = json.loads(metadata["annotations"]["hydra.io/rendered"])
    assert "/" in container["image"]  # of a registry; the placeholder has none
    assert "command" in container
    assert record["runtime"] == metadata["labels"]["hydra.io/runtime"]
    assert metadata["annotations"]["kubectl.kubernetes.io/default-container"] == container["name"]
    mounted = {mount["name"] for mount in container.get("volumeMounts", ())}
    assert mounted <= {volume["name"] for volume in spec["volumes"]}


@pytest.mark.parametrize("example", LONE)
def test_a_pod_is_stored_runnable(cluster, namespace, example):
    bare = create(cluster, namespace, example)

    stored = cluster.plane.get("pod", bare["metadata"]["name"], namespace)

    expect_runnable(stored["metadata"], stored["spec"])


@pytest.mark.parametrize(("example", "number"), CONTROLLED.items(), ids=CONTROLLED)
def test_the_pods_of_a_controller_are_stored_runnable(cluster, namespace, example, number):
    create(cluster, namespace, example)

    pods = cluster.plane.wait(
        lambda: (found := cluster.plane.list("pods", namespace)) and len(found) == number and found, "all its pods"
    )

    for stored in pods:
        expect_runnable(stored["metadata"], stored["spec"])


@pytest.mark.usefixtures("site_lws")
@pytest.mark.parametrize("example", GROUPS)
def test_the_pods_of_a_group_are_stored_runnable_each_in_its_role(cluster, namespace, example):
    bare = create(cluster, namespace, example)
    name, spec = bare["metadata"]["name"], bare["spec"]
    size = spec["leaderWorkerTemplate"]["size"]

    pods = all_pods(cluster, namespace, spec["replicas"] * size)

    for index, stored in pods.items():
        expect_runnable(stored["metadata"], stored["spec"])
        assert stored["metadata"]["labels"]["hydra.io/runtime"] == bare["metadata"]["labels"]["hydra.io/runtime"]
        variables = {variable["name"] for variable in inference(stored["spec"])["env"]}
        assert {"LWS_LEADER_ADDRESS", "LWS_WORKER_INDEX"} <= variables, index
    if size > 1:
        leader, worker = (starts(pods[f"{name}-0{suffix}"]) for suffix in ("", "-1"))
        assert leader != worker
        assert "$(LWS_LEADER_ADDRESS)" in worker


def all_pods(cluster: Installation, namespace: str, number: int) -> dict[str, Object]:
    """Wait until there are this many pods; return them by name."""

    def found() -> dict[str, Object]:
        pods = {pod["metadata"]["name"]: pod for pod in cluster.plane.list("pods", namespace)}
        return pods if len(pods) == number else {}

    return cluster.plane.wait(found, f"{number} pods")


def starts(stored: Object) -> str:
    """Return the whole command line of a pod, joined by spaces."""
    container = inference(stored["spec"])
    return " ".join([*container["command"], *container.get("args", ())])


@pytest.mark.usefixtures("site_lws")
def test_if_only_the_pod_template_has_labels_the_pods_are_filled_in_each_in_its_role(cluster, namespace):
    bare = leader_worker_set("set", namespace)
    template = bare["spec"]["leaderWorkerTemplate"]["workerTemplate"]
    template["metadata"] = {"labels": {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "qwen3-0.6b"}}
    template["spec"]["containers"][0]["image"] = "auto"
    cluster.plane.create(bare)

    pods = all_pods(cluster, namespace, 2)

    assert "ray start --head" in starts(pods["set-0"])
    assert "ray start --block --address=$(LWS_LEADER_ADDRESS)" in starts(pods["set-0-1"])
    for stored in pods.values():
        expect_runnable(stored["metadata"], stored["spec"])


@pytest.mark.usefixtures("site_lws")
@pytest.mark.parametrize("example", [*LONE, *CONTROLLED, *GROUPS])
def test_server_side_dry_run_and_diff_show_the_result_and_store_nothing(cluster, namespace, example):
    file = EXAMPLES / example
    kind = next(yaml.safe_load_all(file.read_text()))["kind"]
    dry = cluster.plane.kubectl("create", "--namespace", namespace, "--dry-run=server", "-f", file)
    diff = cluster.plane.kubectl("diff", "--namespace", namespace, "-f", file, check=False)

    assert "created (server dry run)" in dry.stdout
    without_model = example == "pod.yaml"  # which says so in a comment
    assert diff.returncode == 1
    assert [line.partition(":")[0] for line in diff.stderr.splitlines()] == ["Warning"] * without_model
    if kind in {"Pod", "LeaderWorkerSet"}:  # other workloads stay as they are, and their pods are filled in
        assert "hydra.io/rendered" in diff.stdout
    assert cluster.plane.list(kind, namespace) == []


def test_a_stored_pod_does_not_differ_from_itself(cluster, namespace):
    create(cluster, namespace, "pod.yaml")
    stored = cluster.plane.kubectl("get", "pod", "qwen3", "--namespace", namespace, "--output", "yaml").stdout

    assert cluster.plane.kubectl("diff", "-f", "-", stdin=stored).stdout == ""


def test_a_pod_with_a_typo_in_its_runtime_is_refused_and_the_nearest_runtime_suggested(cluster, namespace):
    refused = cluster.plane.kubectl(
        "create", "-f", "-", stdin=json.dumps(pod("typo", namespace, runtime="vlm-cpu")), check=False
    )

    assert refused.returncode == 1
    assert 'admission webhook "pods.webhook.hydra.io" denied the request' in refused.stderr
    assert 'did you mean "vllm-cpu"?' in refused.stderr


def test_kubectl_shows_a_warning(cluster, namespace):
    own = pod("own", namespace)
    own["spec"]["containers"][0] |= {"command": ["sleep"], "args": ["1"]}

    assert "Warning: " in cluster.plane.create(own).stderr
