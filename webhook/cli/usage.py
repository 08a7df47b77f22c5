"""The help of commands: what their options and arguments take, in words that users of kubectl know, and examples at the end."""

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from typer.core import TyperCommand

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
        "% lint .",
        "% lint -o sarif templates.yaml agent.yaml > lint.sarif",
        "% lint --templates templates.yaml --agent agent.yaml",
        "% lint --context work-1",
    ),
    "rule": (
        "% rule unknown-variable",
        "% rule --all",
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


#: Types of Python, as typer shows them, and what people call such values; what arguments take is said by their names.
_TYPES = {
    "str": "TEXT",
    "int": "NUMBER",
    "int range": "NUMBER",
    "float": "NUMBER",
    "float range": "NUMBER",
    "Path": "PATH",
}
_TYPE = re.compile(rf" <(?:list\[)?({'|'.join(_TYPES)})\]?>$")


class Command(TyperCommand):
    """A command whose help names no types of Python."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and options."""
        found = [(one.param_type_name, one.get_help_record(ctx)) for one in self.get_params(ctx)]
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            rows = [(_named(record[0], kind), record[1]) for of, record in found if of == kind and record is not None]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def _named(name: str, kind: str) -> str:
    """Return an argument or option with what it takes, as people call it."""
    return _TYPE.sub(lambda found: "" if kind == "argument" else f" {_TYPES[found[1]]}", name)


def program() -> str:
    """Return the program's name as the user has typed it."""
    return _TYPED.get(Path(sys.argv[0]).name, _NAME)


def epilog(command: str) -> str:
    """Return the examples of a command as the end of its help; the first character keeps them from being wrapped."""
    lines = [line.replace("%", program()) for line in EXAMPLES.get(command, ())]
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines))) if lines else ""
