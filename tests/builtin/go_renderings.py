"""What Go renders for the built-in runtimes: the cases, and a command that asks Go anew.

``.venv/bin/python -m tests.builtin.go_renderings --go .venv/bin/go`` rewrites ``rendered.json`` after a change of the built-in
templates. ``make conformance`` installs that Go.
"""

import argparse
import itertools
import json
import tempfile
from pathlib import Path
from typing import Any

from tests.gotemplate import conformance
from webhook import catalog, gotemplate

RENDERED = Path(__file__).parent / "rendered.json"
SNAPSHOT = catalog.build(catalog.embedded(), None)
ROLES = ("lone", "leader", "worker")
GROUP_SIZE = 2
GPU_COUNT = 8

#: What a workload asks for, as variables that differ from the usual ones.
REQUESTS: dict[str, dict[str, Any]] = {
    "plain": {"TP_SIZE": 1, "CUSTOM_ARGS": []},
    "eight-gpus": {"CUSTOM_ARGS": ["--dtype=half", "--max-model-len=8192"]},
    "data-parallel": {"DP_SIZE": 2, "TP_SIZE": 4, "PP_SIZE": 1},
    "too-large": {"DP_SIZE": 4},
    "another-port": {"MODEL_PORT": 9000, "MODEL_PATH": "/models/here"},
}

#: The key of every case: runtime, role and request.
KEYS = ["/".join(parts) for parts in itertools.product(SNAPSHOT.runtimes, ROLES, REQUESTS)]


def variables(runtime: str, role: str, request: str) -> dict[str, Any]:
    """Return the root data of a Go template, as ``rendering.variables`` does for such a workload."""
    size = 1 if role == "lone" else GROUP_SIZE
    return {
        "RUN_TIME": runtime,
        "MODEL_ID": "qwen3-0.6b",
        "MODEL_NAME": "qwen3-0.6b",
        "MODEL_SLUG": "qwen3-0-6b",
        "MODEL_PATH": "/data/serving-model",
        "MODEL_HOST": "0.0.0.0",
        "MODEL_PORT": 8000,
        "RAY_PORT": 6379,
        "CLUSTER": "",
        "NAMESPACE": "default",
        "IS_DISTRIBUTED": role != "lone",
        "IS_LEADER": role == "leader",
        "ROLE": role,
        "TP_SIZE": GPU_COUNT,
        "PP_SIZE": size,
        "DP_SIZE": 1,
        "CUSTOM_ARGS": ["--dtype=half"],
        "CONTAINER_NAME": "inference",
        "GPU_TYPE": "nvidia-gpu",
        "GPU_COUNT": GPU_COUNT,
        "GROUP_SIZE": size,
        "TOTAL_GPU_COUNT": GPU_COUNT * size,
        **REQUESTS[request],
    }


def rewrite(program: Path) -> None:
    """Ask Go, with the compiled oracle, for command and args of every case."""
    written: dict[str, dict[str, list[str]]] = {}
    for key in KEYS:
        runtime, role, request = key.split("/")
        data = variables(runtime, role, request)
        startup = SNAPSHOT.runtime_templates[runtime].startups[role]
        args = _ask(program, startup.args, data)
        written[key] = {"command": _ask(program, startup.command, data), "args": args or data["CUSTOM_ARGS"]}
    RENDERED.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n")


def _ask(program: Path, texts: tuple[gotemplate.Template, ...], data: dict[str, Any]) -> list[str]:
    cases = [{"template": text.text, "data": data} for text in texts]
    answers = list(conformance.ask_go(program, cases))
    if refused := [answer for answer in answers if answer.verdict != "ok"]:
        raise SystemExit(f"Go refuses a built-in template: {refused[0].error}")
    return [answer.output for answer in answers]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Ask Go anew for the renderings of the built-in runtimes.")
    parser.add_argument("--go", required=True, help="path of the Go command, 1.27 or newer")
    with tempfile.TemporaryDirectory() as directory:
        rewrite(conformance.build_oracle(str(Path(parser.parse_args().go).absolute()), Path(directory)))
