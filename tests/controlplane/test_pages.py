"""The commands for a cluster in the documentation, each as it is printed, in a cluster that has what the pages speak of."""

import json
import sys
from pathlib import Path

import pytest
import yaml

from tests import pages
from tests.controlplane import binaries
from tests.controlplane.installation import NAMESPACE, ROOT, Installation
from tests.controlplane.objects import leader_worker_set

DOCS = ROOT / "docs"
EXAMPLES = ROOT / "manifests" / "examples"
LABELS = {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "m"}

#: Pages with the first words of the blocks that are run here, in an order in which none spoils the next.
BLOCKS = [
    ("explain.md", "$ hydra-webhook explain lws/qwen"),
    ("cluster.md", "kubectl --namespace hydra-system create rolebinding readers"),
    ("cluster.md", "hydra-webhook lint --context work-1"),
    ("cluster.md", "kubectl --namespace hydra-system get configmap hydra-runtime-template"),
    ("drift.md", "hydra-webhook drift  "),
    ("drift.md", "hydra-webhook drift -A -o json"),
    ("plan.md", "hydra-webhook plan -A --agent new-agent.yaml  "),
    ("plan.md", "hydra-webhook plan -A --agent new-agent.yaml -o json"),
    ("plan.md", "git show origin/main:agent.yaml"),
    ("life.md", "hydra-webhook refresh lws/deepseek-r1"),
    ("life.md", "kubectl annotate leaderworkerset deepseek-r1"),
    ("life.md", "kubectl get leaderworkerset deepseek-r1"),
    ("troubleshooting.md", "kubectl get mutatingwebhookconfiguration"),
    ("recipes.md", "hydra-webhook plan -A --templates new.yaml"),
    ("cluster.md", "kubectl delete mutatingwebhookconfiguration"),
]

#: Exit status of a command that found something; 2 and more is an error.
FOUND = 1


@pytest.fixture
def world(hydra: Installation, site_lws, tmp_path: Path):
    """A folder with the files and programs, and a kubeconfig with the contexts and workloads, that the pages name."""
    hydra.configure()
    hydra.run()
    plane = hydra.plane
    plane.kubectl("create", "namespace", "team-a")
    plane.until_populated("team-a")
    for name in ("llama", "deepseek-r1", "qwen", "group"):
        item = leader_worker_set(name, "team-a")
        item["metadata"]["labels"] = LABELS
        item["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["containers"][0]["image"] = "auto"
        plane.create(item)
    _write_files(tmp_path)
    config = json.loads(plane.kubectl("config", "view", "--raw", "--flatten", "--output=json").stdout)
    context = {**config["contexts"][0]["context"], "namespace": "team-a"}
    config["contexts"] = [{"name": name, "context": context} for name in ("work-1", "work-2", "east", "west")]
    config["current-context"] = "work-1"
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    yield tmp_path
    plane.kubectl("delete", "namespace", "team-a", "--wait=false")
    plane.kubectl("delete", "rolebinding", "readers", "--namespace", NAMESPACE, "--ignore-not-found")
    plane.kubectl("delete", "pod", "qwen3", "--ignore-not-found", "--namespace", "team-a")


def _write_files(folder: Path) -> None:
    texts = {}
    for name in ("hydra-runtime-template", "hydra-agent"):
        manifest = yaml.safe_load((EXAMPLES / f"configmap-{name}.yaml").read_text())
        texts[name] = manifest["data"]["config.yaml"]
    templates, agent = texts["hydra-runtime-template"], texts["hydra-agent"]
    files = {
        "agent.yaml": agent,
        "new-agent.yaml": agent.replace("2.1.RC1", "2.2.RC1"),
        "new-templates.yaml": templates.replace("--trust-remote-code", "--new"),
        "new.yaml": templates.replace("--trust-remote-code", "--trust-remote-code --new"),
        "pod.yaml": (EXAMPLES / "pod.yaml").read_text(),
        "workloads/lws.yaml": (EXAMPLES / "leaderworkerset-cpu.yaml").read_text(),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    stand_ins = {"git": f"cat {folder}/agent.yaml", "gh": "true"}  # there is no pull request
    (folder / "bin").mkdir()
    for name, line in stand_ins.items():
        (folder / "bin" / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / "bin" / name).chmod(0o755)


def _environ(folder: Path) -> dict[str, str]:
    kubectl = binaries.find("kubectl")
    assert kubectl
    path = f"{folder / 'bin'}:{kubectl.parent}:{Path(sys.executable).parent}:/usr/bin:/bin"
    return {"KUBECONFIG": str(folder / "kubeconfig"), "PATH": path, "NO_PROXY": "*"}


def _block(page: str, words: str) -> pages.Block:
    [found] = [block for block in pages.blocks(DOCS / page) if block.text.startswith(words)]
    return found


@pytest.mark.thorough
def test_every_command_for_a_cluster_runs_as_it_is_printed(world):
    for page, words in BLOCKS:
        block = _block(page, words)
        text = block.text.replace("\\\n", " ")
        for line in text.splitlines():
            status, printed = pages.run(line.removeprefix("$ "), world, _environ(world), stdin="y\n")
            shown = "\n".join(printed)
            assert status <= FOUND, f"{page}: {line}\n{shown}"
            assert "Traceback" not in shown, f"{page}: {line}\n{shown}"


def test_the_log_is_filtered_for_denials_as_the_page_shows(hydra):
    [command] = [block.text for block in pages.blocks(DOCS / "troubleshooting.md") if "| jq -r" in block.text]
    logs, _, filtered = command.partition(" | ")
    hydra.configure()
    [replica] = hydra.run()
    bare = yaml.safe_load((EXAMPLES / "pod.yaml").read_text())
    bare["metadata"]["labels"]["hydra.io/runtime"] = "vlm"
    refused = hydra.plane.kubectl("create", "-f", "-", stdin=json.dumps(bare), check=False)
    assert "[unknown-runtime]" in refused.stderr

    def denials() -> list[str]:
        (hydra.plane.folder / "log.jsonl").write_text(replica.output)
        return pages.run(f"cat log.jsonl | {filtered}", hydra.plane.folder)[1]

    assert logs == "kubectl --namespace hydra-system logs --selector app.kubernetes.io/name=hydra-webhook --tail=-1"
    [row] = hydra.plane.wait(denials, "the denial is in the log")
    assert row.split("\t")[:4] == ["default", "Pod", "qwen3", "unknown-runtime"]


@pytest.mark.thorough
def test_configuration_dashboard_and_a_ca_of_your_own_are_created_as_printed(hydra, tmp_path):
    environ = {**_environ(tmp_path), "KUBECONFIG": str(hydra.plane.kubeconfig)}
    for name in ("manifests", "webhook"):
        (tmp_path / name).symlink_to(ROOT / name)
    hydra.plane.kubectl("create", "namespace", "monitoring")
    replica = hydra.start()
    for page, words in [
        ("cluster.md", "kubectl --namespace hydra-system create configmap"),
        ("cluster.md", "kubectl --namespace monitoring create configmap"),
        ("server.md", "openssl req"),
    ]:
        if page == "server.md":
            hydra.plane.wait(lambda: replica.ready, "the configuration that was created is used, and there is a CA")
        status, printed = pages.run(_block(page, words).text, tmp_path, environ)
        assert status == 0, printed

    dashboards = hydra.plane.list("configmaps", "monitoring", "grafana_dashboard=1")
    assert [json.loads(one["data"]["hydra-webhook.json"])["uid"] for one in dashboards] == ["hydra-webhook"]
    hydra.plane.wait(
        lambda: any(line.get("successor") for line in replica.events("certificate authority")),
        "the CA that was written is taken as the successor",
    )
    hydra.plane.kubectl("delete", "namespace", "monitoring", "--wait=false")
