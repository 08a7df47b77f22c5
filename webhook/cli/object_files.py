"""Kubernetes objects in files, as kubectl's ``-f`` takes them: files, folders and standard input; and where in them each object is.

Nothing is passed over in silence: what is not read, or not rendered, is said on standard error.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from webhook import catalog, errors, workload
from webhook.catalog.yaml.nodes import Node, YamlMapping, YamlPair, YamlSequence
from webhook.cli import objects, output
from webhook.cli.objects import Object

#: What messages call it.
STANDARD_INPUT = "standard input"

#: Suffixes of files with objects in a folder, as kubectl has them.
_SUFFIXES = (".json", ".yaml", ".yml")

#: What a document without a kind may be, by a key that it has: it is no object, and nobody expects it to be rendered.
_OTHERS = {"cases": "a test file; run it with hydra-webhook test"}

#: The option for a configuration that lies among the objects.
_OPTIONS: dict[catalog.ConfigKind, str] = {
    "templates": "--templates",
    "agent": "--agent",
    "gpu-configs": "--gpu-configs",
}

#: Objects that are left as they are for a good reason, of which each is named; beyond these they are only counted.
_NAMED = 10

#: Keys and positions at the beginning of a message: ``spec.containers[0].args: must be a list``.
_PATH = re.compile(r"(?:^|: )((?:metadata|spec)(?:\.\w+|\[\d+\])*)")


@dataclass(frozen=True, slots=True)
class Located:
    """An object, and where it is written.

    Attributes:
        value: the object; a List as it is.
        source: the file, as the user named it; "" for an object of a cluster.
        node: its YAML; None for an object of a cluster.
    """

    value: Object
    source: str = ""
    node: Node | None = None

    def place(self, message: str = "") -> str:
        """Return ``file:line:column: `` of the object, or of the label, annotation or field that a message is about; "" without a file."""
        if self.node is None:
            return ""
        at = _mentioned(self.node, message) if message else None
        found = at if at is not None else self.node
        return f"{self.source}:{found.line}:{found.column}: "

    def changed(self, change: Callable[["Located"], Mapping[str, Any]]) -> Object:
        """Return the changed object, or a List with each object in it changed."""
        if not objects.is_list(self.value):
            return dict(change(self))
        entries = [one.changed(change) if objects.is_object(one.value) else one.value for one in self.entries()]
        return {**self.value, "items": entries}

    def items(self) -> Iterator["Located"]:
        """Yield the object itself, or the objects in a List, at any depth."""
        if not objects.is_list(self.value):
            yield self
            return
        for entry in self.entries():
            if objects.is_object(entry.value):
                yield from entry.items()

    def entries(self) -> Iterator["Located"]:
        """Yield what is directly in a List, which need not be objects."""
        inner = self.node.get("items") if isinstance(self.node, YamlMapping) else None
        nodes = inner.items if isinstance(inner, YamlSequence) else [None] * len(self.value["items"])
        for value, node in zip(self.value["items"], nodes, strict=True):
            yield Located(value, self.source, node)


def read(*given: Sequence[Path] | None, recursive: bool = False) -> list[Located]:
    """Return the objects of all files in order; ``-`` is standard input.

    Of a folder, the files that kubectl would read too (``*.json``, ``*.yaml``, ``*.yml``) are read by name. A configuration and a test file
    are passed over, which is said on standard error.

    Args:
        given: files and folders.
        recursive: whether to read the folders in a folder too.

    Raises:
        typer.BadParameter: no file is given, a file cannot be read, or there is no object in any.
        typer.Exit: with status 2, a file is not YAML or JSON, or holds something else than objects; it has been reported.
    """
    files = [file for some in given for file in some or ()]
    if not files:
        raise typer.BadParameter("name a file, or - for standard input", param_hint="-f")
    sources = [inner for file in files for inner in _files(file, recursive=recursive)]
    found, failed = [], False
    for source in sources:
        inside, refused = _read_one(source)
        found += inside
        failed |= refused
    if failed:
        raise typer.Exit(2)
    if not found:  # such as the output of a command that failed
        names = errors.listed([named(file) for file in files])
        hint = "; did the command before the pipe fail?" if Path("-") in files else ""
        raise typer.BadParameter(f"no Kubernetes object in {names}{hint}", param_hint="-f")
    return found


def values(*given: Sequence[Path] | None, recursive: bool = False, described: bool = False) -> list[Object]:
    """Return the objects of all files as :func:`located` does, without where they are written."""
    return [one.value for one in located(*given, recursive=recursive, described=described)]


def located(*given: Sequence[Path] | None, recursive: bool = False, described: bool = False) -> list[Located]:
    """Return the objects of all files in order, those in Lists one by one; say which of them no pod template is rendered in.

    Args:
        given: as of :func:`read`.
        recursive: as of :func:`read`.
        described: whether the command says itself why a Pod, or another kind that holds pod templates, is left as it is.

    Raises:
        typer.BadParameter, typer.Exit: as :func:`read`.
    """
    found = read(*given, recursive=recursive)
    report_garbage(found)
    report_overlooked(found, inside=True, described=described)
    return [item for one in found for item in one.items()]


def report_garbage(found: Iterable[Located]) -> int:
    """Report on standard error what in Lists is no object; return how much there is."""
    garbage = 0
    for one in found:
        for number, entry in enumerate(one.entries() if objects.is_list(one.value) else ()):
            if objects.is_object(entry.value):
                garbage += report_garbage([entry])
                continue
            garbage += 1
            text = f"items[{number}] is not a Kubernetes object and is left as it is: {_lacks(entry.value)}"
            output.report(f"{entry.place()}Warning: {text}")
    return garbage


def report_overlooked(
    found: Iterable[Located], *, inside: bool, namespace: str = "default", described: bool = False
) -> int:
    """Report on standard error which objects are left as they are, and why; return how many of those are mistakes.

    Args:
        found: the objects; of Lists, those in them.
        inside: whether the pod templates of Deployments and the like are rendered too.
        namespace: of objects that do not name one.
        described: whether to leave out kinds that hold pod templates.
    """
    mistakes = others = 0
    for one in (item for some in found for item in some.items()):
        known = objects.kind_of(one.value) in (*workload.INTERCEPTED, *workload.POD_TEMPLATE_PLACES)
        remark = None if described and known else workload.overlooked.remark(one.value, inside=inside)
        if remark is None:
            continue
        mistakes += remark.mistaken
        others += not remark.mistaken
        if not remark.mistaken and others > _NAMED:
            continue
        kind = catalog.config_kind_of(one.value)
        text = f"it is a configuration; give it with {_OPTIONS[kind]}" if kind is not None else remark.text
        line = f"{errors.printable(str(one.value['kind']))} {objects.full_name(one.value, namespace)}: {text}"
        output.report(f"{one.place()}{'Warning: ' if remark.mistaken else ''}{line}")
    if others > _NAMED:
        output.report(f"{output.counted(others - _NAMED, 'more object')} left as they are")
    return mistakes


def _files(file: Path, *, recursive: bool) -> list[Path]:
    """Return the files of a folder, or the file itself."""
    if not file.is_dir():
        return [file]
    found = list(_inside(file, recursive=recursive))
    if not found:
        below = "" if recursive else "; -R reads the folders below it too"
        message = f"folder {file} holds no files with the suffix {', '.join(_SUFFIXES)}{below}"
        raise typer.BadParameter(message, param_hint="-f")
    return found


def _inside(folder: Path, *, recursive: bool) -> Iterator[Path]:
    """Yield the files of a folder in kubectl's order; a link to another folder is not followed."""
    for one in sorted(folder.iterdir()):
        if one.is_dir():
            if recursive and not one.is_symlink():
                yield from _inside(one, recursive=True)
        elif one.suffix in _SUFFIXES:
            yield one


def named(file: Path) -> str:
    """Return what messages call a file."""
    return STANDARD_INPUT if str(file) == "-" else str(file)


def _content(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()  # also a pipe, such as bash makes for <(command)
    except OSError as error:
        raise typer.BadParameter(f"cannot read {file}: {error.strerror}", param_hint="-f") from error


def _read_one(file: Path) -> tuple[list[Located], bool]:
    """Return the objects of a file, and whether something else is in it that had to be refused."""
    source = named(file)
    found: list[Located] = []
    documents, problems = catalog.manifests(source, _content(file))
    for problem in problems:
        output.report(str(problem))
    refused = bool(problems)
    if not documents and not refused:
        output.report(f"{source}: no Kubernetes object in it")
    for value, node in documents:
        place = f"{source}:{node.line}:{node.column}"
        if objects.is_object(value):
            found.append(Located(value, source, node))
        elif other := _other(value):
            output.report(f"{place}: passed over: it is {other}")
        else:
            output.report(f"{place}: not a Kubernetes object: {_lacks(value)}")
            refused = True
    return found, refused


def _other(value: Any) -> str:
    """Return what a document is that is no object but often lies beside some, and its use; "" if it is anything else."""
    kind = catalog.config_kind_of(value)
    if kind is not None:
        return f"{catalog.KINDS[kind].human}; give it with {_OPTIONS[kind]}"
    if not isinstance(value, dict) or "kind" in value:
        return ""
    return next((text for key, text in _OTHERS.items() if isinstance(value.get(key), list)), "")


def _lacks(value: Any) -> str:
    """Return what a document lacks for an object, and the remedy."""
    if not isinstance(value, dict):
        return "it is not a map; begin it with apiVersion and kind"
    if "kind" not in value:
        return "it has no kind; add apiVersion and kind, such as apiVersion: v1 and kind: Pod"
    return "its kind is not a string; write one such as kind: Pod"


def _mentioned(node: Node, message: str) -> Node | YamlPair | None:
    """Return the label, annotation or field of an object that a message names first; None if it names none that is written."""
    found: list[tuple[int, Node | YamlPair]] = [
        (at.start(), pair)
        for key, pair in _keys(node)
        if (at := re.search(rf"(?<![\w/.-]){re.escape(key)}(?![\w/.-])", message)) is not None
    ]
    if (path := _PATH.search(message)) is not None and (field := _at(node, path[1])) is not None:
        found.append((path.start(1), field))
    return min(found, key=lambda one: one[0])[1] if found else None


def _keys(node: Node) -> Iterator[tuple[str, YamlPair]]:
    """Yield our labels and annotations in a tree."""
    if isinstance(node, YamlSequence):
        for item in node.items:
            yield from _keys(item)
    elif isinstance(node, YamlMapping):
        for key, pair in node.pairs.items():
            if key.startswith(workload.PREFIX):
                yield key, pair
            yield from _keys(pair.node)


def _at(node: Node, path: str) -> Node | YamlPair | None:
    """Return what is at a path, or where the longest part of it leads that is written."""
    found: Node | YamlPair | None = None
    for name, number in re.findall(r"(\w+)|\[(\d+)\]", path):
        inside = found.node if isinstance(found, YamlPair) else found or node
        if name and isinstance(inside, YamlMapping) and name in inside.pairs:
            found = inside.pairs[name]
        elif number and isinstance(inside, YamlSequence) and int(number) < len(inside.items):
            found = inside.items[int(number)]
        else:
            break
    return found
