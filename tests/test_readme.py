"""The examples in the README work as shown."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from webhook import catalog, mutation, rendering, workload
from webhook.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def block(first_line):
    """Return the YAML block that starts with this line."""
    (found,) = [text for text in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if text.startswith(first_line)]
    return found


def test_the_runtime_in_the_readme_has_no_problems_and_renders():
    documents = [
        catalog.Document("templates", "templates.yaml", block("# templates.yaml")),
        catalog.Document("agent", "agent.yaml", block("# agent.yaml")),
    ]
    snapshot = catalog.build(documents, None)
    state = rendering.State(snapshot, Settings())
    pod = catalog.load_all((ROOT / "manifests/examples/pod-gpu.yaml").read_text())[0]
    pod["metadata"]["labels"]["hydra.io/runtime"] = "my-engine"

    container = mutation.mutate(pod, workload.POD, state, namespace="default").value["spec"]["containers"][0]

    assert snapshot.problems == ()
    assert container["image"] == "docker.io/example/my-engine:v1"
    assert container["args"] == [
        "--model=/data/serving-model",
        "--name=Qwen/Qwen3-32B",
        "--tensor-parallel=2",
        "--max-model-len=32768",
    ]
    assert "command" not in container


def test_the_engine_does_what_the_readme_shows_without_the_rest_of_the_project(tmp_path):
    [shown] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    program, _, expected = shown.replace("from webhook.gotemplate", "from engine").rpartition("  # ")
    *lines, last = program.splitlines()
    shutil.copytree(ROOT / "webhook" / "gotemplate", tmp_path / "engine")
    script = "\n".join([f"import sys; sys.path.insert(0, {str(tmp_path)!r})", *lines, f"print(repr({last}))"])

    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == expected


def test_every_link_in_the_readme_leads_somewhere():
    targets = re.findall(r"\]\(([^)#]+)\)", README)

    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []
