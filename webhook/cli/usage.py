"""Examples of each command, which its help ends with. They have the program's name as the user has typed it."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_NAME = "hydra-webhook"

#: What the user has typed, by the name of the file that runs: kubectl runs ``kubectl-hydra`` for ``kubectl hydra``.
_TYPED = {"kubectl-hydra": "kubectl hydra", "__main__.py": "python -m webhook"}

#: Lines of at most 76 columns; ``%`` is the program.
EXAMPLES: Mapping[str, Sequence[str]] = {
    "serve": (
        "% serve --host 127.0.0.1 --ca-file ca.crt",
        "% serve --templates templates.yaml --agent agent.yaml",
    ),
    "healthy": ("% healthy --ready",),
    "render": (
        "% render -f pod.yaml",
        "% render -f manifests/ -R -o diff --exit-code",
        "kustomize build . | % render -f - | kubectl apply -f -",
        "% render -f pod.yaml --templates t.yaml --agent a.yaml",
        "% render lws/llama -n team-a -o diff",
    ),
    "restore": (
        "% restore -f rendered.yaml",
        "kubectl get lws llama -o yaml | % restore -f -",
    ),
    "explain": (
        "% explain -f pod.yaml --templates t.yaml --agent a.yaml",
        "% explain lws/llama -n team-a",
    ),
    "drift": (
        "% drift -A",
        "% drift lws/llama -n team-a -o json",
        "% drift -A --context work-1 --context work-2",
    ),
    "refresh": (
        "% refresh lws/llama -n team-a",
        "% refresh -f llama.yaml --dry-run",
        "% refresh --runtime vllm -A --yes",
    ),
    "plan": (
        "% plan -A --agent new-agent.yaml",
        "% plan -f manifests/ -R --from-agent old.yaml --agent new.yaml",
    ),
    "lint": (
        "% lint --templates templates.yaml --agent agent.yaml",
        "% lint --context work-1",
    ),
    "test": (
        "% test --init -f pod.yaml --templates templates.yaml",
        "% test tests/ --coverage text",
        "% test tests/ --mutate",
    ),
    "runtimes": (
        "% runtimes --templates templates.yaml --agent agent.yaml",
        "% runtimes --from-cluster",
    ),
    "builtin": (
        "% builtin templates > templates.yaml",
        "% builtin examples | % render -f -",
    ),
    "check": (
        "% check",
        "% check --context work-1 --runtime vllm -n team-a",
    ),
    "certs": (
        "% certs show",
        "% certs show --context work-1 --connect 10.0.0.7:8443",
    ),
    "version": ("% version -o json",),
    "demo": ("% demo -f pod.yaml --templates t.yaml --agent a.yaml",),
}


def program() -> str:
    """Return the program's name as the user has typed it."""
    return _TYPED.get(Path(sys.argv[0]).name, _NAME)


def epilog(command: str) -> str:
    """Return the examples of a command as the end of its help; the first character keeps them from being wrapped."""
    lines = (line.replace("%", program()) for line in EXAMPLES[command])
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))
