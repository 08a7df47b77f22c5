"""Findings about maps of Kubernetes' fields: keys that exclude each other, resources that do not exist, a program with spaces."""

import re
from collections.abc import Callable, Mapping

from webhook import errors
from webhook.catalog import Severity
from webhook.catalog.report import Placed
from webhook.catalog.yaml import nodes
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping, YamlSequence
from webhook.problems import ProblemCode

#: Receives severity, code, path, place, cause and remedy of a finding.
Add = Callable[[Severity, ProblemCode, str, Placed, str, str], None]

#: The keys of which only one may be set, by type (``pkg/apis/core/validation/validation.go`` of Kubernetes 1.36).
_ONE_OF: Mapping[str, frozenset[str]] = {
    "EnvVar": frozenset({"value", "valueFrom"}),
    "EnvFromSource": frozenset({"configMapRef", "secretRef"}),
    "Probe": frozenset({"exec", "grpc", "httpGet", "tcpSocket"}),
}
#: The same where all keys but these exclude each other.
_ALL_BUT: Mapping[str, frozenset[str]] = {
    "EnvVarSource": frozenset(),
    "LifecycleHandler": frozenset(),
    "Volume": frozenset({"name"}),
    "VolumeProjection": frozenset(),
}

#: Resources of a container that have no domain (``standardContainerResources`` in ``pkg/apis/core/helper/helpers.go``).
_RESOURCES = ("cpu", "ephemeral-storage", "memory")
_HUGE_PAGES = "hugepages-"
#: How similar a resource must be to one of these to be a misprint of it: "gpu" is no misprint of "cpu".
_SIMILAR = 0.75

#: The name of a program, and a path with a space in the name of a folder.
_PROGRAM = re.compile(r"[A-Za-z./_][\w./+-]*")
_SPACED_PATH = re.compile(r"/[^\s/]* [^\s/]*/")


def check(name: str, mapping: YamlMapping, path: str, add: Add) -> None:
    """Add the findings about a map of the type with this name."""
    if name in _ONE_OF or name in _ALL_BUT:
        _exclusive(name, mapping, path, add)
    elif name == "ResourceRequirements":
        _resources(mapping, path, add)
    elif name in {"Container", "EphemeralContainer", "ExecAction"}:
        _program(mapping.get("command"), f"{path}.command", add)


def _exclusive(name: str, mapping: YamlMapping, path: str, add: Add) -> None:
    wanted = _ONE_OF.get(name)
    found = [
        key
        for key, pair in mapping.pairs.items()
        if (key in wanted if wanted is not None else key not in _ALL_BUT[name]) and not _is_empty(pair.node)
    ]
    if len(found) > 1:
        cause = f"{' and '.join(found)} exclude each other: the API server accepts only one of them"
        add("error", "exclusive-fields", f"{path}.{found[1]}", mapping.pairs[found[1]], cause, "keep one of them")


def _is_empty(node: Node) -> bool:
    """Return whether a field counts as absent."""
    return nodes.is_null(node) or (isinstance(node, Scalar) and node.value == "")


def _resources(resources: YamlMapping, path: str, add: Add) -> None:
    for key in ("limits", "requests"):
        amounts = resources.get(key)
        for name, pair in amounts.pairs.items() if isinstance(amounts, YamlMapping) else ():
            if "/" in name or "{{" in name or name in _RESOURCES or name.startswith(_HUGE_PAGES):
                continue
            near = next((one for one in _RESOURCES if one == name.lower()), "") or errors.nearest(
                name, _RESOURCES, _SIMILAR
            )
            cause = f"there is no resource {errors.shown(name)}: the API server refuses it"
            remedy = f'did you mean "{near}"?' if near else "write DOMAIN/NAME, such as nvidia.com/gpu"
            add("error", "unknown-resource", f"{path}.{key}.{name}", pair, cause, remedy)


def _program(command: Node | None, path: str, add: Add) -> None:
    """Find a command line that is written as one element."""
    first = command.items[0] if isinstance(command, YamlSequence) and command.items else None
    if isinstance(first, Scalar) and isinstance(first.value, str) and (flaw := of_program(first.value)):
        add("warning", "command-with-spaces", f"{path}[0]", first, *flaw)


def of_program(program: str) -> tuple[str, str] | None:
    """Return what is wrong with the first element of a command, and the remedy; None if nothing is."""
    words = program.split()
    if len(words) < 2 or "{{" in program or not _PROGRAM.fullmatch(words[0]) or _SPACED_PATH.search(program):
        return None
    cause = f"the program to start is {errors.shown(program)}, and no file has this name: no shell takes it apart"
    plain = all(re.fullmatch(r"[\w./:=@+-]+", word) for word in words)
    return cause, f"write an element for each word: [{', '.join(words)}]" if plain else "write an element for each word"
