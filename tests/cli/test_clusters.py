"""Commands that ask a cluster: which one, what they make of its answers, and what they say when there is none."""

import json
from datetime import datetime

import pytest
import yaml

import webhook
from tests.cli.cluster_api import ClusterApi, denied, serving
from tests.cluster.apiserver import kubeconfig
from tests.cluster.conftest import _no_proxy  # noqa: F401 - a fixture that every test uses
from webhook import catalog
from webhook.settings import Settings

CONFIG_MAPS = "/api/v1/namespaces/hydra-system/configmaps"
SETS = "/apis/leaderworkerset.x-k8s.io/v1/namespaces"
TEMPLATES = "templates: [{runtime: one, podTemplate: {containerTemplate: {commandTemplate: ['{{ .MODEL_PORT }}']}}}]"
AGENT = "deployment_templates: [{container_template: {image: example/engine:1}}]"
LABELS = {"hydra.io/runtime": "one", "hydra.io/model-id": "m"}
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare", "labels": LABELS}}
POD |= {"spec": {"containers": [{"name": "main", "image": "auto"}]}}


@pytest.fixture
def api(tmp_path, monkeypatch):
    """A cluster with an empty installation; $KUBECONFIG leads to it."""
    with serving(ClusterApi()) as running:
        for name in ("hydra-webhook-state", "hydra-webhook-cache"):
            running.put(f"{CONFIG_MAPS}/{name}")
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, running.url)))
        yield running


def publish(api: ClusterApi, version: str = webhook.__version__, templates: str = TEMPLATES, **digests: str) -> None:
    texts = {"templates": templates, "agent": AGENT}
    documents = {
        kind: (catalog.Document(kind, f"ConfigMap hydra-system/{kind}", {"config.yaml": text}),)
        for kind, text in texts.items()
    }
    snapshot = catalog.history.rebuilt(one for (one,) in documents.values())
    used = {kind: catalog.history.digest(kind, snapshot) for kind in catalog.KINDS} | digests
    settings = Settings(model_port=9000)
    content, _ = catalog.published.pack(catalog.published.Published(version, settings, documents, used))
    api.put(f"{CONFIG_MAPS}/hydra-webhook-state", data=dict(content.data), binaryData=dict(content.binary_data))


def command_of(out: str) -> list[str]:
    return yaml.safe_load(out)["spec"]["containers"][0]["command"]


@pytest.mark.parametrize("switch", [["--from-cluster"], ["--context", "it"]])
def test_a_file_is_rendered_with_configuration_and_settings_of_the_webhook(run, api, switch):
    publish(api)
    result = run("render", "-f", "-", *switch, stdin=json.dumps(POD))
    assert (result.status, result.err, command_of(result.out)) == (0, "", ["9000"])


def test_without_a_switch_no_cluster_is_asked(run, api):
    assert run("render", "-f", "-", stdin=json.dumps({**POD, "metadata": {"name": "unlabelled"}})).status == 0
    assert run("runtimes").status == run("lint").status == 0
    assert api.requests == []


def test_files_are_used_instead_of_the_state(run, api, tmp_path):
    (tmp_path / "t.yaml").write_text(TEMPLATES)
    (tmp_path / "a.yaml").write_text(AGENT)
    files = ("--templates", tmp_path / "t.yaml", "--agent", tmp_path / "a.yaml")
    result = run("render", "-f", "-", *files, "--from-cluster", "--model-port", "7", stdin=json.dumps(POD))
    assert (result.status, command_of(result.out)) == (0, ["7"])
    assert api.requests == []


def test_settings_of_ones_own_need_files_of_ones_own(run, api):
    publish(api)
    result = run("render", "-f", "-", "--from-cluster", "--model-port", "7", stdin=json.dumps(POD))
    assert result.status == 2
    assert "settings are those of its webhook" in " ".join(result.err.split())


def test_a_stored_object_is_rendered_anew(run, api, tmp_path):
    publish(api, templates=TEMPLATES.replace(".MODEL_PORT", ".ROLE"))
    stored = run("render", "-f", "-", "--from-cluster", "-o", "json", stdin=json.dumps(POD))
    pod = json.loads(stored.out)
    pod["metadata"] |= {"managedFields": [{"manager": "kubectl"}]}
    api.put("/api/v1/namespaces/team-a/pods/bare", **pod)
    publish(api)
    result = run("render", "po/bare", "-n", "team-a", "-o", "json")
    assert result.status == 0
    assert json.loads(result.out)["spec"]["containers"][0]["command"] == ["9000"]
    assert "managedFields" not in result.out


@pytest.mark.parametrize("name", ["pods/typo.yaml", "folder/file"])
def test_a_path_is_not_taken_for_an_object(run, api, name):
    result = run("render", name)
    assert (result.status, api.requests) == (2, [])
    assert f"cannot read {name}: No such file or directory" in " ".join(result.err.split())


def test_runtimes_are_those_of_the_webhook(run, api):
    publish(api)
    result = run("runtimes", "--from-cluster", "-o", "json")
    assert [row["runtime"] for row in json.loads(result.out)] == ["one"]


def test_another_version_or_reading_of_the_webhook_is_named(run, api):
    publish(api, "9.9.9", agent="0" * 16)
    result = run("runtimes", "--from-cluster")
    assert result.status == 0
    assert result.err.splitlines() == [
        f"it: the webhook has version 9.9.9 and this command {webhook.__version__}: they may differ in what they do",
        "it: this command reads the agent configuration in another way than the webhook",
    ]


def test_the_config_maps_are_linted_as_they_are(run, api):
    api.put(f"{CONFIG_MAPS}/hydra-agent", data={"config.yaml": AGENT.replace("image:", "imag:")})
    result = run("lint", "--from-cluster")
    assert result.status == 1
    assert result.out.startswith("ConfigMap hydra-system/hydra-agent[config.yaml]:1:")
    assert "not checked: ConfigMap hydra-system/hydra-runtime-template does not exist" in result.err
    elsewhere = run("lint", "--from-cluster", "-n", "elsewhere")
    assert elsewhere.status == 2
    assert "there is no configuration in namespace elsewhere" in elsewhere.err


def test_a_file_is_linted_in_the_place_of_its_config_map(run, api, tmp_path):
    api.put(f"{CONFIG_MAPS}/hydra-agent", data={"config.yaml": AGENT.replace("image:", "imag:")})
    api.put(f"{CONFIG_MAPS}/hydra-runtime-template", data={"config.yaml": TEMPLATES.replace("runtime:", "runtim:")})
    (tmp_path / "a.yaml").write_text(AGENT)
    result = run("lint", tmp_path / "a.yaml", "--context", "it", "-o", "gitlab", "--select", "unknown-key")
    found = [(one["check_name"], one["location"]) for one in json.loads(result.out)]
    place = {"path": "ConfigMap hydra-system/hydra-runtime-template[config.yaml]", "lines": {"begin": 1}}
    assert (result.status, found) == (1, [("unknown-key", place)])


def test_a_comment_in_a_config_map_ignores_a_finding(run, api):
    ignoring = AGENT.replace("image:", "imag:") + "\n# hydra-lint: ignore-file=unknown-key,no-image\n"
    api.put(f"{CONFIG_MAPS}/hydra-agent", data={"config.yaml": ignoring})
    result = run("lint", "--context", "it", "--fail-on", "info")
    assert (result.status, result.out) == (0, "")


REMEDY = "or name files with --templates, --agent and --gpu-configs"


@pytest.mark.parametrize("command", [("runtimes", "--from-cluster"), ("render", "lws/x")])
def test_a_state_that_cannot_be_read_is_explained(run, api, command):
    empty = run(*command)
    assert (empty.status, empty.out) == (2, "")
    assert empty.err == (
        "ConfigMap hydra-system/hydra-webhook-state is empty: wait until the webhook has read its configuration,"
        f" {REMEDY}\n"
    )
    api.forbidden.add(f"{CONFIG_MAPS}/hydra-webhook-state")
    forbidden = run(*command)
    assert forbidden.status == 2
    assert forbidden.err.endswith(f"ask for ClusterRole hydra-webhook-reader in namespace hydra-system, {REMEDY}\n")
    api.forbidden.clear()
    del api.objects[f"{CONFIG_MAPS}/hydra-webhook-state"]
    assert "say where the webhook is installed with --webhook-namespace" in run(*command).err
    api.put(f"{CONFIG_MAPS}/hydra-webhook-state", data={"state.json": "{}"})
    assert "hydra-webhook-state: state.json: " in run(*command).err


def test_a_cluster_that_does_not_exist_is_one_line(run, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", "/no/such")
    result = run("runtimes", "--from-cluster")
    assert result.status == 2
    assert result.err == "no cluster: kubeconfig /no/such does not exist; name one with --kubeconfig or $KUBECONFIG\n"
    monkeypatch.setenv("HYDRA_WEBHOOK_KUBECONFIG", "/of/a/server")  # is for `serve`
    assert run("runtimes").status == 0


def put_set(api: ClusterApi, name: str, namespace: str = "default", runtime: str = "one", **metadata: object) -> None:
    template = {"size": 2, "workerTemplate": {"spec": {"containers": [{"name": "main", "image": "old"}]}}}
    api.put(
        f"{SETS}/{namespace}/leaderworkersets/{name}",
        metadata={"labels": {"hydra.io/runtime": runtime}, **metadata},
        spec={"replicas": 2, "leaderWorkerTemplate": template},
    )


def rolls(item: dict) -> tuple[int, dict, list[str]]:
    worker = item["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["containers"][0]
    worker["image"] = "new"
    return 200, item, ['leader and worker: groups will roll: revision a -> b, "x"']


def test_a_refresh_lists_what_rolls_and_sets_the_annotation_once(run, api):
    put_set(api, "a")
    put_set(api, "b", namespace="team-a", runtime="two")
    api.admit = rolls
    result = run("refresh", "--all", "-A", "--yes")
    assert result.status == 0
    assert result.out.splitlines() == [
        "leaderworkerset default/a: rolls 2 groups",
        "leaderworkerset team-a/b: rolls 2 groups",
        "leaderworkerset default/a: refreshed",
        "leaderworkerset team-a/b: refreshed",
    ]
    assert result.err == 'Warning: leader and worker: groups will roll: revision a -> b, "x"\n' * 2
    queries = [query for _, query, _ in api.patches]
    manager = {"fieldManager": "hydra-webhook-refresh"}
    assert queries == [{**manager, "dryRun": "All"}] * 2 + [manager] * 2
    (stamp,) = {body["metadata"]["annotations"]["hydra.io/refresh"] for _, _, body in api.patches}
    assert datetime.fromisoformat(stamp).tzinfo is not None


def test_a_refresh_leaves_alone_what_would_not_change(run, api):
    put_set(api, "a")
    result = run("refresh", "lws/a", "--yes")
    assert (result.status, result.out) == (0, "leaderworkerset default/a: nothing would change\n")
    assert len(api.patches) == 1


def test_a_dry_run_patches_nothing(run, api):
    put_set(api, "a")
    api.admit = rolls
    result = run("refresh", "lws/a", "--dry-run", "-o", "json")
    assert result.status == 0
    (row,) = json.loads(result.out)
    assert (row["name"], row["groups"], row["changes"], row["refreshed"]) == ("a", 2, True, False)
    assert len(api.patches) == 1


def test_a_refresh_is_of_the_leaderworkersets_in_files(run, api, tmp_path):
    for name in ("a", "b", "c"):
        put_set(api, name)
    api.admit = rolls
    inner = tmp_path / "objects" / "below"
    inner.mkdir(parents=True)
    group = "apiVersion: leaderworkerset.x-k8s.io/v1\nkind: LeaderWorkerSet\nmetadata: {name: %s}\n"
    (inner / "a.yaml").write_text(group % "a" + "---\nkind: Service\napiVersion: v1\nmetadata: {name: s}\n")
    (tmp_path / "b.yaml").write_text(group % "b")

    result = run("refresh", "-R", "-f", inner.parent, tmp_path / "b.yaml", "--yes", "-o", "json")

    assert [(row["name"], row["refreshed"]) for row in json.loads(result.out)] == [("a", True), ("b", True)]
    assert f"{inner / 'a.yaml'}:5:1: Service default/s: passed over: it is not a LeaderWorkerSet" in result.err
    refused = run("refresh", "-f", "-", "--yes", stdin="kind: Service\napiVersion: v1\nmetadata: {name: s}\n")
    assert refused.status == 2
    assert "no LeaderWorkerSet in" in refused.err


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 1)])
def test_a_refresh_asks_on_a_terminal(run, api, monkeypatch, answer, status):
    put_set(api, "a")
    api.admit = rolls
    monkeypatch.setattr("webhook.cli.refresh._is_terminal", lambda: True)
    result = run("refresh", "--runtime", "one", stdin=answer)
    assert result.status == status
    assert "Roll 2 groups of 1 LeaderWorkerSet?" in result.err
    assert len(api.patches) == 2 - status


def test_nobody_can_be_asked_without_a_terminal(run, api):
    put_set(api, "a")
    api.admit = rolls
    result = run("refresh", "lws/a", stdin="y\n")
    assert result.status == 1
    assert result.err.endswith("nothing was refreshed: standard input is not a terminal, so give --yes\n")
    assert len(api.patches) == 1


def test_what_the_webhook_denies_is_reported_and_the_others_are_refreshed(run, api):
    put_set(api, "a")
    put_set(api, "b")
    api.admit = lambda item: denied("no such runtime") if item["metadata"]["name"] == "a" else rolls(item)
    result = run("refresh", "--all", "--yes")
    assert result.status == 1
    assert "leaderworkerset default/a: denied: patch LeaderWorkerSet default/a: 422: no such runtime" in result.out
    assert "leaderworkerset default/b: refreshed" in result.out


def test_what_fails_does_not_keep_the_others_from_being_refreshed(run, api):
    put_set(api, "a")
    put_set(api, "b")
    tried: list[str] = []

    def admit(item: dict) -> tuple[int, dict, list[str]]:
        tried.append(item["metadata"]["name"])
        return (503, {"kind": "Status", "message": "later"}, []) if tried == ["a", "b", "a"] else rolls(item)

    api.admit = admit
    result = run("refresh", "--all", "--yes")
    assert result.status == 2
    assert "default/a: not refreshed: patch LeaderWorkerSet default/a: 503: later" in result.out
    assert "default/b: refreshed" in result.out


def test_without_the_right_to_patch_the_exit_status_is_2(run, api):
    put_set(api, "a")
    api.admit = lambda item: (403, {"kind": "Status", "message": "no"}, [])
    result = run("refresh", "lws/a", "--yes")
    assert result.status == 2
    assert 'permission needed: patch on leaderworkersets named "a"' in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name LeaderWorkerSets (lws/NAME), or give -f, --runtime or --all"),
        (("lws/a", "--all"), "name LeaderWorkerSets (lws/NAME), or give -f, --runtime or --all"),
        (("lws/a", "-A"), "cannot be combined with names"),
        (("svc/a",), 'unknown kind "svc"'),
        (("lws/none",), "get LeaderWorkerSet default/none: 404"),
    ],
)
def test_wrong_usage_of_refresh(run, api, arguments, message):
    result = run("refresh", *arguments)
    assert result.status == 2
    assert message in " ".join(result.err.split())


def test_there_may_be_nothing_to_refresh(run, api):
    result = run("refresh", "--all")
    assert (result.status, result.out, result.err) == (0, "", "there are no such LeaderWorkerSets\n")


def test_what_cannot_be_refreshed_is_refused_with_the_remedy(run, api):
    result = run("refresh", "deploy/web", "job/one", "pod/p", "--yes", "-n", "team-a")
    assert (result.status, result.out, api.requests) == (1, "", [])
    assert [line.partition(" cannot be refreshed: ")[0] for line in result.err.splitlines()] == [
        *("Deployment team-a/web", "Job team-a/one", "Pod team-a/p")
    ]
    assert "kubectl rollout restart deployment/web -n team-a" in result.err


APPS = "/apis/apps/v1/namespaces/team-a"
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": POD["spec"]}


def owned(kind: str, name: str) -> dict[str, object]:
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": name, "controller": True}
    return {"metadata": {"ownerReferences": [reference]}}


def deployed(api: ClusterApi) -> None:
    """Store a Deployment, what it is made of, and a pod without a controller."""
    api.put(f"{APPS}/deployments/web", apiVersion="apps/v1", kind="Deployment", spec={"template": TEMPLATE})
    api.put(f"{APPS}/deployments/other", apiVersion="apps/v1", kind="Deployment", spec={"template": {}})
    replica_set = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": {"template": TEMPLATE}}
    api.put(f"{APPS}/replicasets/web-1", **owned("Deployment", "web"), **replica_set)
    pod = {"apiVersion": "v1", "kind": "Pod", "spec": POD["spec"]}
    api.put("/api/v1/namespaces/team-a/pods/web-1-a", **owned("ReplicaSet", "web-1"), **pod)
    api.objects["/api/v1/namespaces/team-a/pods/web-1-a"]["metadata"]["labels"] = LABELS
    api.put("/api/v1/namespaces/team-a/pods/alone", metadata={"labels": LABELS}, **pod)


def explained(result):
    return [(one["kind"], one["namespace"], one["name"]) for one in json.loads(result.out)]


def test_a_pod_is_explained_by_its_outermost_controller_as_the_webhook_would(run, api):
    publish(api)
    deployed(api)
    result = run("explain", "po/web-1-a", "-n", "team-a", "-o", "json")
    assert (result.status, result.err, explained(result)) == (0, "", [("Deployment", "team-a", "web")])
    (found,) = json.loads(result.out)
    assert found["remarks"] == ["explained by its controller, since others changed the stored pod web-1-a"]
    fields = {one["path"]: one for one in found["pod_templates"][0]["fields"]}
    assert fields["spec.containers[0].command"]["value"] == ["9000"]
    assert fields["spec.containers[0].image"]["written"] == {
        "key_path": "deployment_templates[0].container_template.image",
        "source": "ConfigMap hydra-system/agent[config.yaml]",
        "line": 1,
        "column": 46,
    }


@pytest.mark.parametrize("switch", [("--from-cluster", "-n", "team-a"), ("-A",)], ids=["a namespace", "all of them"])
def test_without_names_every_workload_with_a_runtime_is_explained_once(run, api, switch):
    publish(api)
    deployed(api)
    result = run("explain", *switch, "-o", "json")
    assert explained(result) == [("Deployment", "team-a", "web"), ("Pod", "team-a", "alone")]


def test_a_leader_worker_set_is_explained_of_which_only_the_pod_templates_are_labelled(run, api):
    publish(api)
    path = "/apis/leaderworkerset.x-k8s.io/v1/namespaces/team-a/leaderworkersets"
    kind = {"apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet"}
    api.put(f"{path}/fleet", **kind, spec={"leaderWorkerTemplate": {"size": 2, "workerTemplate": TEMPLATE}})
    other = {"spec": POD["spec"]}
    api.put(f"{path}/other", **kind, spec={"leaderWorkerTemplate": {"size": 2, "workerTemplate": other}})
    (found,) = json.loads(run("explain", "--from-cluster", "-n", "team-a", "-o", "json").out)

    assert (found["name"], found["outcome"], found["remarks"]) == ("fleet", "rendered", [])
    assert [(one["role"], one["group_size"], one["pod_by_pod"]) for one in found["pod_templates"]] == [
        ("leader", 2, True),
        ("worker", 2, True),
    ]


def test_files_are_explained_by_files_and_what_the_webhook_has_otherwise_is_named(run, api, tmp_path):
    publish(api)
    (tmp_path / "a.yaml").write_text(AGENT.replace("engine:1", "engine:2"))
    result = run("explain", "-f", "-", "--agent", tmp_path / "a.yaml", "--from-cluster", stdin=json.dumps(POD))
    assert result.status == 1  # the built-in runtimes have no "one"
    assert "the agent configuration of this command is not the one that the webhook uses" in result.err


def test_an_object_that_does_not_exist_is_named(run, api):
    publish(api)
    result = run("explain", "lws/none", "-n", "team-a")
    assert (result.status, result.out) == (2, "")
    assert "LeaderWorkerSet team-a/none" in result.err
