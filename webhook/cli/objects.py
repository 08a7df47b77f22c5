"""Kubernetes objects: reading them from files, writing them, visiting the items of Lists."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import typer

from webhook import catalog, errors, workload

Object = dict[str, Any]

#: Suffixes of files with objects in a folder.
_SUFFIXES = (".json", ".yaml", ".yml")


def read(*files: Sequence[Path] | None) -> list[Object]:
    """Return the objects of all files in order; ``-`` is standard input. Empty documents are skipped.

    Of a folder, the files in it that kubectl would read too (``*.json``, ``*.yaml``, ``*.yml``) are read by name, without those
    in folders below it.

    Raises:
        typer.BadParameter: no file is given, a file cannot be read, is not YAML or JSON, or contains something else, or there is
            no object in any.
    """
    return [value for value, _ in _read(files)]


def read_items(*files: Sequence[Path] | None) -> list[Object]:
    """Return the objects of all files in order, those in Lists one by one.

    Raises:
        typer.BadParameter: as :func:`read`.
    """
    return [item for value in read(*files) for item in items(value)]


def read_placed_items(*files: Sequence[Path] | None) -> list[tuple[Object, catalog.ObjectPlaces]]:
    """Return the objects of all files as :func:`read_items` does, each with where in its file everything is.

    Raises:
        typer.BadParameter: as :func:`read`.
    """
    found = []
    for value, places in _read(files):
        found += [(item, places.inner(keys) if keys else places) for keys, item in placed_items(value)]
    return found


def _read(files: Sequence[Sequence[Path] | None]) -> list[tuple[Object, catalog.ObjectPlaces]]:
    given = [file for some in files for file in some or ()]
    if not given:
        raise typer.BadParameter("name a file, or - for standard input", param_hint="-f")
    found = [one for file in given for inner in _files(file) for one in _read_one(inner)]
    if not found:  # such as the output of a command that failed
        names = errors.listed([_named(file) for file in given])
        raise typer.BadParameter(f"no Kubernetes object in {names}", param_hint="-f")
    return found


def _files(file: Path) -> list[Path]:
    """Return the files of a folder, or the file itself."""
    if not file.is_dir():
        return [file]
    found = sorted(one for one in file.iterdir() if one.suffix in _SUFFIXES and one.is_file())
    if not found:
        raise typer.BadParameter(
            f"folder {file} holds no files with the suffix {', '.join(_SUFFIXES)}", param_hint="-f"
        )
    return found


def _named(file: Path) -> str:
    return "standard input" if str(file) == "-" else str(file)


def _read_one(file: Path) -> Iterator[tuple[Object, catalog.ObjectPlaces]]:
    name = _named(file)
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        found = catalog.load_placed(text, name)
    except OSError as error:
        raise typer.BadParameter(f"cannot read {name}: {error.strerror}", param_hint="-f") from error
    except (UnicodeDecodeError, catalog.BadYaml) as error:
        raise typer.BadParameter(f"{name}: {error}", param_hint="-f") from error
    for index, (value, places) in enumerate(found):
        if value is None:
            continue
        if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
            message = f"{name}: document {index + 1} is not a Kubernetes object: it has no kind"
            raise typer.BadParameter(message, param_hint="-f")
        yield value, places


kind_of = workload.kind_of


def namespace_of(value: Mapping[str, Any], default: str) -> str:
    """Return the namespace of an object, or the default if it names none."""
    metadata = value.get("metadata")
    return str((metadata.get("namespace") if isinstance(metadata, dict) else None) or default)


def name_of(value: Mapping[str, Any]) -> str:
    """Return the name of an object, or ""."""
    metadata = value.get("metadata")
    return str((metadata.get("name") if isinstance(metadata, dict) else None) or "")


def items(value: Object) -> Iterator[Object]:
    """Yield the object itself, or the objects in a List."""
    yield from (item for _, item in placed_items(value))


def placed_items(value: Object, keys: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Object]]:
    """Yield the object itself, or the objects in a List, each with the keys and positions that lead to it."""
    inner = value.get("items")
    if value["kind"].endswith("List") and isinstance(inner, list):
        for at, item in enumerate(inner):
            if _is_object(item):
                yield from placed_items(item, (*keys, "items", at))
    else:
        yield keys, value


def each(value: Object, change: Callable[[Object], Mapping[str, Any]]) -> Object:
    """Return the changed object, or a List with each of its items changed."""
    inner = value.get("items")
    if value["kind"].endswith("List") and isinstance(inner, list):
        return {**value, "items": [each(item, change) if _is_object(item) else item for item in inner]}
    return dict(change(value))


def to_yaml(values: Sequence[Mapping[str, Any]]) -> str:
    """Return the objects as a YAML stream that kubectl reads back as the same values."""
    return "---\n".join(catalog.dump(value) for value in values)


def to_json(values: Sequence[Mapping[str, Any]]) -> str:
    """Return one object as JSON, or several as a List, as kubectl prints them."""
    single = len(values) == 1
    value = values[0] if single else {"apiVersion": "v1", "kind": "List", "items": list(values)}
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("kind"), str)
